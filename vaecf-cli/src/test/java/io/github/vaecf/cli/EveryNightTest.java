package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code docs/every-night.sh}, as its readers run it; skipped where PostgreSQL is not installed.
 */
class EveryNightTest {
  private static final String PASSWORD = "NoBody+Knows=17";

  @TempDir Path folder;

  @Test
  void twoNightsOfAShopGoFromTheTableToTheTableAndTellNobodyThePassword() throws Exception {
    assumeTrue(
        PostgreSql.programs().isPresent(), "skipped: PostgreSQL's initdb is not on this machine");
    Path work = folder.resolve("work");
    Path said = folder.resolve("said.txt");
    ProcessBuilder builder =
        new ProcessBuilder(script().toString(), work.toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile());
    builder.environment().put("VAECF", launcher().toString());
    builder.environment().put("VAECF_JDBC_PASSWORD", PASSWORD);
    builder.environment().put("SHAPE", "400x150x9000");
    builder.environment().put("EPOCHS", "12");
    Process process = builder.start();
    process.getOutputStream().close();
    int status = process.waitFor();
    String text = Files.readString(said);
    assertThat(status).as(text).isZero();

    assertThat(text)
        .containsSubsequence(
            "== monday",
            "Exported to ",
            "the server answers with version 1",
            ": table recommendations",
            "== tuesday",
            "== the best articles");
    // Tuesday's model is in service, unless it was worse and that was said.
    boolean exported = Files.isDirectory(work.resolve("models/shop/2"));
    assertThat(text.contains("the server answers with version 2")).isEqualTo(exported);
    assertThat(text.contains("is significantly worse")).isNotEqualTo(exported);
    // By SQL over the vectors, the articles and scores that were recommended.
    Matcher row =
        Pattern.compile("(?m)^ +(\\d+) \\| (\\S+) +\\| +(\\S+) \\| (\\S+) +\\| +(\\S+)$")
            .matcher(text);
    int rows = 0;
    while (row.find()) {
      rows++;
      assertThat(Double.parseDouble(row.group(3)))
          .isCloseTo(Double.parseDouble(row.group(5)), within(2e-4));
    }
    assertThat(exported ? rows : 10).as(text).isEqualTo(10);

    assertThat(text).doesNotContain(PASSWORD);
    try (Stream<Path> files = Files.walk(work)) {
      List<Path> all = files.filter(Files::isRegularFile).toList();
      assertThat(all).hasSizeGreaterThan(30);
      for (Path file : all) {
        assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
            .as(file.toString())
            .doesNotContain(PASSWORD);
      }
    }
  }

  private static Path script() {
    Path script = Path.of("../docs/every-night.sh").toAbsolutePath().normalize();
    assertThat(script).isExecutable();
    return script;
  }

  /** The program of this build, since the one of the checkout is built by a build of its own. */
  private Path launcher() throws IOException {
    Path launcher = folder.resolve("vaecf");
    Files.writeString(
        launcher,
        "#!/bin/sh\nexec '"
            + Path.of(System.getProperty("java.home"), "bin", "java")
            + "' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx512m -cp '"
            + System.getProperty("java.class.path")
            + "' "
            + Vaecf.class.getName()
            + " \"$@\"\n");
    return Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
