package io.github.vaecf.core.training;

import java.io.Serial;

/** A training was interrupted and ended in good order; the message says where and how to go on. */
public final class TrainingStoppedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  TrainingStoppedException(String message) {
    super(message);
  }
}
