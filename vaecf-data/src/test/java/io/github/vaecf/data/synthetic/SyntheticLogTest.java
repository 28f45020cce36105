package io.github.vaecf.data.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.MovieLens;
import io.github.vaecf.data.reading.RatingsFile;
import io.github.vaecf.data.splitting.StrongGeneralizationSplit;
import java.nio.file.Path;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyntheticLogTest {
  @TempDir Path folder;

  @Property(tries = 100)
  void aLogHasExactlyItsShape(
      @ForAll @IntRange(min = 1, max = 300) int users,
      @ForAll @IntRange(min = 10, max = 300) int items,
      @ForAll @DoubleRange(min = 0, max = 1) double density,
      @ForAll long seed) {
    int events = 5 * users + (int) (density * (users * items / 2 - 5 * users));
    Interactions log = SyntheticLog.generate(new Shape(users, items, events), seed);
    assertThat(log.size()).isEqualTo(events);
    assertThat(log.users().size()).isEqualTo(users);
    assertThat(log.items().size()).isEqualTo(items);
    assertThat(Arrays.stream(log.userCounts()).min().getAsInt()).isGreaterThanOrEqualTo(5);
    assertThat(log.joinDuplicates(Interactions.Duplicates.FIRST)).isSameAs(log);
    for (int event = 0; event < log.size(); event++) {
      assertThat(log.value(event)).isBetween(0.5f, 5f);
      assertThat(2 * log.value(event) % 1).isZero();
    }
  }

  @Test
  void whatIsHeldOutLeavesTheShapeWhole() {
    Shape shape = new Shape(5000, 800, 100_000);
    Split split =
        StrongGeneralizationSplit.builder()
            .heldOutUsers(500)
            .build()
            .split(SyntheticLog.generate(shape, 7));
    Split.Stage last = split.stages().get(split.stages().size() - 1);
    assertThat(last.users()).isEqualTo(5000);
    assertThat(last.items()).isEqualTo(800);
    assertThat(last.events()).isEqualTo(100_000);
  }

  @Test
  void popularityIsSkewedAndTheSeedDecides() {
    Shape shape = new Shape(5000, 800, 100_000);
    Interactions log = SyntheticLog.generate(shape, 1);
    int[] counts = log.itemCounts();
    Arrays.sort(counts);
    long top = 0;
    for (int i = 720; i < 800; i++) {
      top += counts[i];
    }
    assertThat(top).isGreaterThan(25_000);
    Interactions same = SyntheticLog.generate(shape, 1);
    Interactions other = SyntheticLog.generate(shape, 2);
    assertThat(items(same)).containsExactly(items(log));
    assertThat(items(other)).isNotEqualTo(items(log));
  }

  private static int[] items(Interactions log) {
    int[] items = new int[log.size()];
    Arrays.setAll(items, log::item);
    return items;
  }

  @Test
  void aFileOfRatingsReadsBack() {
    Interactions log = SyntheticLog.generate(new Shape(50, 60, 600), 3);
    Path file = folder.resolve("new/ratings.csv");
    RatingsFile.write(log, file);
    Interactions read = MovieLens.read(file);
    assertThat(read.size()).isEqualTo(600);
    for (int event = 0; event < 600; event++) {
      assertThat(read.users().id(read.user(event))).isEqualTo(log.users().id(log.user(event)));
      assertThat(read.items().id(read.item(event))).isEqualTo(log.items().id(log.item(event)));
      assertThat(read.value(event)).isEqualTo(log.value(event));
      assertThat(read.time(event)).isEqualTo(log.time(event));
    }
    assertThatThrownBy(() -> RatingsFile.write(log, file))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("already exists");
    assertThatThrownBy(() -> RatingsFile.write(log, file.resolve("under/a/file")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("cannot be written");
  }

  @Test
  void shapesHaveNames() {
    assertThat(Shape.of("ml-20m")).isEqualTo(new Shape(136_677, 20_108, 9_990_682));
    assertThat(Shape.of("netflix")).isEqualTo(new Shape(463_435, 17_769, 56_880_037));
    assertThat(Shape.of("msd")).isEqualTo(new Shape(571_355, 41_140, 33_633_450));
    assertThat(Shape.of("100x50x900")).hasToString("100x50x900");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Shape.of("tiny"))
        .withMessageContaining("found 'tiny'");
    assertThatIllegalArgumentException().isThrownBy(() -> Shape.of("100x50x499"));
    assertThatIllegalArgumentException().isThrownBy(() -> Shape.of("100x50x2501"));
  }
}
