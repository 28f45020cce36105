package io.github.vaecf.eval;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A metric's mean over users and how far chance may have moved it.
 *
 * @param mean mean over the users
 * @param standardError population standard deviation over the users, divided by √users, as in the
 *     published protocol
 * @param users the number of users that the mean is over; where it is 0, the others are NaN
 */
public record Estimate(double mean, double standardError, int users) {
  /** Over the values that are numbers, added up in the order of the array. */
  static Estimate of(double[] values) {
    double sum = 0;
    int users = 0;
    for (double value : values) {
      if (!Double.isNaN(value)) {
        sum += value;
        users++;
      }
    }
    double mean = sum / users;
    double squares = 0;
    for (double value : values) {
      if (!Double.isNaN(value)) {
        squares += (value - mean) * (value - mean);
      }
    }
    return new Estimate(mean, Math.sqrt(squares / users) / Math.sqrt(users), users);
  }

  /**
   * An interval that contains the true mean in 95 of 100 experiments, by the percentile bootstrap
   * over users with 10,000 resamples.
   *
   * <p>Efron, Tibshirani: An Introduction to the Bootstrap, 1993, chapter 13.
   *
   * @param low lower end; NaN of fewer than two users, who tell nothing of how users differ
   * @param high upper end; NaN likewise
   */
  public record Interval(double low, double high) {
    private static final int RESAMPLES = 10_000;
    private static final double OUTSIDE = 0.05;

    /** Results that are to be reported are the same whenever they are computed. */
    private static final long SEED = 98765;

    /** The interval of the mean of the values that are numbers. */
    static Interval ofMean(double[] values) {
      double[] numbers = Arrays.stream(values).filter(value -> !Double.isNaN(value)).toArray();
      if (numbers.length < 2) {
        return new Interval(Double.NaN, Double.NaN);
      }
      SplittableRandom random = new SplittableRandom(SEED);
      double[] means = new double[RESAMPLES];
      for (int resample = 0; resample < RESAMPLES; resample++) {
        double sum = 0;
        for (int draw = 0; draw < numbers.length; draw++) {
          sum += numbers[random.nextInt(numbers.length)];
        }
        means[resample] = sum / numbers.length;
      }
      Arrays.sort(means);
      int tail = (int) (OUTSIDE / 2 * RESAMPLES);
      return new Interval(means[tail], means[RESAMPLES - 1 - tail]);
    }
  }
}
