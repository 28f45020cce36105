package io.github.vaecf.eval;

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
}
