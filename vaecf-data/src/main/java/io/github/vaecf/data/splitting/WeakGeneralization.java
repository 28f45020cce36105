package io.github.vaecf.data.splitting;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Weak generalization: all users are training users, and of each some items are held out. Makes a
 * split of a log whose every event was given its part.
 */
final class WeakGeneralization {
  static final byte TRAIN = 0;
  static final byte VALIDATION = 1;
  static final byte TEST = 2;

  private WeakGeneralization() {}

  /**
   * Makes the split. Row r of all matrices is user r; users and items are numbered in the order of
   * first appearance. A user's training items are the fold-in of the validation, and together with
   * those of the validation the fold-in of the test.
   *
   * @param log the events, each pair once
   * @param parts the part of each event
   */
  static Split split(
      Interactions log, byte[] parts, Undersampling undersampling, List<Split.Stage> stages) {
    IntArrayList users = new IntArrayList();
    IntArrayList items = new IntArrayList();
    int[] newUser = new int[log.users().size()];
    int[] newItem = new int[log.items().size()];
    Arrays.fill(newUser, -1);
    Arrays.fill(newItem, -1);
    PairList train = new PairList(log.size());
    PairList validation = new PairList(16);
    PairList known = new PairList(log.size());
    PairList test = new PairList(16);
    for (int event = 0; event < log.size(); event++) {
      int user = log.user(event);
      int item = log.item(event);
      if (newUser[user] < 0) {
        newUser[user] = users.size();
        users.add(user);
      }
      if (newItem[item] < 0) {
        newItem[item] = items.size();
        items.add(item);
      }
      byte part = parts[event];
      if (part == TEST) {
        test.add(newUser[user], newItem[item]);
      } else {
        known.add(newUser[user], newItem[item]);
        (part == TRAIN ? train : validation).add(newUser[user], newItem[item]);
      }
    }
    int rows = users.size();
    int columns = items.size();
    int validationRows = validation.size() == 0 ? 0 : rows;
    CsrMatrix all = train.toMatrix(rows, columns);
    PairList learned = undersampling.apply(train, rows, columns, stages);
    return new Split(
        learned == train ? all : learned.toMatrix(rows, columns),
        new HeldOut(
            validationRows == 0 ? CsrMatrix.of(0, columns, pairs -> {}) : all,
            validation.toMatrix(validationRows, columns),
            0),
        new HeldOut(known.toMatrix(rows, columns), test.toMatrix(rows, columns), 0),
        log.users().select(users.toIntArray()),
        log.items().select(items.toIntArray()),
        log.titles(),
        stages);
  }

  /** Draws, of each user's events, a share for validation and one for test, both rounded down. */
  static void draw(
      Interactions log, byte[] parts, double validationShare, double testShare, long seed) {
    NumpyRandom random = new NumpyRandom(seed);
    int[] users = new int[log.size()];
    for (int event = 0; event < log.size(); event++) {
      users[event] = parts[event] == TRAIN ? log.user(event) : -1;
    }
    Groups events = Groups.of(users, log.users().size());
    for (int user : IdOrder.usersWithEvents(log)) {
      int size = events.size(user);
      int[] permutation = random.permutation(size);
      int test = (int) (testShare * size);
      int validation = (int) (validationShare * size);
      for (int i = 0; i < test + validation; i++) {
        parts[events.member(user, permutation[i])] = i < test ? TEST : VALIDATION;
      }
    }
  }
}
