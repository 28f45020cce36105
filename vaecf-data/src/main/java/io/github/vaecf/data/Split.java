package io.github.vaecf.data;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A data set divided for training, validation and test, over one set of items.
 *
 * @param train training users × items; row r is user r
 * @param validation the users that settings and epochs are chosen on
 * @param test the users that results are reported on
 * @param users the raw ids of all users: those of training, then of validation, then of test
 * @param items the raw ids of the items, in the order of the matrices' columns
 * @param titles what to call an item when a person reads it, by raw id; empty where nothing is
 *     known
 * @param stages what was done from the log to this split, and how much was left after it; empty
 *     where nothing is known
 */
public record Split(
    CsrMatrix train,
    HeldOut validation,
    HeldOut test,
    IdIndex users,
    IdIndex items,
    Map<String, String> titles,
    List<Stage> stages) {
  /**
   * One stage on the way from a log to a split. What a stage dropped is the difference to the one
   * before.
   *
   * @param name what was done, for a person to read
   * @param users how many users have an event after it
   * @param items how many items have an event after it
   * @param events how many events are left after it
   */
  public record Stage(String name, long users, long items, long events) {
    /**
     * Checks the name.
     *
     * @param name what was done
     * @param users users left
     * @param items items left
     * @param events events left
     */
    public Stage {
      Objects.requireNonNull(name, "name");
    }
  }

  /**
   * Checks that all matrices are over the same items.
   *
   * @param train training users × items
   * @param validation users to choose on
   * @param test users to report on
   * @param users raw ids of all users
   * @param items raw ids of the items
   * @param titles what to call an item; copied, those of other items left away
   * @param stages what was done; copied
   * @throws IllegalArgumentException if a matrix has another number of columns than there are items
   */
  public Split {
    Objects.requireNonNull(users, "users");
    titles = titlesOf(items, titles);
    stages = List.copyOf(stages);
    requireColumns("training", train, items);
    requireColumns("validation", validation.foldIn(), items);
    requireColumns("test", test.foldIn(), items);
  }

  /**
   * A split of which it is not known how it was made.
   *
   * @param train training users × items
   * @param validation users to choose on
   * @param test users to report on
   * @param users raw ids of all users
   * @param items raw ids of the items
   * @param titles what to call an item; copied, those of other items left away
   * @throws IllegalArgumentException if a matrix has another number of columns than there are items
   */
  public Split(
      CsrMatrix train,
      HeldOut validation,
      HeldOut test,
      IdIndex users,
      IdIndex items,
      Map<String, String> titles) {
    this(train, validation, test, users, items, titles, List.of());
  }

  /**
   * All that is known of every user, whatever it was kept for: to train on everybody, or to
   * recommend to everybody, once there is nothing left to measure.
   *
   * @return all users × items; row u is user u, with the items of training, fold-in and held-out
   */
  public CsrMatrix histories() {
    return CsrMatrix.of(
        users.size(),
        items.size(),
        pairs -> {
          train.pairs().forEach(pairs);
          for (HeldOut part : List.of(validation, test)) {
            for (CsrMatrix matrix : List.of(part.foldIn(), part.heldOut())) {
              matrix.pairs().forEach((row, item) -> pairs.accept(part.firstUser() + row, item));
            }
          }
        });
  }

  private static Map<String, String> titlesOf(IdIndex items, Map<String, String> titles) {
    Map<String, String> known = new HashMap<>();
    titles.forEach(
        (id, title) -> {
          if (items.indexOf(id) >= 0) {
            known.put(id, title);
          }
        });
    return Map.copyOf(known);
  }

  private static void requireColumns(String name, CsrMatrix matrix, IdIndex items) {
    if (matrix.columns() != items.size()) {
      throw new IllegalArgumentException(
          "the "
              + name
              + " matrix must have a column for each of "
              + items.size()
              + " items, found "
              + matrix);
    }
  }
}
