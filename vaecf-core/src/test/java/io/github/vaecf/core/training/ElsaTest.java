package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Elsa;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.CsrMatrix;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.types.TFloat32;

/** Holds ELSA to the numbers of an independent float64 program (golden/elsa.json). */
class ElsaTest {
  private static final int ITEMS = 17;
  private static final int FACTORS = 6;
  private static final double TOLERANCE = 1e-5;

  private final JsonNode golden = read();

  private static JsonNode read() {
    try (InputStream in = ElsaTest.class.getResourceAsStream("/golden/elsa.json")) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static double[] numbers(JsonNode matrix) {
    List<Double> numbers = new ArrayList<>();
    matrix.forEach(row -> row.forEach(number -> numbers.add(number.asDouble())));
    return numbers.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static float[] floats(double[] numbers) {
    float[] floats = new float[numbers.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) numbers[i];
    }
    return floats;
  }

  private static Settings settings(int factors) {
    return Settings.published(new Elsa())
        .with(Elsa.FACTORS, factors)
        .with(TrainingSettings.DEVICE, Device.CPU)
        .with(TrainingSettings.THREADS, 1);
  }

  private NetworkSession session() {
    NetworkSession session = NetworkSession.forTraining(settings(FACTORS), Rows.ids(ITEMS));
    session.set("items/directions", floats(numbers(golden.get("A"))));
    return session;
  }

  /** The users of the file, and so many without items. */
  private CsrMatrix users(int empty) {
    JsonNode rows = golden.get("users");
    return CsrMatrix.of(
        rows.size() + empty,
        ITEMS,
        pairs -> {
          for (int user = 0; user < rows.size(); user++) {
            for (int item = 0; item < ITEMS; item++) {
              if (rows.get(user).get(item).asDouble() != 0) {
                pairs.accept(user, item);
              }
            }
          }
        });
  }

  private static float[][] lossAndGradient(NetworkSession session, CsrMatrix users) {
    Operand<TFloat32> gradient = session.step.gradients().get("items/directions");
    try (Batch batch = Batch.of(users, 0, users.rows());
        Result result =
            session.runner(batch).fetch(session.step.reconstruction()).fetch(gradient).run()) {
      return new float[][] {Batch.copy(result.get(0)), Batch.copy(result.get(1))};
    }
  }

  private static void assertClose(float[] found, double[] expected, double factor) {
    assertThat(found).hasSameSizeAs(expected);
    double largest = 0;
    for (double number : expected) {
      largest = Math.max(largest, Math.abs(number * factor));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) found[i])
          .as("entry %d", i)
          .isCloseTo(expected[i] * factor, within(TOLERANCE * largest));
    }
  }

  @Test
  void theScoresAgree() {
    try (NetworkSession session = session()) {
      assertClose(session.scores(users(0), 0, 8), numbers(golden.get("scores")), 1);
    }
  }

  @Test
  void lossAndGradientAgree() {
    try (NetworkSession session = session()) {
      float[][] found = lossAndGradient(session, users(0));

      assertClose(found[0], new double[] {golden.get("loss").asDouble()}, 1);
      assertClose(found[1], numbers(golden.get("gradient_A")), 1);
    }
  }

  @Test
  void anEmptyRowAddsNothingToLossAndGradient() {
    try (NetworkSession session = session()) {
      float[][] found = lossAndGradient(session, users(3));
      double share = 8 / 11.0; // of a mean over three users more

      assertClose(found[0], new double[] {golden.get("loss").asDouble()}, share);
      assertClose(found[1], numbers(golden.get("gradient_A")), share);
    }
  }

  @Test
  void emptyRowsAloneGiveNoLossAndNoGradient() {
    try (NetworkSession session = session()) {
      float[][] found = lossAndGradient(session, Rows.of(ITEMS, new int[0], new int[0]));

      assertThat(found[0]).containsExactly(0);
      for (float number : found[1]) {
        assertThat(number).isZero();
      }
    }
  }

  @Test
  void whatAlreadyReproducesTheRowsHasALossOfZero() {
    // Two items with one direction, at right angles to the others: a user of both is reproduced.
    try (NetworkSession session = session()) {
      float[] directions = new float[ITEMS * FACTORS];
      for (int item = 0; item < ITEMS; item++) {
        directions[item * FACTORS + (item < 2 ? 0 : 1 + item % 5)] = 3;
      }
      session.set("items/directions", directions);
      float[][] found = lossAndGradient(session, Rows.of(ITEMS, new int[] {0, 1}));

      assertThat(found[0][0]).isCloseTo(0, within(1e-6f));
      for (float number : found[1]) {
        assertThat(number).isCloseTo(0, within(1e-6f));
      }
    }
  }

  @Test
  void theEmbeddingsOfItemsAreCompared() {
    Groups data = Groups.small();
    try (TrainedModel model =
        Trainer.builder()
            .settings(settings(8).with(TrainingSettings.EPOCHS, 20))
            .build()
            .train(data.matrix(), data.ids())) {
      assertThat(data.hitRate().applyAsDouble(model)).isGreaterThan(0.85); // by chance 0.25
      Weight embeddings = model.itemKernel().orElseThrow();
      assertThat(embeddings.shape()).containsExactly(8L, 40L);
    }
  }
}
