package io.github.vaecf.core;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Selects the best k of a user's scores. The better of two items is the one with the higher score,
 * and of equal scores the one with the lower index. Not safe for use by many threads.
 */
public final class TopItems {
  /** Room beside the best, where k is small. */
  private static final int LEAST_ROOM = 64;

  /** So many times the better ones that came since the bound was found are as many as the best. */
  private static final int STALE = 8;

  private final int k;

  /**
   * The best so far, and others that were better than {@link #bound} when they came; in no order. A
   * key is larger the better the item is.
   */
  private final long[] keys;

  /**
   * The worst of the best when these were last selected: a key that is no larger is of none of the
   * best. The smallest number before that.
   */
  private long bound;

  private int size;

  /**
   * Selects so many.
   *
   * @param k how many at most
   */
  public TopItems(int k) {
    this.k = k;
    this.keys = new long[Math.max(2 * k, k + LEAST_ROOM)];
    clear();
  }

  /**
   * Writes the best items and their scores, best first, and leaves the places as they are for which
   * no item is left.
   *
   * @param scores one score an item
   * @param seen indices of the items to leave out, ascending
   * @param seenSize how many of them
   * @param items receives k item indices from {@code at} on
   * @param itemScores receives their scores from {@code at} on
   * @param at first place to write to
   * @throws ArithmeticException if a score is not a number
   */
  public void select(
      float[] scores, int[] seen, int seenSize, int[] items, float[] itemScores, int at) {
    clear();
    int nextSeen = 0;
    for (int item = 0; item < scores.length; item++) {
      float score = scores[item];
      requireNumber(item, score);
      if (nextSeen < seenSize && seen[nextSeen] == item) {
        nextSeen++;
        continue;
      }
      offer(item, score);
    }
    sort();
    for (int rank = 0; rank < size; rank++) {
      int item = item(rank);
      items[at + rank] = item;
      itemScores[at + rank] = scores[item];
    }
  }

  /**
   * Fills a user's ranking in with the best of some items. One whose score is −∞ is not ranked.
   *
   * @param scores users × items, row-major
   * @param firstScore where the user's scores begin
   * @param candidates the indices of the items to select from
   * @param rankings receives at most k items
   * @param user the user of the rankings
   */
  void select(float[] scores, int firstScore, BitSet candidates, Rankings rankings, int user) {
    clear();
    for (int item = candidates.nextSetBit(0); item >= 0; item = candidates.nextSetBit(item + 1)) {
      float score = scores[firstScore + item];
      requireNumber(item, score);
      if (score != Float.NEGATIVE_INFINITY) {
        offer(item, score);
      }
    }
    sort();
    for (int rank = 0; rank < size; rank++) {
      int item = item(rank);
      rankings.set(user, rank, item, scores[firstScore + item]);
    }
  }

  /** Forgets what was offered. */
  public void clear() {
    size = 0;
    bound = Long.MIN_VALUE;
  }

  /**
   * Takes an item if it is among the best so far; for whoever has the scores one by one. An item is
   * offered once.
   *
   * @param item its index
   * @param score its score
   * @throws ArithmeticException if the score is not a number
   */
  public void add(int item, float score) {
    requireNumber(item, score);
    offer(item, score);
  }

  /**
   * A score below which no item is among the best any more.
   *
   * @return at most the worst score of the best so far, and about that; −∞ while there are fewer
   *     than k
   */
  public float least() {
    if (size >= k && (bound == Long.MIN_VALUE || size - k > k / STALE)) {
      keepBest();
    }
    return bound == Long.MIN_VALUE ? Float.NEGATIVE_INFINITY : score(bound);
  }

  /**
   * Fills a user's ranking in with the best of what was {@linkplain #add offered}, and forgets
   * them.
   *
   * @param rankings receives at most k items
   * @param user the user of the rankings
   */
  public void take(Rankings rankings, int user) {
    sort();
    for (int rank = 0; rank < size; rank++) {
      rankings.set(user, rank, item(rank), score(keys[size - 1 - rank]));
    }
    clear();
  }

  private static void requireNumber(int item, float score) {
    if (Float.isNaN(score)) {
      throw new ArithmeticException("the score of item " + item + " is not a number");
    }
  }

  /**
   * Takes an item whose score is given as {@link OrderedScores} has it.
   *
   * @return a score that an item must be better than to be among the best; the smallest integer
   *     while there are fewer than k
   */
  int offerOrdered(int ordered, int item) {
    offer(key(ordered, item));
    return (int) (bound >> 32);
  }

  private void offer(int item, float score) {
    offer(key(OrderedScores.ordered(Float.floatToIntBits(score)), item));
  }

  private void offer(long key) {
    if (key > bound) {
      keys[size++] = key;
      if (size == keys.length) {
        keepBest();
      }
    }
  }

  /** Best last. */
  private void sort() {
    keepBest();
    Arrays.sort(keys, 0, size);
  }

  /**
   * Forgets all but the best k: quickselect, which for as many others costs less than a heap that
   * each of them goes into.
   */
  private void keepBest() {
    if (size < k) {
      return;
    }
    int from = 0;
    int to = size - 1;
    while (from < to) {
      long pivot = median(keys[from], keys[(from + to) >>> 1], keys[to]);
      int low = from;
      int high = to;
      while (low <= high) {
        while (keys[low] > pivot) {
          low++;
        }
        while (keys[high] < pivot) {
          high--;
        }
        if (low <= high) {
          swap(low++, high--);
        }
      }
      if (k - 1 <= high) {
        to = high;
      } else if (k - 1 >= low) {
        from = low;
      } else {
        break;
      }
    }
    size = k;
    bound = keys[k - 1];
  }

  private static long median(long a, long b, long c) {
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }

  /** The item at a place of the sorted keys, the best first. */
  private int item(int rank) {
    return ~(int) keys[size - 1 - rank];
  }

  /** Score above, inverted index below: comparing keys compares scores first, then indices. */
  private static long key(int ordered, int item) {
    return ((long) ordered << 32) | (~item & 0xFFFF_FFFFL);
  }

  /** The score of a key. */
  private static float score(long key) {
    return OrderedScores.score((int) (key >> 32));
  }

  private void swap(int a, int b) {
    long held = keys[a];
    keys[a] = keys[b];
    keys[b] = held;
  }
}
