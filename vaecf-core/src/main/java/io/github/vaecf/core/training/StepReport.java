package io.github.vaecf.core.training;

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
