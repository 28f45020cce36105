package io.github.vaecf.data.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.synthetic.Shape;
import io.github.vaecf.data.synthetic.SyntheticLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogFormatTest {
  @TempDir Path folder;

  static Iterable<LogFormat> writable() {
    return LogFormat.all().stream().filter(LogFormat::isWritable).toList();
  }

  private static void addTo(Map<String, Float> values, Interactions log) {
    for (int event = 0; event < log.size(); event++) {
      values.put(
          log.users().id(log.user(event)) + " " + log.items().id(log.item(event)),
          log.value(event));
    }
  }

  @ParameterizedTest
  @MethodSource("writable")
  void whatIsWrittenReadsBack(LogFormat format) throws IOException {
    Interactions log = SyntheticLog.generate(new Shape(50, 60, 600), 3);
    format.write(log, folder);
    Map<String, Float> read = new TreeMap<>();
    Optional<LogFormat.TrainAndTest> divided = format.trainAndTest(folder);
    if (divided.isPresent()) {
      addTo(read, format.read(divided.get().train()));
      int training = read.size();
      addTo(read, format.read(divided.get().test()));
      assertThat(training).isBetween(600 * 3 / 4, 600 * 4 / 5);
    } else {
      addTo(read, format.read(folder));
    }
    Map<String, Float> written = new TreeMap<>();
    addTo(written, log);
    assertThat(read.keySet()).isEqualTo(written.keySet());
    read.forEach(
        (pair, value) -> {
          float exact = written.get(pair);
          assertThat(value).isIn(exact, (float) Math.ceil(exact), 1f);
        });
  }

  @Test
  void ratingsAreWrittenExactlyWithTheirTimes() throws IOException {
    Interactions log = SyntheticLog.generate(new Shape(50, 60, 600), 3);
    LogFormat.of("movielens").write(log, folder);
    Interactions read = MovieLens.read(folder.resolve("ratings.csv"));
    assertThat(read.size()).isEqualTo(600);
    for (int event = 0; event < 600; event++) {
      assertThat(read.users().id(read.user(event))).isEqualTo(log.users().id(log.user(event)));
      assertThat(read.items().id(read.item(event))).isEqualTo(log.items().id(log.item(event)));
      assertThat(read.value(event)).isEqualTo(log.value(event));
      assertThat(read.time(event)).isEqualTo(log.time(event));
    }
  }

  @Test
  void daysAndWholeStarsAreWrittenForNetflix() throws IOException {
    Interactions log = SyntheticLog.generate(new Shape(50, 60, 600), 3);
    LogFormat.of("netflix").write(log, folder);
    Interactions read = NetflixPrize.read(folder, ReadOptions.ALL);
    for (int event = 0; event < 600; event++) {
      assertThat(read.value(event)).isBetween(1f, 5f);
      assertThat(read.time(event) % 86_400).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"movielens", "netflix"})
  void withoutTimesTheEventsAreTheSame(String name) throws IOException {
    LogFormat format = LogFormat.of(name);
    format.write(SyntheticLog.generate(new Shape(50, 60, 600), 3), folder);
    Interactions timed = format.read(folder);
    Interactions read = format.read(folder, ReadOptions.ALL.withoutTimes());
    assertThat(timed.hasTimes()).isTrue();
    assertThat(read.hasTimes()).isFalse();
    assertThat(Fixtures.events(read))
        .isEqualTo(
            Fixtures.events(timed).stream()
                .map(event -> event.substring(0, event.lastIndexOf('|')))
                .toList())
        .hasSize(600);
  }

  @Test
  void formatsAreFoundByNameAndSayWhatTheyAre() {
    assertThat(LogFormat.all())
        .extracting(LogFormat::name)
        .containsExactly(
            "csv", "tsv", "movielens", "netflix", "kaggle", "msd", "lightgcn", "citeulike");
    for (LogFormat format : LogFormat.all()) {
      assertThat(LogFormat.of(format.name())).isSameAs(format).hasToString(format.name());
    }
    assertThat(LogFormat.of("MovieLens").isRated()).isTrue();
    assertThat(LogFormat.of("msd").isRated()).isFalse();
    assertThat(LogFormat.of("tsv").separator()).contains("\t");
    assertThat(LogFormat.of("kaggle").separator()).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LogFormat.of("parquet"))
        .withMessage(
            "a format must be one of csv, tsv, movielens, netflix, kaggle, msd, lightgcn,"
                + " citeulike, found 'parquet'");
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(
            () ->
                LogFormat.of("kaggle")
                    .write(SyntheticLog.generate(new Shape(50, 60, 600), 3), folder));
  }

  @Test
  void delimitedTextHasUserItemAndValueFirst() throws IOException {
    Path file = Files.writeString(folder.resolve("log.tsv"), "user\titem\tstars\na\tx\t2.5\n");
    Interactions log = LogFormat.of("tsv").read(file);
    assertThat(log.size()).isEqualTo(1);
    assertThat(log.value(0)).isEqualTo(2.5f);
  }

  @Test
  void delimitedTextOfTwoColumnsHasNoValues() throws IOException {
    Path file = Files.writeString(folder.resolve("log.csv"), "1,10\n1,20\n2,10\n");
    assertThat(Fixtures.events(LogFormat.of("csv").read(file)))
        .containsExactly("1|10|1.0", "1|20|1.0", "2|10|1.0");
  }

  @Test
  void onlyAFolderOfLightGcnComesWithItsOwnSplit() throws IOException {
    Path file = Files.writeString(folder.resolve("train.txt"), "a x y\n");
    LogFormat lightGcn = LogFormat.of("lightgcn");
    assertThat(lightGcn.trainAndTest(folder))
        .contains(new LogFormat.TrainAndTest(file, folder.resolve("test.txt")));
    assertThat(lightGcn.trainAndTest(file)).isEmpty();
    assertThat(LogFormat.of("movielens").trainAndTest(folder)).isEmpty();
  }

  @Test
  void whatCannotBeWrittenIsReportedAlikeInAllForms() throws IOException {
    Interactions log =
        Interactions.of(
            IdIndex.of(List.of("1")),
            IdIndex.of(List.of("2")),
            new int[1],
            new int[1],
            new float[] {1},
            new long[1]);
    Path file = Files.writeString(folder.resolve("file"), "");
    for (LogFormat format : LogFormat.all()) {
      if (format.isWritable()) {
        assertThatThrownBy(() -> format.write(log, file))
            .isInstanceOf(DataException.class)
            .hasMessageStartingWith(file + ": cannot be written (");
      }
    }
  }
}
