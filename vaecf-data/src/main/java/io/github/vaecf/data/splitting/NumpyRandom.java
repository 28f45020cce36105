package io.github.vaecf.data.splitting;

/**
 * The draws of NumPy's legacy generator, {@code numpy.random.RandomState(seed)}, bit for bit: the
 * Mersenne Twister MT19937 of Matsumoto and Nishimura (ACM TOMACS 8(1), 1998) seeded by one number
 * with Knuth's recurrence, and NumPy's permutation on top of it. The published splits are drawn
 * with it.
 *
 * <p>Own code because commons-math 3 extends the sign of seeds from 2³¹ on, and commons-rng seeds
 * from arrays: both then draw something else than NumPy.
 */
final class NumpyRandom {
  private static final int STATE_SIZE = 624;
  private static final int SHIFT_SIZE = 397;

  private final int[] state = new int[STATE_SIZE];
  private int position = STATE_SIZE;

  /**
   * A generator in the state that {@code RandomState(seed)} starts from.
   *
   * @param seed 0 … 2³² − 1
   */
  NumpyRandom(long seed) {
    int word = (int) seed;
    for (int i = 0; i < STATE_SIZE; i++) {
      state[i] = word;
      word = 1812433253 * (word ^ (word >>> 30)) + i + 1;
    }
  }

  /** The next 32 bits. */
  int nextInt() {
    if (position == STATE_SIZE) {
      regenerate();
      position = 0;
    }
    int word = state[position++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return word ^ (word >>> 18);
  }

  private void regenerate() {
    for (int i = 0; i < STATE_SIZE; i++) {
      int next = state[i + 1 < STATE_SIZE ? i + 1 : 0];
      int mixed = (state[i] & 0x80000000) | (next & 0x7fffffff);
      int far = i + SHIFT_SIZE;
      state[i] =
          state[far < STATE_SIZE ? far : far - STATE_SIZE]
              ^ (mixed >>> 1)
              ^ ((mixed & 1) == 0 ? 0 : 0x9908b0df);
    }
  }

  /**
   * A number from 0 to a bound, both included: bits beyond the bound's highest are masked away, and
   * what is still too large is drawn again.
   *
   * @param bound at least 0
   */
  int nextAtMost(int bound) {
    if (bound == 0) {
      return 0;
    }
    int mask = -1 >>> Integer.numberOfLeadingZeros(bound);
    int drawn = nextInt() & mask;
    while (drawn > bound) {
      drawn = nextInt() & mask;
    }
    return drawn;
  }

  /**
   * The numbers 0 … size − 1 in random order, as {@code permutation(size)}. The first k of them are
   * {@code choice(size, k, replace=False)}.
   *
   * @param size at least 0
   */
  int[] permutation(int size) {
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      order[i] = i;
    }
    for (int i = size - 1; i > 0; i--) {
      int other = nextAtMost(i);
      int kept = order[i];
      order[i] = order[other];
      order[other] = kept;
    }
    return order;
  }
}
