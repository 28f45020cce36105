package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import it.unimi.dsi.fastutil.ints.Int2IntOpenHashMap;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.ints.IntRBTreeSet;
import it.unimi.dsi.fastutil.ints.IntSet;
import it.unimi.dsi.fastutil.ints.IntSortedSet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Who the users of a prepared folder are. The numbers in its files are names: users are numbered
 * anew without gaps, those of training first, then the others, who are those of validation and then
 * those of test, in the order of their numbers. So neither a user without a pair is trained on, nor
 * does a large number take memory. In a folder without gaps all numbers stay.
 */
final class FolderUsers {
  private final int[] inFiles;
  private final int training;
  private final int firstValidation;
  private final int validationEnd;
  private final int firstTest;
  private final int testEnd;

  /**
   * Numbers the users.
   *
   * @param folder the folder, for messages
   * @param train the users of the training pairs, at least one
   * @param validation the users of the validation pairs
   * @param test the users of the test pairs
   * @param known how many users have an id; −1 if nobody has
   */
  FolderUsers(Path folder, IntSet train, IntSet validation, IntSet test, int known) {
    int[] trained = train.toIntArray();
    Arrays.sort(trained);
    IntSortedSet onlyValidation = without(validation, train);
    IntSortedSet onlyTest = without(test, train);
    boolean validatesOnTrained = onlyValidation.size() < validation.size();
    boolean testsOnTrained = onlyTest.size() < test.size();
    if (!validatesOnTrained && !testsOnTrained) {
      requireOrder(folder, onlyValidation, onlyTest);
      addUsersWithoutPairs(trained[trained.length - 1] + 1, known, onlyValidation, onlyTest);
    }
    // Undersampling may leave a user of weak generalization without a training pair: then that user
    // is both validated and tested on.
    IntSortedSet others = new IntRBTreeSet(onlyValidation);
    others.addAll(onlyTest);
    IntArrayList all = new IntArrayList(trained);
    all.addAll(others);
    inFiles = all.toIntArray();
    training = trained.length;
    firstValidation =
        validatesOnTrained
            ? 0
            : onlyValidation.isEmpty() ? training : place(onlyValidation.firstInt());
    validationEnd =
        onlyValidation.isEmpty()
            ? Math.max(firstValidation, training)
            : place(onlyValidation.lastInt()) + 1;
    firstTest =
        testsOnTrained ? 0 : onlyTest.isEmpty() ? inFiles.length : place(onlyTest.firstInt());
    testEnd = onlyTest.isEmpty() ? Math.max(firstTest, training) : place(onlyTest.lastInt()) + 1;
  }

  /** The new number of a user without a training pair. */
  private int place(int number) {
    return Arrays.binarySearch(inFiles, training, inFiles.length, number);
  }

  private static void requireOrder(Path folder, IntSortedSet validation, IntSortedSet test) {
    if (!validation.isEmpty() && !test.isEmpty() && validation.lastInt() >= test.firstInt()) {
      throw new DataException(
          folder
              + ": expected the users of training, then of validation, then of test, found"
              + " validation users "
              + validation.firstInt()
              + " to "
              + validation.lastInt()
              + " and test users "
              + test.firstInt()
              + " to "
              + test.lastInt()
              + ", none of whom has a training pair");
    }
  }

  private static IntSortedSet without(IntSet users, IntSet others) {
    IntSortedSet rest = new IntRBTreeSet();
    users.forEach(
        user -> {
          if (!others.contains(user)) {
            rest.add(user);
          }
        });
    return rest;
  }

  /**
   * Users behind those of training that have an id and no pair were held out, and lost their items
   * because no training user has them. The files do not say whether for validation or for test; as
   * many test users as validation users is how the published program divides.
   */
  private static void addUsersWithoutPairs(
      int first, int known, IntSortedSet validation, IntSortedSet test) {
    int heldOut = known - first;
    int middle = first + heldOut / 2;
    boolean halves =
        heldOut % 2 == 0
            && (validation.isEmpty() || validation.lastInt() < middle)
            && (test.isEmpty() || middle <= test.firstInt());
    int firstTest = halves ? middle : test.isEmpty() ? known : test.firstInt();
    for (int user = first; user < known; user++) {
      if (!validation.contains(user) && !test.contains(user)) {
        (user < firstTest ? validation : test).add(user);
      }
    }
  }

  int size() {
    return inFiles.length;
  }

  /** How many users there are to train on; they come first. */
  int training() {
    return training;
  }

  int firstValidation() {
    return firstValidation;
  }

  int validationUsers() {
    return validationEnd - firstValidation;
  }

  int firstTest() {
    return firstTest;
  }

  int testUsers() {
    return testEnd - firstTest;
  }

  /** A user's number in the files. */
  int inFiles(int user) {
    return inFiles[user];
  }

  /** Gives the users of files their new numbers. */
  void renumber(List<PairFile> files) {
    Int2IntOpenHashMap numbers = new Int2IntOpenHashMap();
    for (int user = 0; user < inFiles.length; user++) {
      if (inFiles[user] != user) {
        numbers.put(inFiles[user], user);
      }
    }
    if (!numbers.isEmpty()) {
      files.forEach(file -> file.renumber(user -> numbers.getOrDefault(user, user)));
    }
  }

  /** The users' ids: their lines, or where these are missing their numbers in the files. */
  IdIndex ids(IdIndex known) {
    List<String> ids = new ArrayList<>(inFiles.length);
    for (int user : inFiles) {
      ids.add(known == null ? Integer.toString(user) : known.id(user));
    }
    return IdIndex.of(ids);
  }
}
