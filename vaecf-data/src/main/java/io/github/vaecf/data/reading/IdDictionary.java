package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Gives raw ids dense indices in the order of first appearance. Ids come as bytes (UTF-8) out of a
 * larger array, and looking one up makes no object: an open-addressing table with linear probing
 * over ids that lie one after another in one array.
 *
 * <p>For one thread.
 */
final class IdDictionary {
  private static final int FREE = -1;

  private byte[] bytes;
  private int[] ends;
  private int[] hashes;
  private int[] table;
  private int size;

  IdDictionary() {
    bytes = new byte[1 << 12];
    ends = new int[1 << 9];
    hashes = new int[1 << 9];
    table = new int[1 << 10];
    Arrays.fill(table, FREE);
  }

  int size() {
    return size;
  }

  /** The index of an id; an unknown id gets the next one. */
  int indexOf(byte[] source, int from, int to) {
    int hash = hash(source, from, to);
    int mask = table.length - 1;
    int slot = hash & mask;
    while (table[slot] != FREE) {
      int index = table[slot];
      if (hashes[index] == hash
          && Arrays.equals(source, from, to, bytes, start(index), ends[index])) {
        return index;
      }
      slot = (slot + 1) & mask;
    }
    table[slot] = size;
    append(source, from, to, hash);
    if (size > table.length / 2) {
      enlargeTable();
    }
    return size - 1;
  }

  /** Takes back the id that was added last, as if it had never been asked for. */
  void forgetLast() {
    size--;
    int mask = table.length - 1;
    int slot = hashes[size] & mask;
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

  private void append(byte[] source, int from, int to, int hash) {
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
      hashes = Arrays.copyOf(hashes, doubled(size));
    }
    System.arraycopy(source, from, bytes, start, to - from);
    ends[size] = end;
    hashes[size++] = hash;
  }

  private static int doubled(int length) {
    return (int) Math.min(2L * length, Integer.MAX_VALUE - 8);
  }

  private void enlargeTable() {
    table = new int[2 * table.length];
    Arrays.fill(table, FREE);
    int mask = table.length - 1;
    for (int index = 0; index < size; index++) {
      int slot = hashes[index] & mask;
      while (table[slot] != FREE) {
        slot = (slot + 1) & mask;
      }
      table[slot] = index;
    }
  }

  private int start(int index) {
    return index == 0 ? 0 : ends[index - 1];
  }

  private static int hash(byte[] source, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + source[i];
    }
    // Spreads numbers, which differ in their last digits only, over the whole table.
    hash *= 0x9e3779b9;
    return hash ^ (hash >>> 15);
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
