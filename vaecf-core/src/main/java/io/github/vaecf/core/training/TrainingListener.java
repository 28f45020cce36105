package io.github.vaecf.core.training;

import java.time.Duration;

/**
 * Is told how a training goes. Methods are called one after another, in the thread that trains; an
 * exception thrown here ends the training and reaches its caller.
 */
public interface TrainingListener {
  /**
   * After each step.
   *
   * @param report what was done
   */
  default void onStep(StepReport report) {}

  /**
   * After each epoch, its validation included.
   *
   * @param report what was done
   */
  default void onEpoch(EpochReport report) {}

  /**
   * When something worth telling a person happened: a checkpoint passed over, an early stop.
   *
   * @param message one sentence
   */
  default void onMessage(String message) {}

  /**
   * One epoch of a training: every training user once. Loss parts are means over the epoch's users.
   *
   * @param epoch the epoch, from 1
   * @param epochs number of epochs planned
   * @param step number of steps taken so far
   * @param loss reconstruction + β · KL + penalty
   * @param reconstruction how far the scores are from the users' rows
   * @param kl the regulariser, usually KL(q ‖ prior); 0 for a model without
   * @param penalty λ Σ‖W‖²
   * @param beta the regulariser's weight at the epoch's last step
   * @param learningRate learning rate at the epoch's last step
   * @param validation what the validation function returned; NaN where none was given
   * @param best whether this is the best epoch so far
   * @param usersPerSecond training users a second, validation apart
   * @param seconds time of the epoch, validation included
   * @param remaining estimated time until the last planned epoch ends
   */
  public record EpochReport(
      int epoch,
      int epochs,
      long step,
      double loss,
      double reconstruction,
      double kl,
      double penalty,
      double beta,
      double learningRate,
      double validation,
      boolean best,
      double usersPerSecond,
      double seconds,
      Duration remaining) {}

  /**
   * One step of a training: one batch, one Adam update. The loss parts are those before the update.
   *
   * @param step number of steps taken so far, this one counted, from 1
   * @param totalSteps number of steps that the training was planned with
   * @param epoch the epoch that the step belongs to, from 1
   * @param epochs number of epochs planned
   * @param users users in the batch
   * @param reconstruction how far the scores are from the users' rows, mean over the batch
   * @param kl the regulariser, usually KL(q ‖ prior), mean over the batch; 0 for a model without
   * @param penalty λ Σ‖W‖²
   * @param beta the regulariser's weight at this step
   * @param learningRate learning rate at this step
   */
  public record StepReport(
      long step,
      long totalSteps,
      int epoch,
      int epochs,
      int users,
      double reconstruction,
      double kl,
      double penalty,
      double beta,
      double learningRate) {
    /**
     * The loss that was minimised at this step.
     *
     * @return reconstruction + β · KL + penalty
     */
    public double loss() {
      return reconstruction + beta * kl + penalty;
    }
  }
}
