package io.github.vaecf.eval;

/**
 * Reciprocal rank, in [0, 1]: 1 / r where r = 1 … k is the rank of the first held-out item, and 0
 * where none is among the best k. Its mean over the users is the MRR.
 *
 * <p>Voorhees: The TREC-8 question answering track report, TREC 1999.
 *
 * @param k how many of the best items count, at least 1
 */
record ReciprocalRank(int k) implements RankingMetric {
  /**
   * Checks k.
   *
   * @param k how many of the best items count
   * @throws IllegalArgumentException if k is below 1
   */
  public ReciprocalRank {
    Cutoff.require(k);
  }

  /**
   * The metric over the best k items.
   *
   * @param k how many of the best items count, at least 1
   * @return the metric
   * @throws IllegalArgumentException if k is below 1
   */
  public static ReciprocalRank at(int k) {
    return new ReciprocalRank(k);
  }

  @Override
  public String name() {
    return "mrr@" + k;
  }

  @Override
  public double measure(JudgedRanking ranking) {
    int end = Math.min(k, ranking.length());
    for (int rank = 0; rank < end; rank++) {
      if (ranking.isHit(rank)) {
        return 1.0 / (rank + 1);
      }
    }
    return 0;
  }
}
