package io.github.vaecf.data.splitting;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes a split of two logs that others divided: one to train on, one to test on, over the same
 * users (weak generalization), as the data sets of LightGCN (He et al., SIGIR 2020) are published.
 * It is no {@link Splitter}, because it takes two logs. By default nobody has validation items; a
 * share of each user's training items may be drawn for it.
 *
 * <p>A test pair that is also a training pair is left away, as is a test user without training
 * items. An item that only the test has stays: a model cannot find it, and is measured so.
 * Immutable and safe for use by many threads.
 */
public final class GivenSplitter {
  private final double validationShare;
  private final long seed;

  private GivenSplitter(Builder builder) {
    this.validationShare = builder.validationShare;
    this.seed = builder.seed;
  }

  /**
   * The settings, starting from: no validation, seed 98765.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Joins both logs to a split.
   *
   * @param train the events to train on
   * @param test the events to test on
   * @return the split; validation and test are over the training users
   * @throws DataException if there is no event to train on
   */
  public Split split(Interactions train, Interactions test) {
    if (train.size() == 0) {
      throw new DataException("there is no event to train on: the training log is empty");
    }
    IdIndex users = union(train.users(), test.users());
    IdIndex items = union(train.items(), test.items());
    int events = Math.addExact(train.size(), test.size());
    int[] userIndices = new int[events];
    int[] itemIndices = new int[events];
    append(train, users, items, userIndices, itemIndices, 0);
    append(test, users, items, userIndices, itemIndices, train.size());
    float[] values = new float[events];
    Arrays.fill(values, 0, train.size(), 1);
    Map<String, String> titles = new HashMap<>(test.titles());
    titles.putAll(train.titles());
    Interactions both =
        Interactions.of(users, items, userIndices, itemIndices, values, new long[0])
            .withTitles(titles);

    List<Split.Stage> stages = new ArrayList<>();
    InteractionFilter.note(stages, "read for training", train);
    InteractionFilter.note(stages, "read for test", test);
    // Of a repeated pair the first event stays, which is the training one; its value tells it from
    // a test event.
    Interactions joined = both.joinDuplicates(Interactions.Duplicates.FIRST);
    boolean[] trained = new boolean[users.size()];
    for (int event = 0; event < joined.size(); event++) {
      trained[joined.user(event)] |= joined.value(event) > 0;
    }
    if (joined.size() < both.size()) {
      InteractionFilter.note(stages, "each pair once, for training if it is in both", joined);
    }
    Interactions kept = joined.select(event -> trained[joined.user(event)]);
    if (kept.size() < joined.size()) {
      InteractionFilter.note(stages, "users with training items", kept);
    }
    byte[] parts = new byte[kept.size()];
    for (int event = 0; event < kept.size(); event++) {
      parts[event] = kept.value(event) > 0 ? WeakGeneralization.TRAIN : WeakGeneralization.TEST;
    }
    WeakGeneralization.draw(kept, parts, validationShare, 0, seed);
    return WeakGeneralization.split(
        kept, parts, new Undersampling(Integer.MAX_VALUE, Integer.MAX_VALUE, 1, seed), stages);
  }

  private static IdIndex union(IdIndex first, IdIndex second) {
    Set<String> ids = new LinkedHashSet<>(first.ids());
    ids.addAll(second.ids());
    return IdIndex.of(ids);
  }

  private static void append(
      Interactions log,
      IdIndex users,
      IdIndex items,
      int[] userIndices,
      int[] itemIndices,
      int at) {
    int[] newUser = log.users().ids().stream().mapToInt(users::indexOf).toArray();
    int[] newItem = log.items().ids().stream().mapToInt(items::indexOf).toArray();
    for (int event = 0; event < log.size(); event++) {
      userIndices[at + event] = newUser[log.user(event)];
      itemIndices[at + event] = newItem[log.item(event)];
    }
  }

  /** Collects the settings of a splitter. Not safe for use by many threads. */
  public static final class Builder {
    private double validationShare;
    private long seed = 98765;

    private Builder() {}

    /**
     * Which share of a user's training items is held out for validation, rounded down to whole
     * items.
     *
     * @param validationShare at least 0, less than 1
     * @return this builder
     * @throws IllegalArgumentException if it lies outside
     */
    public Builder validationShare(double validationShare) {
      this.validationShare = SplitterBuilder.requireShare("the validation share", validationShare);
      return this;
    }

    /**
     * Where the random numbers start.
     *
     * @param seed 0 … 2³² − 1, as NumPy takes it
     * @return this builder
     * @throws IllegalArgumentException if it lies outside
     */
    public Builder seed(long seed) {
      this.seed = SplitterBuilder.requireSeed(seed);
      return this;
    }

    /**
     * The splitter with these settings.
     *
     * @return the splitter
     */
    public GivenSplitter build() {
      return new GivenSplitter(this);
    }
  }
}
