package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TopItemsTest {
  private static final float[] SPECIAL = {
    0f, -0f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, -Float.MIN_VALUE, 1f
  };

  /** Few values, so that there are ties. */
  private static float[] scores(int count, Random random) {
    float[] scores = new float[count];
    for (int item = 0; item < count; item++) {
      scores[item] =
          random.nextBoolean() ? SPECIAL[random.nextInt(SPECIAL.length)] : random.nextInt(9) - 4;
    }
    return scores;
  }

  @Property
  void theSelectionIsTheBeginningOfTheSortedItems(
      @ForAll @IntRange(min = 1, max = 80) int count,
      @ForAll @IntRange(min = 1, max = 100) int k,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] scores = scores(count, random);
    int[] seen = random.ints(random.nextInt(count + 1), 0, count).distinct().sorted().toArray();
    int[] items = new int[k + 2];
    Arrays.fill(items, -1);
    float[] itemScores = new float[k + 2];

    new TopItems(k).select(scores, seen, seen.length, items, itemScores, 1);

    // Negative zero is zero to a reader, and to the comparison that the sorting scorer makes.
    float[] plain = scores.clone();
    for (int item = 0; item < count; item++) {
      plain[item] = scores[item] + 0.0f;
    }
    int[] sorted =
        IntStream.range(0, count)
            .filter(item -> Arrays.binarySearch(seen, item) < 0)
            .boxed()
            .sorted(
                Comparator.comparingDouble((Integer item) -> -plain[item])
                    .thenComparing(Comparator.naturalOrder()))
            .mapToInt(Integer::intValue)
            .toArray();
    for (int rank = 0; rank < k; rank++) {
      assertThat(items[rank + 1])
          .as("rank %d", rank)
          .isEqualTo(rank < sorted.length ? sorted[rank] : -1);
      if (items[rank + 1] >= 0) {
        assertThat(itemScores[rank + 1]).isEqualTo(scores[items[rank + 1]]);
      }
    }
    assertThat(items[0]).isEqualTo(-1);
    assertThat(items[k + 1]).isEqualTo(-1);
  }

  @Property
  void itemsThatAreOfferedOneByOneInAnyOrderGiveTheSameSelection(
      @ForAll @IntRange(min = 1, max = 80) int count,
      @ForAll @IntRange(min = 1, max = 100) int k,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] scores = scores(count, random);
    int[] items = new int[k];
    float[] itemScores = new float[k];
    Arrays.fill(items, -1);
    new TopItems(k).select(scores, new int[0], 0, items, itemScores, 0);
    List<Integer> order = new ArrayList<>(IntStream.range(0, count).boxed().toList());
    Collections.shuffle(order, random);

    TopItems best = new TopItems(k);
    best.add(0, 5);
    best.clear();
    order.forEach(item -> best.add(item, scores[item]));
    float least = best.least();
    Rankings rankings = Rankings.empty(1, k);
    best.take(rankings, 0);

    if (count < k) {
      assertThat(least).isEqualTo(Float.NEGATIVE_INFINITY);
    } else {
      long better = IntStream.range(0, count).filter(item -> scores[item] > least).count();
      assertThat(least <= itemScores[k - 1]).isTrue();
      assertThat(better).as("an eighth more").isLessThanOrEqualTo(k + k / 8);
    }
    for (int rank = 0; rank < k; rank++) {
      assertThat(rankings.item(0, rank)).isEqualTo(items[rank]);
      assertThat(rank >= count || rankings.score(0, rank) == itemScores[rank]).isTrue();
    }
    assertThat(best.least()).as("when all are taken").isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @Test
  void allEqualScoresComeInTheOrderOfTheItems() {
    int[] items = new int[5];

    new TopItems(5).select(new float[10], new int[] {1}, 1, items, new float[5], 0);

    assertThat(items).containsExactly(0, 2, 3, 4, 5);
  }

  @Test
  void aScoreThatIsNotANumberIsRefused() {
    assertThatThrownBy(
            () ->
                new TopItems(1)
                    .select(new float[] {1, Float.NaN}, new int[0], 0, new int[1], new float[1], 0))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("the score of item 1 is not a number");
  }
}
