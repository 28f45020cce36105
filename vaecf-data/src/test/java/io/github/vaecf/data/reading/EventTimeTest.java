package io.github.vaecf.data.reading;

import static io.github.vaecf.data.reading.Fixtures.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventTimeTest {
  @TempDir Path folder;

  private Interactions read(String... times) throws IOException {
    StringBuilder content = new StringBuilder("user\titem\ttime\n");
    for (String time : times) {
      content.append("u\ti\t").append(time).append('\n');
    }
    return DelimitedReader.builder()
        .separator("\t")
        .timeColumn("time")
        .build()
        .read(Files.writeString(folder.resolve("log.tsv"), content));
  }

  @ParameterizedTest
  @CsvSource({
    "2010-10-19T23:55:27Z, 2010-10-19T23:55:27Z",
    "2010-10-19 23:55:27, 2010-10-19T23:55:27Z",
    "2010-10-19t23:55:27z, 2010-10-19T23:55:27Z",
    "2010-10-19 23:55:27 UTC, 2010-10-19T23:55:27Z",
    "2010-10-19T23:55:27+02:00, 2010-10-19T23:55:27+02:00",
    "2010-10-19 23:55:27 -0530, 2010-10-19T23:55:27-05:30",
    "2010-10-19T23:55+02, 2010-10-19T23:55:00+02:00",
    "2010-10-19 23:55, 2010-10-19T23:55:00Z",
    "2010-10-19T23:55Z, 2010-10-19T23:55:00Z",
    "2010-10-19, 2010-10-19T00:00:00Z",
    "2010/10/19 23:55, 2010-10-19T23:55:00Z",
    "1969-12-31T23:59:59-01:00, 1969-12-31T23:59:59-01:00",
    "2012-02-29, 2012-02-29T00:00:00Z",
  })
  void datesAreSecondsSince1970(String text, OffsetDateTime expected) throws IOException {
    assertThat(read(text).time(0)).isEqualTo(expected.toEpochSecond());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "noon",
        "",
        "2005-02-30",
        "2005-13-01",
        "2005-1-1",
        "2005-09-06T",
        "2005-09-06T25:00",
        "2005-09-06T10:60",
        "2005-09-06T10:00:61",
        "2005-09-06T10:00:00.",
        "2005-09-06T10:00+2",
        "2005-09-06T10:00+19:00",
        "2005-09-06 10:00 CET",
        "2005-09/06",
        "06.09.2005",
        "99999999999999999999",
        "1e999",
        "1e99999999",
        "--5",
        ".",
        "1.2.3",
        "NaN",
        "2005-09-06x"
      })
  void whatIsNoTimeIsRefused(String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("line 2: expected a time as in 1112486027, 2005-09-06 or");
  }

  @Test
  void numbersKeepTheUnitThatTheyHave() throws IOException {
    for (long time :
        new long[] {
          0,
          -5,
          20050906,
          978300760L,
          978300760123L,
          978300760123456L,
          978300760123456789L,
          1978300760123456789L
        }) {
      assertThat(read(Long.toString(time), "0").time(0)).isEqualTo(time);
    }
    assertThat(read("1.260759144e9").time(0)).isEqualTo(1260759144);
    assertThat(read("1260759144.0").time(0)).isEqualTo(1260759144);
  }

  @Test
  void fractionsMakeAllTimesNanoseconds() throws IOException {
    Interactions log =
        read(
            "2010-10-19T23:55:27.25Z",
            "2010-10-19T23:55:27.123456789123",
            "1287532527.5",
            "1",
            "2010-10-19T23:55:27,3+00:00",
            "-0.5");
    assertThat(log.time(0)).isEqualTo(1287532527_250000000L);
    assertThat(log.time(1)).isEqualTo(1287532527_123456789L);
    assertThat(log.time(2)).isEqualTo(1287532527_500000000L);
    assertThat(log.time(3)).isEqualTo(1_000000000L);
    assertThat(log.time(4)).isEqualTo(1287532527_300000000L);
    assertThat(log.time(5)).isEqualTo(-500000000L);
    assertThat(read("1287532527123.5").time(0)).isEqualTo(1287532527123_500000L);
    assertThatThrownBy(() -> read("2300-01-01T00:00:00.5"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("between the years 1677 and 2262");
  }

  @Test
  void fractionsInOneBlockOnlyStillMakeAllTimesNanoseconds() throws IOException {
    int lines = BlockPipeline.BLOCK_SIZE / 8;
    String[] times = new String[lines];
    Arrays.fill(times, "1287532527");
    times[lines - 1] = "1287532527.5";
    Interactions log = read(times);
    assertThat(log.time(0)).isEqualTo(1287532527_000000000L);
    assertThat(log.time(lines - 1)).isEqualTo(1287532527_500000000L);
  }

  @Test
  void unitsThatAreMixedAreRefusedWithBothLines() {
    assertThatThrownBy(() -> read("1287532527", "0", "1287532527123"))
        .isInstanceOf(DataException.class)
        .hasMessage(
            folder.resolve("log.tsv")
                + ", line 4: expected all times in one unit, found this one in milliseconds since"
                + " 1970 and that of "
                + folder.resolve("log.tsv")
                + ", line 2 in seconds since 1970");
    assertThatThrownBy(() -> read("2010-10-19", "1287532527123456"))
        .hasMessageContaining("in microseconds since 1970 and that of")
        .hasMessageEndingWith("line 2 as dates");
    assertThatThrownBy(() -> read("1287532527123", "1287532527123456789"))
        .hasMessageContaining("in nanoseconds since 1970");
    assertThatThrownBy(() -> read("20101019", "2010-10-20"))
        .hasMessageContaining("as dates like 20050906");
  }

  @Test
  void placesInALongLogAreNoUnits() throws IOException {
    assertThat(read("1", "9999999", "20050906", "10000000", "99999999").size()).isEqualTo(5);
    assertThat(read("2010-10-19", "1287532527").time(0)).isEqualTo(1287446400);
  }

  @Test
  void aTimeIsReadOutOfItsLine() {
    EventTime time = new EventTime();
    byte[] bytes = utf8("x2005-09-06T17:31:05.25+02:00x");
    assertThat(time.read(bytes, 1, bytes.length - 1)).isTrue();
    assertThat(time.value())
        .isEqualTo(OffsetDateTime.parse("2005-09-06T17:31:05+02:00").toEpochSecond());
    assertThat(time.billionths()).isEqualTo(250_000_000);
  }
}
