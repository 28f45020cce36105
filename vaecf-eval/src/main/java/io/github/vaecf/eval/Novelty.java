package io.github.vaecf.eval;

import java.util.Objects;

/**
 * Novelty of the best k items: the self-information −log₂(share of the training users that have the
 * item) in bits, averaged over the ranking. An item that nobody has counts as if one user had it.
 * NaN where the ranking is empty.
 *
 * <p>Zhou, Kuscsik, Liu, Medo, Wakeling, Zhang: Solving the apparent diversity-accuracy dilemma of
 * recommender systems, PNAS 107(10), 2010.
 *
 * @param k how many of the best items count, at least 1
 * @param popularity how many training users have each item
 */
record Novelty(int k, Popularity popularity) implements RankingMetric {
  private static final double LOG_2 = Math.log(2);

  /**
   * Checks k.
   *
   * @param k how many of the best items count
   * @param popularity how many training users have each item
   * @throws IllegalArgumentException if an argument is out of its range
   */
  public Novelty {
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
  public static Novelty at(int k, Popularity popularity) {
    return new Novelty(k, popularity);
  }

  @Override
  public String name() {
    return "novelty@" + k;
  }

  @Override
  public double measure(JudgedRanking ranking) {
    int end = Math.min(k, ranking.length());
    double sum = 0;
    for (int rank = 0; rank < end; rank++) {
      int count = Math.max(1, popularity.count(ranking.item(rank)));
      sum -= Math.log((double) count / popularity.users()) / LOG_2;
    }
    return sum / end;
  }
}
