package io.github.vaecf.core.training;

import java.time.Duration;

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
