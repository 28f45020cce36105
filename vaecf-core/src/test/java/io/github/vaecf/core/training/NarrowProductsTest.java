package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.core.model.Elsa;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Objective;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.core.model.TrainingSettings.Products;
import io.github.vaecf.core.training.NetworkSession.StepInput;
import io.github.vaecf.core.training.NetworkSession.StepLoss;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Steps whose products with all items are taken in bfloat16. */
class NarrowProductsTest {
  private static final int ITEMS = 60;
  private static final int[] ORDER = IntStream.range(0, 40).toArray();
  private static final CsrMatrix USERS = users();

  @TempDir Path folder;

  private static CsrMatrix users() {
    Random random = new Random(5);
    return CsrMatrix.of(
        ORDER.length,
        ITEMS,
        pairs -> {
          random.setSeed(5);
          for (int user = 0; user < ORDER.length; user++) {
            for (int i = 0; i < 8; i++) {
              pairs.accept(user, random.nextInt(ITEMS));
            }
          }
        });
  }

  /** All models whose scores are a product with all items. */
  static List<Settings> models() {
    List<Settings> models = SampledTrainingTest.modelsAndHierarchical();
    models.removeIf(settings -> settings.model() instanceof Elsa);
    return models;
  }

  private static Settings with(Settings settings, Products products, int itemsPerStep) {
    return settings
        .with(TrainingSettings.PRODUCTS, products)
        .with(TrainingSettings.ITEMS_PER_STEP, itemsPerStep)
        .with(TrainingSettings.DEVICE, Device.CPU)
        .with(TrainingSettings.THREADS, 1);
  }

  /** After one step Adam's first moments are the gradients, a tenth of them. */
  private static Map<String, float[]> momentsAfterAStep(Settings settings, double[] loss) {
    int drawn = settings.get(TrainingSettings.ITEMS_PER_STEP);
    ItemSample sample = drawn == 0 ? null : ItemSample.draw(USERS, ORDER, 0, 4, drawn, 3);
    try (NetworkSession session = NetworkSession.forTraining(settings, Rows.ids(ITEMS));
        Batch batch = Batch.of(USERS, ORDER, 0, drawn == 0 ? ORDER.length : 4, sample)) {
      StepLoss found =
          session.train(
              batch,
              new StepInput(
                  new Objective.Step(0, 10, 0),
                  0.001,
                  1,
                  0,
                  Collections.nCopies(session.step.counters().size(), 0L),
                  NetworkSession.Wishes.NONE));
      loss[0] = found.reconstruction();
      Map<String, float[]> moments = session.state();
      moments.keySet().removeIf(name -> !name.endsWith("/adam_m"));
      return moments;
    }
  }

  private static double length(float[] values) {
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares);
  }

  private static void assertCloseButNarrow(Settings settings, int itemsPerStep) {
    double[] loss = new double[1];
    double[] narrowLoss = new double[1];
    Map<String, float[]> wide =
        momentsAfterAStep(with(settings, Products.FLOAT32, itemsPerStep), loss);
    Map<String, float[]> narrow =
        momentsAfterAStep(with(settings, Products.BFLOAT16, itemsPerStep), narrowLoss);
    assertThat(narrowLoss[0]).isNotEqualTo(loss[0]);
    // bfloat16 has 8 bits of mantissa: a product of rounded factors is off by some 2⁻⁸ of itself.
    assertThat(Math.abs(narrowLoss[0] / loss[0] - 1)).isLessThan(0.01);
    assertThat(narrow.keySet()).isEqualTo(wide.keySet()).isNotEmpty();
    wide.forEach(
        (name, values) -> {
          float[] off = narrow.get(name).clone();
          for (int i = 0; i < off.length; i++) {
            off[i] -= values[i];
          }
          assertThat(length(off)).as(name).isLessThanOrEqualTo(0.02 * length(values));
        });
  }

  @ParameterizedTest
  @MethodSource("models")
  void gradientsAreThoseOfFloat32UpToTheRoundingOfTheFactors(Settings settings) {
    assumeTrue(TensorFlowRuntime.multipliesBfloat16(), "no instructions for bfloat16 here");
    assertCloseButNarrow(settings, 0);
    assertCloseButNarrow(settings, 10);
  }

  @Test
  void whatIsAskedOfTheModelIsComputedInFloat32() {
    assumeTrue(TensorFlowRuntime.multipliesBfloat16(), "no instructions for bfloat16 here");
    Settings settings = MultVae.published();
    try (NetworkSession wide =
            NetworkSession.forTraining(with(settings, Products.FLOAT32, 0), Rows.ids(ITEMS));
        NetworkSession narrow =
            NetworkSession.forTraining(with(settings, Products.BFLOAT16, 0), Rows.ids(ITEMS))) {
      assertThat(narrow.scores(USERS, 0, USERS.rows()))
          .containsExactly(wide.scores(USERS, 0, USERS.rows()));
    }
  }

  @Test
  void trainingsThatAreStoppedAndResumedEndWithTheSameBytes() throws IOException {
    assumeTrue(TensorFlowRuntime.multipliesBfloat16(), "no instructions for bfloat16 here");
    Settings settings =
        MultVae.published()
            .with(MultVae.HIDDEN, List.of(24))
            .with(MultVae.LATENT, 8)
            .with(TrainingSettings.BATCH_SIZE, 50)
            .with(TrainingSettings.EPOCHS, 12)
            .with(TrainingSettings.LEARNING_RATE, 0.01)
            .with(TrainingSettings.PRODUCTS, Products.BFLOAT16)
            .with(TrainingSettings.DEVICE, Device.CPU);
    ResumedTraining.requireSameBytes(settings, folder, 4, 27);
    assertThat(Files.readString(folder.resolve("whole").resolve("config.json")))
        .as("the run says what was used")
        .contains("\"products\" : \"bfloat16\"");
  }

  @Test
  void aModelWithoutSuchProductsIsRefused() {
    Groups data = new Groups(60, 4, 40, 1);
    Trainer trainer =
        Trainer.builder()
            .settings(with(Settings.published(new Elsa()), Products.BFLOAT16, 0))
            .build();
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> trainer.train(data.matrix(), data.ids()))
        .withMessage(
            "products bfloat16: a step of this model has no product with all items; use products"
                + " float32");
  }
}
