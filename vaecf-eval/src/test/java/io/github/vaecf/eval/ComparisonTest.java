package io.github.vaecf.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Rows;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.eval.Estimate.Interval;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final int ITEMS = 30;
  private static final Ndcg METRIC = Ndcg.at(10);

  /** Users with one held-out item each; user u has u % 10 fold-in items. */
  private static HeldOut users(int count) {
    int[][] foldIn = new int[count][];
    int[][] heldOut = new int[count][];
    for (int user = 0; user < count; user++) {
      foldIn[user] = new int[user % 10];
      for (int i = 0; i < foldIn[user].length; i++) {
        foldIn[user][i] = i;
      }
      heldOut[user] = new int[] {10 + user % 20};
    }
    return new HeldOut(Rows.of(ITEMS, foldIn), Rows.of(ITEMS, heldOut), 0);
  }

  /** Random scores, the held-out item's raised by some amount. */
  private static Evaluation evaluation(HeldOut users, double raise, long seed) {
    Random random = new Random(seed);
    float[][] scores = new float[users.users()][ITEMS];
    for (int user = 0; user < scores.length; user++) {
      for (int item = 0; item < ITEMS; item++) {
        double own = users.heldOut().contains(user, item) ? raise : 0;
        scores[user][item] = (float) (random.nextGaussian() + own);
      }
    }
    return RankingEvaluator.of(METRIC).evaluate(new DenseScores(scores), users);
  }

  @Test
  void aBetterModelIsSeenAsBetter() {
    HeldOut users = users(200);

    Comparison comparison =
        Comparison.of(evaluation(users, 1.5, 1), evaluation(users, 0.5, 2), METRIC);

    assertThat(comparison.difference().mean())
        .isCloseTo(comparison.first().mean() - comparison.second().mean(), within(1e-12))
        .isGreaterThan(0.1);
    assertThat(comparison.interval().low()).isPositive();
    assertThat(comparison.interval().high()).isGreaterThan(comparison.difference().mean());
    assertThat(comparison.tTest()).isLessThan(0.001);
    assertThat(comparison.wilcoxon()).isLessThan(0.001);
    assertThat(comparison.metric()).isEqualTo(METRIC);
  }

  @Test
  void ofEquallyGoodModelsAboutOneInTwentyIsTakenForBetter() {
    HeldOut users = users(60);
    int byT = 0;
    int byWilcoxon = 0;
    int byInterval = 0;
    for (int trial = 0; trial < 200; trial++) {
      Comparison comparison =
          Comparison.of(
              evaluation(users, 1, 2L * trial), evaluation(users, 1, 2L * trial + 1), METRIC);
      byT += comparison.tTest() < 0.05 ? 1 : 0;
      byWilcoxon += comparison.wilcoxon() < 0.05 ? 1 : 0;
      Interval interval = comparison.interval();
      byInterval += interval.low() > 0 || interval.high() < 0 ? 1 : 0;
    }
    // Binomial(200, 0.05) lies within 2 … 20 with a probability above 0.999.
    assertThat(byT).isBetween(2, 20);
    assertThat(byWilcoxon).isBetween(2, 20);
    assertThat(byInterval).isBetween(2, 24);
  }

  @Test
  void aModelDoesNotDifferFromItself() {
    HeldOut users = users(50);
    Evaluation evaluation = evaluation(users, 1, 3);

    Comparison comparison = Comparison.of(evaluation, evaluation, METRIC);

    assertThat(comparison.difference()).isEqualTo(new Estimate(0, 0, 50));
    assertThat(comparison.tTest()).isEqualTo(1);
    assertThat(comparison.wilcoxon()).isEqualTo(1);
    assertThat(comparison.interval()).isEqualTo(new Interval(0, 0));
  }

  @Test
  void usersWithoutADifferenceDoNotCountAgainstEither() {
    HeldOut users = users(100);
    Evaluation better = evaluation(users, 3, 4);
    Comparison comparison = Comparison.of(better, evaluation(users, 2.5, 5), METRIC);
    Comparison reversed = Comparison.of(evaluation(users, 2.5, 5), better, METRIC);

    assertThat(comparison.wilcoxon()).isCloseTo(reversed.wilcoxon(), within(1e-12));
    assertThat(comparison.tTest()).isCloseTo(reversed.tTest(), within(1e-12));
  }

  @Test
  void groupsByActivityCoverAllUsersFromTheLeastActive() {
    HeldOut users = users(200);
    Evaluation first = evaluation(users, 1.5, 1);
    Evaluation second = evaluation(users, 0.5, 2);
    Comparison comparison = Comparison.of(first, second, METRIC);

    List<Band> groups = Band.ofActivity(users, 4);

    assertThat(groups)
        .containsExactly(new Band(0, 2), new Band(3, 4), new Band(5, 7), new Band(8, 9));
    int counted = 0;
    double sum = 0;
    for (Band group : groups) {
      Estimate difference = comparison.difference(group);
      counted += difference.users();
      sum += difference.mean() * difference.users();
      assertThat(difference.mean())
          .isCloseTo(
              first.estimate(METRIC, group).mean() - second.estimate(METRIC, group).mean(),
              within(1e-12));
    }
    assertThat(counted).isEqualTo(200);
    assertThat(sum / 200).isCloseTo(comparison.difference().mean(), within(1e-12));
    assertThat(comparison.difference(new Band(0, 9))).isEqualTo(comparison.difference());
    assertThat(comparison.difference(new Band(10, 11)).users()).isZero();
  }

  /** Each user's only held-out item first for the better model, second for the other. */
  private static Evaluation ranked(HeldOut users, int place) {
    float[][] scores = new float[users.users()][ITEMS];
    for (int user = 0; user < scores.length; user++) {
      scores[user][users.heldOut().row(user).getInt(0)] = 2 - place;
      scores[user][29] += 1.5f;
    }
    return RankingEvaluator.of(METRIC).evaluate(new DenseScores(scores), users);
  }

  @Test
  void whereAllUsersDifferAlikeTheTTestHasNothingToJudgeBy() {
    HeldOut users = users(5);

    Comparison comparison = Comparison.of(ranked(users, 0), ranked(users, 1), METRIC);

    assertThat(comparison.difference().standardError()).isZero();
    assertThat(comparison.tTest()).isNaN();
    assertThat(comparison.wilcoxon()).isCloseTo(0.0625, within(1e-12));
  }

  @Test
  void oneUserHasNoInterval() {
    Interval interval = evaluation(users(1), 1, 1).interval(METRIC);

    assertThat(interval).isEqualTo(new Interval(Double.NaN, Double.NaN));
  }

  @Test
  void otherUsersOrTooFewAreRefused() {
    HeldOut users = users(30);
    CsrMatrix nothing = Rows.of(ITEMS, new int[30][0]);
    HeldOut others = new HeldOut(nothing, users.heldOut(), 0);
    HeldOut one = users(1);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Comparison.of(evaluation(users, 1, 1), evaluation(others, 1, 1), METRIC))
        .withMessage("the two evaluations are not on the same users");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Comparison.of(evaluation(one, 1, 1), evaluation(one, 1, 2), METRIC))
        .withMessage("at least two users must have a value of ndcg@10, found 1");
  }

  @Test
  void theIntervalOfAMeanIsAboutTwoStandardErrorsWide() {
    Evaluation evaluation = evaluation(users(400), 1, 6);

    Interval interval = evaluation.interval(METRIC);

    Estimate estimate = evaluation.estimate(METRIC);
    assertThat(interval.low())
        .isCloseTo(
            estimate.mean() - 1.96 * estimate.standardError(),
            within(0.2 * estimate.standardError()));
    assertThat(interval.high())
        .isCloseTo(
            estimate.mean() + 1.96 * estimate.standardError(),
            within(0.2 * estimate.standardError()));
    assertThat(evaluation.interval(METRIC)).isEqualTo(interval);
  }

  /** Worked out by hand: 5 · 0.005, 4 · 0.01, 3 · 0.03, then 2 · 0.04, which is less, then 0.6. */
  @Test
  void probabilitiesOfSeveralTestsAreCorrectedAsHolmDoes() {
    assertThat(Comparison.holm(0.01, 0.04, 0.03, 0.005, 0.6))
        .containsExactly(new double[] {0.04, 0.09, 0.09, 0.025, 0.6}, within(1e-12));
    assertThat(Comparison.holm(0.5, Double.NaN, 0.4))
        .containsExactly(new double[] {0.8, Double.NaN, 0.8}, within(1e-12));
    assertThat(Comparison.holm()).isEmpty();
  }
}
