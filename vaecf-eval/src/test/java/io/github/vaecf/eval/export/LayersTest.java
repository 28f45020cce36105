package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.model.Layers;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.eval.GivenWeights;
import io.github.vaecf.eval.SmallModels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every word that a model can describe itself in means the same in all forms of an export. */
class LayersTest {
  private static final int ITEMS = SmallModels.ITEMS;
  private static final int WIDTH = 8;
  private static final int ENTRIES = 5 * ITEMS;
  private static final CsrMatrix USERS = SmallModels.users(60, 2);

  @TempDir Path folder;

  /** A way from histories to scores that needs the word. */
  private enum Word {
    HISTORY {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return hidden;
      }
    },
    SUM {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return layers.add(hidden, layers.sum("sum", WIDTH));
      }
    },
    DENSE {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return layers.dense("dense", hidden, WIDTH);
      }
    },
    SAME_WEIGHTS_TWICE {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return layers.dense("dense", layers.dense("dense", hidden, WIDTH), WIDTH);
      }
    },
    LAYER_NORM {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return layers.layerNorm("norm", hidden, 0.1f);
      }
    },
    STANDARDISE {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return layers.standardise(hidden);
      }
    },
    TANH {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return layers.tanh(hidden);
      }
    },
    SIGMOID {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return layers.sigmoid(hidden);
      }
    },
    ADD {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return layers.add(hidden, layers.tanh(hidden));
      }
    },
    MULTIPLY {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return layers.multiply(hidden, layers.sigmoid(hidden));
      }
    },
    SCALE {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return layers.scale(hidden, -1.5f);
      }
    },
    CONCATENATE {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return layers.dense("wide", layers.concatenate(hidden, layers.tanh(hidden)), WIDTH);
      }
    },
    SLICE {
      @Override
      <T> T of(T hidden, Layers<T> layers) {
        return layers.dense("narrow", layers.slice(hidden, 3, 4), WIDTH);
      }
    };

    abstract <T> T of(T hidden, Layers<T> layers);
  }

  /** Random weights for whatever the words ask for, by name. */
  private static Weight weight(String name, long... shape) {
    Random random = new Random(name.hashCode());
    List<Long> dimensions = new ArrayList<>();
    int size = 1;
    for (long dimension : shape) {
      dimensions.add(dimension);
      size *= (int) dimension;
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return new Weight(name, dimensions, values);
  }

  private static Weight[] weights(Word word) {
    List<Weight> weights = new ArrayList<>();
    weights.add(weight("history/kernel", ITEMS, WIDTH));
    weights.add(weight("history/bias", WIDTH));
    weights.add(weight("items/kernel", WIDTH, ITEMS));
    weights.add(weight("items/bias", ITEMS));
    switch (word) {
      case SUM -> weights.add(weight("sum/kernel", ITEMS, WIDTH));
      case DENSE, SAME_WEIGHTS_TWICE -> {
        weights.add(weight("dense/kernel", WIDTH, WIDTH));
        weights.add(weight("dense/bias", WIDTH));
      }
      case LAYER_NORM -> {
        weights.add(weight("norm/scale", WIDTH));
        weights.add(weight("norm/shift", WIDTH));
      }
      case CONCATENATE -> {
        weights.add(weight("wide/kernel", 2 * WIDTH, WIDTH));
        weights.add(weight("wide/bias", WIDTH));
      }
      case SLICE -> {
        weights.add(weight("narrow/kernel", 4, WIDTH));
        weights.add(weight("narrow/bias", WIDTH));
      }
      default -> {}
    }
    return weights.toArray(Weight[]::new);
  }

  @ParameterizedTest
  @EnumSource
  void theWordMeansTheSameInEveryForm(Word word) throws Exception {
    GivenWeights model =
        new GivenWeights(weights(word)) {
          @Override
          public <T> T scores(Settings settings, Layers<T> layers) {
            return layers.items("items", word.of(layers.history("history", WIDTH), layers));
          }
        };
    assertThat(opset(model)).isEqualTo(13);
  }

  @Test
  void sumsAsWideAsThereAreItemsMeanTheSameInEveryForm() throws Exception {
    GivenWeights model =
        new GivenWeights(weight("weights/kernel", ITEMS, ITEMS)) {
          @Override
          public <T> T scores(Settings settings, Layers<T> layers) {
            return layers.sum("weights", ITEMS);
          }
        };
    assertThat(opset(model)).isEqualTo(13);
  }

  /** Rows of very different lengths, some empty, some of which name an item twice. */
  private static Weight[] sparseRows(long seed) {
    Random random = new Random(seed);
    Weight lengths = weight("nearest/lengths", ITEMS);
    int room = ENTRIES;
    for (int item = 0; item < ITEMS; item++) {
      int length = Math.min(room, random.nextInt(3) == 0 ? 0 : random.nextInt(item + 2));
      lengths.values()[item] = length;
      room -= length;
    }
    Weight items = weight("nearest/items", ENTRIES);
    for (int entry = 0; entry < ENTRIES; entry++) {
      items.values()[entry] = random.nextInt(30);
    }
    return new Weight[] {lengths, items, weight("nearest/weights", ENTRIES)};
  }

  @Test
  void sumsOfSparseRowsMeanTheSameInEveryForm() throws Exception {
    Weight[] rows = sparseRows(7);
    GivenWeights model =
        new GivenWeights(rows) {
          @Override
          public <T> T scores(Settings settings, Layers<T> layers) {
            return layers.sparseSum("nearest", ENTRIES);
          }
        };
    assertThat(opset(model)).isEqualTo(16);
    try (TrainedModel scored = model.over(SmallModels.ids())) {
      float[] found = scored.scores(USERS, 0, USERS.rows());
      float[] expected = new float[found.length];
      int start = 0;
      for (int item = 0; item < ITEMS; item++) {
        int end = start + (int) rows[0].values()[item];
        for (int user = 0; user < USERS.rows(); user++) {
          for (int entry = start; entry < end && USERS.contains(user, item); entry++) {
            expected[user * ITEMS + (int) rows[1].values()[entry]] += rows[2].values()[entry];
          }
        }
        start = end;
      }
      assertThat(found).containsExactly(expected, within(1e-4f));
    }
  }

  @Test
  void sparseRowsThatAreAllEmptyGiveNoScoresInEveryForm() throws Exception {
    GivenWeights model =
        new GivenWeights(
            new Weight("none/lengths", List.of((long) ITEMS), new float[ITEMS]),
            new Weight("none/items", List.of(1L), new float[1]),
            new Weight("none/weights", List.of(1L), new float[1])) {
          @Override
          public <T> T scores(Settings settings, Layers<T> layers) {
            return layers.sparseSum("none", 1);
          }
        };
    assertThat(opset(model)).isEqualTo(16);
  }

  @ParameterizedTest
  @CsvSource({"1, 0.1, 1", "100, 0.1, 0.5"})
  void factorsOfUsersMeanTheSameInEveryForm(double alpha, double lambda, double exponent)
      throws Exception {
    Weight gram = weight("factors/gram", WIDTH);
    for (int i = 0; i < WIDTH; i++) {
      gram.values()[i] = 1 + 10 * i;
    }
    GivenWeights model =
        new GivenWeights(weight("factors/kernel", ITEMS, WIDTH), gram) {
          @Override
          public <T> T scores(Settings settings, Layers<T> layers) {
            return layers.tied(
                "factors", layers.foldIn("factors", WIDTH, alpha, lambda, exponent, 20));
          }
        };
    assertThat(opset(model)).isEqualTo(13);
  }

  @Test
  void sumsOfLowRankMeanTheSameInEveryForm() throws Exception {
    GivenWeights model =
        new GivenWeights(weight("low/directions", ITEMS, WIDTH)) {
          @Override
          public <T> T scores(Settings settings, Layers<T> layers) {
            return layers.standardise(layers.lowRankSum("low", WIDTH)); // what is seen counts too
          }
        };
    assertThat(opset(model)).isEqualTo(16);
  }

  @Test
  void scoresOfClosedFormsCanBeStandardisedInEveryForm() throws Exception {
    Weight[] rows = sparseRows(8);
    GivenWeights model =
        new GivenWeights(
            rows[0],
            rows[1],
            rows[2],
            weight("weights/kernel", ITEMS, ITEMS),
            weight("popularity", ITEMS)) {
          @Override
          public <T> T scores(Settings settings, Layers<T> layers) {
            return layers.add(
                layers.standardise(layers.constantScores("popularity")),
                layers.add(
                    layers.standardise(layers.sparseSum("nearest", ENTRIES)),
                    layers.standardise(layers.sum("weights", ITEMS))));
          }
        };
    assertThat(opset(model)).isEqualTo(16);
    try (TrainedModel scored = model.over(SmallModels.ids())) {
      for (float score : scored.scores(USERS, 0, USERS.rows())) {
        assertThat(Math.abs(score)).as("a sum of three standard scores").isLessThan(60);
      }
    }
  }

  @Test
  void standardisedRowsOfEqualEntriesAreZerosInEveryForm() throws Exception {
    Weight equal = weight("popularity", ITEMS);
    Arrays.fill(equal.values(), 0.1f); // has no exact mean
    GivenWeights model =
        new GivenWeights(equal) {
          @Override
          public <T> T scores(Settings settings, Layers<T> layers) {
            return layers.standardise(layers.constantScores("popularity"));
          }
        };
    assertThat(opset(model)).isEqualTo(13);
    try (TrainedModel scored = model.over(SmallModels.ids())) {
      for (float score : scored.scores(USERS, 0, USERS.rows())) {
        assertThat(score == 0).as("%s is 0, of either sign", score).isTrue();
      }
    }
  }

  @Test
  void scoresThatAreTheSameForEverybodyMeanTheSameInEveryForm() throws Exception {
    // A weight may have the name of an output.
    GivenWeights model =
        new GivenWeights(weight("scores", ITEMS)) {
          @Override
          public <T> T scores(Settings settings, Layers<T> layers) {
            return layers.constantScores("scores");
          }
        };
    assertThat(opset(model)).isEqualTo(13);
  }

  /** Exports in every form, compares all scores with the model's, and gives the ONNX opset. */
  private long opset(GivenWeights described) throws Exception {
    Path onnx = folder.resolve("model.onnx");
    Path indices = folder.resolve("indices.onnx");
    try (TrainedModel model = described.over(SmallModels.ids())) {
      SavedModelExporter.export(model, folder.resolve("1"));
      OnnxExporter.export(model, onnx);
      OnnxExporter.builder().rawIds(false).export(model, indices);
      Rankings expected = model.rank(USERS, 0, USERS.rows(), ITEMS);
      for (Path export : List.of(folder.resolve("1"), onnx, indices)) {
        try (ServedModel served = ServedModel.load(export)) {
          assertThat(
                  RankingAgreement.ACROSS_RUNTIMES.differences(
                      expected, served.rank(USERS, 0, USERS.rows(), ITEMS)))
              .as(export.toString())
              .isEmpty();
        }
      }
    }
    return ModelProto.parseFrom(Files.readAllBytes(onnx)).getOpsetImport(0).getVersion();
  }

  @ParameterizedTest
  @EnumSource(names = {"HISTORY", "SUM"})
  void smallerWeightsGiveNearlyTheSameScores(Word word) {
    GivenWeights described =
        new GivenWeights(weights(word)) {
          @Override
          public <T> T scores(Settings settings, Layers<T> layers) {
            return layers.items("items", word.of(layers.history("history", WIDTH), layers));
          }
        };
    try (TrainedModel model = described.over(SmallModels.ids())) {
      Rankings expected = model.rank(USERS, 0, USERS.rows(), 1);
      for (ExportedWeights form : List.of(ExportedWeights.FLOAT16, ExportedWeights.INT8)) {
        Path file = folder.resolve(form + ".onnx");
        OnnxExporter.builder().weights(form).export(model, file);
        Path version = folder.resolve(form.toString()).resolve("1");
        SavedModelExporter.builder().weights(form).export(model, version);
        for (Path path : List.of(file, version)) {
          try (ServedModel served = ServedModel.load(path)) {
            Rankings found = served.rank(USERS, 0, USERS.rows(), 1);
            for (int user = 0; user < USERS.rows(); user++) {
              assertThat(Math.abs(found.score(user, 0) - expected.score(user, 0)))
                  .as("%s, user %d", path, user)
                  .isLessThan(Math.abs(expected.score(user, 0)) * 0.1f + 0.5f);
            }
          }
        }
      }
    }
  }
}
