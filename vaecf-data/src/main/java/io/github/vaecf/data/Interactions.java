package io.github.vaecf.data;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * An interaction log: events in the order of the file they come from, each a user, an item, a value
 * (a rating or a count; 1 where the log has none) and, where the log has it, a time.
 *
 * <p>Events lie in primitive arrays: 12 bytes each, 20 with times, at most 2³¹ − 9 of them.
 * Immutable and safe for use by many threads.
 */
public final class Interactions {
  /** Events that a thread copies in one go, in words of bits. */
  private static final int CHUNK_WORDS = 1 << 12;

  private final IdIndex users;
  private final IdIndex items;
  private final int[] userIndices;
  private final int[] itemIndices;
  private final float[] values;
  private final long[] times;
  private final Map<String, String> titles;

  private Interactions(
      IdIndex users,
      IdIndex items,
      int[] userIndices,
      int[] itemIndices,
      float[] values,
      long[] times,
      Map<String, String> titles) {
    this.users = users;
    this.items = items;
    this.userIndices = userIndices;
    this.itemIndices = itemIndices;
    this.values = values;
    this.times = times;
    this.titles = titles;
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
    for (int event = 0; event < size; event++) {
      if (userIndices[event] < 0
          || userIndices[event] >= users.size()
          || itemIndices[event] < 0
          || itemIndices[event] >= items.size()) {
        throw new IllegalArgumentException(
            "event "
                + event
                + ": user "
                + userIndices[event]
                + " and item "
                + itemIndices[event]
                + " must lie within "
                + users.size()
                + " users and "
                + items.size()
                + " items");
      }
      if (!Float.isFinite(values[event])) {
        throw new IllegalArgumentException(
            "event " + event + ": the value must be a finite number, found " + values[event]);
      }
    }
    return new Interactions(users, items, userIndices, itemIndices, values, times, Map.of());
  }

  /** Chooses events by their number. */
  @FunctionalInterface
  public interface EventPredicate {
    /**
     * Whether to keep an event. Asked once for every event, in order.
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
    return userIndices.length;
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
    return userIndices[event];
  }

  /**
   * An event's item.
   *
   * @param event 0 … size − 1
   * @return an index into {@link #items()}
   */
  public int item(int event) {
    return itemIndices[event];
  }

  /**
   * An event's rating or count.
   *
   * @param event 0 … size − 1
   * @return a finite number; 1 where the log has none
   */
  public float value(int event) {
    return values[event];
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
    return times[event];
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
    return new Interactions(
        users, items, userIndices, itemIndices, values, times, Map.copyOf(titles));
  }

  /**
   * How many events each user has.
   *
   * @return a new array, one count a user
   */
  public int[] userCounts() {
    return counts(userIndices, users.size());
  }

  /**
   * How many events each item has.
   *
   * @return a new array, one count an item
   */
  public int[] itemCounts() {
    return counts(itemIndices, items.size());
  }

  private static int[] counts(int[] indices, int size) {
    int[] counts = new int[size];
    for (int index : indices) {
      counts[index]++;
    }
    return counts;
  }

  /**
   * Some of the events, in the same order. Users and items keep their indices, also those that are
   * left without an event.
   *
   * @param keep chooses the events
   * @return the chosen events
   */
  public Interactions select(EventPredicate keep) {
    int words = (size() + Long.SIZE - 1) / Long.SIZE;
    long[] chosen = new long[words];
    int[] starts = new int[(words + CHUNK_WORDS - 1) / CHUNK_WORDS + 1]; // of each chunk's kept
    for (int word = 0; word < words; word++) {
      long bits = 0;
      int first = word * Long.SIZE;
      int end = Math.min(size() - first, Long.SIZE);
      for (int bit = 0; bit < end; bit++) {
        bits |= (keep.test(first + bit) ? 1L : 0L) << bit;
      }
      chosen[word] = bits;
      starts[word / CHUNK_WORDS + 1] += Long.bitCount(bits);
    }
    Arrays.parallelPrefix(starts, Integer::sum);
    int kept = starts[starts.length - 1];
    if (kept == size()) {
      return this;
    }
    int[] keptUsers = new int[kept];
    int[] keptItems = new int[kept];
    float[] keptValues = new float[kept];
    long[] keptTimes = new long[hasTimes() ? kept : 0];
    IntStream.range(0, starts.length - 1)
        .parallel()
        .forEach(
            chunk -> {
              int next = starts[chunk];
              int end = Math.min(words, (chunk + 1) * CHUNK_WORDS);
              for (int word = chunk * CHUNK_WORDS; word < end; word++) {
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
    return new Interactions(users, items, keptUsers, keptItems, keptValues, keptTimes, titles);
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
    float[] joined = values.clone();
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
    return new Interactions(users, items, userIndices, itemIndices, joined, times, titles);
  }

  /**
   * Of each event the first one of the same user and item; no events if no pair comes twice.
   *
   * <p>Events sorted by user and, within a user, by their place in the log; then one look at each
   * finds a repeated item by the mark that the user's earlier event left on it.
   */
  private int[] firstOfEachPair() {
    int[] ends = userCounts();
    for (int user = 1; user < ends.length; user++) {
      ends[user] += ends[user - 1];
    }
    int[] byUser = new int[size()];
    for (int event = size() - 1; event >= 0; event--) {
      byUser[--ends[userIndices[event]]] = event;
    }
    int[] firstEvent = new int[items.size()];
    Arrays.fill(firstEvent, -1);
    int[] first = new int[0];
    for (int event : byUser) {
      int one = firstEvent[itemIndices[event]];
      if (one < 0 || userIndices[one] != userIndices[event]) {
        firstEvent[itemIndices[event]] = event;
        continue;
      }
      if (first.length == 0) {
        first = new int[size()];
        Arrays.setAll(first, itself -> itself);
      }
      first[event] = one;
    }
    return first;
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
