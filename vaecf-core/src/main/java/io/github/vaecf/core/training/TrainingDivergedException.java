package io.github.vaecf.core.training;

import java.io.Serial;

/**
 * The loss of a training is no longer a number; the message says at which step and setting. The
 * best weights until then are still in the run folder, if there is one.
 */
public final class TrainingDivergedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  TrainingDivergedException(String message) {
    super(message);
  }
}
