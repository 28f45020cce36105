package io.github.vaecf.core.training;

import java.util.List;
import java.util.NoSuchElementException;

/**
 * How a training went, epoch by epoch; a model in closed form has one.
 *
 * @param epochs one entry an epoch, in order; none if the first has not ended
 */
public record TrainingCurve(List<Epoch> epochs) {
  /**
   * What an epoch came to.
   *
   * @param number from 1
   * @param loss what was minimised; NaN for a model in closed form
   * @param reconstruction its first part
   * @param kl the regulariser, before it is weighted
   * @param beta its weight
   * @param validation what the validation measured; NaN where there was none
   * @param seconds how long it took, validation included
   */
  public record Epoch(
      int number,
      double loss,
      double reconstruction,
      double kl,
      double beta,
      double validation,
      double seconds) {}

  /**
   * Copies the list.
   *
   * @param epochs one entry an epoch
   */
  public TrainingCurve {
    epochs = List.copyOf(epochs);
  }

  /**
   * The first epoch that no other has a better validation than; without a validation the last one.
   *
   * @return the epoch whose weights were kept
   * @throws NoSuchElementException if no epoch ended
   */
  public Epoch best() {
    if (epochs.isEmpty()) {
      throw new NoSuchElementException("no epoch has ended");
    }
    Epoch best = epochs.get(0);
    for (Epoch epoch : epochs) {
      if (epoch.validation() > best.validation() || Double.isNaN(epoch.validation())) {
        best = epoch;
      }
    }
    return best;
  }

  /**
   * The best validation up to an epoch.
   *
   * @param epoch its number, from 1
   * @return 0, the least that a metric can be, if none ended
   */
  public double bestUntil(int epoch) {
    double best = 0;
    for (Epoch one : epochs) {
      if (one.number() <= epoch) {
        best = Math.max(best, one.validation());
      }
    }
    return best;
  }

  /**
   * How long the training took, pauses apart.
   *
   * @return seconds
   */
  public double seconds() {
    double sum = 0;
    for (Epoch epoch : epochs) {
      sum += epoch.seconds();
    }
    return sum;
  }
}
