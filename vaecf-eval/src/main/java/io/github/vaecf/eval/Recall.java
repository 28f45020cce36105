package io.github.vaecf.eval;

/**
 * Recall as Liang et al. (WWW 2018, section 4.2) define it, in [0, 1]: the held-out items among the
 * best k, divided by min(k, held-out), so that a perfect ranking reaches 1 also where more than k
 * items are held out. {@link RecallOfAll} is the one that divides by all held-out items.
 *
 * @param k how many of the best items count, at least 1
 */
public record Recall(int k) implements RankingMetric {
  /**
   * Checks k.
   *
   * @param k how many of the best items count
   * @throws IllegalArgumentException if k is below 1
   */
  public Recall {
    Cutoff.require(k);
  }

  /**
   * The metric over the best k items.
   *
   * @param k how many of the best items count, at least 1
   * @return the metric
   * @throws IllegalArgumentException if k is below 1
   */
  public static Recall at(int k) {
    return new Recall(k);
  }

  @Override
  public String name() {
    return "recall@" + k;
  }

  @Override
  public double measure(JudgedRanking ranking) {
    return (double) ranking.hits(k) / Math.min(k, ranking.heldOut());
  }
}
