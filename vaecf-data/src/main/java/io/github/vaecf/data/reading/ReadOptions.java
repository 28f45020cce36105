package io.github.vaecf.data.reading;

/**
 * What of a log is read. To leave out what will not be used takes less time and memory: without
 * times an event has 12 bytes in place of 20, and one whose value is too small has none. A log may
 * so have more than the 2³¹ − 9 events that there is room for.
 *
 * @param times whether times are read, where there are any; what stands in their place may be
 *     anything where not
 * @param leastValue the least value of an event, a rating or a count; smaller ones are counted
 *     ({@link io.github.vaecf.data.Interactions#leftOut}) and forgotten, unless all events have one
 *     value, which is none that tells them apart. Not for a splitter with a smaller bound, or one
 *     that gives a pair the value of any of its events: it would miss them
 */
public record ReadOptions(boolean times, float leastValue) {
  /** Everything. */
  public static final ReadOptions ALL = new ReadOptions(true, Float.NEGATIVE_INFINITY);

  /**
   * Checks the least value.
   *
   * @param times whether times are read
   * @param leastValue the least value of an event
   * @throws IllegalArgumentException if it is no number
   */
  public ReadOptions {
    if (Float.isNaN(leastValue)) {
      throw new IllegalArgumentException("the least value must be a number, found NaN");
    }
  }

  /**
   * The same without times.
   *
   * @return options that have no times
   */
  public ReadOptions withoutTimes() {
    return new ReadOptions(false, leastValue);
  }

  /**
   * The same without events of a smaller value.
   *
   * @param value the least value of an event
   * @return options that have it
   */
  public ReadOptions withLeastValue(float value) {
    return new ReadOptions(times, value);
  }
}
