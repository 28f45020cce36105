package io.github.vaecf.data.splitting;

import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.ints.IntArrays;

/** The ascending order of raw ids that a data frame would give them. */
final class IdOrder {
  private IdOrder() {}

  /** The users of a log that have an event, ascending by id. */
  static int[] usersWithEvents(Interactions log) {
    int[] counts = log.userCounts();
    IntArrayList users = new IntArrayList();
    for (int user = 0; user < counts.length; user++) {
      if (counts[user] > 0) {
        users.add(user);
      }
    }
    int[] sorted = users.toIntArray();
    sort(log.users(), sorted);
    return sorted;
  }

  /**
   * Sorts ids: as numbers if all of them are whole numbers, else as text. Ids that are the same
   * number (7 and 007) come as text does.
   *
   * @param ids the ids
   * @param indices which of them; sorted in place
   */
  static void sort(IdIndex ids, int[] indices) {
    long[] numbers = new long[ids.size()];
    boolean numeric = true;
    for (int index : indices) {
      byte[] id = ids.utf8(index);
      if (!isWholeNumber(id)) {
        numeric = false;
        break;
      }
      numbers[index] = wholeNumber(id);
    }
    if (numeric && ascend(numbers, indices)) {
      return;
    }
    if (numeric) {
      IntArrays.quickSort(
          indices,
          (a, b) -> {
            int order = Long.compare(numbers[a], numbers[b]);
            return order != 0 ? order : ids.id(a).compareTo(ids.id(b));
          });
    } else {
      IntArrays.quickSort(indices, (a, b) -> ids.id(a).compareTo(ids.id(b)));
    }
  }

  /** Whether numbers ascend already, as they do in most logs. */
  private static boolean ascend(long[] numbers, int[] indices) {
    for (int i = 1; i < indices.length; i++) {
      if (numbers[indices[i - 1]] >= numbers[indices[i]]) {
        return false;
      }
    }
    return true;
  }

  /** Whether an id is a whole number of at most 18 digits, which always fits a long. */
  private static boolean isWholeNumber(byte[] id) {
    int first = id.length > 0 && id[0] == '-' ? 1 : 0;
    int digits = id.length - first;
    if (digits < 1 || digits > 18) {
      return false;
    }
    for (int i = first; i < id.length; i++) {
      if (id[i] < '0' || id[i] > '9') {
        return false;
      }
    }
    return true;
  }

  private static long wholeNumber(byte[] id) {
    long number = 0;
    for (byte digit : id) {
      number = digit == '-' ? 0 : 10 * number + (digit - '0');
    }
    return id[0] == '-' ? -number : number;
  }
}
