package io.github.vaecf.core;

import java.util.Arrays;
import java.util.Objects;

/**
 * The best k items of each of some users, best first. Immutable once a {@link Recommender} has
 * given it away, as long as nobody writes into the arrays that it was made of, which it does not
 * copy; then safe for use by many threads.
 */
public final class Rankings {
  private final int k;
  private final int[] items;
  private final float[] scores;

  /**
   * Rankings laid out row by row. Both arrays are taken over, not copied.
   *
   * @param k length of a ranking, at least 1
   * @param items users × k item indices, best first; −1 from the place on where no item is left
   * @param scores users × k scores, those at empty places without meaning
   * @throws IllegalArgumentException if k is below 1 or the arrays are not of one length that k
   *     divides
   */
  public Rankings(int k, int[] items, float[] scores) {
    if (k < 1 || items.length != scores.length || items.length % k != 0) {
      throw new IllegalArgumentException(
          "k must be at least 1 and divide the one length of items and scores, found k = "
              + k
              + " with "
              + items.length
              + " items and "
              + scores.length
              + " scores");
    }
    this.k = k;
    this.items = items;
    this.scores = scores;
  }

  /** Rankings to be filled in, all places empty. */
  static Rankings empty(int users, int k) {
    int[] items = new int[Math.multiplyExact(users, k)];
    float[] scores = new float[items.length];
    Arrays.fill(items, -1);
    Arrays.fill(scores, Float.NEGATIVE_INFINITY);
    return new Rankings(k, items, scores);
  }

  /**
   * Fills a place in; for the {@link Recommender} that makes the rankings.
   *
   * @param user 0 … users − 1
   * @param rank 0 (best) … k − 1
   * @param item the item's index
   * @param score its score
   * @throws ArithmeticException if the score is not a number
   */
  public void set(int user, int rank, int item, float score) {
    if (Float.isNaN(score)) {
      throw new ArithmeticException("the score of item " + item + " is not a number");
    }
    int place = Objects.checkIndex(user, users()) * k + Objects.checkIndex(rank, k);
    items[place] = item;
    scores[place] = score;
  }

  /**
   * The length of each ranking.
   *
   * @return at least 1
   */
  public int k() {
    return k;
  }

  /**
   * The number of users.
   *
   * @return at least 0
   */
  public int users() {
    return items.length / k;
  }

  /**
   * The item at a place of a user's ranking.
   *
   * @param user 0 … users − 1
   * @param rank 0 (best) … k − 1
   * @return the item's index, or −1 if no item is left for this place
   * @throws IndexOutOfBoundsException if user or rank is outside
   */
  public int item(int user, int rank) {
    return items[Objects.checkIndex(user, users()) * k + Objects.checkIndex(rank, k)];
  }

  /**
   * The score at a place of a user's ranking.
   *
   * @param user 0 … users − 1
   * @param rank 0 (best) … k − 1
   * @return the score; without meaning where {@link #item} is −1
   * @throws IndexOutOfBoundsException if user or rank is outside
   */
  public float score(int user, int rank) {
    return scores[Objects.checkIndex(user, users()) * k + Objects.checkIndex(rank, k)];
  }
}
