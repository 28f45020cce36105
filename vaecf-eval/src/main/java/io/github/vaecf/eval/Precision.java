package io.github.vaecf.eval;

/**
 * Precision, in [0, 1]: the held-out items among the best k, divided by k, also where the ranking
 * is shorter than k.
 *
 * <p>van Rijsbergen: Information Retrieval, 2nd edition, 1979, chapter 7.
 *
 * @param k how many of the best items count, at least 1
 */
record Precision(int k) implements RankingMetric {
  /**
   * Checks k.
   *
   * @param k how many of the best items count
   * @throws IllegalArgumentException if k is below 1
   */
  public Precision {
    Cutoff.require(k);
  }

  /**
   * The metric over the best k items.
   *
   * @param k how many of the best items count, at least 1
   * @return the metric
   * @throws IllegalArgumentException if k is below 1
   */
  public static Precision at(int k) {
    return new Precision(k);
  }

  @Override
  public String name() {
    return "precision@" + k;
  }

  @Override
  public double measure(JudgedRanking ranking) {
    return (double) ranking.hits(k) / k;
  }
}
