package io.github.vaecf.eval;

/**
 * Normalized discounted cumulative gain with binary gains, in [0, 1]: the sum of 1 / log₂(r + 1)
 * over the ranks r = 1 … k of held-out items, divided by the largest that this sum can be, which
 * has the held-out items at the ranks 1 … min(k, held-out).
 *
 * <p>Järvelin, Kekäläinen: Cumulated gain-based evaluation of IR techniques, ACM TOIS 20(4), 2002;
 * normalized as in Liang et al., WWW 2018, section 4.2.
 *
 * @param k how many of the best items count, at least 1
 */
public record Ndcg(int k) implements RankingMetric {
  private static final double LOG_2 = Math.log(2);

  /**
   * Checks k.
   *
   * @param k how many of the best items count
   * @throws IllegalArgumentException if k is below 1
   */
  public Ndcg {
    Cutoff.require(k);
  }

  /**
   * The metric over the best k items.
   *
   * @param k how many of the best items count, at least 1
   * @return the metric
   * @throws IllegalArgumentException if k is below 1
   */
  public static Ndcg at(int k) {
    return new Ndcg(k);
  }

  @Override
  public String name() {
    return "ndcg@" + k;
  }

  @Override
  public double measure(JudgedRanking ranking) {
    int end = Math.min(k, ranking.length());
    double gain = 0;
    for (int rank = 0; rank < end; rank++) {
      if (ranking.isHit(rank)) {
        gain += discount(rank);
      }
    }
    int idealHits = Math.min(k, ranking.heldOut());
    double idealGain = 0;
    for (int rank = 0; rank < idealHits; rank++) {
      idealGain += discount(rank);
    }
    return gain / idealGain;
  }

  private static double discount(int rank) {
    return LOG_2 / Math.log(rank + 2.0);
  }
}
