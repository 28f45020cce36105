package io.github.vaecf.core.training;

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
}
