package io.github.vaecf.data.splitting;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.stream.IntStream;

/**
 * Strong generalization: validation and test are users that training never saw. The split of Liang,
 * Krishnan, Hoffman and Jebara, "Variational Autoencoders for Collaborative Filtering" (WWW 2018),
 * section 4.1, drawn as in the authors' published program, bit by bit:
 *
 * <ol>
 *   <li>Events below the least rating are dropped. A user's repeated item counts once, at its first
 *       place in the log.
 *   <li>Items with too few users are dropped, then users with too few items; once, or again and
 *       again until nothing changes.
 *   <li>The users, ascending by id (as numbers if all ids are whole numbers), are put into a random
 *       order; the last of them are the test users, those before are the validation users.
 *   <li>The items are those of the training users, in the order of first appearance in the log;
 *       what other items held-out users have is dropped.
 *   <li>If so set, training users' items are undersampled; held-out users are left as they are.
 *   <li>Of each held-out user with at least 5 items, 20 % (rounded down) drawn at random are held
 *       out; the rest, and all of a user with fewer, is fold-in.
 * </ol>
 *
 * <p>The random numbers are those of NumPy's legacy generator, started from the seed for each
 * purpose: for the users, for the validation users' items, for the test users' items. Immutable and
 * safe for use by many threads.
 */
public final class StrongGeneralizationSplitter implements Splitter {
  private final InteractionFilter filter;
  private final Undersampling undersampling;
  private final int givenHeldOutUsers; // 0 for the share
  private final double heldOutUserShare;
  private final double heldOutShare;
  private final long seed;

  private StrongGeneralizationSplitter(Builder builder) {
    this.filter = builder.filter();
    this.undersampling = builder.undersampling();
    this.givenHeldOutUsers = builder.heldOutUsers;
    this.heldOutUserShare = builder.heldOutUserShare;
    this.heldOutShare = builder.heldOutShare;
    this.seed = builder.seed();
  }

  /**
   * The settings, starting from: every value passes, users with at least 5 items, any item,
   * filtered once, a tenth of the users for validation and as many for test, a share of 0.2 of
   * their items held out, seed 98765.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Divides a log.
   *
   * @param log the events
   * @return the split; its matrices remember the order of the log
   * @throws DataException if no event is left after filtering, or there are not more users than are
   *     to be held out
   */
  @Override
  public Split split(Interactions log) {
    List<Split.Stage> stages = new ArrayList<>();
    Interactions kept = filter.apply(log, stages);

    StrongGeneralizationDraw draw = draw(kept.users(), IdOrder.usersWithEvents(kept));
    ForkJoinTask<IdIndex> users = fork(draw::users);
    int trainingUsers = draw.trainingUsers();
    int heldOutUsers = draw.heldOutUsers();
    int[] newUser = new int[kept.users().size()];
    for (int user = 0; user < trainingUsers + 2 * heldOutUsers; user++) {
      newUser[draw.old(user)] = user;
    }

    int[] counts = kept.userCounts();
    int trainingEvents =
        IntStream.range(0, trainingUsers).map(user -> counts[draw.old(user)]).sum();
    ForkJoinTask<int[]> forColumns = fork(() -> new int[trainingEvents]); // as large as the rows
    int[] trainingRows = new int[trainingEvents];
    int[] trainingColumns = forColumns.join();
    int[] others = new int[kept.size() - trainingEvents]; // events of held-out users
    int[] newItem = new int[kept.items().size()]; // in the order of their first training events
    Arrays.fill(newItem, -1);
    IdIndex items =
        number(kept, newUser, trainingUsers, newItem, trainingRows, trainingColumns, others);

    // The held-out users are another thread's, which then takes its part of the training matrix.
    ForkJoinTask<HeldOut> validation =
        fork(() -> heldOut(kept, others, draw, newUser, newItem, items.size(), trainingUsers));
    ForkJoinTask<HeldOut> test =
        fork(
            () ->
                heldOut(
                    kept,
                    others,
                    draw,
                    newUser,
                    newItem,
                    items.size(),
                    trainingUsers + heldOutUsers));
    List<Split.Stage> undersampled = new ArrayList<>();
    CsrMatrix train =
        undersampling
            .apply(
                new PairList(trainingRows, trainingColumns),
                trainingUsers,
                items.size(),
                undersampled)
            .toMatrix(trainingUsers, items.size());
    Split.Stage known =
        new Split.Stage(
            "items of training users",
            trainingUsers + usersWithEvents(validation.join()) + usersWithEvents(test.join()),
            items.size(),
            trainingEvents + events(validation.join()) + events(test.join()));
    stages.add(known);
    stages.addAll(undersampled);
    return new Split(
        train, validation.join(), test.join(), users.join(), items, log.titles(), stages);
  }

  private static <T> ForkJoinTask<T> fork(Callable<T> work) {
    return ForkJoinPool.commonPool().submit(work);
  }

  /**
   * Gives items numbers, and takes the pairs of training apart from the other events.
   *
   * @param newUser of each user of the log its number; those of training are the first
   * @param newItem gets of each item of the log its number; −1 where none of training has it
   * @param rows gets the users of the pairs of training
   * @param columns gets their items
   * @param others gets the events of other users
   * @return the numbered items
   */
  private static IdIndex number(
      Interactions log,
      int[] newUser,
      int trainingUsers,
      int[] newItem,
      int[] rows,
      int[] columns,
      int[] others) {
    IntArrayList items = new IntArrayList();
    int trained = 0;
    int other = 0;
    for (int event = 0; event < log.size(); event++) {
      int user = newUser[log.user(event)];
      if (user >= trainingUsers) {
        others[other++] = event;
        continue;
      }
      int item = log.item(event);
      if (newItem[item] < 0) {
        newItem[item] = items.size();
        items.add(item);
      }
      rows[trained] = user;
      columns[trained++] = newItem[item];
    }
    return log.items().select(items.toIntArray());
  }

  private static int usersWithEvents(HeldOut part) {
    return (int)
        IntStream.range(0, part.users())
            .filter(user -> part.foldIn().rowSize(user) + part.heldOut().rowSize(user) > 0)
            .count();
  }

  private static long events(HeldOut part) {
    return part.foldIn().entries() + part.heldOut().entries();
  }

  @Override
  public float leastValue() {
    return filter.leastValue();
  }

  @Override
  public boolean needsTimes() {
    return false;
  }

  /**
   * Draws what this splitter draws for users, whose log is elsewhere.
   *
   * @param users raw ids of the users that are left by the filters, each with an event
   * @return which of them are held out
   * @throws DataException if there are not more users than are to be held out
   */
  public StrongGeneralizationDraw draw(IdIndex users) {
    int[] sorted = new int[users.size()];
    Arrays.setAll(sorted, user -> user);
    IdOrder.sort(users, sorted);
    return draw(users, sorted);
  }

  private StrongGeneralizationDraw draw(IdIndex users, int[] sorted) {
    int heldOutUsers =
        givenHeldOutUsers > 0
            ? givenHeldOutUsers
            : Math.max(1, (int) (heldOutUserShare * sorted.length));
    return new StrongGeneralizationDraw(users, sorted, heldOutUsers, heldOutShare, seed);
  }

  /**
   * Divides the known items of so many users from the first one on, users in ascending id.
   *
   * @param events those of all users that are not of training
   * @return what is seen of them and what is held out
   */
  private static HeldOut heldOut(
      Interactions log,
      int[] events,
      StrongGeneralizationDraw draw,
      int[] newUser,
      int[] newItem,
      int itemCount,
      int first) {
    int[] users = draw.inOrderOfIds(first);
    int[] placeOf = new int[users.length];
    for (int place = 0; place < users.length; place++) {
      placeOf[users[place] - first] = place;
    }
    Groups byUser = Groups.of(places(log, events, newUser, newItem, first, placeOf), users.length);

    int[] sizes = new int[users.length];
    Arrays.setAll(sizes, byUser::size);
    List<BitSet> drawn = draw.heldOutItems(sizes);
    PairList foldIn = new PairList(1 << 16);
    PairList heldOut = new PairList(1 << 16);
    for (int place = 0; place < users.length; place++) {
      BitSet chosen = drawn.get(place);
      for (int i = 0; i < sizes[place]; i++) {
        int item = newItem[log.item(events[byUser.member(place, i)])];
        (chosen.get(i) ? heldOut : foldIn).add(users[place] - first, item);
      }
    }
    return new HeldOut(
        foldIn.toMatrix(users.length, itemCount), heldOut.toMatrix(users.length, itemCount), first);
  }

  /** Of each event the place of its user; −1 where it is another's, or its item is not known. */
  private static int[] places(
      Interactions log, int[] events, int[] newUser, int[] newItem, int first, int[] placeOf) {
    int[] places = new int[events.length];
    for (int i = 0; i < events.length; i++) {
      int user = newUser[log.user(events[i])] - first;
      boolean theirs = user >= 0 && user < placeOf.length && newItem[log.item(events[i])] >= 0;
      places[i] = theirs ? placeOf[user] : -1;
    }
    return places;
  }

  /** Collects the settings of a splitter. Not safe for use by many threads. */
  public static final class Builder extends SplitterBuilder<Builder> {
    private int heldOutUsers;
    private double heldOutUserShare = 0.1;
    private double heldOutShare = 0.2;

    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /**
     * How many users are held out for validation, and as many again for test; in place of {@link
     * #heldOutUserShare}.
     *
     * @param heldOutUsers at least 1
     * @return this builder
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder heldOutUsers(int heldOutUsers) {
      if (heldOutUsers < 1) {
        throw new IllegalArgumentException(
            "the number of held-out users must be at least 1, found " + heldOutUsers);
      }
      this.heldOutUsers = heldOutUsers;
      return this;
    }

    /**
     * Which share of the users that are left by the filters is held out for validation, and as many
     * again for test, rounded down, at least one; in place of {@link #heldOutUsers}. A tenth unless
     * said otherwise.
     *
     * @param heldOutUserShare more than 0, less than ½
     * @return this builder
     * @throws IllegalArgumentException if it lies outside
     */
    public Builder heldOutUserShare(double heldOutUserShare) {
      if (!(heldOutUserShare > 0 && heldOutUserShare < 0.5)) {
        throw new IllegalArgumentException(
            "the share of held-out users must lie between 0 and 0.5, found " + heldOutUserShare);
      }
      this.heldOutUserShare = heldOutUserShare;
      this.heldOutUsers = 0;
      return this;
    }

    /**
     * Which share of a held-out user's items is held out, rounded down to whole items.
     *
     * @param heldOutShare more than 0, less than 1
     * @return this builder
     * @throws IllegalArgumentException if it lies outside
     */
    public Builder heldOutShare(double heldOutShare) {
      if (!(heldOutShare > 0 && heldOutShare < 1)) {
        throw new IllegalArgumentException(
            "the held-out share must lie between 0 and 1, found " + heldOutShare);
      }
      this.heldOutShare = heldOutShare;
      return this;
    }

    /**
     * The splitter with these settings.
     *
     * @return the splitter
     */
    @Override
    public StrongGeneralizationSplitter build() {
      return new StrongGeneralizationSplitter(this);
    }
  }
}
