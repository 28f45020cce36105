package io.github.vaecf.eval;

/**
 * Average precision, in [0, 1]: the sum, over the ranks r = 1 … k of held-out items, of the
 * precision of the best r, divided by min(k, held-out). Its mean over the users is the MAP.
 *
 * <p>Buckley, Voorhees: Evaluating evaluation measure stability, SIGIR 2000, cut off at k.
 *
 * @param k how many of the best items count, at least 1
 */
record AveragePrecision(int k) implements RankingMetric {
  /**
   * Checks k.
   *
   * @param k how many of the best items count
   * @throws IllegalArgumentException if k is below 1
   */
  public AveragePrecision {
    Cutoff.require(k);
  }

  /**
   * The metric over the best k items.
   *
   * @param k how many of the best items count, at least 1
   * @return the metric
   * @throws IllegalArgumentException if k is below 1
   */
  public static AveragePrecision at(int k) {
    return new AveragePrecision(k);
  }

  @Override
  public String name() {
    return "map@" + k;
  }

  @Override
  public double measure(JudgedRanking ranking) {
    int end = Math.min(k, ranking.length());
    int hits = 0;
    double sum = 0;
    for (int rank = 0; rank < end; rank++) {
      if (ranking.isHit(rank)) {
        hits++;
        sum += (double) hits / (rank + 1);
      }
    }
    return sum / Math.min(k, ranking.heldOut());
  }
}
