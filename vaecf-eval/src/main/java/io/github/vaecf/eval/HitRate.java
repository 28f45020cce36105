package io.github.vaecf.eval;

/**
 * Hit rate: 1 if a held-out item is among the best k and 0 otherwise.
 *
 * <p>Deshpande, Karypis: Item-based top-N recommendation algorithms, ACM TOIS 22(1), 2004, section
 * 6.2.
 *
 * @param k how many of the best items count, at least 1
 */
record HitRate(int k) implements RankingMetric {
  /**
   * Checks k.
   *
   * @param k how many of the best items count
   * @throws IllegalArgumentException if k is below 1
   */
  public HitRate {
    Cutoff.require(k);
  }

  /**
   * The metric over the best k items.
   *
   * @param k how many of the best items count, at least 1
   * @return the metric
   * @throws IllegalArgumentException if k is below 1
   */
  public static HitRate at(int k) {
    return new HitRate(k);
  }

  @Override
  public String name() {
    return "hitrate@" + k;
  }

  @Override
  public double measure(JudgedRanking ranking) {
    return ranking.hits(k) > 0 ? 1 : 0;
  }
}
