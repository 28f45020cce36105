package io.github.vaecf.core.training;

/**
 * Checks of settings, each with a message that names the setting, the range and the value found.
 */
final class Require {
  private Require() {}

  static void that(boolean condition, String setting, Object expected, Object found) {
    if (!condition) {
      throw new IllegalArgumentException(setting + " must be " + expected + ", found " + found);
    }
  }
}
