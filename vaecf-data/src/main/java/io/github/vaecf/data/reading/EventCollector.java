package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdDictionary;
import io.github.vaecf.data.Interactions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Joins blocks of events, in the order in which they come, into one log. */
final class EventCollector implements BlockPipeline.Sink<EventBlock> {
  private static final int MOST_EVENTS = Integer.MAX_VALUE - 8;
  private static final int MOST_SHOWN = 5;

  /** Lines to come may be shorter than those so far. */
  private static final double ROOM = 1.03;

  /** So many bytes or lines tell how many events are to come. */
  private static final long TELLING = 1 << 20;

  private final IdDictionary userIds = new IdDictionary();
  private final IdDictionary itemIds = new IdDictionary();
  private int[] users = {};
  private int[] items = {};
  private float[] values = {};

  /** No times as long as no block has any. */
  private long[] times = {};

  /** What times have beyond whole units, none as long as no time has any. */
  private int[] billionths = {};

  /** Where the first time in each unit stands. */
  private final Map<EventTime.Unit, String> unitPlaces = new EnumMap<>(EventTime.Unit.class);

  private final float leastValue;

  /** Those of all events, of those too that were left out. */
  private Interactions.Values allValues = Interactions.Values.NONE;

  private long leftOut;

  private final int mostRefused;
  private final List<String> refused = new ArrayList<>();
  private long refusedLines;
  private int size;

  /** How much of the log was read, in bytes, or in lines where these are not known. */
  private long read;

  private long expected;

  EventCollector() {
    this(ReadOptions.ALL);
  }

  EventCollector(ReadOptions options) {
    this(options, 0);
  }

  /**
   * A collector.
   *
   * @param options of which the least value counts here
   * @param mostRefused how many lines may be passed over in all
   */
  EventCollector(ReadOptions options, int mostRefused) {
    leastValue = options.leastValue();
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
    read += block.bytes() > 0 ? block.bytes() : block.lines();
    long enlarged = (long) size + block.size();
    if (enlarged > MOST_EVENTS) {
      throw new DataException("a log may have at most " + MOST_EVENTS + " events, found more");
    }
    makeRoom((int) enlarged, block.hasTimes(), block.hasBillionths());
    block.copyUsers(
        block.userIds() == userIds ? null : userIds.indicesOf(block.userIds()), users, size);
    block.copyItems(
        block.itemIds() == itemIds ? null : itemIds.indicesOf(block.itemIds()), items, size);
    block.copyValues(values, size);
    if (block.hasTimes()) {
      block.copyTimes(times, size);
    }
    if (block.hasBillionths()) {
      block.copyBillionths(billionths, size);
    }
    takeIn((int) enlarged);
  }

  /** Leaves out what has too small a value, once it shows that values differ. */
  private void takeIn(int enlarged) {
    if (leastValue == Float.NEGATIVE_INFINITY) {
      size = enlarged;
      return;
    }
    boolean differed = allValues.differ();
    allValues = allValues.and(Interactions.Values.of(values, size, enlarged));
    if (allValues.differ()) {
      int kept = leaveOut(differed ? size : 0, enlarged);
      leftOut += enlarged - kept;
      size = kept;
    } else {
      size = enlarged;
    }
  }

  /** Leaves out what has a value that is too small; how many events there are then. */
  private int leaveOut(int from, int to) {
    int kept = from;
    for (int event = from; event < to; event++) {
      float value = values[event];
      users[kept] = users[event];
      items[kept] = items[event];
      values[kept] = value;
      if (times.length > 0) {
        times[kept] = times[event];
      }
      if (billionths.length > 0) {
        billionths[kept] = billionths[event];
      }
      // Which it is cannot be foreseen: no branch. Negative infinity is refused later.
      kept += value < leastValue && value != Float.NEGATIVE_INFINITY ? 0 : 1;
    }
    // A block to come may have no times, or whole ones.
    if (times.length > 0) {
      Arrays.fill(times, kept, to, 0);
    }
    if (billionths.length > 0) {
      Arrays.fill(billionths, kept, to, 0);
    }
    return kept;
  }

  /**
   * Says how much the log has, as far as it is known.
   *
   * @param bytesOrLines of all blocks, bytes if blocks say how many they had
   */
  void expect(long bytesOrLines) {
    expected = bytesOrLines;
  }

  private void makeRoom(int events, boolean withTimes, boolean withBillionths) {
    int capacity = users.length;
    if (events > capacity) {
      double all = read > TELLING ? ROOM * events * ((double) expected / read) : 0;
      capacity = (int) Math.min(MOST_EVENTS, Math.max(events, all > events ? all : 1.5 * capacity));
      enlarge(capacity);
    }
    // Where some blocks have times, or fractions of them, all events have a place for theirs.
    if ((withTimes || times.length > 0) && times.length < capacity) {
      times = Arrays.copyOf(times, capacity);
    }
    if ((withBillionths || billionths.length > 0) && billionths.length < capacity) {
      billionths = Arrays.copyOf(billionths, capacity);
    }
  }

  /** To get large arrays from the system takes as long as to fill them: all cores ask for them. */
  private void enlarge(int capacity) {
    Stream.<Runnable>of(
            () -> users = Arrays.copyOf(users, capacity),
            () -> items = Arrays.copyOf(items, capacity),
            () -> values = Arrays.copyOf(values, capacity))
        .parallel()
        .forEach(Runnable::run);
  }

  /** The log. The collector gives its events away. */
  Interactions toInteractions() {
    requireOneUnit();
    if (billionths.length > 0) {
      toNanoseconds();
    }
    Interactions log =
        Interactions.of(userIds.toIndex(), itemIds.toIndex(), size, users, items, values, times);
    if (leftOut > 0) {
      log =
          log.withLeftOut(
              new Interactions.LeftOut(
                  leftOut, withoutEvent(log.userCounts()), withoutEvent(log.itemCounts())),
              allValues);
    }
    users = null;
    return log;
  }

  /** How many have no event, so that all of theirs were left out. */
  private static int withoutEvent(int[] counts) {
    int without = 0;
    for (int count : counts) {
      without += count == 0 ? 1 : 0;
    }
    return without;
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
  private void toNanoseconds() {
    long scale = 1_000_000_000;
    for (EventTime.Unit unit : unitPlaces.keySet()) {
      scale = unit.nanoseconds();
    }
    for (int i = 0; i < size; i++) {
      try {
        times[i] =
            Math.addExact(
                Math.multiplyExact(times[i], scale), billionths[i] * scale / 1_000_000_000);
      } catch (ArithmeticException e) {
        throw new DataException(
            "times with fractions of a second must lie between the years 1677 and 2262, found "
                + times[i],
            e);
      }
    }
  }
}
