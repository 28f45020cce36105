package io.github.vaecf.eval;

import java.util.Objects;

/**
 * Mean popularity of the best k items: the share of the training users that have an item, averaged
 * over the ranking; in [0, 1], and the lower the less a model lives on what everybody has. NaN
 * where the ranking is empty.
 *
 * <p>Yin, Cui, Li, Yao, Chen: Challenging the long tail recommendation, VLDB 2012, section 5.
 *
 * @param k how many of the best items count, at least 1
 * @param popularity how many training users have each item
 */
record MeanPopularity(int k, Popularity popularity) implements RankingMetric {
  /**
   * Checks k.
   *
   * @param k how many of the best items count
   * @param popularity how many training users have each item
   * @throws IllegalArgumentException if an argument is out of its range
   */
  public MeanPopularity {
    Cutoff.require(k);
    Objects.requireNonNull(popularity, "popularity");
  }

  /**
   * The metric over the best k items.
   *
   * @param k how many of the best items count, at least 1
   * @param popularity how many training users have each item
   * @return the metric
   * @throws IllegalArgumentException if an argument is out of its range
   */
  public static MeanPopularity at(int k, Popularity popularity) {
    return new MeanPopularity(k, popularity);
  }

  @Override
  public String name() {
    return "popularity@" + k;
  }

  @Override
  public double measure(JudgedRanking ranking) {
    int end = Math.min(k, ranking.length());
    double sum = 0;
    for (int rank = 0; rank < end; rank++) {
      sum += (double) popularity.count(ranking.item(rank)) / popularity.users();
    }
    return sum / end;
  }
}
