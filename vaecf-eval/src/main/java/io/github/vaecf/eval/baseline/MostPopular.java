package io.github.vaecf.eval.baseline;

import io.github.vaecf.data.CsrMatrix;

/**
 * Recommends to everybody the items that most training users have, without those that the user has
 * already. The score is the number of these users. Immutable and safe for use by many threads.
 */
public final class MostPopular extends DenseScorer {
  private final float[] popularity;

  private MostPopular(float[] popularity) {
    this.popularity = popularity;
  }

  /**
   * Counts the users of each item.
   *
   * @param train training users × items
   * @return the scorer
   */
  public static MostPopular of(CsrMatrix train) {
    int[] counts = train.columnCounts();
    float[] popularity = new float[counts.length];
    for (int item = 0; item < counts.length; item++) {
      popularity[item] = counts[item];
    }
    return new MostPopular(popularity);
  }

  @Override
  public int itemCount() {
    return popularity.length;
  }

  @Override
  void score(int[] history, int historySize, float[] scores) {
    System.arraycopy(popularity, 0, scores, 0, popularity.length);
  }
}
