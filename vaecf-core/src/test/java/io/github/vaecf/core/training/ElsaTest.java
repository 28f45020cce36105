package io.github.vaecf.core.training;

import static io.github.vaecf.core.training.GoldenFile.assertClose;
import static io.github.vaecf.core.training.GoldenFile.flat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Elsa;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.CsrMatrix;
import java.util.Arrays;
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

  private final JsonNode golden = GoldenFile.read("elsa.json");

  private static Settings settings(int factors) {
    return Settings.published(new Elsa())
        .with(Elsa.FACTORS, factors)
        .with(TrainingSettings.DEVICE, Device.CPU)
        .with(TrainingSettings.THREADS, 1);
  }

  private NetworkSession session() {
    NetworkSession session = NetworkSession.forTraining(settings(FACTORS), Rows.ids(ITEMS));
    session.set("items/directions", GoldenFile.floats(golden.get("A")));
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

  /** Loss and gradient must be a share of those of the golden file. */
  private void assertAgree(float[][] found, double share) {
    for (int i = 0; i < 2; i++) {
      String name = List.of("loss", "gradient_A").get(i);
      double[] expected = Arrays.stream(flat(golden.get(name))).map(one -> one * share).toArray();
      assertClose(name, found[i], expected, TOLERANCE);
    }
  }

  @Test
  void theScoresAgree() {
    try (NetworkSession session = session()) {
      assertClose("scores", session.scores(users(0), 0, 8), flat(golden.get("scores")), TOLERANCE);
    }
  }

  @Test
  void lossAndGradientAgree() {
    try (NetworkSession session = session()) {
      float[][] found = lossAndGradient(session, users(0));

      assertAgree(found, 1);
    }
  }

  @Test
  void anEmptyRowAddsNothingToLossAndGradient() {
    try (NetworkSession session = session()) {
      float[][] found = lossAndGradient(session, users(3));
      double share = 8 / 11.0; // of a mean over three users more

      assertAgree(found, share);
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
