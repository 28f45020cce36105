package io.github.vaecf.data.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.splitting.LeaveLastOutSplitter;
import io.github.vaecf.data.splitting.Splitter;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.synthetic.Shape;
import io.github.vaecf.data.synthetic.SyntheticLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadOptionsTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"movielens", "netflix", "csv", "sql"})
  void aSplitIsTheSameWhereWhatIsTooSmallWasLeftOutWhileReading(String form) throws IOException {
    for (int seed = 1; seed <= 3; seed++) {
      Files.createDirectories(folder.resolve("" + seed));
      Path log = folder.resolve("" + seed);
      LogFormat.of(form.equals("netflix") ? "netflix" : "movielens")
          .write(SyntheticLog.generate(new Shape(80, 60, 1200), seed), log);
      for (float least : new float[] {2, 3.5f, 4}) {
        Interactions whole = read(form, log, ReadOptions.ALL);
        Interactions some = read(form, log, ReadOptions.ALL.withLeastValue(least));
        assertThat(some.size()).isLessThan(whole.size());
        assertThat(some.leftOut().orElseThrow().events()).isEqualTo(whole.size() - some.size());
        assertThat(some.values()).isEqualTo(whole.values());
        for (Splitter splitter :
            List.of(
                StrongGeneralizationSplitter.builder().minRating(least).heldOutUsers(5).build(),
                LeaveLastOutSplitter.builder().minRating(least).build())) {
          assertThat(splitter.leastValue()).isEqualTo(least);
          assertThat(splitter.split(some)).isEqualTo(splitter.split(whole));
        }
      }
    }
  }

  private static Interactions read(String form, Path log, ReadOptions options) {
    return switch (form) {
      case "csv" ->
          DelimitedReader.builder()
              .valueColumn("rating")
              .timeColumn("timestamp")
              .options(options)
              .build()
              .read(log.resolve("ratings.csv"));
      case "sql" -> {
        try (SqlReader reader = SqlReader.connect("jdbc:duckdb:", new Properties())) {
          yield reader.read(
              "SELECT userId AS user, movieId AS item, rating AS value, timestamp AS time FROM '"
                  + log.resolve("ratings.csv")
                  + "'",
              options,
              note -> {});
        }
      }
      default -> LogFormat.of(form).read(log, options);
    };
  }

  /** Also where those with fractions are left out late, since all of the first have one value. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void timesWithFractionsStayThoseOfTheirEvents(boolean late) throws IOException {
    StringBuilder lines = new StringBuilder("user,item,rating,time\n");
    for (int event = 0; event < 200_000; event++) {
      String second =
          String.format("2024-05-06T%02d:%02d:%02d", event % 24, event % 60, event % 59);
      String time = event < 100_000 ? second + "." + (1 + event % 9) : second;
      int rating = late && event < 100_000 ? 1 : event % 7 == 0 ? 5 : event < 150_000 ? 1 : 4;
      lines.append(event % 500).append(',').append(event % 300).append(',');
      lines.append(rating).append(',').append(time).append('\n');
    }
    Path file = Files.writeString(folder.resolve("log.csv"), lines);
    DelimitedReader.Builder reader =
        DelimitedReader.builder().valueColumn("rating").timeColumn("time");
    Interactions whole = reader.build().read(file);
    Interactions some = reader.options(ReadOptions.ALL.withLeastValue(4)).build().read(file);
    assertThat(Fixtures.events(some))
        .isEqualTo(Fixtures.events(whole.select(event -> whole.value(event) >= 4)));
  }

  /** What the first block has in the places of later events must not stay there. */
  @Test
  void fractionsOfEventsThatWereLeftOutAreNobodyElses() {
    String rows =
        "SELECT range % 300 AS user, range % 700 AS item, if(range < 16384, 1, 2 + range % 4) AS"
            + " rating, 1600000000 + range + if(range < 16384, 0.5, 0.0)::DOUBLE AS time FROM"
            + " range(45000)";
    try (SqlReader reader = SqlReader.connect("jdbc:duckdb:", new Properties())) {
      Interactions whole = reader.read(rows);
      Interactions some = reader.read(rows, ReadOptions.ALL.withLeastValue(4), note -> {});
      assertThat(Fixtures.events(some))
          .isEqualTo(Fixtures.events(whole.select(event -> whole.value(event) >= 4)));
    }
  }

  @Test
  void usersOfLinesThatArePassedOverAreNotAmongThoseThatWereLeftOut() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("log.csv"), "user,item,rating\na,x,5\nghost,,5\nb,y,1\nb,z,4\nc,x,2\n");
    Interactions log =
        DelimitedReader.builder()
            .valueColumn("rating")
            .skipBadLines(1)
            .options(ReadOptions.ALL.withLeastValue(4))
            .build()
            .read(file);
    assertThat(log.users().ids()).containsExactly("a", "b", "c");
    assertThat(log.leftOut()).hasValue(new Interactions.LeftOut(2, 1, 1));
  }

  @Test
  void whoIsLeftWithNothingIsToldOfTheValuesThatWereLeftOut() throws IOException {
    Path file = Files.writeString(folder.resolve("log.csv"), "user,item,rating\na,x,1\nb,y,2.5\n");
    Interactions log =
        DelimitedReader.builder()
            .valueColumn("rating")
            .options(ReadOptions.ALL.withLeastValue(4))
            .build()
            .read(file);
    assertThat(log.size()).isZero();
    assertThatThrownBy(() -> StrongGeneralizationSplitter.builder().minRating(4).build().split(log))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("read: 2, value at least 4: 0")
        .hasMessageContaining("the values lie within 1 and 2.5");
  }

  /** Of one value nobody can say whether it is a small one. */
  @Test
  void nothingIsLeftOutOfALogWithOneValue() throws IOException {
    assertThat(withValues(event -> 1).size()).isEqualTo(150_000);
    assertThat(withValues(event -> 1).leftOut()).isEmpty();
  }

  /** At first there are many of one value, so that it shows late that values differ. */
  @ParameterizedTest
  @ValueSource(ints = {1, 5})
  void whatIsTooSmallIsLeftOutAlsoWhereItShowsLateThatValuesDiffer(int first) throws IOException {
    Interactions log = withValues(event -> event < 140_000 ? first : event % 5);
    assertThat(log.size()).isEqualTo((first == 5 ? 140_000 : 0) + 2_000);
    assertThat(log.leftOut().orElseThrow())
        .isEqualTo(new Interactions.LeftOut(150_000 - log.size(), 101 - usersOf(log), 0));
    assertThat(log.values().ones()).isEqualTo((first == 1 ? 140_000 : 0) + 2_000);
    for (int event = 0; event < log.size(); event++) {
      assertThat(log.value(event)).isGreaterThanOrEqualTo(4);
    }
  }

  private static int usersOf(Interactions log) {
    return (int) Arrays.stream(log.userCounts()).filter(count -> count > 0).count();
  }

  private Interactions withValues(IntUnaryOperator value) throws IOException {
    StringBuilder lines = new StringBuilder("user,item,rating\n");
    for (int event = 0; event < 150_000; event++) {
      lines.append(event % 101).append(',').append(event % 13).append(',');
      lines.append(value.applyAsInt(event)).append('\n');
    }
    return DelimitedReader.builder()
        .valueColumn("rating")
        .options(ReadOptions.ALL.withLeastValue(4))
        .build()
        .read(Files.writeString(folder.resolve("values.csv"), lines));
  }

  @Test
  void aSplitterThatAsksAllEventsOfAPairNeedsThemAll() {
    assertThat(
            StrongGeneralizationSplitter.builder()
                .minRating(4)
                .repeated(Interactions.Duplicates.LAST)
                .build()
                .leastValue())
        .isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @Test
  void aLeastValueThatIsNoNumberIsRefused() {
    assertThatThrownBy(() -> ReadOptions.ALL.withLeastValue(Float.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the least value must be a number, found NaN");
  }
}
