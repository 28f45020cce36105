package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Gives raw ids dense indices in the order of first appearance. Ids come as bytes (UTF-8) out of a
 * larger array, and looking one up makes no object: an open-addressing table with linear probing
 * over ids that lie one after another in one array. Of a short id, as most are, the table has all
 * of it, so that nothing else is looked at.
 *
 * <p>For one thread.
 */
final class IdDictionary {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** The most bytes of which a key holds all; the eighth has their number. */
  private static final int SHORT = 7;

  /** In the eighth byte of the key of a longer id, whose others are of a hash. */
  private static final long LONGER = 0xFFL << 56;

  private static final int FREE = -1;
  private static final int FIRST_SLOTS = 1 << 10;

  private byte[] bytes;
  private int[] ends;
  private long[] keys; // by slot
  private int[] table; // likewise, an index or FREE
  private int size;

  IdDictionary() {
    this(0);
  }

  /**
   * A dictionary.
   *
   * @param expected about how many ids there will be; there may be more
   */
  IdDictionary(int expected) {
    // A power of two of which they fill at most half.
    int slots = Math.max(FIRST_SLOTS, 2 * Integer.highestOneBit(Math.max(1, 2 * expected - 1)));
    bytes = new byte[4 * slots];
    ends = new int[slots / 2];
    makeTable(slots);
  }

  private void makeTable(int slots) {
    keys = new long[slots];
    table = new int[slots];
    Arrays.fill(table, FREE);
  }

  int size() {
    return size;
  }

  /** The index of an id; an unknown id gets the next one. */
  int indexOf(byte[] source, int from, int to) {
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

  /** Takes back the id that was added last, as if it had never been asked for. */
  void forgetLast() {
    size--;
    int mask = table.length - 1;
    int slot = slot(key(bytes, start(size), ends[size])) & mask;
    while (table[slot] != size) {
      slot = (slot + 1) & mask;
    }
    table[slot] = FREE; // No later id went past this slot.
  }

  /**
   * For each id of another dictionary, its index in this one; unknown ids are added in their order.
   */
  int[] indicesOf(IdDictionary other) {
    int[] indices = new int[other.size];
    for (int index = 0; index < other.size; index++) {
      indices[index] = indexOf(other.bytes, other.start(index), other.ends[index]);
    }
    return indices;
  }

  private void append(byte[] source, int from, int to) {
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

  /** The ids as text. */
  IdIndex toIndex() {
    List<String> ids = new ArrayList<>(size);
    for (int index = 0; index < size; index++) {
      int start = start(index);
      ids.add(new String(bytes, start, ends[index] - start, StandardCharsets.UTF_8));
    }
    return IdIndex.of(ids);
  }
}
