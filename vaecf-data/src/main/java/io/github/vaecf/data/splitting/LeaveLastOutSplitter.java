package io.github.vaecf.data.splitting;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import it.unimi.dsi.fastutil.ints.IntArrays;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Weak generalization by time: every user's last items are held out for test, as many before them
 * for validation, and the model is trained on the rest of the same users. An item that a user has
 * several times counts once, at the latest of its times. Of events at the same time, the later one
 * in the log is later; nothing else depends on the order of the log. A user who would have nothing
 * left for training is for training only.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class LeaveLastOutSplitter implements Splitter {
  private final InteractionFilter filter;
  private final Undersampling undersampling;
  private final int heldOutItems;

  private LeaveLastOutSplitter(Builder builder) {
    this.filter = builder.filter();
    this.undersampling = builder.undersampling();
    this.heldOutItems = builder.heldOutItems;
  }

  /**
   * The settings, starting from those of {@link SplitterBuilder}.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Divides a log.
   *
   * @param log the events, with times
   * @return the split; validation and test are over the training users
   * @throws DataException if the log has no times or no event is left after filtering
   */
  @Override
  public Split split(Interactions log) {
    if (log.size() > 0 && !log.hasTimes()) {
      throw new DataException(
          "the last items cannot be left out, because the log has no times: tell the reader which"
              + " column holds them (--time-column)");
    }
    List<Split.Stage> stages = new ArrayList<>();
    Interactions kept = filter.apply(log, stages, RepeatedPairs::latest);
    byte[] parts = new byte[kept.size()];
    Groups events = RepeatedPairs.byUser(kept);
    for (int user = 0; user < kept.users().size(); user++) {
      int owner = user;
      int size = events.size(user);
      if (size <= 2L * heldOutItems) {
        continue;
      }
      int[] byTime = new int[size];
      Arrays.setAll(byTime, i -> events.member(owner, i));
      // Stable: events of one time stay in the log's order.
      IntArrays.mergeSort(byTime, (a, b) -> Long.compare(kept.time(a), kept.time(b)));
      for (int i = 1; i <= 2 * heldOutItems; i++) {
        parts[byTime[size - i]] =
            i <= heldOutItems ? WeakGeneralization.TEST : WeakGeneralization.VALIDATION;
      }
    }
    return WeakGeneralization.split(kept, parts, undersampling, stages);
  }

  @Override
  public float leastValue() {
    return filter.leastValue();
  }

  /** Collects the settings of a splitter. Not safe for use by many threads. */
  public static final class Builder extends SplitterBuilder<Builder> {
    private int heldOutItems = 1;

    private Builder() {}

    /**
     * How many of a user's last items are held out for test, and as many before them for
     * validation; 1 unless said otherwise.
     *
     * @param heldOutItems at least 1
     * @return this builder
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder heldOutItems(int heldOutItems) {
      if (heldOutItems < 1) {
        throw new IllegalArgumentException(
            "the number of a user's last items must be at least 1, found " + heldOutItems);
      }
      this.heldOutItems = heldOutItems;
      return this;
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * The splitter with these settings.
     *
     * @return the splitter
     */
    @Override
    public LeaveLastOutSplitter build() {
      return new LeaveLastOutSplitter(this);
    }
  }
}
