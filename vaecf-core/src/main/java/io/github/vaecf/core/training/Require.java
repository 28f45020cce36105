package io.github.vaecf.core.training;

import java.util.List;

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

  static List<Integer> widths(List<Integer> hidden) {
    for (int width : hidden) {
      that(width >= 1, "every hidden width", "at least 1", hidden);
    }
    return List.copyOf(hidden);
  }

  static void network(int latent, double keepProbability, double l2) {
    that(latent >= 1, "latent", "at least 1", latent);
    that(
        keepProbability > 0 && keepProbability <= 1,
        "keepProbability",
        "above 0 and at most 1",
        keepProbability);
    that(l2 >= 0 && Double.isFinite(l2), "l2", "at least 0 and finite", l2);
  }
}
