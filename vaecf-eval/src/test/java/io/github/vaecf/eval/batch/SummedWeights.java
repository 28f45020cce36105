package io.github.vaecf.eval.batch;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.Rows;
import io.github.vaecf.data.CsrMatrix;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Scores are sums of small whole numbers, so that there are many ties; ranks by sorting all items:
 * slow and plain.
 */
final class SummedWeights extends Recommender {
  private final int[][] weights;

  SummedWeights(int items, long seed) {
    super(Rows.ids(items));
    Random random = new Random(seed);
    weights = new int[items + 1][];
    for (int row = 0; row < weights.length; row++) {
      weights[row] = random.ints(items, -3, 4).toArray();
    }
  }

  /** The item's score for a history; one more row of weights is everybody's. */
  float score(CsrMatrix histories, int row, int item) {
    int sum = weights[itemCount()][item];
    for (int seen : histories.row(row)) {
      sum += weights[seen][item];
    }
    return sum;
  }

  /** The best of those items that a predicate has. */
  List<Integer> best(CsrMatrix histories, int row, int k, IntPredicate of) {
    return IntStream.range(0, itemCount())
        .filter(of)
        .boxed()
        .sorted(
            Comparator.comparingDouble((Integer item) -> -score(histories, row, item))
                .thenComparing(Comparator.naturalOrder()))
        .limit(k)
        .toList();
  }

  @Override
  protected void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
    for (int row = from; row < to; row++) {
      int user = row;
      int rank = 0;
      for (int item : best(histories, row, rankings.k(), one -> !histories.contains(user, one))) {
        rankings.set(firstUser + row - from, rank++, item, score(histories, row, item));
      }
    }
  }

  @Override
  public boolean scoresAllItems() {
    return true;
  }

  @Override
  protected float[] scoreAll(CsrMatrix histories, int from, int to) {
    float[] scores = new float[(to - from) * itemCount()];
    for (int place = 0; place < scores.length; place++) {
      scores[place] = score(histories, from + place / itemCount(), place % itemCount());
    }
    return scores;
  }
}
