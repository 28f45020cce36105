package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lines of the access log, and the file that they go to. */
class AccessLogTest {
  /** As programs that read such logs have it: quotes and backslashes within are escaped. */
  private static final Pattern COMBINED =
      Pattern.compile(
          "(\\S+) - (\\S+) \\[([^]]+)] \"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\" (\\d{3}) (\\d+)"
              + " \"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\" \"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\" (\\d+\\.\\d{6})");

  @TempDir Path folder;

  private static AccessLog.Entry entry(String method, String target, String agent) {
    return new AccessLog.Entry(
        "10.1.2.3", method, target, "HTTP/1.1", 200, 512, null, agent, 4_211_000);
  }

  private static String line(AccessLog.Entry entry, Visit visit) {
    List<String> lines = new ArrayList<>();
    try (AccessLog log = new AccessLog(lines::add)) {
      log.write(entry, visit);
    }
    assertThat(lines).hasSize(1);
    return lines.get(0);
  }

  @Test
  void aRequestIsALineInTheCombinedFormat() {
    Visit visit = new Visit();
    visit.by("shop");
    Instant ended = Instant.now();
    Matcher parts =
        COMBINED.matcher(line(entry("POST", "/v1/models/m:predict?x=y", "curl/8.5"), visit));
    assertThat(parts.matches()).isTrue();
    assertThat(parts.group(1)).isEqualTo("10.1.2.3");
    assertThat(parts.group(2)).isEqualTo("shop");
    assertThat(
            ZonedDateTime.parse(
                    parts.group(3),
                    DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ENGLISH))
                .toInstant())
        .isBetween(ended.minusSeconds(2).truncatedTo(ChronoUnit.SECONDS), ended.plusSeconds(60));
    assertThat(parts.group(4)).isEqualTo("POST /v1/models/m:predict HTTP/1.1");
    assertThat(parts.group(5)).isEqualTo("200");
    assertThat(parts.group(6)).isEqualTo("512");
    assertThat(parts.group(7)).isEqualTo("-");
    assertThat(parts.group(8)).isEqualTo("curl/8.5");
    assertThat(parts.group(9)).isEqualTo("0.004211");
  }

  @Property(tries = 100)
  void whateverIsSentOneRequestIsOneLineWithTheSameFields(
      @ForAll String method, @ForAll String target, @ForAll String agent) {
    String line = line(entry(method, target, agent), new Visit());
    assertThat(line).matches("[ -~]*").hasSizeLessThan(20_000);
    Matcher parts = COMBINED.matcher(line);
    assertThat(parts.matches()).as(line).isTrue();
    assertThat(parts.group(5)).isEqualTo("200");
  }

  @Test
  void nobodyForgesALine() {
    String forged = "x\" 200 0 \"-\" \"-\" 0.1\n10.0.0.1 - admin [1] \"GET / HTTP/1.1";
    assertThat(line(entry("GET", "/\n\r\u001b[2J", forged), new Visit()))
        .contains("/\\x0A\\x0D\\x1B[2J")
        .contains("\"x\\x22 200 0 \\x22-\\x22 \\x22-\\x22 0.1\\x0A10.0.0.1 - admin");
  }

  @Test
  void aFileThatIsMovedAwayIsBegunAgain() throws Exception {
    Path file = folder.resolve("access.log");
    Files.writeString(file, "what was there\n");
    List<String> said = new ArrayList<>();
    try (AccessLog log = AccessLog.toFile(file, said::add)) {
      log.write(entry("GET", "/first", ""), new Visit());
      Path moved = Files.move(file, folder.resolve("access.log.1"));
      for (int i = 0; i < 300 && !Files.exists(file); i++) {
        log.write(entry("GET", "/second", ""), new Visit());
        Thread.sleep(10);
      }
      assertThat(Files.readAllLines(moved, UTF_8)).first().isEqualTo("what was there");
      assertThat(moved).content().contains("GET /first ");
      assertThat(file).content().contains("GET /second ").doesNotContain("/first");
    }
    assertThat(said).isEmpty();
  }

  @Test
  void aFileThatCannotBeWrittenIsToldAtTheStartAndOnceLater() throws Exception {
    assertThatThrownBy(() -> AccessLog.toFile(folder.resolve("none/access.log"), line -> {}))
        .isInstanceOf(DataException.class)
        .hasMessageEndingWith("the access log cannot be written (its folder is not there)");
    Path place = Files.createDirectory(folder.resolve("logs"));
    List<String> said = new ArrayList<>();
    try (AccessLog log = AccessLog.toFile(place.resolve("access.log"), said::add)) {
      log.write(entry("GET", "/", ""), new Visit());
      Files.move(place, folder.resolve("away"));
      for (int i = 0; i < 300 && said.isEmpty(); i++) {
        log.write(entry("GET", "/", ""), new Visit());
        Thread.sleep(10);
      }
      for (int i = 0; i < 5; i++) {
        log.write(entry("GET", "/", ""), new Visit());
      }
      assertThat(said).hasSize(1);
      assertThat(said.get(0)).endsWith("; requests are answered without it");
    }
  }
}
