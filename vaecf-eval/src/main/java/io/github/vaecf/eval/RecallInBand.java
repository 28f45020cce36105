package io.github.vaecf.eval;

import java.util.Objects;

/**
 * Recall of items of one band of popularity: of the user's held-out items that between {@code
 * band.low} and {@code band.high} training users have, those among the best k, divided by min(k,
 * their number). NaN for a user with none in the band, who then does not count. Tells where a model
 * finds what it finds: among the popular items or in the long tail.
 *
 * <p>The definition is {@link Recall} on the held-out items of the band.
 *
 * @param k how many of the best items count, at least 1
 * @param popularity how many training users have each item
 * @param band how many training users an item of the band has
 */
record RecallInBand(int k, Popularity popularity, Band band) implements RankingMetric {
  /**
   * Checks k.
   *
   * @param k how many of the best items count
   * @param popularity how many training users have each item
   * @param band how many training users an item of the band has
   * @throws IllegalArgumentException if k is below 1
   */
  public RecallInBand {
    Cutoff.require(k);
    Objects.requireNonNull(popularity, "popularity");
    Objects.requireNonNull(band, "band");
  }

  /**
   * The metric over the best k items.
   *
   * @param k how many of the best items count, at least 1
   * @param popularity how many training users have each item
   * @param band how many training users an item of the band has
   * @return the metric
   * @throws IllegalArgumentException if k is below 1
   */
  public static RecallInBand at(int k, Popularity popularity, Band band) {
    return new RecallInBand(k, popularity, band);
  }

  @Override
  public String name() {
    return "recall@" + k + "[popularity " + band + "]";
  }

  @Override
  public double measure(JudgedRanking ranking) {
    int heldOut = 0;
    for (int i = 0; i < ranking.heldOut(); i++) {
      if (inBand(ranking.heldOutItem(i))) {
        heldOut++;
      }
    }
    if (heldOut == 0) {
      return Double.NaN;
    }
    int end = Math.min(k, ranking.length());
    int hits = 0;
    for (int rank = 0; rank < end; rank++) {
      if (ranking.isHit(rank) && inBand(ranking.item(rank))) {
        hits++;
      }
    }
    return (double) hits / Math.min(k, heldOut);
  }

  private boolean inBand(int item) {
    return band.contains(popularity.count(item));
  }
}
