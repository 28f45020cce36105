package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class CommandDocumentationTest {
  private static final Path PAGE = Path.of("../docs/cli.md");

  /** With VAECF_REWRITE=yes in the environment it brings the page up to date. */
  @Test
  void theCommandPageIsWhatTheCommandsSayOfThemselves() throws IOException {
    StringBuilder page = new StringBuilder();
    page.append(
        """
        # The command line

        What each command says of itself (`./vaecf COMMAND --help`). Exit status 0 means done, 1
        failed (one line on the error stream says what, where and what to do; `--debug` adds the
        trace), 2 wrong usage, 3 not published by `publish`. `VAECF_JAVA_OPTS` adds options for the JVM, such as `-Xmx8g`;
        `VAECF_NATIVES=gpu` takes TensorFlow's GPU natives, `VAECF_NATIVES=cuda` the CUDA libraries too.

        """);
    for (String command : commands()) {
      page.append("## ").append(command).append("\n\n```\n");
      page.append(Outcome.of(command, "--help").out().stripTrailing()).append("\n```\n\n");
    }
    String expected = page.toString().stripTrailing() + "\n";
    if ("yes".equals(System.getenv("VAECF_REWRITE"))) {
      Files.writeString(PAGE, expected);
    }
    assertThat(PAGE).hasContent(expected);
  }

  @Test
  void everyCommandHasAHeaderAndAnExample() {
    for (String command : commands()) {
      String help = Outcome.of(command, "--help").out();
      assertThat(help).as(command).contains("Usage: vaecf " + command);
      assertThat(help.lines().findFirst().orElseThrow()).as(command).endsWith(".");
    }
  }

  private static List<String> commands() {
    String overview = Outcome.of().out();
    return overview
        .substring(overview.indexOf("Commands:"))
        .lines()
        .skip(1)
        .filter(line -> line.matches(" {2}[a-z]+ .*"))
        .map(line -> line.strip().split(" ", 2)[0])
        .toList();
  }
}
