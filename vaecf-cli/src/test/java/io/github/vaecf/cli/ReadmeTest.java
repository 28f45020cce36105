package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReadmeTest {
  private static final Path README = Path.of("../README.md");
  private static final Path SOURCES = Path.of("../examples/src/main/java/io/github/vaecf/examples");

  @Test
  void theCodeExampleIsTheOneThatIsCompiled() throws IOException {
    String source = Files.readString(SOURCES.resolve("TrainAndEvaluate.java"));
    String example = between(source, "// README: begin\n", "    // README: end").indent(-4);
    assertThat(between(Files.readString(README), "```java\n", "```")).isEqualTo(example);
  }

  @Test
  void theTestCommandIsTheOneThatIsRunBeforeAChangeLands() throws IOException {
    String command = "mvn -B verify -Pspark";
    assertThat(Files.readString(README)).contains(command);
    assertThat(Files.readString(Path.of("../.ci/run"))).contains("exec " + command);
  }

  @Test
  void everyProgramThatIsNamedIsThere() throws IOException {
    Matcher programs =
        Pattern.compile("examples/src/main/java/\\S+?\\.java").matcher(Files.readString(README));
    assertThat(programs.results().map(MatchResult::group).distinct())
        .hasSize(3)
        .allSatisfy(program -> assertThat(Path.of("..").resolve(program)).isRegularFile());
  }

  private static String between(String text, String begin, String end) {
    int from = text.indexOf(begin) + begin.length();
    return text.substring(from, text.indexOf(end, from));
  }
}
