package io.github.vaecf.data.splitting;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Weak generalization by time: every user's last item is held out for test, the one before for
 * validation, and the model is trained on the rest of the same users. An item that a user has
 * several times counts once, at the latest of its times. Of events at the same time, the later one
 * in the log is later; nothing else depends on the order of the log. A user with fewer than 3 items
 * is for training only.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class LeaveLastOutSplitter implements Splitter {
  private static final int LEAST_ITEMS = 3;

  private final InteractionFilter filter;
  private final Undersampling undersampling;

  private LeaveLastOutSplitter(Builder builder) {
    this.filter = builder.filter();
    this.undersampling = builder.undersampling();
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
    Interactions kept = filter.apply(log, stages, LeaveLastOutSplitter::latestOfEachPair);
    byte[] parts = new byte[kept.size()];
    Groups events = byUser(kept);
    for (int user = 0; user < kept.users().size(); user++) {
      int size = events.size(user);
      if (size < LEAST_ITEMS) {
        continue;
      }
      int last = -1;
      int before = -1;
      for (int i = 0; i < size; i++) {
        int event = events.member(user, i);
        if (last < 0 || kept.time(event) >= kept.time(last)) {
          before = last;
          last = event;
        } else if (before < 0 || kept.time(event) >= kept.time(before)) {
          before = event;
        }
      }
      parts[last] = WeakGeneralization.TEST;
      parts[before] = WeakGeneralization.VALIDATION;
    }
    return WeakGeneralization.split(kept, parts, undersampling, stages);
  }

  private static Groups byUser(Interactions log) {
    int[] users = new int[log.size()];
    for (int event = 0; event < log.size(); event++) {
      users[event] = log.user(event);
    }
    return Groups.of(users, log.users().size());
  }

  /** Of the events of a user with the same item the latest: that item is left out by its time. */
  private static Interactions latestOfEachPair(Interactions log) {
    Groups events = byUser(log);
    int[] latest = new int[log.items().size()];
    Arrays.fill(latest, -1);
    BitSet passed = new BitSet(log.size());
    for (int user = 0; user < log.users().size(); user++) {
      for (int i = 0; i < events.size(user); i++) {
        int event = events.member(user, i);
        int before = latest[log.item(event)];
        if (before < 0 || log.user(before) != user) {
          latest[log.item(event)] = event;
        } else if (log.time(event) >= log.time(before)) {
          latest[log.item(event)] = event;
          passed.set(before);
        } else {
          passed.set(event);
        }
      }
    }
    return log.select(event -> !passed.get(event));
  }

  /** Collects the settings of a splitter. Not safe for use by many threads. */
  public static final class Builder extends SplitterBuilder<Builder> {
    private Builder() {}

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
