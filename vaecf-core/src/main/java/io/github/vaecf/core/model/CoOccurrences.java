package io.github.vaecf.core.model;

import io.github.vaecf.data.CsrMatrix;
import java.util.Arrays;

/** Which items the same users have: entry (i, j) of XᵀX, a row at a time, never the whole. */
final class CoOccurrences {
  private final CsrMatrix users;
  private final CsrMatrix items;

  CoOccurrences(CsrMatrix train) {
    this.users = train;
    this.items = train.transpose();
  }

  /** How many items the user has. */
  int items(int user) {
    return users.rowSize(user);
  }

  /** How many users have the item. */
  int users(int item) {
    return items.rowSize(item);
  }

  /** A reader for one thread. */
  Rows rows() {
    return new Rows();
  }

  /** Computes rows of XᵀX. Not safe for use by many threads. */
  final class Rows {
    private final int[] ofItem = new int[users.rows()];
    private final int[] ofUser = new int[users.columns()];
    private final int[] counts = new int[users.columns()];

    /**
     * The number of users that an item has in common with each item before another one; at the item
     * itself, the number of its users.
     *
     * @param end the other one; the number of items for the whole row
     * @return one number an item; valid until the next call, and before the end only
     */
    int[] row(int item, int end) {
      Arrays.fill(counts, 0, end, 0);
      int userCount = items.copyRow(item, ofItem, 0);
      for (int u = 0; u < userCount; u++) {
        int size = users.copyRow(ofItem[u], ofUser, 0);
        for (int i = 0; i < size && ofUser[i] < end; i++) {
          counts[ofUser[i]]++;
        }
      }
      return counts;
    }

    /**
     * The weights of the users that an item has in common with each item, added up: entry (i, j) of
     * XᵀWX.
     *
     * @param item the item
     * @param weights one a user
     * @param sums receives one number an item
     */
    void weightedRow(int item, double[] weights, double[] sums) {
      Arrays.fill(sums, 0);
      int userCount = items.copyRow(item, ofItem, 0);
      for (int u = 0; u < userCount; u++) {
        double weight = weights[ofItem[u]];
        int size = users.copyRow(ofItem[u], ofUser, 0);
        for (int i = 0; i < size; i++) {
          sums[ofUser[i]] += weight;
        }
      }
    }
  }
}
