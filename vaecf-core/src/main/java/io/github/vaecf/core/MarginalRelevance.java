package io.github.vaecf.core;

import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * Orders the best items of a ranking so that they are good and not all alike: maximal marginal
 * relevance (Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering
 * Documents and Producing Summaries", SIGIR 1998). The next item is the one with the largest
 *
 * <pre>λ · relevance − (1 − λ) · largest cosine to an item that stands before it</pre>
 *
 * <p>where relevance is the score, from 0 for the lowest of the pool to 1 for the highest. Of equal
 * ones the better scored comes first.
 */
final class MarginalRelevance {
  /** How many of the best items are put into another order; what follows stays as it is. */
  static final int POOL = 200;

  private MarginalRelevance() {}

  /**
   * The first items in their new order.
   *
   * @param scores the pool's, the highest first
   * @param lambda 0 … 1
   * @param wanted how many items, at most as many as there are scores
   * @param cosines gives for a place in the pool the cosines of its item to those of all places
   * @return places in the pool
   */
  static int[] order(float[] scores, double lambda, int wanted, IntFunction<float[]> cosines) {
    int size = scores.length;
    double[] nearest = new double[size];
    Arrays.fill(nearest, Double.NEGATIVE_INFINITY);
    boolean[] taken = new boolean[size];
    int[] order = new int[wanted];
    for (int rank = 0; rank < wanted; rank++) {
      int best = -1;
      double most = Double.NEGATIVE_INFINITY;
      for (int place = 0; place < size; place++) {
        double marginal =
            lambda * relevance(scores, place) - (1 - lambda) * (rank == 0 ? 0 : nearest[place]);
        if (!taken[place] && marginal > most) {
          best = place;
          most = marginal;
        }
      }
      order[rank] = best;
      taken[best] = true;
      if (rank + 1 < wanted) {
        float[] toBest = cosines.apply(best);
        for (int place = 0; place < size; place++) {
          nearest[place] = Math.max(nearest[place], toBest[place]);
        }
      }
    }
    return order;
  }

  private static double relevance(float[] scores, int place) {
    double lowest = scores[scores.length - 1];
    double range = scores[0] - lowest;
    return range == 0 ? 1 : (scores[place] - lowest) / range;
  }
}
