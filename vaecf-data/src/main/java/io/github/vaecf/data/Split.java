package io.github.vaecf.data;

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
 */
public record Split(
    CsrMatrix train,
    HeldOut validation,
    HeldOut test,
    IdIndex users,
    IdIndex items,
    Map<String, String> titles) {
  /**
   * Checks that all matrices are over the same items.
   *
   * @param train training users × items
   * @param validation users to choose on
   * @param test users to report on
   * @param users raw ids of all users
   * @param items raw ids of the items
   * @param titles what to call an item; copied
   * @throws IllegalArgumentException if a matrix has another number of columns than there are items
   */
  public Split {
    Objects.requireNonNull(users, "users");
    titles = Map.copyOf(titles);
    requireColumns("training", train, items);
    requireColumns("validation", validation.foldIn(), items);
    requireColumns("test", test.foldIn(), items);
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
