package io.github.vaecf.data.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
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
        StrongGeneralizationSplitter.builder()
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
  void shapesAreWrittenAsThreeNumbers() {
    assertThat(Shape.of("100x50x900")).hasToString("100x50x900");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Shape.of("tiny"))
        .withMessageContaining("found 'tiny'");
    assertThatIllegalArgumentException().isThrownBy(() -> Shape.of("100x50x499"));
    assertThatIllegalArgumentException().isThrownBy(() -> Shape.of("100x50x2501"));
  }
}
