package io.github.vaecf.eval;

import java.util.Arrays;
import org.apache.commons.math3.special.Erf;
import org.apache.commons.math3.stat.ranking.NaturalRanking;
import org.apache.commons.math3.stat.ranking.TiesStrategy;

/**
 * Wilcoxon's signed ranks: the sizes of the differences other than 0 are ranked, equal ones with
 * their mean rank, and each rank gets its difference's sign.
 *
 * <p>Wilcoxon: Individual comparisons by ranking methods, Biometrics Bulletin, 1945. Commons Math
 * has this test with neither ties nor few users treated right, hence our own.
 */
final class SignedRanks {
  /** Up to so many differences without ties the exact distribution is taken, as SciPy does. */
  private static final int EXACT = 50;

  /** And with ties up to so many, as SciPy does. */
  private static final int EXACT_WITH_TIES = 13;

  private final double[] ranks;
  private final double positive;
  private final boolean ties;

  private SignedRanks(double[] ranks, double positive, boolean ties) {
    this.ranks = ranks;
    this.positive = positive;
    this.ties = ties;
  }

  static SignedRanks of(double[] differences) {
    double[] different = Arrays.stream(differences).filter(d -> d != 0).toArray();
    double[] sizes = Arrays.stream(different).map(Math::abs).toArray();
    double[] ranks =
        sizes.length == 0 ? sizes : new NaturalRanking(TiesStrategy.AVERAGE).rank(sizes);
    double positive = 0;
    for (int i = 0; i < ranks.length; i++) {
      positive += different[i] > 0 ? ranks[i] : 0;
    }
    boolean ties = Arrays.stream(sizes).distinct().count() < sizes.length;
    return new SignedRanks(ranks, positive, ties);
  }

  /** The ranks of the differences other than 0, in their order, in 1 … their number. */
  double[] ranks() {
    return ranks.clone();
  }

  /** The sum of the ranks of the differences above 0. */
  double positive() {
    return positive;
  }

  /**
   * How probable a sum of positive ranks at least so far from its mean is if each rank has either
   * sign with probability ½: exact for few differences, by the normal approximation with the
   * variance of the ranks at hand (which is what correcting it for ties gives) for more.
   *
   * @return the two-sided p-value, in (0, 1]; 1 of no ranks
   */
  double probability() {
    if (ranks.length == 0) {
      return 1;
    }
    return ranks.length <= (ties ? EXACT_WITH_TIES : EXACT) ? exact() : normal();
  }

  private double exact() {
    // Ranks are multiples of ½: counted in halves, they and their sums are whole numbers.
    int total = (int) Math.round(2 * Arrays.stream(ranks).sum());
    double[] probabilities = new double[total + 1];
    probabilities[0] = 1;
    for (double rank : ranks) {
      int halves = (int) Math.round(2 * rank);
      for (int sum = total; sum >= 0; sum--) {
        double with = sum >= halves ? probabilities[sum - halves] : 0;
        probabilities[sum] = (probabilities[sum] + with) / 2;
      }
    }
    int positiveHalves = (int) Math.round(2 * positive);
    double tail = 0;
    for (int sum = 0; sum <= Math.min(positiveHalves, total - positiveHalves); sum++) {
      tail += probabilities[sum];
    }
    return Math.min(1, 2 * tail);
  }

  private double normal() {
    double sum = 0;
    double squares = 0;
    for (double rank : ranks) {
      sum += rank;
      squares += rank * rank;
    }
    double z = (positive - sum / 2) / (Math.sqrt(squares) / 2);
    return Erf.erfc(Math.abs(z) / Math.sqrt(2));
  }
}
