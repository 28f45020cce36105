package io.github.vaecf.data.splitting;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Which events of a log take part: those with a high enough value, of items and of users with
 * enough of them.
 *
 * @param minRating least value of an event
 * @param minUserItems least number of items of a user
 * @param minItemUsers least number of users of an item
 * @param untilStable whether items and users are filtered again until nothing changes
 * @param repeated which value the events of a pair have that comes several times, before any is
 *     dropped; null where each keeps its own
 */
record InteractionFilter(
    double minRating,
    int minUserItems,
    int minItemUsers,
    boolean untilStable,
    Interactions.Duplicates repeated) {

  /**
   * The least value of an event that makes a difference: smaller ones are dropped first of all, but
   * where a pair takes its value from all of its events any may be.
   */
  float leastValue() {
    return repeated == null ? (float) minRating : Float.NEGATIVE_INFINITY;
  }

  /** Applies the filter and notes each stage; of a pair that repeats the first event stays. */
  Interactions apply(Interactions log, List<Split.Stage> stages) {
    return apply(log, stages, events -> events.joinDuplicates(Interactions.Duplicates.FIRST));
  }

  /**
   * Applies the filter and notes each stage.
   *
   * @param once keeps one event of each pair
   */
  Interactions apply(
      Interactions whole, List<Split.Stage> stages, UnaryOperator<Interactions> once) {
    stages.add(read(whole));
    Interactions log = repeated == null ? whole : whole.withPairValues(repeated);
    if (log.size() == 0 && log.leftOut().isEmpty()) {
      throw new DataException("no event is left after filtering: the log is empty");
    }
    Interactions kept = log;
    if (minRating > Double.NEGATIVE_INFINITY) {
      // As floats: the bound 3.3 must not lie above a rating of 3.3 that was stored as a float.
      float least = (float) minRating;
      kept = kept.select(event -> log.value(event) >= least);
      note(stages, "value at least " + number(minRating), kept);
    }
    int before = kept.size();
    kept = once.apply(kept);
    if (kept.size() < before) {
      note(stages, "each user and item once", kept);
    }
    Interactions liked = kept;
    kept = untilStable ? enoughOfBothUntilStable(kept, stages) : enoughOfBoth(kept, stages);
    if (kept.size() == 0) {
      throw new DataException(
          "no event is left after filtering: " + describe(stages) + "; " + cures(log, liked));
    }
    return kept;
  }

  /**
   * What to do when nothing is left.
   *
   * @param log all events
   * @param liked those with a high enough value
   */
  private String cures(Interactions log, Interactions liked) {
    List<String> cures = new ArrayList<>();
    if (liked.size() > 0 && largest(liked.itemCounts()) < minItemUsers) {
      cures.add(
          "the most users that an item has are "
              + largest(liked.itemCounts())
              + ": ask for fewer (--min-item-users)");
    } else if (liked.size() > 0 && largest(liked.userCounts()) < minUserItems) {
      cures.add(
          "the most items that a user has are "
              + largest(liked.userCounts())
              + ": ask for fewer (--min-user-items)");
    } else if (liked.size() > 0) {
      cures.add(
          "ask for fewer users of an item (--min-item-users) or fewer items of a user"
              + " (--min-user-items)");
    }
    if (minRating > Double.NEGATIVE_INFINITY && log.values().smallest() < (float) minRating) {
      cures.add(
          "the values lie within "
              + number(log.values().smallest())
              + " and "
              + number(log.values().largest())
              + ": lower the least rating (--min-rating), or read none where they are no ratings"
              + " (--value-column none)");
    }
    return String.join("; ", cures);
  }

  /** The log as it was before anything was left out. */
  private static Split.Stage read(Interactions log) {
    Split.Stage here = stage("read", log);
    return log.leftOut()
        .map(
            more ->
                new Split.Stage(
                    here.name(),
                    here.users() + more.users(),
                    here.items() + more.items(),
                    here.events() + more.events()))
        .orElse(here);
  }

  private static int largest(int[] counts) {
    return Arrays.stream(counts).max().orElse(0);
  }

  private Interactions enoughOfBoth(Interactions log, List<Split.Stage> stages) {
    Interactions kept = log;
    if (minItemUsers > 1) {
      kept = enoughUsers(kept);
      note(stages, "items of at least " + minItemUsers + " users", kept);
    }
    if (minUserItems > 1) {
      kept = enoughItems(kept);
      note(stages, "users with at least " + minUserItems + " items", kept);
    }
    return kept;
  }

  private Interactions enoughOfBothUntilStable(Interactions log, List<Split.Stage> stages) {
    Interactions kept = log;
    int size;
    int rounds = 0;
    do {
      size = kept.size();
      kept = enoughItems(enoughUsers(kept));
      rounds++;
    } while (kept.size() < size);
    note(
        stages,
        "items of at least "
            + minItemUsers
            + " users and users with at least "
            + minUserItems
            + " items, repeated until stable, "
            + rounds
            + " rounds",
        kept);
    return kept;
  }

  private Interactions enoughUsers(Interactions log) {
    int[] counts = log.itemCounts();
    return log.select(event -> counts[log.item(event)] >= minItemUsers);
  }

  private Interactions enoughItems(Interactions log) {
    int[] counts = log.userCounts();
    return log.select(event -> counts[log.user(event)] >= minUserItems);
  }

  private static String describe(List<Split.Stage> stages) {
    StringBuilder text = new StringBuilder();
    for (Split.Stage stage : stages) {
      text.append(text.isEmpty() ? "" : ", ").append(stage.name()).append(": ");
      text.append(stage.events());
    }
    return text + " events";
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  static void note(List<Split.Stage> stages, String name, Interactions log) {
    stages.add(stage(name, log));
  }

  private static Split.Stage stage(String name, Interactions log) {
    return new Split.Stage(
        name, positive(log.userCounts()), positive(log.itemCounts()), log.size());
  }

  static int positive(int[] counts) {
    int positive = 0;
    for (int count : counts) {
      if (count > 0) {
        positive++;
      }
    }
    return positive;
  }
}
