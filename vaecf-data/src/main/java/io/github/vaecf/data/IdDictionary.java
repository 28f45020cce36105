package io.github.vaecf.data;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Gives raw ids dense indices in the order of first appearance. Ids come as bytes (UTF-8) out of a
 * larger array, and looking one up makes no object: an open-addressing table with linear probing
 * over ids that lie one after another in one array. Of a short id, as most are, the table has all
 * of it, so that nothing else is looked at. {@link #toIndex()} makes an index of them.
 *
 * <p>For one thread.
 */
public final class IdDictionary {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** The most bytes of which a key holds all; the eighth has their number. */
  private static final int SHORT = 7;

  /** In the eighth byte of the key of a longer id, whose others are of a hash. */
  private static final long LONGER = 0xFFL << 56;

  private static final int FREE = -1;

  /** Of which a table has twice as many slots, the most that an array can have. */
  private static final int MOST_IDS = 1 << 29;

  private static final int FIRST_SLOTS = 1 << 10;

  private byte[] bytes;
  private int[] ends;
  private long[] keys; // by slot
  private int[] table; // likewise, an index or FREE
  private int size;

  /** A dictionary without ids. */
  public IdDictionary() {
    this(0);
  }

  /**
   * A dictionary without ids.
   *
   * @param expected about how many there will be, at least 0; there may be more
   */
  public IdDictionary(int expected) {
    // A power of two of which they fill at most half.
    int likely = Math.min(expected, MOST_IDS / 2);
    int slots = Math.max(FIRST_SLOTS, 2 * Integer.highestOneBit(Math.max(1, 2 * likely - 1)));
    bytes = new byte[(int) Math.min(4L * slots, Integer.MAX_VALUE - 8)];
    ends = new int[slots / 2];
    makeTable(slots);
  }

  private void makeTable(int slots) {
    keys = new long[slots];
    table = new int[slots];
    Arrays.fill(table, FREE);
  }

  /**
   * How many ids there are.
   *
   * @return at least 0
   */
  public int size() {
    return size;
  }

  /**
   * The index of an id; an unknown id gets the next one.
   *
   * @param source has the id as UTF-8
   * @param from where it begins
   * @param to behind its end
   * @return 0 … size − 1
   * @throws DataException if there are more than 2²⁹ ids, or they have more than 2³¹ − 1 bytes
   *     together
   */
  public int indexOf(byte[] source, int from, int to) {
    long key = key(source, from, to);
    int mask = table.length - 1;
    int slot = slot(key) & mask;
    while (table[slot] != FREE) {
      if (keys[slot] == key && (key >= 0 || isAt(table[slot], source, from, to))) {
        return table[slot];
      }
      slot = (slot + 1) & mask;
    }
    keys[slot] = key;
    table[slot] = size;
    append(source, from, to);
    if (size > table.length / 2) {
      enlargeTable();
    }
    return size - 1;
  }

  private boolean isAt(int index, byte[] source, int from, int to) {
    return Arrays.equals(source, from, to, bytes, start(index), ends[index]);
  }

  /**
   * Takes back the id that was added last, as if it had never been asked for.
   *
   * @throws IllegalStateException if there is none
   */
  public void forgetLast() {
    if (size == 0) {
      throw new IllegalStateException("there is no id to forget");
    }
    size--;
    int mask = table.length - 1;
    int slot = slot(key(bytes, start(size), ends[size])) & mask;
    while (table[slot] != size) {
      slot = (slot + 1) & mask;
    }
    table[slot] = FREE; // No later id went past this slot.
  }

  /**
   * The indices of the ids of another dictionary; unknown ids are added in their order.
   *
   * @param other is left as it is
   * @return for each of its ids the index here
   * @throws DataException if there are more than 2²⁹ ids, or they have more than 2³¹ − 1 bytes
   *     together
   */
  public int[] indicesOf(IdDictionary other) {
    int[] indices = new int[other.size];
    for (int index = 0; index < other.size; index++) {
      indices[index] = indexOf(other.bytes, other.start(index), other.ends[index]);
    }
    return indices;
  }

  private void append(byte[] source, int from, int to) {
    if (size == MOST_IDS) {
      throw new DataException("there may be at most " + MOST_IDS + " ids, found more");
    }
    int start = start(size);
    int end = start + (to - from);
    if (end < 0) {
      throw new DataException("the ids have more than 2147483647 bytes together");
    }
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(end, doubled(bytes.length)));
    }
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, doubled(size));
    }
    System.arraycopy(source, from, bytes, start, to - from);
    ends[size++] = end;
  }

  private static int doubled(int length) {
    return (int) Math.min(2L * length, Integer.MAX_VALUE - 8);
  }

  private void enlargeTable() {
    makeTable(2 * table.length);
    int mask = table.length - 1;
    // In their order: forgetLast relies on it.
    for (int index = 0; index < size; index++) {
      long key = key(bytes, start(index), ends[index]);
      int slot = slot(key) & mask;
      while (table[slot] != FREE) {
        slot = (slot + 1) & mask;
      }
      keys[slot] = key;
      table[slot] = index;
    }
  }

  private int start(int index) {
    return index == 0 ? 0 : ends[index - 1];
  }

  /** What tells an id from all others, or, if it is below 0, from most. */
  private static long key(byte[] source, int from, int to) {
    int length = to - from;
    if (length > SHORT) {
      return LONGER | (hash(source, from, to) >>> 8);
    }
    long key = 0;
    if (from + Long.BYTES <= source.length) {
      key = (long) LONGS.get(source, from) & ((1L << (8 * length)) - 1);
    } else {
      for (int i = length - 1; i >= 0; i--) {
        key = (key << 8) | (source[from + i] & 0xFF);
      }
    }
    return key | ((long) length << 56);
  }

  private static long hash(byte[] source, int from, int to) {
    long hash = 0;
    int at = from;
    for (; at + Long.BYTES <= to; at += Long.BYTES) {
      hash = spread(hash ^ (long) LONGS.get(source, at));
    }
    for (; at < to; at++) {
      hash = 31 * hash + source[at];
    }
    return spread(hash);
  }

  /** Numbers, which differ in their last digits only, must come all over the table. */
  private static int slot(long key) {
    return (int) (spread(key) >>> 32);
  }

  private static long spread(long key) {
    long product = key * 0x9e3779b97f4a7c15L;
    return (product ^ (product >>> 29)) * 0xbf58476d1ce4e5b9L;
  }

  /**
   * Makes an index of the ids.
   *
   * @return the index, in which each id has the index that it has here
   * @throws IllegalArgumentException if an id is no UTF-8
   */
  public IdIndex toIndex() {
    requireText();
    return new IdIndex(
        Arrays.copyOf(bytes, size == 0 ? 0 : ends[size - 1]), Arrays.copyOf(ends, size));
  }

  private void requireText() {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    for (int index = 0; index < size; index++) {
      int start = start(index);
      int all = 0;
      for (int i = start; i < ends[index]; i++) {
        all |= bytes[i];
      }
      if (all < 0) {
        try {
          decoder.decode(ByteBuffer.wrap(bytes, start, ends[index] - start));
        } catch (CharacterCodingException e) {
          throw new IllegalArgumentException("the id at index " + index + " is no UTF-8", e);
        }
      }
    }
  }
}
