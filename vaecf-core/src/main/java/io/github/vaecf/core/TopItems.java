package io.github.vaecf.core;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Selects the best k of a user's scores. The better of two items is the one with the higher score,
 * and of equal scores the one with the lower index. Not safe for use by many threads.
 */
public final class TopItems {
  /**
   * The best so far, in no order while there is room, and then a min-heap; a key is larger the
   * better the item is.
   */
  private final long[] heap;

  private int size;

  /**
   * Selects so many.
   *
   * @param k how many at most
   */
  public TopItems(int k) {
    this.heap = new long[k];
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
    size = 0;
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
    Arrays.sort(heap, 0, size);
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
    size = 0;
    for (int item = candidates.nextSetBit(0); item >= 0; item = candidates.nextSetBit(item + 1)) {
      float score = scores[firstScore + item];
      requireNumber(item, score);
      if (score != Float.NEGATIVE_INFINITY) {
        offer(item, score);
      }
    }
    Arrays.sort(heap, 0, size);
    for (int rank = 0; rank < size; rank++) {
      int item = item(rank);
      rankings.set(user, rank, item, scores[firstScore + item]);
    }
  }

  /** Forgets what was offered. */
  public void clear() {
    size = 0;
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
   * The score below which no item is among the best any more.
   *
   * @return the worst score of the best so far; −∞ while there are fewer than k
   */
  public float least() {
    return size == heap.length ? score(heap[0]) : Float.NEGATIVE_INFINITY;
  }

  /**
   * Fills a user's ranking in with the best of what was {@linkplain #add offered}, and forgets
   * them.
   *
   * @param rankings receives at most k items
   * @param user the user of the rankings
   */
  public void take(Rankings rankings, int user) {
    Arrays.sort(heap, 0, size);
    for (int rank = 0; rank < size; rank++) {
      rankings.set(user, rank, item(rank), score(heap[size - 1 - rank]));
    }
    size = 0;
  }

  private static void requireNumber(int item, float score) {
    if (Float.isNaN(score)) {
      throw new ArithmeticException("the score of item " + item + " is not a number");
    }
  }

  /**
   * Takes an item whose score is given as {@link OrderedScores} has it.
   *
   * @return the score that the best so far do not fall below; the smallest integer while there are
   *     fewer than k
   */
  int offerOrdered(int ordered, int item) {
    offer(key(ordered, item));
    return size == heap.length ? (int) (heap[0] >> 32) : Integer.MIN_VALUE;
  }

  private void offer(int item, float score) {
    offer(key(OrderedScores.ordered(Float.floatToIntBits(score)), item));
  }

  private void offer(long key) {
    if (size < heap.length) {
      heap[size++] = key;
      if (size == heap.length) {
        Arrays.sort(heap); // a heap, too
      }
    } else if (key > heap[0]) {
      heap[0] = key;
      siftDown();
    }
  }

  /** The item at a place of the sorted heap, the best first. */
  private int item(int rank) {
    return ~(int) heap[size - 1 - rank];
  }

  /** Score above, inverted index below: comparing keys compares scores first, then indices. */
  private static long key(int ordered, int item) {
    return ((long) ordered << 32) | (~item & 0xFFFF_FFFFL);
  }

  /** The score of a key. */
  private static float score(long key) {
    return OrderedScores.score((int) (key >> 32));
  }

  private void siftDown() {
    int parent = 0;
    int child = 1;
    while (child < heap.length) {
      if (child + 1 < heap.length && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[parent] <= heap[child]) {
        return;
      }
      swap(parent, child);
      parent = child;
      child = 2 * parent + 1;
    }
  }

  private void swap(int a, int b) {
    long held = heap[a];
    heap[a] = heap[b];
    heap[b] = held;
  }
}
