package io.github.vaecf.eval;

/**
 * Plain recall, in [0, 1]: the held-out items among the best k, divided by all held-out items, also
 * where these are more than k. The Recall@20 of the LightGCN paper (He et al., SIGIR 2020) is this
 * one; that of the Mult-VAE paper is {@link Recall}.
 *
 * <p>van Rijsbergen: Information Retrieval, 2nd edition, 1979, chapter 7.
 *
 * @param k how many of the best items count, at least 1
 */
record RecallOfAll(int k) implements RankingMetric {
  /**
   * Checks k.
   *
   * @param k how many of the best items count
   * @throws IllegalArgumentException if k is below 1
   */
  public RecallOfAll {
    Cutoff.require(k);
  }

  /**
   * The metric over the best k items.
   *
   * @param k how many of the best items count, at least 1
   * @return the metric
   * @throws IllegalArgumentException if k is below 1
   */
  public static RecallOfAll at(int k) {
    return new RecallOfAll(k);
  }

  @Override
  public String name() {
    return "recall_of_all@" + k;
  }

  @Override
  public double measure(JudgedRanking ranking) {
    return (double) ranking.hits(k) / ranking.heldOut();
  }
}
