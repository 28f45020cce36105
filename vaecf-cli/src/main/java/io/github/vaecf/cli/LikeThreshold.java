package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.util.Locale;

/**
 * Whether the values of a log are ratings of which 4 and more are likes. Of play counts, or ratings
 * of another scale, that would lose most without a word.
 *
 * @param values those of all events
 * @param events how many there are
 */
record LikeThreshold(Interactions.Values values, long events) {
  /** The least rating that counts as a like, where nothing else is said. */
  static final double DEFAULT = 4;

  /** Stars go to 5 or 10. */
  private static final double LARGEST_RATING = 10;

  /** Of ratings few are the worst; of counts most are 1. */
  private static final double MOST_ONES = 0.5;

  /** The values of a log. */
  static LikeThreshold of(Interactions log) {
    return new LikeThreshold(
        log.values(), log.size() + log.leftOut().map(Interactions.LeftOut::events).orElse(0L));
  }

  /** Whether all values are the same, so that each event is a like like the others. */
  boolean isOneValue() {
    return !values.differ();
  }

  /**
   * Makes sure that the values are ratings.
   *
   * @param input where they are from
   * @param otherwise what to do where they are none, before what is said of a least value
   */
  void require(String input, String otherwise) {
    float least = values.smallest();
    float largest = values.largest();
    String problem = null;
    if (least < 0 || largest > LARGEST_RATING) {
      problem = "are no ratings up to 5 or 10 stars";
    } else if (largest < DEFAULT && values.differ()) {
      problem = "never reach it";
    } else if (values.ones() > MOST_ONES * events) {
      problem =
          String.format(
              Locale.ROOT,
              "are 1 in %.0f %% of the events, as counts are",
              100.0 * values.ones() / events);
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

  private static String number(float value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Float.toString(value);
  }
}
