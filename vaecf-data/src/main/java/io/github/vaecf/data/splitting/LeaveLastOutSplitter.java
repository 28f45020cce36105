package io.github.vaecf.data.splitting;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import java.util.ArrayList;
import java.util.List;

/**
 * Weak generalization by time: every user's last item is held out for test, the one before for
 * validation, and the model is trained on the rest of the same users. Of events at the same time,
 * the later one in the log is later. A user with fewer than 3 items is for training only.
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
              + " column holds them");
    }
    List<Split.Stage> stages = new ArrayList<>();
    Interactions kept = filter.apply(log, stages);
    byte[] parts = new byte[kept.size()];
    int[] users = new int[kept.size()];
    for (int event = 0; event < kept.size(); event++) {
      users[event] = kept.user(event);
    }
    Groups events = Groups.of(users, kept.users().size());
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
