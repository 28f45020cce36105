package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Whether the values of a log are ratings of which 4 and more are likes. Of play counts, or ratings
 * of another scale, that would lose most without a word.
 *
 * @param least the least value
 * @param largest the largest value
 * @param ones how many are 1
 * @param events how many there are
 */
record LikeThreshold(double least, double largest, int ones, int events) {
  /** The least rating that counts as a like, where nothing else is said. */
  static final double DEFAULT = 4;

  /** Stars go to 5 or 10. */
  private static final double LARGEST_RATING = 10;

  /** Of ratings few are the worst; of counts most are 1. */
  private static final double MOST_ONES = 0.5;

  /** Each is looked at by one thread. */
  private static final int PARTS = 64;

  /** The values of a log. */
  static LikeThreshold of(Interactions log) {
    return IntStream.range(0, PARTS)
        .parallel()
        .mapToObj(
            part ->
                of(
                    log,
                    (int) ((long) log.size() * part / PARTS),
                    (int) ((long) log.size() * (part + 1) / PARTS)))
        .reduce(LikeThreshold::and)
        .orElseThrow();
  }

  private static LikeThreshold of(Interactions log, int from, int to) {
    double least = Double.POSITIVE_INFINITY;
    double largest = Double.NEGATIVE_INFINITY;
    int ones = 0;
    for (int event = from; event < to; event++) {
      float value = log.value(event);
      least = Math.min(least, value);
      largest = Math.max(largest, value);
      ones += value == 1 ? 1 : 0;
    }
    return new LikeThreshold(least, largest, ones, to - from);
  }

  private LikeThreshold and(LikeThreshold other) {
    return new LikeThreshold(
        Math.min(least, other.least),
        Math.max(largest, other.largest),
        ones + other.ones,
        events + other.events);
  }

  /** Whether all values are the same, so that each event is a like like the others. */
  boolean isOneValue() {
    return least >= largest;
  }

  /**
   * Makes sure that the values are ratings.
   *
   * @param input where they are from
   * @param otherwise what to do where they are none, before what is said of a least value
   */
  void require(String input, String otherwise) {
    String problem = null;
    if (least < 0 || largest > LARGEST_RATING) {
      problem = "are no ratings up to 5 or 10 stars";
    } else if (largest < DEFAULT && least < largest) {
      problem = "never reach it";
    } else if (ones > MOST_ONES * events) {
      problem =
          String.format(
              Locale.ROOT, "are 1 in %.0f %% of the events, as counts are", 100.0 * ones / events);
    }
    if (problem != null) {
      throw new DataException(
          input
              + ": by default a rating of 4 or more is a like, but the values, from "
              + number(least)
              + " to "
              + number(largest)
              + ", "
              + problem
              + "; "
              + otherwise
              + "--min-rating X for the least value that is one");
    }
  }

  private static String number(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString((float) value);
  }
}
