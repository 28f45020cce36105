package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Joins blocks of events, in the order in which they come, into one log. */
final class EventCollector implements BlockPipeline.Sink<EventBlock> {
  private static final int MOST_EVENTS = Integer.MAX_VALUE - 8;
  private static final int MOST_SHOWN = 5;

  private final IdDictionary userIds = new IdDictionary();
  private final IdDictionary itemIds = new IdDictionary();
  private final ArrayDeque<int[]> users = new ArrayDeque<>();
  private final ArrayDeque<int[]> items = new ArrayDeque<>();
  private final ArrayDeque<float[]> values = new ArrayDeque<>();
  private final ArrayDeque<long[]> times = new ArrayDeque<>();
  private final ArrayDeque<int[]> billionths = new ArrayDeque<>();

  /** Where the first time in each unit stands. */
  private final Map<EventTime.Unit, String> unitPlaces = new EnumMap<>(EventTime.Unit.class);

  private final int mostRefused;
  private final List<String> refused = new ArrayList<>();
  private long refusedLines;
  private boolean fractions;
  private long size;

  EventCollector() {
    this(0);
  }

  /**
   * A collector.
   *
   * @param mostRefused how many lines may be passed over in all
   */
  EventCollector(int mostRefused) {
    this.mostRefused = mostRefused;
  }

  /** The users of all blocks so far. */
  IdDictionary userIds() {
    return userIds;
  }

  /** The items of all blocks so far. */
  IdDictionary itemIds() {
    return itemIds;
  }

  /** How many users there are so far. */
  int users() {
    return userIds.size();
  }

  /** How many lines were passed over. */
  long refusedLines() {
    return refusedLines;
  }

  /** The first lines that were passed over, each with its place and what was wrong. */
  List<String> refused() {
    return refused;
  }

  @Override
  public void accept(EventBlock block) throws LineException {
    for (LineException problem : block.refused()) {
      if (refused.size() < MOST_SHOWN) {
        refused.add(block.place(problem.line()) + ": " + problem.getMessage());
      }
    }
    refusedLines += block.refusedLines();
    if (refusedLines > mostRefused) {
      throw new DataException(
          "more than " + mostRefused + " bad lines, the first of them " + refused.get(0));
    }
    block.unitLines().forEach((unit, line) -> unitPlaces.putIfAbsent(unit, block.place(line)));
    size += block.size();
    if (size > MOST_EVENTS) {
      throw new DataException("a log may have at most " + MOST_EVENTS + " events, found more");
    }
    users.add(
        block.userIds() == userIds
            ? block.takeUsers()
            : block.takeUsers(userIds.indicesOf(block.userIds())));
    items.add(
        block.itemIds() == itemIds
            ? block.takeItems()
            : block.takeItems(itemIds.indicesOf(block.itemIds())));
    values.add(block.takeValues());
    long[] blockTimes = block.takeTimes();
    times.add(blockTimes);
    int[] blockBillionths = block.takeBillionths();
    fractions |= blockBillionths != null;
    billionths.add(blockBillionths == null ? new int[0] : blockBillionths);
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
    requireOneUnit();
    long[] allTimes = new long[times.stream().mapToInt(part -> part.length).sum()];
    at = 0;
    while (!times.isEmpty()) {
      long[] part = times.remove();
      int[] beyond = billionths.remove();
      if (fractions) {
        toNanoseconds(part, beyond);
      }
      System.arraycopy(part, 0, allTimes, at, part.length);
      at += part.length;
    }
    return Interactions.of(
        userIds.toIndex(), itemIds.toIndex(), allUsers, allItems, allValues, allTimes);
  }

  /** Times in several units would be put in a wrong order. */
  private void requireOneUnit() {
    EventTime.Unit counted = null;
    for (EventTime.Unit unit : unitPlaces.keySet()) {
      // Eight digits among numbers of about that size are one more number.
      if (unit == EventTime.Unit.DAY_NUMBER && unitPlaces.containsKey(EventTime.Unit.NUMBER)) {
        continue;
      }
      if (counted != null && !counted.fits(unit)) {
        throw new DataException(
            unitPlaces.get(unit)
                + ": expected all times in one unit, found this one "
                + unit.words()
                + " and that of "
                + unitPlaces.get(counted)
                + " "
                + counted.words());
      }
      if (unit.compareTo(EventTime.Unit.NUMBER) > 0) {
        counted = unit;
      }
    }
  }

  /** Where some times have fractions, all are counted in nanoseconds. */
  private void toNanoseconds(long[] part, int[] beyond) {
    long scale = 1_000_000_000;
    for (EventTime.Unit unit : unitPlaces.keySet()) {
      scale = unit.nanoseconds();
    }
    for (int i = 0; i < part.length; i++) {
      try {
        part[i] =
            Math.addExact(
                Math.multiplyExact(part[i], scale),
                beyond.length == 0 ? 0 : beyond[i] * scale / 1_000_000_000);
      } catch (ArithmeticException e) {
        throw new DataException(
            "times with fractions of a second must lie between the years 1677 and 2262, found "
                + part[i],
            e);
      }
    }
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
