package io.github.vaecf.eval.baseline;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Scorer;
import io.github.vaecf.data.CsrMatrix;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;

/** A scorer that computes a score for every item of one user at a time, on all cores. */
abstract class DenseScorer implements Scorer {
  /** Users that one task ranks: enough to make up for its arrays. */
  private static final int TASK = 32;

  /**
   * Computes one user's scores. Called from many threads at once.
   *
   * @param history indices of the user's items, ascending, from index 0 on
   * @param historySize how many of them
   * @param scores receives a score for each item; what it holds before is without meaning
   */
  abstract void score(int[] history, int historySize, float[] scores);

  @Override
  public final Rankings rank(CsrMatrix histories, int from, int to, int k) {
    if (histories.columns() != itemCount()) {
      throw new IllegalArgumentException(
          "histories must be over the scorer's " + itemCount() + " items, found " + histories);
    }
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, found " + k);
    }
    Objects.checkFromToIndex(from, to, histories.rows());
    int users = to - from;
    int[] items = new int[Math.multiplyExact(users, k)];
    float[] itemScores = new float[items.length];
    Arrays.fill(items, -1);
    IntStream.rangeClosed(0, (users - 1) / TASK)
        .parallel()
        .forEach(
            task -> {
              int end = Math.min(users, (task + 1) * TASK);
              rank(histories, from, task * TASK, end, k, items, itemScores);
            });
    return new Rankings(k, items, itemScores);
  }

  private void rank(
      CsrMatrix histories, int row, int from, int to, int k, int[] items, float[] itemScores) {
    int[] history = new int[itemCount()];
    float[] scores = new float[itemCount()];
    // No ranking is longer than the catalogue, so the selection need not be either.
    TopItems top = new TopItems(Math.min(k, itemCount()));
    for (int user = from; user < to; user++) {
      int size = histories.copyRow(row + user, history, 0);
      score(history, size, scores);
      top.select(scores, history, size, items, itemScores, user * k);
    }
  }
}
