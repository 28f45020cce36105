package io.github.vaecf.data.reading;

import io.github.vaecf.data.IdDictionary;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The events of a block of lines, with ids numbered within the block, and what else the lines
 * showed.
 */
final class EventBlock implements LineFormat.Block {
  private static final int MOST_REFUSED_KEPT = 10;

  private IdDictionary userIds;
  private final IdDictionary itemIds;

  private int[] users;
  private int[] items;
  private float[] values;
  private long[] times;

  /** What the times have beyond whole units, or null as long as none has. */
  private int[] billionths;

  /** The first line with a time in each unit. */
  private final Map<EventTime.Unit, Integer> unitLines = new EnumMap<>(EventTime.Unit.class);

  private EventTime.Unit lastUnit;

  private final List<LineException> refused = new ArrayList<>();
  private int refusedLines;
  private int userLines;
  private int countedLines;
  private int size;
  private int lines;
  private long bytes;
  private final String lineWord;
  private String file;
  private long linesBefore;

  EventBlock(int expectedEvents, boolean withTimes) {
    this(expectedEvents, withTimes, "line");
  }

  /**
   * A block.
   *
   * @param lineWord what messages call a line
   */
  EventBlock(int expectedEvents, boolean withTimes, String lineWord) {
    this(expectedEvents, withTimes, lineWord, new IdDictionary(), new IdDictionary());
  }

  /**
   * A block of which the ids are numbered with those of other blocks.
   *
   * @param lineWord what messages call a line
   * @param userIds the users of all these blocks
   * @param itemIds the items of all these blocks
   */
  EventBlock(
      int expectedEvents,
      boolean withTimes,
      String lineWord,
      IdDictionary userIds,
      IdDictionary itemIds) {
    this.lineWord = lineWord;
    this.userIds = userIds;
    this.itemIds = itemIds;
    users = new int[expectedEvents];
    items = new int[expectedEvents];
    values = new float[expectedEvents];
    times = new long[withTimes ? expectedEvents : 0];
  }

  /** Forgets the events and lines, but not the ids. */
  void clear() {
    size = 0;
    lines = 0;
    lastUnit = null;
    unitLines.clear();
    billionths = null;
    refused.clear();
    refusedLines = 0;
  }

  /** Counts a line and gives its number within the block. */
  int nextLine() {
    return ++lines;
  }

  /**
   * Notes that a line was all of a user's items.
   *
   * @param counted whether it began with their number
   */
  void userLine(boolean counted) {
    userLines++;
    countedLines += counted ? 1 : 0;
  }

  /** How many lines were all of a user's items. */
  int userLines() {
    return userLines;
  }

  /** How many of these began with the number of items. */
  int countedLines() {
    return countedLines;
  }

  /** Says how many bytes the lines had. */
  void hadBytes(long count) {
    bytes = count;
  }

  /** How many bytes the lines had, 0 if that was not said. */
  long bytes() {
    return bytes;
  }

  /** Makes users that were numbered by their line in the block numbered by that in the file. */
  void numberUsers() {
    IdDictionary numbered = new IdDictionary();
    for (String line : userIds.toIndex().ids()) {
      byte[] id =
          Long.toString(linesBefore + Long.parseLong(line)).getBytes(StandardCharsets.US_ASCII);
      numbered.indexOf(id, 0, id.length);
    }
    userIds = numbered;
  }

  /** Counts more lines, which the last one went on over. */
  void goOnOver(int lineBreaks) {
    lines += lineBreaks;
  }

  @Override
  public int lines() {
    return lines;
  }

  @Override
  public void standsIn(String itsFile, long itsLinesBefore) {
    file = itsFile;
    linesBefore = itsLinesBefore;
  }

  /** How messages call a line of this block. */
  String place(int line) {
    return file + ", " + lineWord + " " + (linesBefore + line);
  }

  /** Notes that a line was passed over. */
  void refuse(LineException problem) {
    refusedLines++;
    if (refused.size() < MOST_REFUSED_KEPT) {
      refused.add(problem);
    }
  }

  /** How many lines were passed over. */
  int refusedLines() {
    return refusedLines;
  }

  /** The first lines that were passed over. */
  List<LineException> refused() {
    return refused;
  }

  /** The first line with a time in each unit that there is. */
  Map<EventTime.Unit, Integer> unitLines() {
    return unitLines;
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
      try {
        requireId(what, bytes, from, to);
      } catch (LineException e) {
        ids.forgetLast();
        throw e;
      }
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

  /**
   * Adds an event, unless an id is none; then both are as if they had never come.
   *
   * @param bytes hold the ids
   * @param time when it was, or null where there are no times
   * @throws LineException if an id is none
   */
  void add(
      byte[] bytes, int userFrom, int userTo, int itemFrom, int itemTo, float value, EventTime time)
      throws LineException {
    int known = userIds.size();
    int user = user(bytes, userFrom, userTo);
    int item;
    try {
      item = item(bytes, itemFrom, itemTo);
    } catch (LineException e) {
      if (user == known) {
        userIds.forgetLast();
      }
      throw e;
    }
    add(user, item, value, time);
  }

  /**
   * Adds an event.
   *
   * @param time when it was, or null where there are no times
   */
  void add(int user, int item, float value, EventTime time) {
    if (size == users.length) {
      makeRoom(size + (size >> 1) + 16);
    }
    users[size] = user;
    items[size] = item;
    values[size] = value;
    if (time != null) {
      addTime(time);
    }
    size++;
  }

  private void makeRoom(int capacity) {
    billionths = billionths == null ? null : Arrays.copyOf(billionths, capacity);
    users = Arrays.copyOf(users, capacity);
    items = Arrays.copyOf(items, capacity);
    values = Arrays.copyOf(values, capacity);
    times = times.length > 0 ? Arrays.copyOf(times, capacity) : times;
  }

  /** Adds the first so many events of these, a line each, which have no times. */
  void add(int[] moreUsers, int[] moreItems, float[] moreValues, int count) {
    if (size + count > users.length) {
      makeRoom(size + count);
    }
    System.arraycopy(moreUsers, 0, users, size, count);
    System.arraycopy(moreItems, 0, items, size, count);
    System.arraycopy(moreValues, 0, values, size, count);
    size += count;
    lines += count;
  }

  private void addTime(EventTime time) {
    times[size] = time.value();
    if (time.unit() != lastUnit) {
      lastUnit = time.unit();
      unitLines.putIfAbsent(lastUnit, lines);
    }
    if (time.billionths() != 0) {
      if (billionths == null) {
        billionths = new int[times.length];
      }
      billionths[size] = time.billionths();
    }
  }

  /**
   * Copies the users.
   *
   * @param numbers what the users are called there, or null if they are called so here
   */
  void copyUsers(int[] numbers, int[] target, int at) {
    copy(users, numbers, target, at);
  }

  /**
   * Copies the items.
   *
   * @param numbers what the items are called there, or null if they are called so here
   */
  void copyItems(int[] numbers, int[] target, int at) {
    copy(items, numbers, target, at);
  }

  private void copy(int[] indices, int[] numbers, int[] target, int at) {
    if (numbers == null) {
      System.arraycopy(indices, 0, target, at, size);
      return;
    }
    for (int event = 0; event < size; event++) {
      target[at + event] = numbers[indices[event]];
    }
  }

  void copyValues(float[] target, int at) {
    System.arraycopy(values, 0, target, at, size);
  }

  boolean hasTimes() {
    return times.length > 0;
  }

  void copyTimes(long[] target, int at) {
    System.arraycopy(times, 0, target, at, size);
  }

  /** Whether a time has something beyond whole units. */
  boolean hasBillionths() {
    return billionths != null;
  }

  void copyBillionths(int[] target, int at) {
    System.arraycopy(billionths, 0, target, at, size);
  }
}
