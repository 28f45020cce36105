package io.github.vaecf.core.training;

/** Seeds of independent random streams: every draw is a function of (seed, use, number). */
final class Streams {
  static final long WEIGHTS = 1;
  static final long SHUFFLE = 2;
  static final long DROPOUT = 3;
  static final long NOISE = 4;
  static final long RESTART = 5;
  static final long ITEMS = 6;

  private Streams() {}

  /** A seed that differs for every (seed, use, number), by the finaliser of SplitMix64. */
  static long seed(long seed, long use, long number) {
    return mix(mix(mix(seed) + use) + number);
  }

  private static long mix(long value) {
    long z = value + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
