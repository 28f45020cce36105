package io.github.vaecf.core;

import java.time.Duration;

/**
 * One epoch of a training: every training user once. Loss parts are means over the epoch's users.
 *
 * @param epoch the epoch, from 1
 * @param epochs number of epochs planned
 * @param step number of steps taken so far
 * @param loss negative log-likelihood + β · KL + penalty
 * @param negativeLogLikelihood −Σ x·log softmax(logits)
 * @param kl KL(q ‖ N(0, 1)); 0 for Mult-DAE
 * @param penalty λ Σ‖W‖²
 * @param beta weight of the KL term at the epoch's last step; 0 for Mult-DAE
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
    double negativeLogLikelihood,
    double kl,
    double penalty,
    double beta,
    double learningRate,
    double validation,
    boolean best,
    double usersPerSecond,
    double seconds,
    Duration remaining) {}
