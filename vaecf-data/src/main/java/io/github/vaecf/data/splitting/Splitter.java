package io.github.vaecf.data.splitting;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;

/**
 * Divides a log for training, validation and test. The same splitter makes the same split of the
 * same log. Those of this package are immutable and safe for use by many threads.
 */
@FunctionalInterface
public interface Splitter {
  /**
   * Divides a log.
   *
   * @param log the events, of users × items
   * @return the split, over the items that are left of the log's
   * @throws DataException if the log cannot be divided in this way; the message says why
   */
  Split split(Interactions log);

  /**
   * Whether a log must have times. One that is read for a splitter without need of them takes less
   * time and memory when they are left away.
   *
   * @return whether it is divided by time
   */
  default boolean needsTimes() {
    return true;
  }

  /**
   * The least value of an event that makes a difference. A log that is read without those of
   * smaller values ({@link io.github.vaecf.data.reading.ReadOptions#leastValue}) takes less time
   * and memory, and is divided in the same way.
   *
   * @return negative infinity where every event counts
   */
  default float leastValue() {
    return Float.NEGATIVE_INFINITY;
  }
}
