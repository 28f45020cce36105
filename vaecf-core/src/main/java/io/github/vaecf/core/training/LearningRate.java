package io.github.vaecf.core.training;

import io.github.vaecf.core.model.Objective;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;

/**
 * How the learning rate goes over a training: it may first rise evenly from 0 (warm-up), and then
 * stays or falls along half a cosine to 0.
 */
final class LearningRate {
  private LearningRate() {}

  /** The factor on the learning rate at a step, 0 … 1. */
  static double factor(Settings settings, Objective.Step step) {
    double warmUp = settings.get(TrainingSettings.WARM_UP_SHARE) * step.total();
    if (step.number() < warmUp) {
      return (step.number() + 1) / (warmUp + 1);
    }
    return switch (settings.get(TrainingSettings.SCHEDULE)) {
      case CONSTANT -> 1;
      case COSINE ->
          (1 + Math.cos(Math.PI * (step.number() - warmUp) / (step.total() - warmUp))) / 2;
    };
  }
}
