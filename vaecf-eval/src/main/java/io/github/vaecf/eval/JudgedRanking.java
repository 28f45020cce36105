package io.github.vaecf.eval;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.data.CsrMatrix;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.ints.IntList;
import it.unimi.dsi.fastutil.ints.IntLists;
import java.util.Arrays;
import java.util.stream.IntStream;

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

  /**
   * A ranking of which it is known where the held-out items stand, and no more: to measure what was
   * ranked elsewhere. It stays valid. Held-out items are numbered in the order of their ranks, the
   * others after them.
   *
   * @param ranks the rank of each held-out item, from 1 (best), in any order; may lie beyond k
   * @param k how many of the best items are looked at, at least 1; the length of the ranking
   * @return the ranking
   * @throws IllegalArgumentException if there is no rank, one is below 1, or two are the same
   */
  public static JudgedRanking ofRanks(int[] ranks, int k) {
    if (ranks.length == 0) {
      throw new IllegalArgumentException("ranks: expected at least one, found none");
    }
    Cutoff.require(k);
    int[] sorted = ranks.clone();
    Arrays.sort(sorted);
    JudgedRanking ranking = new JudgedRanking(k);
    ranking.length = k;
    ranking.heldOut = new IntArrayList(IntStream.range(0, ranks.length).toArray());
    for (int place = 0, before = 0; place < sorted.length; before = sorted[place++]) {
      if (sorted[place] <= before) {
        throw new IllegalArgumentException(
            "ranks: expected different ones from 1 on, found " + sorted[place]);
      }
      if (sorted[place] <= k) {
        ranking.hits[sorted[place] - 1] = true;
        ranking.items[sorted[place] - 1] = place;
      }
    }
    int next = ranks.length;
    for (int rank = 0; rank < k; rank++) {
      if (!ranking.hits[rank]) {
        ranking.items[rank] = next++;
      }
    }
    return ranking;
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
