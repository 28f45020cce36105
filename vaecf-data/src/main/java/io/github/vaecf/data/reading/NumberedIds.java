package io.github.vaecf.data.reading;

import io.github.vaecf.data.IdDictionary;
import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import java.util.Arrays;

/**
 * Ids that come as whole numbers: those of a dictionary, found without looking at their digits.
 *
 * <p>For one thread.
 */
final class NumberedIds {
  /** Numbers below have a place in an array, as most tables count theirs from 1. */
  private static final int MOST_SMALL = 1 << 22;

  private final IdDictionary ids;
  private final FieldBytes digits = new FieldBytes();
  private int[] small = {};
  private final Long2IntOpenHashMap others = new Long2IntOpenHashMap();

  /**
   * Ids of a dictionary.
   *
   * @param ids gets the digits of each number that is new
   */
  NumberedIds(IdDictionary ids) {
    this.ids = ids;
    others.defaultReturnValue(-1);
  }

  /** The index of a number's digits; an unknown id gets the next one. */
  int indexOf(long number) {
    if (number >= 0 && number < MOST_SMALL) {
      int place = (int) number;
      if (place >= small.length) {
        int before = small.length;
        small = Arrays.copyOf(small, Math.max(1 << 10, Integer.highestOneBit(place) << 1));
        Arrays.fill(small, before, small.length, -1);
      }
      int index = small[place];
      if (index < 0) {
        index = newIndex(number);
        small[place] = index;
      }
      return index;
    }
    int index = others.get(number);
    if (index < 0) {
      index = newIndex(number);
      others.put(number, index);
    }
    return index;
  }

  /**
   * The indices of the first so many numbers.
   *
   * @param indices receives them
   */
  void indicesOf(long[] numbers, int count, int[] indices) {
    for (int i = 0; i < count; i++) {
      indices[i] = indexOf(numbers[i]);
    }
  }

  private int newIndex(long number) {
    digits.take(number);
    return ids.indexOf(digits.bytes(), digits.from(), digits.to());
  }
}
