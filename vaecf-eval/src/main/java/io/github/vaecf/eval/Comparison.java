package io.github.vaecf.eval;

import io.github.vaecf.data.HeldOut;
import io.github.vaecf.eval.Estimate.Interval;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.inference.TTest;

/**
 * Two models on the same users, by one metric: the difference user by user, how sure it is, and how
 * it depends on how active the users are. Immutable and safe for use by many threads.
 *
 * <p>The tests are two-sided and know nothing of each other: who makes many comparisons must
 * correct for it. Smucker, Allan, Carterette: A comparison of statistical significance tests for
 * information retrieval evaluation, CIKM 2007, compares them.
 */
public final class Comparison {
  /** Differences that are equal but for this share of them are equal but for rounding. */
  private static final double ROUNDING = 1e-12;

  private final RankingMetric metric;
  private final int[] foldIn;
  private final double[] first;
  private final double[] second;
  private final double[] differences;

  /** Taken when first asked for, as it takes its time; two threads would take the same. */
  private volatile Interval interval;

  private Comparison(RankingMetric metric, int[] foldIn, double[] first, double[] second) {
    this.metric = metric;
    this.foldIn = foldIn;
    this.first = first;
    this.second = second;
    this.differences = differences(first, second);
  }

  /**
   * Compares two evaluations on the users for whom both have a value.
   *
   * @param first one model's evaluation
   * @param second another model's evaluation on the same users
   * @param metric a metric that was measured in both
   * @return the comparison
   * @throws IllegalArgumentException if the metric was not measured in both, the users are not the
   *     same, or fewer than two of them have a value
   */
  public static Comparison of(Evaluation first, Evaluation second, RankingMetric metric) {
    requireSameUsers(first.heldOut(), second.heldOut());
    double[] ofFirst = first.values(metric);
    double[] ofSecond = second.values(metric);
    int users = 0;
    int[] foldIn = new int[ofFirst.length];
    for (int user = 0; user < ofFirst.length; user++) {
      if (!Double.isNaN(ofFirst[user]) && !Double.isNaN(ofSecond[user])) {
        ofFirst[users] = ofFirst[user];
        ofSecond[users] = ofSecond[user];
        foldIn[users] = first.heldOut().foldIn().rowSize(user);
        users++;
      }
    }
    if (users < 2) {
      throw new IllegalArgumentException(
          "at least two users must have a value of " + metric.name() + ", found " + users);
    }
    return new Comparison(
        metric,
        Arrays.copyOf(foldIn, users),
        Arrays.copyOf(ofFirst, users),
        Arrays.copyOf(ofSecond, users));
  }

  private static void requireSameUsers(HeldOut first, HeldOut second) {
    boolean same = first.users() == second.users();
    for (int user = 0; same && user < first.users(); user++) {
      same =
          first.foldIn().row(user).equals(second.foldIn().row(user))
              && first.heldOut().row(user).equals(second.heldOut().row(user));
    }
    if (!same) {
      throw new IllegalArgumentException("the two evaluations are not on the same users");
    }
  }

  private static double[] differences(double[] first, double[] second) {
    double[] differences = new double[first.length];
    for (int user = 0; user < differences.length; user++) {
      differences[user] = first[user] - second[user];
    }
    return differences;
  }

  /**
   * What is compared.
   *
   * @return the metric
   */
  public RankingMetric metric() {
    return metric;
  }

  /**
   * The first model's mean.
   *
   * @return over the users that both models have a value for
   */
  public Estimate first() {
    return Estimate.of(first);
  }

  /**
   * The second model's mean.
   *
   * @return over the users that both models have a value for
   */
  public Estimate second() {
    return Estimate.of(second);
  }

  /**
   * First minus second, user by user. Its standard error is that of the paired difference, mostly
   * much smaller than those of the two means.
   *
   * @return mean and standard error of the difference
   */
  public Estimate difference() {
    return Estimate.of(differences);
  }

  /**
   * A 95 % interval of the mean difference, by resampling the users.
   *
   * @return the interval
   */
  public Interval interval() {
    Interval known = interval;
    if (known == null) {
      known = Interval.ofMean(differences);
      interval = known;
    }
    return known;
  }

  /**
   * The paired t-test: how probable so large a mean difference were if the models were equally
   * good.
   *
   * @return the p-value, in [0, 1]; 1 where no user has a difference, NaN where all users have the
   *     same one (nothing tells then how much it would vary)
   */
  public double tTest() {
    double smallest = Arrays.stream(differences).min().orElseThrow();
    double largest = Arrays.stream(differences).max().orElseThrow();
    if (smallest == 0 && largest == 0) {
      return 1;
    }
    boolean alike = largest - smallest <= ROUNDING * Math.abs(largest);
    return alike ? Double.NaN : new TTest().pairedTTest(first, second);
  }

  /**
   * Whether the first model is significantly worse: its mean is lower, and the paired t-test finds
   * so large a difference too improbable for models that are equally good. One that is worse by the
   * same for every user is so without a test.
   *
   * @param significance the largest p-value that counts, in [0, 1]; 0.05 is usual
   * @return whether it is
   */
  public boolean isWorse(double significance) {
    double p = tTest();
    return difference().mean() < 0 && (Double.isNaN(p) || p <= significance);
  }

  /**
   * Wilcoxon's signed-rank test: how probable so uneven signed ranks were if the differences were
   * symmetric about 0. Users without a difference are left out, as Wilcoxon does (Individual
   * comparisons by ranking methods, 1945). Exact for up to 50 users with a difference (up to 13 if
   * two differences are of the same size), else by the normal approximation, corrected for ties:
   * what {@code scipy.stats.wilcoxon} gives for these users by default.
   *
   * @return the p-value, in [0, 1]; 1 where no user has a difference
   */
  public double wilcoxon() {
    return SignedRanks.of(differences).probability();
  }

  /**
   * Probabilities of several tests, made larger for being several: that any of them falls below a
   * bound, were there no difference anywhere, is then at most as probable as the bound.
   *
   * <p>Holm: A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of
   * Statistics 6(2), 1979.
   *
   * @param probabilities p-values, NaN where a test has none, which does not count
   * @return a p-value for each, in the same order
   */
  public static double[] holm(double... probabilities) {
    int[] order =
        IntStream.range(0, probabilities.length)
            .filter(i -> !Double.isNaN(probabilities[i]))
            .boxed()
            .sorted(Comparator.comparingDouble(i -> probabilities[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] adjusted = probabilities.clone();
    double largest = 0;
    for (int place = 0; place < order.length; place++) {
      largest = Math.max(largest, (order.length - place) * probabilities[order[place]]);
      adjusted[order[place]] = Math.min(1, largest);
    }
    return adjusted;
  }

  /**
   * First minus second among the users of a band, user by user.
   *
   * @param activity how many fold-in items a user of the band has
   * @return mean and standard error of the difference; NaN over 0 users if none is in the band
   */
  public Estimate difference(Band activity) {
    double[] inside = differences.clone();
    for (int user = 0; user < inside.length; user++) {
      if (!activity.contains(foldIn[user])) {
        inside[user] = Double.NaN;
      }
    }
    return Estimate.of(inside);
  }
}
