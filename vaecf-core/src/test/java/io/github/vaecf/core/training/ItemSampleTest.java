package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Rows;
import io.github.vaecf.data.CsrMatrix;
import java.util.Arrays;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class ItemSampleTest {
  @Property(tries = 300)
  void itsOwnItemsStandFirstAndTheOthersAreDifferentOnesOfTheRest(
      @ForAll @Size(max = 5) int[] @Size(max = 6) [] drawnRows,
      @ForAll @IntRange(min = 1, max = 70) int items,
      @ForAll @IntRange(min = 1, max = 80) int wanted,
      @ForAll long seed) {
    int[][] rows = new int[drawnRows.length + 2][];
    TreeSet<Integer> own = new TreeSet<>();
    for (int row = 0; row < drawnRows.length; row++) {
      rows[row] =
          Arrays.stream(drawnRows[row])
              .map(value -> Math.floorMod(value, items))
              .sorted()
              .distinct()
              .toArray();
      Arrays.stream(rows[row]).forEach(own::add);
    }
    rows[drawnRows.length] = Rows.row(items - 1); // not of the step
    rows[drawnRows.length + 1] = Rows.row();
    int[] order = new int[drawnRows.length + 1];
    Arrays.setAll(order, place -> place == drawnRows.length ? drawnRows.length + 1 : place);

    ItemSample sample = ItemSample.draw(Rows.of(items, rows), order, 0, order.length, wanted, seed);

    assertThat(Arrays.stream(sample.items, 0, sample.own)).containsExactlyElementsOf(own);
    int[] others = Arrays.copyOfRange(sample.items, sample.own, sample.items.length);
    assertThat(others)
        .isSorted()
        .doesNotHaveDuplicates()
        .hasSize(Math.min(wanted, items - own.size()));
    assertThat(Arrays.stream(others).boxed()).noneMatch(own::contains);
    assertThat(Arrays.stream(others)).allMatch(item -> item >= 0 && item < items);
    assertThat(sample.own + sample.weight * others.length)
        .isCloseTo(others.length == 0 ? own.size() : items, within(1e-9));
  }

  @org.junit.jupiter.api.Test
  void everyTwoOfTheRestAreDrawnTogetherAsOftenAsAny() {
    int items = 9;
    int wanted = 3;
    CsrMatrix matrix = Rows.of(items, Rows.row(2, 5));
    int[][] together = new int[items][items];
    int draws = 60_000;
    for (int draw = 0; draw < draws; draw++) {
      ItemSample sample =
          ItemSample.draw(
              matrix, new int[] {0}, 0, 1, wanted, Streams.seed(7, Streams.ITEMS, draw));
      for (int i = sample.own; i < sample.items.length; i++) {
        for (int j = sample.own; j < sample.items.length; j++) {
          together[sample.items[i]][sample.items[j]]++;
        }
      }
    }
    for (int a = 0; a < items; a++) {
      for (int b = 0; b < items; b++) {
        boolean rest = a != 2 && a != 5 && b != 2 && b != 5;
        double expected = !rest ? 0 : a == b ? 3 / 7.0 : 3 * 2 / (7 * 6.0);
        assertThat(together[a][b] / (double) draws)
            .as(a + " and " + b)
            .isCloseTo(
                expected, within(4.5 * Math.sqrt(expected * (1 - expected) / draws) + 1e-12));
      }
    }
  }
}
