package io.github.vaecf.core;

/**
 * One step of a training: one batch, one Adam update. The loss parts are those before the update.
 *
 * @param step number of steps taken so far, this one counted, from 1
 * @param totalSteps number of steps that the training was planned with
 * @param epoch the epoch that the step belongs to, from 1
 * @param epochs number of epochs planned
 * @param users users in the batch
 * @param negativeLogLikelihood −Σ x·log softmax(logits), mean over the batch
 * @param kl KL(q ‖ N(0, 1)), mean over the batch; 0 for Mult-DAE
 * @param penalty λ Σ‖W‖²
 * @param beta weight of the KL term at this step
 * @param learningRate learning rate at this step
 */
public record StepReport(
    long step,
    long totalSteps,
    int epoch,
    int epochs,
    int users,
    double negativeLogLikelihood,
    double kl,
    double penalty,
    double beta,
    double learningRate) {
  /**
   * The loss that was minimised at this step.
   *
   * @return negative log-likelihood + β · KL + penalty
   */
  public double loss() {
    return negativeLogLikelihood + beta * kl + penalty;
  }
}
