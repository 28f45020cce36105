package io.github.vaecf.eval;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.data.CsrMatrix;
import it.unimi.dsi.fastutil.ints.IntList;
import it.unimi.dsi.fastutil.ints.IntLists;

/**
 * One user's ranking with the judgement which of its items were held out: what a metric looks at.
 * Valid during the call it is handed to only; the next user's ranking takes its place.
 */
public final class JudgedRanking {
  private final int[] items;
  private final boolean[] hits;
  private int length;
  private IntList heldOut = IntLists.EMPTY_LIST;

  JudgedRanking(int k) {
    this.items = new int[k];
    this.hits = new boolean[k];
  }

  /** Takes the ranking of one row of the rankings and judges it by a row of the held-out matrix. */
  void judge(Rankings rankings, int row, CsrMatrix heldOutItems, int user) {
    heldOut = heldOutItems.row(user);
    length = 0;
    for (int rank = 0; rank < rankings.k(); rank++) {
      int item = rankings.item(row, rank);
      if (item < 0) {
        break;
      }
      if (Float.isNaN(rankings.score(row, rank))) {
        throw new ArithmeticException(
            "the score of item " + item + " for user " + user + " is not a number");
      }
      items[length] = item;
      hits[length] = heldOutItems.contains(user, item);
      length++;
    }
  }

  /**
   * The number of items in the ranking: less than was asked for where the user has fewer unseen
   * items.
   *
   * @return at least 0
   */
  public int length() {
    return length;
  }

  /**
   * The item at a rank.
   *
   * @param rank 0 (best) … length − 1
   * @return the item's index
   */
  public int item(int rank) {
    return items[rank];
  }

  /**
   * Whether the item at a rank was held out, which makes it a right recommendation.
   *
   * @param rank 0 (best) … length − 1
   * @return whether it is a hit
   */
  public boolean isHit(int rank) {
    return hits[rank];
  }

  /**
   * How many of the first k items were held out.
   *
   * @param k how far to look, at least 1
   * @return 0 … min(k, length)
   */
  public int hits(int k) {
    int count = 0;
    int end = Math.min(k, length);
    for (int rank = 0; rank < end; rank++) {
      if (hits[rank]) {
        count++;
      }
    }
    return count;
  }

  /**
   * The number of items held out from the user, found or not.
   *
   * @return at least 1, as a user with nothing held out is never judged
   */
  public int heldOut() {
    return heldOut.size();
  }

  /**
   * An item held out from the user.
   *
   * @param index 0 … heldOut − 1
   * @return the item's index; ascending with the index
   */
  public int heldOutItem(int index) {
    return heldOut.getInt(index);
  }
}
