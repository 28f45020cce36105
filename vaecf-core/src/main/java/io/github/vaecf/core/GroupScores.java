package io.github.vaecf.core;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Puts the scores of several people together, person by person, as a {@link GroupStrategy} says.
 */
final class GroupScores {
  private final GroupStrategy strategy;
  private final BitSet measured;
  private final int people;
  private final double[] together;

  /**
   * Nobody's yet.
   *
   * @param measured the items over which scores are standardised
   * @param people how many will be added
   */
  GroupScores(GroupStrategy strategy, BitSet measured, int items, int people) {
    this.strategy = strategy;
    this.measured = measured;
    this.people = people;
    this.together = new double[items];
    if (strategy == GroupStrategy.LEAST_MISERY) {
      Arrays.fill(together, Double.POSITIVE_INFINITY);
    }
  }

  /**
   * Adds a person.
   *
   * @param scores of many people, row-major; −∞ for an item without one, which the group does not
   *     get
   * @param from where the person's begin
   */
  void add(float[] scores, int from) {
    double sum = 0;
    int count = 0;
    for (int item = measured.nextSetBit(0); item >= 0; item = measured.nextSetBit(item + 1)) {
      if (scores[from + item] != Float.NEGATIVE_INFINITY) {
        sum += scores[from + item];
        count++;
      }
    }
    double mean = count == 0 ? 0 : sum / count;
    double squares = 0;
    for (int item = measured.nextSetBit(0); item >= 0; item = measured.nextSetBit(item + 1)) {
      if (scores[from + item] != Float.NEGATIVE_INFINITY) {
        squares += (scores[from + item] - mean) * (scores[from + item] - mean);
      }
    }
    double deviation = count == 0 ? 0 : Math.sqrt(squares / count);
    for (int item = 0; item < together.length; item++) {
      double score = scores[from + item];
      if (score == Double.NEGATIVE_INFINITY) {
        together[item] = score;
      } else if (deviation > 0) { // whoever likes everything alike has no say
        score = (score - mean) / deviation;
        together[item] =
            strategy == GroupStrategy.AVERAGE
                ? together[item] + score / people
                : Math.min(together[item], score);
      }
    }
  }

  /** The group's scores, once everybody is added. */
  float[] scores() {
    float[] scores = new float[together.length];
    for (int item = 0; item < scores.length; item++) {
      // Where nobody has a say all items are alike.
      scores[item] = together[item] == Double.POSITIVE_INFINITY ? 0 : (float) together[item];
    }
    return scores;
  }
}
