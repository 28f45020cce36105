package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class RankingAgreementTest {
  private static final RankingAgreement AGREEMENT = RankingAgreement.within(0.01);

  private static Rankings ranking(int[] items, float... scores) {
    return new Rankings(items.length, items, scores);
  }

  private static int[] items(int... items) {
    return items;
  }

  private static void assertAgree(Rankings a, Rankings b) {
    assertThat(AGREEMENT.differences(a, b)).isEmpty();
    assertThat(AGREEMENT.differences(b, a)).isEmpty();
  }

  @Test
  void rankingsWithSlightlyOtherScoresAgree() {
    Rankings one = ranking(items(4, 2, 9), 3, 2, 1);
    assertAgree(one, one);
    assertAgree(one, ranking(items(4, 2, 9), 3.005f, 1.995f, 1));
  }

  @Test
  void itemsWithNearlyEqualScoresMayComeInAnyOrder() {
    assertAgree(ranking(items(4, 2, 9), 3, 2, 1.995f), ranking(items(4, 9, 2), 3, 1.996f, 1.994f));
  }

  @Test
  void itemsWithDifferentScoresMayNotChangePlaces() {
    Rankings expected = ranking(items(4, 2, 9), 3, 2, 1);

    assertThat(AGREEMENT.differences(expected, ranking(items(4, 9, 2), 3, 2, 1)))
        .containsExactly(
            "user 0, rank 1: expected item 2 with score 2.0, found item 9 with score 2.0, and their"
                + " scores are not nearly equal");
  }

  @Test
  void theItemBeyondTheEndMayTakeTheLastPlaceOnly() {
    Rankings expected = ranking(items(4, 2, 9), 3, 2, 1);

    assertAgree(expected, ranking(items(4, 2, 7), 3, 2, 1));
    assertThat(AGREEMENT.differences(expected, ranking(items(4, 7, 9), 3, 2, 1)))
        .singleElement()
        .asString()
        .startsWith("user 0, rank 1: expected item 2 ");
  }

  @Test
  void aScoreBeyondTheBoundDisagrees() {
    Rankings expected = ranking(items(4, 2), 3, 2);

    assertThat(AGREEMENT.differences(expected, ranking(items(4, 2), 3, 1.96f)))
        .containsExactly(
            "user 0, rank 1: expected item 2 with score 2.0, found item 2 with score 1.96");
    assertThat(AGREEMENT.differences(expected, ranking(items(4, 2), 3, Float.NaN))).hasSize(1);
  }

  @Test
  void anItemThatStandsTwiceDisagrees() {
    assertThat(
            AGREEMENT.differences(
                ranking(items(4, 2, 9), 1, 1, 1), ranking(items(4, 2, 4), 1, 1, 1)))
        .singleElement()
        .asString()
        .endsWith("found item 4 with score 1.0 a second time");
  }

  @Test
  void emptyPlacesMustBeTheSame() {
    Rankings expected = ranking(items(4, 2, -1), 3, 2, Float.NEGATIVE_INFINITY);

    assertAgree(expected, ranking(items(4, 2, -1), 3, 2, -Float.MAX_VALUE));
    assertThat(AGREEMENT.differences(expected, ranking(items(4, -1, -1), 3, 0, 0)))
        .containsExactly("user 0, expected 2 items, found 1");
  }

  @Test
  void everyUserWhoseRankingsDisagreeIsNamed() {
    Rankings expected = new Rankings(1, items(5, 6, 7), new float[] {1, 1, 1});

    assertThat(
            AGREEMENT.differences(expected, new Rankings(1, items(5, 6, 7), new float[] {2, 1, 3})))
        .hasSize(2)
        .first()
        .asString()
        .startsWith("user 0, rank 0");
    assertThat(AGREEMENT.differences(expected, new Rankings(3, items(5, 6, 7), new float[3])))
        .containsExactly("expected 3 rankings of length 1, found 1 rankings of length 3");
  }

  @Test
  void theBoundIsAShareOfTheLargestScoreOfTheTwo() {
    assertAgree(ranking(items(1), 1000), ranking(items(1), 1005));
    assertThat(AGREEMENT.differences(ranking(items(1), -1), ranking(items(1), -1.02f))).hasSize(1);
    assertAgree(ranking(items(1, 2), -1, -100), ranking(items(1, 2), -1.9f, -100));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RankingAgreement.within(Double.NaN))
        .withMessage("the share must be at least 0, found NaN");
    assertThatIllegalArgumentException().isThrownBy(() -> RankingAgreement.within(-1));
  }

  @Test
  void whatIsLeftNearZeroAfterCancellationMayBeAnything() {
    assertAgree(ranking(items(1, 2), 1, 1e-9f), ranking(items(1, 2), 1, -3e-9f));
    assertThat(
            RankingAgreement.ACROSS_RUNTIMES.differences(
                ranking(items(1, 2), 1, 1e-7f), ranking(items(1, 2), 1, -2e-7f)))
        .isEmpty();
  }

  @Test
  void anInfiniteScoreIsNoMeasureOfTheOthers() {
    float infinity = Float.POSITIVE_INFINITY;
    Rankings expected = ranking(items(1, 2), infinity, 1);

    assertAgree(expected, ranking(items(1, 2), infinity, 1.005f));
    assertThat(AGREEMENT.differences(expected, ranking(items(1, 2), infinity, 2))).hasSize(1);
    assertThat(AGREEMENT.differences(expected, ranking(items(1, 2), 5, 1))).hasSize(1);
  }

  @Test
  void aUsersLargeScoresAreNoMeasureForAnother() {
    Rankings expected = new Rankings(1, items(5, 6), new float[] {1000, 1});

    assertThat(AGREEMENT.differences(expected, new Rankings(1, items(5, 6), new float[] {1000, 2})))
        .singleElement()
        .asString()
        .startsWith("user 1, rank 0");
  }

  @Test
  void recommendationsAreComparedAlike() {
    List<Recommendation> expected = List.of(new Recommendation("a", 2), new Recommendation("b", 1));

    assertThat(AGREEMENT.difference(expected, expected)).isEmpty();
    assertThat(AGREEMENT.difference(expected, expected.subList(0, 1)))
        .contains("expected 2 items, found 1");
    assertThat(
            AGREEMENT.difference(
                expected, List.of(new Recommendation("b", 2), new Recommendation("a", 1))))
        .contains(
            "rank 0: expected item a with score 2.0, found item b with score 2.0, and their scores"
                + " are not nearly equal");
  }
}
