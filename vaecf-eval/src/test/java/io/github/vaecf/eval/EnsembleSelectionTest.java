package io.github.vaecf.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Layers;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.eval.EnsembleSelection.Choice;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EnsembleSelectionTest {
  private static final RankingMetric METRIC = Ndcg.at(10);
  private static final HeldOut USERS = heldOut();

  private static List<TrainedModel> models;

  @BeforeAll
  static void train() {
    models = List.of(SmallModels.mostPopular(), SmallModels.itemKnn(), SmallModels.dae());
  }

  @AfterAll
  static void close() {
    models.forEach(TrainedModel::close);
  }

  /** Of each user of 4 items or more, one in three is held out. */
  private static HeldOut heldOut() {
    CsrMatrix users = SmallModels.users(150, 7);
    Random random = new Random(3);
    List<int[]> foldIn = new ArrayList<>();
    List<int[]> heldOut = new ArrayList<>();
    for (int user = 0; user < users.rows(); user++) {
      List<Integer> kept = new ArrayList<>();
      List<Integer> hidden = new ArrayList<>();
      for (int item : users.row(user)) {
        (users.rowSize(user) > 3 && random.nextInt(3) == 0 ? hidden : kept).add(item);
      }
      foldIn.add(kept.stream().mapToInt(i -> i).toArray());
      heldOut.add(hidden.stream().mapToInt(i -> i).toArray());
    }
    return new HeldOut(
        Rows.of(SmallModels.ITEMS, foldIn.toArray(int[][]::new)),
        Rows.of(SmallModels.ITEMS, heldOut.toArray(int[][]::new)),
        0);
  }

  private static double measured(TrainedModel model) {
    return RankingEvaluator.of(METRIC).evaluate(model, USERS).mean(METRIC);
  }

  /** What the evaluator says of a blend of some of the models. */
  private static double measured(List<Double> weights) {
    List<TrainedModel> members = new ArrayList<>();
    List<Double> above = new ArrayList<>();
    for (int m = 0; m < weights.size(); m++) {
      if (weights.get(m) > 0) {
        members.add(models.get(m));
        above.add(weights.get(m));
      }
    }
    try (TrainedModel blend = TrainedModel.blend(members, above, "ndcg@10", model -> 0)) {
      return measured(blend);
    }
  }

  @Test
  void theWeightsAddUpToOneAndNoneIsTooSmallToMatter() {
    for (RankingMetric metric : List.of(METRIC, Recall.at(3), Ndcg.at(1))) {
      List<Double> weights = EnsembleSelection.choose(models, USERS, metric).weights();
      assertThat(weights.stream().mapToDouble(w -> w).sum()).isCloseTo(1, within(1e-12));
      assertThat(weights).allMatch(weight -> weight == 0 || weight >= 0.02);
    }
  }

  @Test
  void noBlendOfASmallGridIsMuchBetterAndNoSingleModelIs() {
    double chosen = measured(EnsembleSelection.choose(models, USERS, METRIC).weights());
    for (int a = 0; a <= 4; a++) {
      for (int b = 0; a + b <= 4; b++) {
        double value = measured(List.of(a / 4.0, b / 4.0, (4 - a - b) / 4.0));
        assertThat(chosen).as(a + " " + b).isGreaterThan(value - 0.01);
      }
    }
  }

  @Test
  void ofTwoModelsThatAreEquallyGoodFewUsersTakeNeitherAlone() {
    int items = SmallModels.ITEMS;
    float[] even = new float[items];
    float[] odd = new float[items];
    for (int item = 0; item < items; item++) {
      even[item] = item % 2 == 0 ? items - item : 0;
      odd[item] = item % 2 == 1 ? items - item : 0;
    }
    // Three want what the one has first, two what the other has.
    CsrMatrix nothing = CsrMatrix.of(5, items, pairs -> {});
    int[][] wanted = {{0}, {2}, {0}, {1}, {3}};
    HeldOut users = new HeldOut(nothing, Rows.of(items, wanted), 0);
    try (TrainedModel one = new Given(even).over(SmallModels.ids());
        TrainedModel other = new Given(odd).over(SmallModels.ids())) {
      List<Double> weights =
          EnsembleSelection.choose(List.of(one, other), users, Ndcg.at(1)).weights();
      assertThat(weights.get(0)).isBetween(0.5, 0.95);
    }
  }

  @Test
  void theSameIsChosenAgain() {
    assertThat(EnsembleSelection.choose(models, USERS, METRIC))
        .isEqualTo(EnsembleSelection.choose(models, USERS, METRIC));
  }

  @Test
  void aModelThatHarmsGetsNoWeight() {
    int items = SmallModels.ITEMS;
    float[] right = new float[items];
    float[] wrong = new float[items];
    for (int item = 0; item < items; item++) {
      right[item] = -item;
      wrong[item] = item;
    }
    CsrMatrix nothing = CsrMatrix.of(3, items, pairs -> {});
    HeldOut users =
        new HeldOut(
            nothing, Rows.of(items, new int[] {0, 1}, new int[] {0}, new int[] {0, 1, 2}), 0);
    try (TrainedModel perfect = new Given(right).over(SmallModels.ids());
        TrainedModel harmful = new Given(wrong).over(SmallModels.ids())) {
      Choice choice = EnsembleSelection.choose(List.of(harmful, perfect), users, METRIC);
      assertThat(choice).isEqualTo(new Choice(List.of(0.0, 1.0)));
    }
  }

  private static final class Given extends GivenWeights {
    Given(float[] scores) {
      super(new Weight("scores", List.of((long) scores.length), scores));
    }

    @Override
    public <T> T scores(Settings settings, Layers<T> layers) {
      return layers.constantScores("scores");
    }
  }

  @Test
  void nothingToChooseFromOrByIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EnsembleSelection.choose(List.of(), USERS, METRIC))
        .withMessageContaining("at least one model");
    CsrMatrix nothing = CsrMatrix.of(3, SmallModels.ITEMS, pairs -> {});
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(
            () -> EnsembleSelection.choose(models, new HeldOut(nothing, nothing, 0), METRIC))
        .withMessageContaining("nothing to measure");
  }
}
