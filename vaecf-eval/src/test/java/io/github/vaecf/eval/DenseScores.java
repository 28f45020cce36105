package io.github.vaecf.eval;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.Rows;
import io.github.vaecf.data.CsrMatrix;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Ranks by given scores, a row a user, by sorting all items: slow and plain. */
public final class DenseScores extends Recommender {
  private final float[][] scores;

  public DenseScores(float[][] scores) {
    super(Rows.ids(scores[0].length));
    this.scores = scores;
  }

  @Override
  protected void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
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
              .limit(rankings.k())
              .toArray();
      for (int rank = 0; rank < order.length; rank++) {
        rankings.set(firstUser + user - from, rank, order[rank], scores[user][order[rank]]);
      }
    }
  }
}
