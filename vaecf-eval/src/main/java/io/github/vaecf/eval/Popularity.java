package io.github.vaecf.eval;

import io.github.vaecf.data.CsrMatrix;
import java.util.Arrays;

/**
 * How many training users have each item: what metrics beyond accuracy are measured against.
 * Immutable, safe for use by many threads, and equal when the counts are.
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

  @Override
  public boolean equals(Object other) {
    return other instanceof Popularity that
        && users == that.users
        && Arrays.equals(counts, that.counts);
  }

  @Override
  public int hashCode() {
    return 31 * users + Arrays.hashCode(counts);
  }
}
