package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.IntDataBuffer;

class OrderedScoresTest {
  private static final float[] SPECIAL = {
    0f, -0f, Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_VALUE, -Float.MIN_VALUE, 1f
  };

  /** Now few values, so that there are ties, and now hardly any twice. */
  private static float[] scores(int count, Random random) {
    boolean ties = random.nextBoolean();
    float[] scores = new float[count];
    for (int item = 0; item < count; item++) {
      scores[item] =
          !ties
              ? (float) random.nextGaussian()
              : random.nextBoolean()
                  ? SPECIAL[random.nextInt(SPECIAL.length)]
                  : random.nextInt(9) - 4;
    }
    return scores;
  }

  private static IntDataBuffer bits(float[] scores) {
    int[] bits = new int[scores.length];
    for (int item = 0; item < bits.length; item++) {
      bits[item] = Float.floatToRawIntBits(scores[item]);
    }
    return DataBuffers.of(bits);
  }

  @Property(tries = 2000)
  void theRankingIsTheSelectionOfTheFloats(
      @ForAll @IntRange(min = 1, max = 2000) int count,
      @ForAll @IntRange(min = 1, max = 60) int k,
      @ForAll long seed) {
    Random random = new Random(seed);
    OrderedScores ordered = new OrderedScores(count);
    TopItems best = new TopItems(k);
    Rankings rankings = Rankings.empty(3, k);
    for (int user = 0; user < 2; user++) { // the second has nothing of the first
      float[] scores = scores(count, random);
      int[] out =
          random
              .ints(random.nextInt(4) == 0 ? count : random.nextInt(count + 1), 0, count)
              .distinct()
              .sorted()
              .toArray();
      int[] items = new int[k];
      Arrays.fill(items, -1);
      float[] itemScores = new float[k];
      new TopItems(k).select(scores, out, out.length, items, itemScores, 0);

      ordered.take(bits(scores));
      for (int item : out) {
        ordered.leaveOut(item);
      }
      ordered.rank(best, rankings, user);

      for (int rank = 0; rank < k; rank++) {
        assertThat(rankings.item(user, rank)).isEqualTo(items[rank]);
        assertThat(rankings.item(2, rank)).isEqualTo(-1);
        if (items[rank] >= 0) {
          assertThat(rankings.score(user, rank)).isEqualTo(itemScores[rank]);
        }
      }
    }
  }

  @Property
  void whatIsNoFiniteNumberIsNamedWhereverItIs(
      @ForAll @IntRange(min = 1, max = 1000) int count, @ForAll long seed) {
    Random random = new Random(seed);
    float[] scores = scores(count, random);
    int broken = random.nextInt(count);
    int[] odd = {
      Float.floatToRawIntBits(Float.NaN),
      Float.floatToRawIntBits(Float.POSITIVE_INFINITY),
      Float.floatToRawIntBits(Float.NEGATIVE_INFINITY),
      0xFFFF_FFFF, // NaN too
      0xFF80_0001
    };
    for (int one : odd) {
      int[] bits = IntStream.range(0, count).map(i -> Float.floatToRawIntBits(scores[i])).toArray();
      bits[broken] = one;
      OrderedScores ordered = new OrderedScores(count);
      assertThatThrownBy(() -> ordered.take(DataBuffers.of(bits)))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageStartingWith("the score of item " + broken + " is not a finite number, but ");
    }
  }
}
