package io.github.vaecf.eval;

import io.github.vaecf.data.CsrMatrix;

/**
 * How many training users have each item: what metrics beyond accuracy are measured against.
 * Immutable and safe for use by many threads.
 */
public final class Popularity {
  private final int users;
  private final int[] counts;

  private Popularity(int users, int[] counts) {
    this.users = users;
    this.counts = counts;
  }

  /**
   * Counts the users of each item.
   *
   * @param train training users × items
   * @return the counts
   */
  public static Popularity of(CsrMatrix train) {
    return new Popularity(train.rows(), train.columnCounts());
  }

  /**
   * The number of training users.
   *
   * @return at least 0
   */
  public int users() {
    return users;
  }

  /**
   * The number of training users that have an item.
   *
   * @param item the item's index
   * @return at least 0
   */
  public int count(int item) {
    return counts[item];
  }
}
