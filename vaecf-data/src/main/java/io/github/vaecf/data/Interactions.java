package io.github.vaecf.data;

import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.stream.IntStream;

/**
 * An interaction log: events in the order of the file they come from, each a user, an item, a value
 * (a rating or a count; 1 where the log has none) and, where the log has it, a time.
 *
 * <p>Events lie in primitive arrays: 12 bytes each, 20 with times, at most 2³¹ − 9 of them.
 * Immutable and safe for use by many threads.
 */
public final class Interactions {
  /** Events that a thread looks at in one go, a multiple of 64. */
  private static final int CHUNK = 1 << 18;

  private final IdIndex users;
  private final IdIndex items;
  private final int size;

  /** Arrays of at least so many events. */
  private final int[] userIndices;

  private final int[] itemIndices;
  private final float[] values;
  private final long[] times;
  private final Map<String, String> titles;
  private final LeftOut leftOut; // null where it is nothing

  /** Whether events stand by user for certain, as they do in many logs. */
  private final boolean byUser;

  /** What is counted once it is asked for, null until then. */
  private volatile Values allValues;

  private volatile int[] userCounts;
  private volatile int[] itemCounts;

  /**
   * What a log has beside the events that were read of it.
   *
   * @param events how many events were left out, as their values are too small
   * @param users how many users have none but such
   * @param items how many items have none but such
   */
  public record LeftOut(long events, int users, int items) {}

  /**
   * What values events have.
   *
   * @param smallest the smallest; positive infinity where there is no event
   * @param largest the largest; negative infinity where there is no event
   * @param ones how many are 1
   */
  public record Values(float smallest, float largest, long ones) {
    /** Those of no event. */
    public static final Values NONE =
        new Values(Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0);

    /**
     * Those of some events.
     *
     * @param values holds them
     * @param from the first of them
     * @param to behind the last of them
     * @return theirs
     */
    public static Values of(float[] values, int from, int to) {
      float smallest = Float.POSITIVE_INFINITY;
      float largest = Float.NEGATIVE_INFINITY;
      int ones = 0;
      for (int i = from; i < to; i++) {
        float value = values[i];
        smallest = value < smallest ? value : smallest;
        largest = value > largest ? value : largest;
        ones += value == 1 ? 1 : 0;
      }
      return new Values(smallest, largest, ones);
    }

    /**
     * Those of these events and others.
     *
     * @param others the values of others
     * @return those of both
     */
    public Values and(Values others) {
      return new Values(
          Math.min(smallest, others.smallest),
          Math.max(largest, others.largest),
          ones + others.ones);
    }

    /**
     * Whether two events have different values.
     *
     * @return false too where there is no event
     */
    public boolean differ() {
      return smallest < largest;
    }
  }

  private Interactions(
      IdIndex users,
      IdIndex items,
      int size,
      int[] userIndices,
      int[] itemIndices,
      float[] values,
      long[] times,
      Map<String, String> titles,
      LeftOut leftOut,
      boolean byUser) {
    this.users = users;
    this.items = items;
    this.size = size;
    this.userIndices = userIndices;
    this.itemIndices = itemIndices;
    this.values = values;
    this.times = times;
    this.titles = titles;
    this.leftOut = leftOut;
    this.byUser = byUser;
  }

  /**
   * The events that lie in these arrays. The arrays are not copied: they belong to the result from
   * now on and must not be changed.
   *
   * @param users raw ids of the users; ids without an event are allowed
   * @param items raw ids of the items; ids without an event are allowed
   * @param userIndices each event's user, an index into {@code users}
   * @param itemIndices each event's item, an index into {@code items}
   * @param values each event's rating or count, a finite number
   * @param times each event's time, or an array of length 0 if the log has no times
   * @return the events, without titles
   * @throws IllegalArgumentException if the arrays differ in length, an index lies outside or a
   *     value is not finite
   */
  public static Interactions of(
      IdIndex users,
      IdIndex items,
      int[] userIndices,
      int[] itemIndices,
      float[] values,
      long[] times) {
    int size = userIndices.length;
    if (itemIndices.length != size
        || values.length != size
        || (times.length != size && times.length != 0)) {
      throw new IllegalArgumentException(
          "there must be one user, item, value and time an event, found "
              + size
              + " users, "
              + itemIndices.length
              + " items, "
              + values.length
              + " values and "
              + times.length
              + " times");
    }
    return of(users, items, size, userIndices, itemIndices, values, times);
  }

  /**
   * The same for the first events of arrays that may be longer.
   *
   * @param users raw ids of the users; ids without an event are allowed
   * @param items raw ids of the items; ids without an event are allowed
   * @param size how many events there are
   * @param userIndices each event's user, an index into {@code users}
   * @param itemIndices each event's item, an index into {@code items}
   * @param values each event's rating or count, a finite number
   * @param times each event's time, or an array of length 0 if the log has no times
   * @return the events, without titles
   * @throws IllegalArgumentException if an array is too short, an index lies outside or a value is
   *     not finite
   */
  public static Interactions of(
      IdIndex users,
      IdIndex items,
      int size,
      int[] userIndices,
      int[] itemIndices,
      float[] values,
      long[] times) {
    if (size < 0
        || userIndices.length < size
        || itemIndices.length < size
        || values.length < size
        || (times.length < size && times.length != 0)) {
      throw new IllegalArgumentException(
          "there must be at least "
              + size
              + " users, items, values and times, found "
              + userIndices.length
              + ", "
              + itemIndices.length
              + ", "
              + values.length
              + " and "
              + times.length);
    }
    int parts = parts(size, (long) users.size() + items.size());
    Counts counts =
        IntStream.range(0, parts)
            .parallel()
            .mapToObj(
                part ->
                    new Counts(users.size(), items.size())
                        .of(
                            userIndices,
                            itemIndices,
                            values,
                            (int) ((long) part * size / parts),
                            (int) ((part + 1L) * size / parts)))
            .reduce(Counts::plus)
            .orElseThrow();
    int wrong = Math.min(counts.wrong, size);
    if (wrong < size && Float.isFinite(values[wrong])) {
      throw new IllegalArgumentException(
          "event "
              + wrong
              + ": user "
              + userIndices[wrong]
              + " and item "
              + itemIndices[wrong]
              + " must lie within "
              + users.size()
              + " users and "
              + items.size()
              + " items");
    }
    if (wrong < size) {
      throw new IllegalArgumentException(
          "event " + wrong + ": the value must be a finite number, found " + values[wrong]);
    }
    Interactions log =
        new Interactions(
            users,
            items,
            size,
            userIndices,
            itemIndices,
            values,
            times,
            Map.of(),
            null,
            counts.byUser);
    log.userCounts = counts.users;
    log.itemCounts = counts.items;
    return log;
  }

  private static int chunks(int size) {
    return (int) ((size + (long) CHUNK - 1) / CHUNK);
  }

  /** How many words have a bit for each of so many events. */
  private static int words(int events) {
    return (events >>> 6) + ((events & 63) == 0 ? 0 : 1);
  }

  private static int end(int chunk, int size) {
    return (int) Math.min(size, (chunk + 1L) * CHUNK);
  }

  /** How many events users and items have, of which each is looked at whether it can be. */
  private static final class Counts {
    private final int[] users;
    private final int[] items;

    /** The first event with an index or a value that cannot be. */
    private int wrong = Integer.MAX_VALUE;

    /** Whether none of the events stands behind one of a later user. */
    private boolean byUser = true;

    Counts(int users, int items) {
      this.users = new int[users];
      this.items = new int[items];
    }

    /** Counts some events, up to the first that cannot be. */
    Counts of(int[] userIndices, int[] itemIndices, float[] values, int from, int to) {
      int before = from == 0 ? 0 : userIndices[from - 1];
      for (int event = from; event < to; event++) {
        int user = userIndices[event];
        int item = itemIndices[event];
        if (Integer.compareUnsigned(user, users.length) >= 0
            || Integer.compareUnsigned(item, items.length) >= 0
            || !Float.isFinite(values[event])) {
          wrong = event;
          break;
        }
        users[user]++;
        items[item]++;
        byUser &= user >= before;
        before = user;
      }
      return this;
    }

    Counts plus(Counts more) {
      add(more.users, users);
      add(more.items, items);
      wrong = Math.min(wrong, more.wrong);
      byUser &= more.byUser;
      return this;
    }
  }

  private static int[] add(int[] more, int[] sums) {
    for (int index = 0; index < sums.length; index++) {
      sums[index] += more[index];
    }
    return sums;
  }

  /** Chooses events by their number. */
  @FunctionalInterface
  public interface EventPredicate {
    /**
     * Whether to keep an event. Asked once for every event, in no order and by several threads.
     *
     * @param event 0 … size − 1
     * @return whether to keep it
     */
    boolean test(int event);
  }

  /** Which value a user's and item's only event has, where the log had several. */
  public enum Duplicates {
    /** That of the first event in the log. */
    FIRST,
    /** That of the last event in the log. */
    LAST,
    /** The largest. */
    LARGEST,
    /** The sum. */
    SUM
  }

  /**
   * The number of events.
   *
   * @return at least 0
   */
  public int size() {
    return size;
  }

  /**
   * The raw ids of the users.
   *
   * @return the index that {@link #user(int)} points into
   */
  public IdIndex users() {
    return users;
  }

  /**
   * The raw ids of the items.
   *
   * @return the index that {@link #item(int)} points into
   */
  public IdIndex items() {
    return items;
  }

  /**
   * An event's user.
   *
   * @param event 0 … size − 1
   * @return an index into {@link #users()}
   */
  public int user(int event) {
    return userIndices[Objects.checkIndex(event, size)];
  }

  /**
   * An event's item.
   *
   * @param event 0 … size − 1
   * @return an index into {@link #items()}
   */
  public int item(int event) {
    return itemIndices[Objects.checkIndex(event, size)];
  }

  /**
   * An event's rating or count.
   *
   * @param event 0 … size − 1
   * @return a finite number; 1 where the log has none
   */
  public float value(int event) {
    return values[Objects.checkIndex(event, size)];
  }

  /**
   * Whether the log has times.
   *
   * @return whether {@link #time(int)} may be asked
   */
  public boolean hasTimes() {
    return times.length > 0;
  }

  /**
   * An event's time.
   *
   * @param event 0 … size − 1
   * @return the time in the log's own unit: seconds since 1970 in most and in those with dates,
   *     nanoseconds in those with fractions of seconds
   * @throws IndexOutOfBoundsException if the log has no times
   */
  public long time(int event) {
    Objects.checkIndex(0, times.length); // Whether there are times.
    return times[Objects.checkIndex(event, size)];
  }

  /**
   * What to call items when a person reads them.
   *
   * @return titles by raw id; empty where nothing is known
   */
  public Map<String, String> titles() {
    return titles;
  }

  /**
   * The same events with titles.
   *
   * @param titles what to call items, by raw id; copied
   * @return the events with those titles only
   */
  public Interactions withTitles(Map<String, String> titles) {
    return with(Map.copyOf(titles), leftOut, allValues);
  }

  /**
   * What was left out while the log was read ({@link
   * io.github.vaecf.data.reading.ReadOptions#leastValue}).
   *
   * @return empty where it is nothing, and of events that were selected from others
   */
  public Optional<LeftOut> leftOut() {
    return Optional.ofNullable(leftOut);
  }

  /**
   * What values the events have, and those that were left out while the log was read.
   *
   * @return the values of the whole log
   */
  public Values values() {
    Values all = allValues;
    if (all == null) {
      all =
          IntStream.range(0, chunks(size))
              .parallel()
              .mapToObj(chunk -> Values.of(values, chunk * CHUNK, end(chunk, size)))
              .reduce(Values.NONE, Values::and);
      allValues = all;
    }
    return all;
  }

  /**
   * The same events, of a log that has more.
   *
   * @param itsLeftOut what else it has
   * @param itsValues the values of all its events
   * @return the events with that beside them only
   */
  public Interactions withLeftOut(LeftOut itsLeftOut, Values itsValues) {
    return with(titles, itsLeftOut, itsValues);
  }

  /** The same events; what was counted of them stays. */
  private Interactions with(Map<String, String> itsTitles, LeftOut itsLeftOut, Values itsValues) {
    Interactions same =
        new Interactions(
            users,
            items,
            size,
            userIndices,
            itemIndices,
            values,
            times,
            itsTitles,
            itsLeftOut,
            byUser);
    same.allValues = itsValues;
    same.userCounts = userCounts;
    same.itemCounts = itemCounts;
    return same;
  }

  /**
   * How many events each user has.
   *
   * @return a new array, one count a user
   */
  public int[] userCounts() {
    return usersCounted().clone();
  }

  /**
   * How many events each item has.
   *
   * @return a new array, one count an item
   */
  public int[] itemCounts() {
    return itemsCounted().clone();
  }

  private int[] usersCounted() {
    int[] counts = userCounts;
    if (counts == null) {
      counts = counts(userIndices, size, users.size());
      userCounts = counts;
    }
    return counts;
  }

  private int[] itemsCounted() {
    int[] counts = itemCounts;
    if (counts == null) {
      counts = counts(itemIndices, size, items.size());
      itemCounts = counts;
    }
    return counts;
  }

  private static int[] counts(int[] indices, int events, int size) {
    int parts = parts(events, size);
    return IntStream.range(0, parts)
        .parallel()
        .mapToObj(
            part -> {
              int[] counts = new int[size];
              int end = (int) ((part + 1L) * events / parts);
              for (int event = (int) ((long) part * events / parts); event < end; event++) {
                counts[indices[event]]++;
              }
              return counts;
            })
        .reduce((some, more) -> add(more, some))
        .orElseThrow();
  }

  /** In how many parts to go through events, each with numbers of its own, so many. */
  private static int parts(int events, long numbers) {
    int most = (int) (events / Math.max(CHUNK, 2 * numbers));
    return Math.max(1, Math.min(most, ForkJoinPool.getCommonPoolParallelism() + 1));
  }

  /**
   * Some of the events, in the same order. Users and items keep their indices, also those that are
   * left without an event.
   *
   * @param keep chooses the events
   * @return the chosen events
   */
  public Interactions select(EventPredicate keep) {
    int chunks = chunks(size());
    long[] chosen = new long[words(size())];
    int[] starts = new int[chunks + 1]; // of each chunk's kept events
    IntStream.range(0, chunks)
        .parallel()
        .forEach(chunk -> starts[chunk + 1] = choose(keep, chosen, chunk));
    Arrays.parallelPrefix(starts, Integer::sum);
    int kept = starts[chunks];
    if (kept == size()) {
      return this;
    }
    // Where the system finds memory for large arrays, which takes as long as to fill them, on all
    // cores.
    ForkJoinTask<int[]> forUsers = ForkJoinPool.commonPool().submit(() -> new int[kept]);
    int[] keptItems = new int[kept];
    int[] keptUsers = forUsers.join();
    float[] keptValues = new float[kept];
    long[] keptTimes = new long[hasTimes() ? kept : 0];
    IntStream.range(0, chunks)
        .parallel()
        .forEach(
            chunk -> {
              int next = starts[chunk];
              int words = words(end(chunk, size()));
              for (int word = words(chunk * CHUNK); word < words; word++) {
                for (long bits = chosen[word]; bits != 0; bits &= bits - 1) {
                  int event = word * Long.SIZE + Long.numberOfTrailingZeros(bits);
                  keptUsers[next] = userIndices[event];
                  keptItems[next] = itemIndices[event];
                  keptValues[next] = values[event];
                  if (keptTimes.length > 0) {
                    keptTimes[next] = times[event];
                  }
                  next++;
                }
              }
            });
    return new Interactions(
        users, items, kept, keptUsers, keptItems, keptValues, keptTimes, titles, null, byUser);
  }

  /** Notes which events of a chunk are kept, a bit each, and says how many. */
  private int choose(EventPredicate keep, long[] chosen, int chunk) {
    int kept = 0;
    int words = words(end(chunk, size()));
    for (int word = words(chunk * CHUNK); word < words; word++) {
      long bits = 0;
      int first = word * Long.SIZE;
      int most = Math.min(size() - first, Long.SIZE);
      for (int bit = 0; bit < most; bit++) {
        bits |= (keep.test(first + bit) ? 1L : 0L) << bit;
      }
      chosen[word] = bits;
      kept += Long.bitCount(bits);
    }
    return kept;
  }

  /**
   * The events with each pair of user and item once, at the place and time of its first event.
   *
   * @param rule which value that event has
   * @return these events if no pair comes twice, else the joined ones
   */
  public Interactions joinDuplicates(Duplicates rule) {
    int[] first = firstOfEachPair();
    if (first.length == 0) {
      return this;
    }
    return withPairValues(rule, first).select(event -> first[event] == event);
  }

  /**
   * The same events, each with the value that its pair of user and item has by a rule.
   *
   * @param rule which value of several it is
   * @return these events if no pair comes twice
   */
  public Interactions withPairValues(Duplicates rule) {
    int[] first = firstOfEachPair();
    return first.length == 0 ? this : withPairValues(rule, first);
  }

  private Interactions withPairValues(Duplicates rule, int[] first) {
    Objects.requireNonNull(rule, "rule");
    float[] joined = Arrays.copyOf(values, size);
    for (int event = 0; event < joined.length; event++) {
      if (first[event] != event) {
        joined[first[event]] =
            switch (rule) {
              case FIRST -> joined[first[event]];
              case LAST -> values[event];
              case LARGEST -> Math.max(joined[first[event]], values[event]);
              case SUM -> joined[first[event]] + values[event];
            };
      }
    }
    for (int event = 0; event < joined.length; event++) {
      joined[event] = joined[first[event]];
    }
    return new Interactions(
        users, items, size, userIndices, itemIndices, joined, times, titles, leftOut, byUser);
  }

  /**
   * Of each event the first one of the same user and item; no events if no pair comes twice.
   *
   * <p>Events sorted by user and, within a user, by their place in the log; then one look at each
   * finds a repeated item by the mark that the user's earlier event left on it.
   */
  private int[] firstOfEachPair() {
    int[] sorted = sortedByUser();
    int parts = parts(size(), items.size());
    IntArrayList[] repeated =
        IntStream.range(0, parts)
            .parallel()
            .mapToObj(
                part -> {
                  int from = userStart(sorted, (int) ((long) part * size() / parts));
                  int to = userStart(sorted, (int) ((part + 1L) * size() / parts));
                  return repeated(sorted, from, to);
                })
            .toArray(IntArrayList[]::new);
    if (Arrays.stream(repeated).allMatch(IntArrayList::isEmpty)) {
      return new int[0];
    }
    int[] first = new int[size()];
    Arrays.setAll(first, itself -> itself);
    for (IntArrayList events : repeated) {
      for (int i = 0; i < events.size(); i += 2) {
        first[events.getInt(i)] = events.getInt(i + 1);
      }
    }
    return first;
  }

  /** The events sorted by user; null where they stand so in the log. */
  private int[] sortedByUser() {
    if (byUser) {
      return null;
    }
    int[] ends = userCounts();
    for (int user = 1; user < ends.length; user++) {
      ends[user] += ends[user - 1];
    }
    int[] sorted = new int[size()];
    for (int event = size() - 1; event >= 0; event--) {
      sorted[--ends[userIndices[event]]] = event;
    }
    return sorted;
  }

  /** The first place from one on where a user's events begin. */
  private int userStart(int[] sorted, int from) {
    int place = from;
    while (place > 0
        && place < size
        && userIndices[event(sorted, place)] == userIndices[event(sorted, place - 1)]) {
      place++;
    }
    return place;
  }

  private static int event(int[] sorted, int place) {
    return sorted == null ? place : sorted[place];
  }

  /** Each repeated event and, after it, the first of its pair. */
  private IntArrayList repeated(int[] sorted, int from, int to) {
    IntArrayList repeated = new IntArrayList();
    int[] firstEvent = new int[items.size()];
    Arrays.fill(firstEvent, -1);
    for (int place = from; place < to; place++) {
      int event = event(sorted, place);
      int one = firstEvent[itemIndices[event]];
      if (one < 0 || userIndices[one] != userIndices[event]) {
        firstEvent[itemIndices[event]] = event;
      } else {
        repeated.add(event);
        repeated.add(one);
      }
    }
    return repeated;
  }

  @Override
  public String toString() {
    return "Interactions["
        + size()
        + " events, "
        + users.size()
        + " users, "
        + items.size()
        + " items]";
  }
}
