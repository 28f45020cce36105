package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/** Joins blocks of events, in the order in which they come, into one log. */
final class EventCollector implements Consumer<EventBlock> {
  private static final int MOST_EVENTS = Integer.MAX_VALUE - 8;

  private final IdDictionary userIds = new IdDictionary();
  private final IdDictionary itemIds = new IdDictionary();
  private final ArrayDeque<int[]> users = new ArrayDeque<>();
  private final ArrayDeque<int[]> items = new ArrayDeque<>();
  private final ArrayDeque<float[]> values = new ArrayDeque<>();
  private final ArrayDeque<long[]> times = new ArrayDeque<>();
  private long size;

  @Override
  public void accept(EventBlock block) {
    size += block.size();
    if (size > MOST_EVENTS) {
      throw new DataException("a log may have at most " + MOST_EVENTS + " events, found more");
    }
    users.add(block.takeUsers(userIds.indicesOf(block.userIds())));
    items.add(block.takeItems(itemIds.indicesOf(block.itemIds())));
    values.add(block.takeValues());
    times.add(block.takeTimes());
  }

  /** The log. The collector gives its events away, an array at a time to save memory. */
  Interactions toInteractions() {
    int[] allUsers = joined(users);
    int[] allItems = joined(items);
    float[] allValues = new float[(int) size];
    int at = 0;
    while (!values.isEmpty()) {
      float[] part = values.remove();
      System.arraycopy(part, 0, allValues, at, part.length);
      at += part.length;
    }
    long[] allTimes = new long[times.stream().mapToInt(part -> part.length).sum()];
    at = 0;
    while (!times.isEmpty()) {
      long[] part = times.remove();
      System.arraycopy(part, 0, allTimes, at, part.length);
      at += part.length;
    }
    return Interactions.of(
        userIds.toIndex(), itemIds.toIndex(), allUsers, allItems, allValues, allTimes);
  }

  private int[] joined(ArrayDeque<int[]> parts) {
    int[] all = new int[(int) size];
    int at = 0;
    while (!parts.isEmpty()) {
      int[] part = parts.remove();
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }
}
