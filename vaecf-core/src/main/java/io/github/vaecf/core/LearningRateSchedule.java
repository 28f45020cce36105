package io.github.vaecf.core;

import java.util.Objects;

/**
 * How the learning rate goes over a training: it may first rise evenly from 0 (warm-up), and then
 * stays or falls along half a cosine to 0.
 *
 * @param shape what it does after the warm-up
 * @param warmUpShare share of all steps in [0, 1) over which it rises; 0 for no warm-up
 */
public record LearningRateSchedule(Shape shape, double warmUpShare) {
  /** What the learning rate does after the warm-up. */
  public enum Shape {
    /** It stays. */
    CONSTANT,
    /** It falls along half a cosine, to 0 at the last planned step. */
    COSINE
  }

  /**
   * Checks the share.
   *
   * @param shape what it does after the warm-up
   * @param warmUpShare share of all steps over which it rises
   * @throws IllegalArgumentException if the share is out of its range
   */
  public LearningRateSchedule {
    Objects.requireNonNull(shape, "shape");
    Require.that(
        warmUpShare >= 0 && warmUpShare < 1, "warm-up share", "at least 0, below 1", warmUpShare);
  }

  /**
   * The published schedule: one learning rate throughout.
   *
   * @return constant, without warm-up
   */
  public static LearningRateSchedule constant() {
    return new LearningRateSchedule(Shape.CONSTANT, 0);
  }

  /**
   * The factor on the learning rate at a step.
   *
   * @param step number of steps already taken, 0 … totalSteps − 1
   * @param totalSteps number of steps that the training was planned with
   * @return 0 … 1
   */
  public double factor(long step, long totalSteps) {
    double warmUp = warmUpShare * totalSteps;
    if (step < warmUp) {
      return (step + 1) / (warmUp + 1);
    }
    return switch (shape) {
      case CONSTANT -> 1;
      case COSINE -> (1 + Math.cos(Math.PI * (step - warmUp) / (totalSteps - warmUp))) / 2;
    };
  }
}
