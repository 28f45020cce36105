package io.github.vaecf.data.splitting;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * What is drawn at random for {@link StrongGeneralizationSplitter}: which users are held out, and
 * which of their items. It takes the ids of the users and the numbers of their items alone, so that
 * a log too large for one machine can be divided by whoever counts them there, to the same split.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class StrongGeneralizationDraw {
  /** Users with fewer items have nothing held out; as published. */
  private static final int MIN_ITEMS_TO_HOLD_OUT = 5;

  private final IdIndex ids;
  private final int[] order; // of new user n the index of its id
  private final int[] ascending; // new users by their ids
  private final int heldOutUsers;
  private final double heldOutShare;
  private final long seed;

  /**
   * Draws the users.
   *
   * @param sorted indices of the users that there are, ascending by id
   */
  StrongGeneralizationDraw(
      IdIndex ids, int[] sorted, int heldOutUsers, double heldOutShare, long seed) {
    if (sorted.length <= 2L * heldOutUsers) {
      throw new DataException(
          "cannot hold out "
              + heldOutUsers
              + " users for validation and "
              + heldOutUsers
              + " for test: after filtering there are "
              + sorted.length
              + " users, and at least one must be left for training; "
              + (sorted.length < 3
                  ? "filter less (--min-user-items, --min-item-users, --min-rating)"
                  : "hold out at most "
                      + (sorted.length - 1) / 2
                      + " (--heldout-users), or filter less (--min-user-items, --min-item-users,"
                      + " --min-rating)"));
    }
    this.ids = ids;
    this.heldOutUsers = heldOutUsers;
    this.heldOutShare = heldOutShare;
    this.seed = seed;
    int[] permutation = new NumpyRandom(seed).permutation(sorted.length);
    order = new int[sorted.length];
    ascending = new int[sorted.length];
    for (int user = 0; user < sorted.length; user++) {
      order[user] = sorted[permutation[user]];
      ascending[permutation[user]] = user;
    }
  }

  /** The index of the id of a new user. */
  int old(int user) {
    return order[user];
  }

  /**
   * The users in their new order: those of training, then of validation, then of test.
   *
   * @return their raw ids
   */
  public IdIndex users() {
    return ids.select(order);
  }

  /**
   * How many users are for training; those of validation follow.
   *
   * @return at least 1
   */
  public int trainingUsers() {
    return order.length - 2 * heldOutUsers;
  }

  /**
   * How many users are for validation, and as many again for test, who come last.
   *
   * @return at least 1
   */
  public int heldOutUsers() {
    return heldOutUsers;
  }

  /**
   * The users of validation or of test in the order in which their items are drawn, which is that
   * of their ids.
   *
   * @param first the first of them in the new order
   * @return numbers in the new order
   */
  public int[] inOrderOfIds(int first) {
    int[] users = new int[heldOutUsers];
    int found = 0;
    for (int user : ascending) {
      if (user >= first && user < first + heldOutUsers) {
        users[found++] = user;
      }
    }
    return users;
  }

  /**
   * Draws which items are held out of those of validation, or of test.
   *
   * @param sizes how many items each user has, users in the order of {@link #inOrderOfIds}
   * @return for each user the places of the held-out items among its items in the order of the log
   */
  public List<BitSet> heldOutItems(int[] sizes) {
    NumpyRandom random = new NumpyRandom(seed);
    List<BitSet> drawn = new ArrayList<>(sizes.length);
    for (int size : sizes) {
      BitSet places = new BitSet(size);
      if (size >= MIN_ITEMS_TO_HOLD_OUT) {
        int[] permutation = random.permutation(size);
        int held = (int) (heldOutShare * size);
        for (int i = 0; i < held; i++) {
          places.set(permutation[i]);
        }
      }
      drawn.add(places);
    }
    return drawn;
  }
}
