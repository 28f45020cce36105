package io.github.vaecf.eval;

import java.util.Objects;

/**
 * Intra-list distance of the best k items: 1 − cosine of the item vectors, averaged over all pairs
 * of the ranking; in [0, 2], and the higher the more varied the list. NaN where the ranking has
 * fewer than two items.
 *
 * <p>Ziegler, McNee, Konstan, Lausen: Improving recommendation lists through topic diversification,
 * WWW 2005, section 3.3, with the mean in place of the sum.
 *
 * @param k how many of the best items count, at least 1
 * @param vectors a vector for each item
 */
public record IntraListDistance(int k, ItemVectors vectors) implements RankingMetric {
  /**
   * Checks k.
   *
   * @param k how many of the best items count
   * @param vectors a vector for each item
   * @throws IllegalArgumentException if an argument is out of its range
   */
  public IntraListDistance {
    Cutoff.require(k);
    Objects.requireNonNull(vectors, "vectors");
  }

  /**
   * The metric over the best k items.
   *
   * @param k how many of the best items count, at least 1
   * @param vectors a vector for each item
   * @return the metric
   * @throws IllegalArgumentException if an argument is out of its range
   */
  public static IntraListDistance at(int k, ItemVectors vectors) {
    return new IntraListDistance(k, vectors);
  }

  @Override
  public String name() {
    return "ild@" + k;
  }

  @Override
  public double measure(JudgedRanking ranking) {
    int end = Math.min(k, ranking.length());
    double sum = 0;
    for (int a = 0; a < end; a++) {
      for (int b = a + 1; b < end; b++) {
        sum += 1 - vectors.cosine(ranking.item(a), ranking.item(b));
      }
    }
    return sum / (end * (end - 1) / 2.0);
  }
}
