package io.github.vaecf.eval.search;

import io.github.vaecf.core.training.TrainingListener;

/**
 * Is told how trials go. Methods are called one after another, in the thread that runs the trials.
 */
public interface TrialListener {
  /**
   * Before a trial is trained, from its start or from where it was stopped.
   *
   * @param trial the trial
   * @return is told how its training goes
   */
  default TrainingListener training(Trial trial) {
    return new TrainingListener() {};
  }

  /**
   * When a trial has ended; also of each that had already ended when the trials were run again.
   *
   * @param result what it came to
   */
  default void ended(TrialResult result) {}
}
