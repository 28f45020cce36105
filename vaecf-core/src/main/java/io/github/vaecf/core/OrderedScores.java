package io.github.vaecf.core;

import org.tensorflow.ndarray.buffer.IntDataBuffer;

/**
 * A user's scores as integers in the order of the numbers: the JVM's compiler makes vector
 * instructions of loops over those, and none of loops that compare floats. Used again for one user
 * after the other. Not safe for use by many threads.
 */
final class OrderedScores {
  /** Of an item that is left out; no finite score is so small. */
  private static final int LEFT_OUT = Integer.MIN_VALUE;

  /** Added to the bits without the sign, makes the sign of what is no finite number. */
  private static final int ABOVE_INFINITY = 0x0080_0000;

  private final int[] ordered;

  /**
   * Has room for scores.
   *
   * @param items how many
   */
  OrderedScores(int items) {
    ordered = new int[items];
  }

  /**
   * Takes scores.
   *
   * @param bits of a float an item
   * @throws ArithmeticException if one is not a finite number
   */
  void take(IntDataBuffer bits) {
    bits.read(ordered);
    // Loops of one array and one thing to do: others are not made vector instructions of.
    if (countNotFinite() > 0) {
      throw notFinite();
    }
    order();
  }

  private int countNotFinite() {
    int[] numbers = ordered;
    int count = 0;
    for (int item = 0; item < numbers.length; item++) {
      count += ((numbers[item] & Integer.MAX_VALUE) + ABOVE_INFINITY) >>> 31;
    }
    return count;
  }

  private void order() {
    int[] numbers = ordered;
    for (int item = 0; item < numbers.length; item++) {
      numbers[item] = ordered(numbers[item]);
    }
  }

  /** The integer of a float's bits: of negative numbers all bits but the sign are turned. */
  static int ordered(int bits) {
    int turned = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    // Of −0 that is −1, in the place of which there is to be the 0 of 0.
    return turned + 1 - ((~turned | (turned + 1)) >>> 31);
  }

  /** The score of an integer. */
  static float score(int ordered) {
    return Float.intBitsToFloat(ordered ^ ((ordered >> 31) & Integer.MAX_VALUE));
  }

  /** Says which, while the bits are as they came. */
  private ArithmeticException notFinite() {
    for (int item = 0; item < ordered.length; item++) {
      float score = Float.intBitsToFloat(ordered[item]);
      if (!Float.isFinite(score)) {
        return new ArithmeticException(
            "the score of item " + item + " is not a finite number, but " + score);
      }
    }
    throw new IllegalStateException("all scores are finite");
  }

  /** Leaves an item out; once more does nothing. */
  void leaveOut(int item) {
    ordered[item] = LEFT_OUT;
  }

  /**
   * Fills a user's ranking in with the best items that are not left out.
   *
   * @param best selects; what it had is forgotten
   */
  void rank(TopItems best, Rankings rankings, int user) {
    best.clear();
    int[] numbers = ordered;
    int least = LEFT_OUT;
    for (int item = 0; item < numbers.length; item++) {
      // Of most items this is all: one that is as good as the worst so far comes after it.
      if (numbers[item] > least) {
        least = best.offerOrdered(numbers[item], item);
      }
    }
    best.take(rankings, user);
  }
}
