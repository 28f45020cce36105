package io.github.vaecf.eval;

import static io.github.vaecf.core.Rows.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Layers;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.eval.Evaluation.Exposure;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BeyondAccuracyTest {
  private static final float[] DESCENDING = {4, 3, 2, 1};

  /** Of four users all have item 0, two item 1, one item 2, none item 3. */
  private static final Popularity POPULARITY =
      Popularity.of(Rows.of(4, row(0, 1), row(0, 1), row(0, 2), row(0)));

  private static Evaluation evaluate(int[][] foldIn, int[][] heldOut, RankingMetric... metrics) {
    float[][] scores = new float[foldIn.length][];
    Arrays.fill(scores, DESCENDING);
    HeldOut users = new HeldOut(Rows.of(4, foldIn), Rows.of(4, heldOut), 0);
    return RankingEvaluator.of(metrics).evaluate(new DenseScores(scores), users);
  }

  private static Evaluation evaluateOne(RankingMetric... metrics) {
    return evaluate(new int[][] {row()}, new int[][] {row(1, 3)}, metrics);
  }

  @Test
  void popularityIsTheMeanShareOfUsers() {
    RankingMetric metric = MeanPopularity.at(2, POPULARITY);

    assertThat(evaluateOne(metric).mean(metric)).isEqualTo((1 + 0.5) / 2);
    assertThat(metric.name()).isEqualTo("popularity@2");
  }

  @Test
  void metricsAreEqualWhenTheirCountsOrVectorsAre() {
    Popularity same = Popularity.of(Rows.of(4, row(0, 1), row(0, 1), row(0, 2), row(0)));
    Popularity other = Popularity.of(Rows.of(4, row(0, 1), row(0, 1), row(0, 2), row(1)));
    float[] rows = {1, 0, 0, 1};

    assertThat(Novelty.at(3, same)).isEqualTo(Novelty.at(3, POPULARITY));
    assertThat(Novelty.at(3, same)).hasSameHashCodeAs(Novelty.at(3, POPULARITY));
    assertThat(Novelty.at(3, other)).isNotEqualTo(Novelty.at(3, POPULARITY));
    assertThat(ItemVectors.of(2, rows)).isEqualTo(ItemVectors.of(2, rows.clone()));
    assertThat(ItemVectors.of(2, rows)).hasSameHashCodeAs(ItemVectors.of(2, rows.clone()));
    assertThat(ItemVectors.of(2, rows)).isNotEqualTo(ItemVectors.of(1, rows));
  }

  @Test
  void noveltyIsTheMeanInformationInBits() {
    RankingMetric metric = Novelty.at(4, POPULARITY);

    assertThat(evaluateOne(metric).mean(metric)).isCloseTo((0 + 1 + 2 + 2) / 4.0, within(1e-12));
    assertThat(metric.name()).isEqualTo("novelty@4");
  }

  @Test
  void theDistanceWithinAListIsTheMeanOverItsPairs() {
    ItemVectors vectors = ItemVectors.of(2, new float[] {2, 0, 0, 3, 1, 1, 0, 0});
    RankingMetric metric = IntraListDistance.at(3, vectors);

    double half = Math.sqrt(0.5);
    assertThat(evaluateOne(metric).mean(metric))
        .isCloseTo((1 + (1 - half) + (1 - half)) / 3, within(1e-6));
    assertThat(metric.name()).isEqualTo("ild@3");
    assertThat(vectors.cosine(0, 3)).isZero();
    RankingMetric single = IntraListDistance.at(1, vectors);
    assertThat(evaluateOne(single).values(single)[0]).isNaN();
  }

  @Test
  void theVectorsOfAModelAreTheColumnsOfItsLastKernel() {
    GivenWeights model =
        new GivenWeights(
            new Weight("in/kernel", List.of(3L, 2L), new float[6]),
            new Weight("in/bias", List.of(2L), new float[2]),
            new Weight("out/kernel", List.of(2L, 3L), new float[] {1, 0, 2, 0, 5, 2}),
            new Weight("out/bias", List.of(3L), new float[3])) {
          @Override
          public <T> T scores(Settings settings, Layers<T> layers) {
            return layers.items("out", layers.history("in", 2));
          }
        };
    try (TrainedModel trained = model.over(Rows.ids(3))) {
      ItemVectors vectors = ItemVectors.of(trained);

      assertThat(vectors.cosine(0, 1)).isZero();
      assertThat(vectors.cosine(0, 2)).isCloseTo(Math.sqrt(0.5), within(1e-6));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ItemVectors.of(2, new float[3]))
        .withMessage("width must be at least 1 and divide the number of entries, found 2 and 3");
  }

  @Test
  void recallInABandLooksAtItsItemsOnlyAndLeavesOutUsersWithoutAny() {
    RankingMetric rare = RecallInBand.at(2, POPULARITY, new Band(0, 2));
    RankingMetric popular = RecallInBand.at(2, POPULARITY, new Band(4, 4));

    Evaluation evaluation =
        evaluate(new int[][] {row(), row()}, new int[][] {row(1, 3), row(0)}, rare, popular);

    assertThat(evaluation.values(rare)).containsExactly(0.5, Double.NaN);
    assertThat(evaluation.estimate(rare)).isEqualTo(new Estimate(0.5, 0, 1));
    assertThat(evaluation.values(popular)).containsExactly(Double.NaN, 1);
    assertThat(evaluation.users()).isEqualTo(2);
    assertThat(rare.name()).isEqualTo("recall@2[popularity 0-2]");
    assertThat(popular.name()).isEqualTo("recall@2[popularity 4]");
  }

  @Test
  void exposureCountsWhatIsRecommendedToUsersThatCount() {
    Evaluation evaluation =
        evaluate(
            new int[][] {row(), row(0), row(3)},
            new int[][] {row(1), row(2), row()},
            Recall.at(1),
            Recall.at(2));

    assertThat(evaluation.exposure(1).counts()).containsExactly(1, 1, 0, 0);
    assertThat(evaluation.exposure(2).counts()).containsExactly(1, 2, 1, 0);
    assertThat(evaluation.exposure(2).coverage()).isEqualTo(0.75);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> evaluation.exposure(3))
        .withMessage("no metric looked at the best 3 items; measured were [recall@1, recall@2]");
  }

  @Test
  void giniIsZeroForEqualCountsAndLargestWhenOneItemHasAll() {
    assertThat(new Exposure(1, new int[] {3, 3, 3, 3}).gini()).isZero();
    assertThat(new Exposure(1, new int[] {0, 8, 0, 0}).gini()).isEqualTo(0.75);
    assertThat(new Exposure(1, new int[] {1, 2, 3, 4}).gini()).isCloseTo(0.25, within(1e-12));
    assertThat(new Exposure(1, new int[2]).gini()).isZero();
  }
}
