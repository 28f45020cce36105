package io.github.vaecf.core.training;

import java.time.Duration;
import java.util.Objects;

/**
 * How often a training writes a checkpoint, from which it can be resumed, and how many stay. One is
 * also written when a training is stopped and when it ends.
 *
 * @param everyEpochs write one after this many epochs; 0 for not by epochs
 * @param every write one, between two steps, when this much time has passed since the last; zero
 *     for not by time
 * @param keep how many of the newest stay, at least 1
 */
public record CheckpointPolicy(int everyEpochs, Duration every, int keep) {
  /**
   * Checks the numbers.
   *
   * @param everyEpochs epochs between two
   * @param every time between two
   * @param keep how many stay
   * @throws IllegalArgumentException if a number is out of its range
   */
  public CheckpointPolicy {
    Require.that(everyEpochs >= 0, "everyEpochs", "at least 0", everyEpochs);
    Objects.requireNonNull(every, "every");
    Require.that(!every.isNegative(), "every", "at least zero", every);
    Require.that(keep >= 1, "keep", "at least 1", keep);
  }

  /**
   * One every ten minutes, the last two kept: a crash costs at most ten minutes.
   *
   * @return the policy used where none is given
   */
  public static CheckpointPolicy standard() {
    return new CheckpointPolicy(0, Duration.ofMinutes(10), 2);
  }
}
