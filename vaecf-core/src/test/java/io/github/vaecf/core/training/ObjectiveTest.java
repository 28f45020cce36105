package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.Layers;
import io.github.vaecf.core.model.Objective;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingGraph;
import io.github.vaecf.core.model.TrainingSettings;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/** What an objective cannot have is refused: its gradient would be lost without a word. */
class ObjectiveTest {
  /** A linear autoencoder with the objective of a test. */
  private record Linear(BiFunction<TrainingGraph, Operand<TFloat32>, Objective> objective)
      implements GradientModel {
    @Override
    public String name() {
      return "linear";
    }

    @Override
    public String title() {
      return "Linear";
    }

    @Override
    public String summary() {
      return "for a test";
    }

    @Override
    public List<Setting<?>> settings() {
      return TrainingSettings.all();
    }

    @Override
    public <T> T scores(Settings settings, Layers<T> layers) {
      return layers.items("out", layers.history("in", 3));
    }

    @Override
    public Objective objective(Settings settings, TrainingGraph graph) {
      return objective.apply(graph, scores(settings, graph.layers(graph.history())));
    }
  }

  private static void refused(
      String problem, BiFunction<TrainingGraph, Operand<TFloat32>, Objective> objective) {
    Groups data = Groups.small();
    Trainer trainer =
        Trainer.builder()
            .settings(Settings.published(new Linear(objective)).with(TrainingSettings.EPOCHS, 1))
            .build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> trainer.train(data.matrix(), data.ids()))
        .withMessageContaining(problem);
  }

  @Test
  void aRegulariserOnTheScores() {
    refused(
        "depends on out/",
        (graph, scores) -> Objective.multinomial(scores).plus(graph.mean(scores, 1), step -> 1));
  }

  @Test
  void aRegulariserOnTheKernelOfTheFirstLayer() {
    refused(
        "depends on in/kernel",
        (graph, scores) -> {
          int items = Groups.small().ids().size();
          Operand<TFloat32> kernel = graph.weight("in/kernel", Shape.of(items, 3), null);
          return Objective.multinomial(scores).plus(graph.tf().nn.l2Loss(kernel), step -> 1);
        });
  }

  @Test
  void scoresThatAreNotThoseOfTheItemLayer() {
    refused(
        "must be what items() of its layers gave",
        (graph, scores) -> Objective.multinomial(graph.tf().math.neg(scores)));
  }

  @Test
  void wordsOfModelsInClosedForm() {
    refused(
        "sum is for models in closed form",
        (graph, scores) -> Objective.multinomial(graph.layers(graph.history()).sum("b", 3)));
  }

  @Test
  void anotherWeightBesideThatOfALowRankSum() {
    refused(
        "its weight is the only one that learns",
        (graph, scores) -> Objective.cosine(graph.layers(graph.history()).lowRankSum("b", 3)));
  }

  @Test
  void aCosineOfOtherScoresThanThoseOfALowRankSum() {
    refused(
        "must be what lowRankSum() of its layers gave",
        (graph, scores) -> Objective.cosine(scores));
  }

  @Test
  void otherObjectivesOfALowRankSum() {
    refused(
        "must be what items() of its layers gave",
        (graph, scores) -> Objective.squared(graph.layers(graph.history()).lowRankSum("b", 3)));
  }

  @Test
  void aWeightThatTheLossDoesNotDependOn() {
    refused(
        "does not depend on idle",
        (graph, scores) -> {
          graph.weight(
              "idle", Shape.of(2), io.github.vaecf.core.model.TensorFlowLayers.Initial.constant(0));
          return Objective.multinomial(scores);
        });
  }
}
