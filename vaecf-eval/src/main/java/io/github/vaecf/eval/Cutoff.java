package io.github.vaecf.eval;

/** How many of the best items a metric looks at. */
final class Cutoff {
  private Cutoff() {}

  static void require(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, found " + k);
    }
  }
}
