package io.github.vaecf.spring;

import java.io.Serial;

/** A property, or what it names, cannot be used. */
final class UnusablePropertyException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final String action;

  UnusablePropertyException(String property, Throwable cause, String action) {
    super(property + " cannot be used: " + cause.getMessage(), cause);
    this.action = action;
  }

  /** What to do about it. */
  String action() {
    return action;
  }
}
