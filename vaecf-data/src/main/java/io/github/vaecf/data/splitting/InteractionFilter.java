package io.github.vaecf.data.splitting;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import java.util.List;

/**
 * Which events of a log take part: those with a high enough value, of items and of users with
 * enough of them.
 *
 * @param minRating least value of an event
 * @param minUserItems least number of items of a user
 * @param minItemUsers least number of users of an item
 * @param untilStable whether items and users are filtered again until nothing changes
 */
record InteractionFilter(
    double minRating, int minUserItems, int minItemUsers, boolean untilStable) {

  /** Applies the filter and notes each stage. */
  Interactions apply(Interactions log, List<Split.Stage> stages) {
    note(stages, "read", log);
    Interactions kept = log;
    if (minRating > Double.NEGATIVE_INFINITY) {
      // As floats: the bound 3.3 must not lie above a rating of 3.3 that was stored as a float.
      float least = (float) minRating;
      kept = kept.select(event -> log.value(event) >= least);
      note(stages, "value at least " + number(minRating), kept);
    }
    int before = kept.size();
    kept = kept.joinDuplicates(Interactions.Duplicates.FIRST);
    if (kept.size() < before) {
      note(stages, "each user and item once", kept);
    }
    kept = untilStable ? enoughOfBothUntilStable(kept, stages) : enoughOfBoth(kept, stages);
    if (kept.size() == 0) {
      throw new DataException(
          "no event is left after filtering: "
              + (log.size() == 0 ? "the log is empty" : describe(stages)));
    }
    return kept;
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
    stages.add(
        new Split.Stage(name, positive(log.userCounts()), positive(log.itemCounts()), log.size()));
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
