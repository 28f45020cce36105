package io.github.vaecf.data.reading;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The events of a block of lines, with ids numbered within the block. */
final class EventBlock implements LineFormat.Block {
  private final IdDictionary userIds = new IdDictionary();
  private final IdDictionary itemIds = new IdDictionary();
  private int[] users;
  private int[] items;
  private float[] values;
  private long[] times;
  private int size;
  private int lines;

  EventBlock(int expectedEvents, boolean withTimes) {
    users = new int[expectedEvents];
    items = new int[expectedEvents];
    values = new float[expectedEvents];
    times = new long[withTimes ? expectedEvents : 0];
  }

  /** Counts a line and gives its number within the block. */
  int nextLine() {
    return ++lines;
  }

  @Override
  public int lines() {
    return lines;
  }

  int size() {
    return size;
  }

  IdDictionary userIds() {
    return userIds;
  }

  IdDictionary itemIds() {
    return itemIds;
  }

  int user(byte[] bytes, int from, int to) throws LineException {
    return index(userIds, "user", bytes, from, to);
  }

  int item(byte[] bytes, int from, int to) throws LineException {
    return index(itemIds, "item", bytes, from, to);
  }

  private int index(IdDictionary ids, String what, byte[] bytes, int from, int to)
      throws LineException {
    int known = ids.size();
    int index = ids.indexOf(bytes, from, to);
    if (index == known) {
      requireId(what, bytes, from, to);
    }
    return index;
  }

  private void requireId(String what, byte[] bytes, int from, int to) throws LineException {
    if (from == to) {
      throw new LineException(lines, "expected the id of " + article(what) + ", found nothing");
    }
    boolean ascii = true;
    for (int i = from; i < to; i++) {
      if (bytes[i] >= 0 && bytes[i] < ' ') {
        throw new LineException(
            lines,
            "the id of "
                + article(what)
                + " must not have control characters, found "
                + Fields.shown(bytes, from, to));
      }
      ascii &= bytes[i] >= 0;
    }
    if (!ascii) {
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, to - from));
      } catch (CharacterCodingException e) {
        throw new LineException(
            lines,
            "the id of "
                + article(what)
                + " must be text in UTF-8, found "
                + Fields.shown(bytes, from, to));
      }
    }
  }

  private static String article(String what) {
    return what.equals("item") ? "an item" : "a user";
  }

  void add(int user, int item, float value, long time) {
    if (size == users.length) {
      int capacity = size + (size >> 1) + 16;
      users = Arrays.copyOf(users, capacity);
      items = Arrays.copyOf(items, capacity);
      values = Arrays.copyOf(values, capacity);
      times = times.length > 0 ? Arrays.copyOf(times, capacity) : times;
    }
    users[size] = user;
    items[size] = item;
    values[size] = value;
    if (times.length > 0) {
      times[size] = time;
    }
    size++;
  }

  /** The users, renumbered. The block gives its own away. */
  int[] takeUsers(int[] numbers) {
    int[] taken = renumbered(users, numbers);
    users = null;
    return taken;
  }

  /** The items, renumbered. The block gives its own away. */
  int[] takeItems(int[] numbers) {
    int[] taken = renumbered(items, numbers);
    items = null;
    return taken;
  }

  private int[] renumbered(int[] indices, int[] numbers) {
    int[] renumbered = new int[size];
    for (int i = 0; i < size; i++) {
      renumbered[i] = numbers[indices[i]];
    }
    return renumbered;
  }

  /** The values. The block gives its own away. */
  float[] takeValues() {
    float[] taken = Arrays.copyOf(values, size);
    values = null;
    return taken;
  }

  /** The times. The block gives its own away. */
  long[] takeTimes() {
    long[] taken = Arrays.copyOf(times, Math.min(size, times.length));
    times = null;
    return taken;
  }
}
