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
import java.util.List;
import java.util.Properties;
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
        for (Splitter splitter :
            List.of(
                StrongGeneralizationSplitter.builder().minRating(least).heldOutUsers(5).build(),
                LeaveLastOutSplitter.builder().minRating(least).build())) {
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

  @Test
  void timesWithFractionsStayThoseOfTheirEvents() throws IOException {
    StringBuilder lines = new StringBuilder("user,item,rating,time\n");
    for (int event = 0; event < 200_000; event++) {
      String second =
          String.format("2024-05-06T%02d:%02d:%02d", event % 24, event % 60, event % 59);
      String time = event < 100_000 ? second + "." + (1 + event % 9) : second;
      int rating = event % 7 == 0 ? 5 : event < 150_000 ? 1 : 4;
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

  @Test
  void aLeastValueThatIsNoNumberIsRefused() {
    assertThatThrownBy(() -> ReadOptions.ALL.withLeastValue(Float.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the least value must be a number, found NaN");
  }
}
