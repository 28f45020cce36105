package io.github.vaecf.eval;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Scorer;
import io.github.vaecf.data.CsrMatrix;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Ranks by given scores, a row a user, by sorting all items: slow and plain. */
public final class DenseScores implements Scorer {
  private final float[][] scores;

  public DenseScores(float[][] scores) {
    this.scores = scores;
  }

  @Override
  public int itemCount() {
    return scores[0].length;
  }

  @Override
  public Rankings rank(CsrMatrix histories, int from, int to, int k) {
    int[] items = new int[(to - from) * k];
    float[] itemScores = new float[items.length];
    Arrays.fill(items, -1);
    for (int row = from; row < to; row++) {
      int user = row;
      int[] order =
          IntStream.range(0, itemCount())
              .filter(item -> !histories.contains(user, item))
              .boxed()
              .sorted(
                  Comparator.comparingDouble((Integer item) -> -scores[user][item])
                      .thenComparing(Comparator.naturalOrder()))
              .mapToInt(Integer::intValue)
              .limit(k)
              .toArray();
      for (int rank = 0; rank < order.length; rank++) {
        items[(user - from) * k + rank] = order[rank];
        itemScores[(user - from) * k + rank] = scores[user][order[rank]];
      }
    }
    return new Rankings(k, items, itemScores);
  }
}
