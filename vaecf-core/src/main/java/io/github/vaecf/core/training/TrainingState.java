package io.github.vaecf.core.training;

/**
 * Where a training stands, apart from weights and moments. All randomness is a function of the seed
 * and these numbers.
 *
 * @param step steps taken
 * @param users users seen in the epoch in progress
 * @param reconstruction sum over those users
 * @param kl sum over those users
 * @param penalty sum over those users
 * @param bestEpoch epoch with the best validation so far; 0 for none
 * @param bestValidation its validation
 * @param stopped whether the training ended early
 */
record TrainingState(
    long step,
    long users,
    double reconstruction,
    double kl,
    double penalty,
    int bestEpoch,
    double bestValidation,
    boolean stopped) {
  static TrainingState start() {
    return new TrainingState(0, 0, 0, 0, 0, 0, Double.NEGATIVE_INFINITY, false);
  }

  TrainingState afterStep(int batch, NetworkSession.StepLoss loss) {
    return new TrainingState(
        step + 1,
        users + batch,
        reconstruction + batch * loss.reconstruction(),
        kl + batch * loss.regulariser(),
        penalty + batch * loss.penalty(),
        bestEpoch,
        bestValidation,
        stopped);
  }

  TrainingState afterEpoch() {
    return new TrainingState(step, 0, 0, 0, 0, bestEpoch, bestValidation, stopped);
  }

  TrainingState withBest(int epoch, double validation) {
    return new TrainingState(step, users, reconstruction, kl, penalty, epoch, validation, stopped);
  }

  TrainingState asStopped() {
    return new TrainingState(
        step, users, reconstruction, kl, penalty, bestEpoch, bestValidation, true);
  }
}
