package io.github.vaecf.core.training;

import static io.github.vaecf.core.training.GoldenFile.assertClose;
import static io.github.vaecf.core.training.GoldenFile.flat;
import static io.github.vaecf.core.training.GoldenFile.floats;
import static io.github.vaecf.core.training.GoldenFile.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.core.model.VampVae;
import io.github.vaecf.data.CsrMatrix;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

/**
 * Holds the gated autoencoder with a VampPrior to the numbers of an independent float64 program
 * (golden/vamp.json), to 1e-5 of the largest number of each tensor.
 */
class VampVaeTest {
  private static final double TOLERANCE = 1e-5;
  private static final int ITEMS = 17;
  private static final int PSEUDO_INPUTS = 3;

  private final JsonNode golden = GoldenFile.read("vamp.json");

  private static Settings settings() {
    return VampVae.published()
        .with(VampVae.HIDDEN, List.of(7, 7))
        .with(VampVae.LATENT, 4)
        .with(VampVae.PSEUDO_INPUTS, PSEUDO_INPUTS)
        .with(TrainingSettings.DEVICE, Device.CPU)
        .with(TrainingSettings.THREADS, 1);
  }

  /** The weights or gradients of the golden file by our names. */
  private static Map<String, double[]> byOurNames(JsonNode theirs) {
    Map<String, double[]> ours = new LinkedHashMap<>();
    theirs
        .properties()
        .forEach(
            entry ->
                ours.put(
                    entry
                        .getKey()
                        .replace("/gate_", "/gate/")
                        .replaceFirst("^(mean|log_variance)/", "encoder/$1/")
                        .replaceFirst("^logits/", "decoder/2/"),
                    flat(entry.getValue())));
    return ours;
  }

  private NetworkSession session() {
    NetworkSession session = NetworkSession.forTraining(settings(), Rows.ids(ITEMS));
    byOurNames(golden.get("weights")).forEach((name, value) -> session.set(name, floats(value)));
    return session;
  }

  private CsrMatrix users() {
    int[][] rows = new int[golden.get("users").size()][];
    for (int user = 0; user < rows.length; user++) {
      JsonNode row = golden.get("users").get(user);
      rows[user] =
          IntStream.range(0, ITEMS).filter(item -> row.get(item).asDouble() != 0).toArray();
    }
    return Rows.of(ITEMS, rows);
  }

  private Map<String, float[]> step(NetworkSession session) {
    CsrMatrix users = users();
    try (FedStep step = new FedStep(session, users)) {
      return step.mask("keep_mask", rows(golden.get("mask")))
          .feed("noise", Shape.of(users.rows(), 4), floats(flat(golden.get("epsilon"))))
          .numbers(golden.get("beta").asDouble())
          .run();
    }
  }

  @Test
  void logitsLossPartsAndAllGradientsAgree() {
    try (NetworkSession session = session()) {
      Map<String, float[]> found = step(session);
      assertClose("logits", found.remove("logits"), flat(golden.get("logits")), TOLERANCE);
      assertThat((double) -found.remove("reconstruction")[0])
          .isCloseTo(golden.get("log_likelihood").asDouble(), within(2e-4));
      assertThat((double) found.remove("regulariser")[0])
          .isCloseTo(golden.get("kl").asDouble(), within(1e-5));
      Map<String, double[]> expected = byOurNames(golden.get("gradients"));
      assertThat(found.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
      expected.forEach((name, value) -> assertClose(name, found.get(name), value, TOLERANCE));
    }
  }

  @Test
  void aPseudoInputOutsideItsBoundsCountsAsTheBoundAndGetsNoGradient() {
    try (NetworkSession inside = session();
        NetworkSession outside = session()) {
      double[] pseudoInputs = flat(golden.get("weights").get("pseudo_inputs"));
      pseudoInputs[0] = 0;
      pseudoInputs[ITEMS] = 1;
      inside.set("pseudo_inputs", floats(pseudoInputs));
      pseudoInputs[0] = -0.5;
      pseudoInputs[ITEMS] = 7;
      outside.set("pseudo_inputs", floats(pseudoInputs));
      Map<String, float[]> expected = step(inside);
      Map<String, float[]> found = step(outside);
      assertThat(found.get("regulariser")).isEqualTo(expected.get("regulariser"));
      for (Map<String, float[]> step : List.of(expected, found)) {
        float[] gradient = step.get("pseudo_inputs");
        assertThat(gradient[0]).isZero();
        assertThat(gradient[1]).isNotZero();
        assertThat(gradient[ITEMS]).isZero();
      }
    }
  }

  @Test
  void aLogVarianceOutsideItsBoundsCountsAsTheBoundAndGetsNoGradient() {
    try (NetworkSession session = session()) {
      session.set("encoder/log_variance/bias", floats(5, 100, 0, 0));
      Map<String, float[]> found = step(session);
      session.set("encoder/log_variance/bias", floats(50, 8, 0, 0));
      assertThat(step(session).get("regulariser")).isEqualTo(found.get("regulariser"));
      assertThat(found.get("encoder/log_variance/bias")[0]).isZero();
      assertThat(found.get("encoder/log_variance/bias")[1]).isZero();
      assertThat(found.get("encoder/log_variance/bias")[2]).isNotZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"vamp", "hvamp"})
  void anEmptyRowIsTrainedOnAndGetsNumbers(String name) {
    Settings settings = Settings.published(Model.named(name)).with(small());
    CsrMatrix users = Rows.of(ITEMS, Rows.row(), Rows.row(3, 5), Rows.row());
    try (TrainedModel model =
        Trainer.builder().settings(settings).build().train(users, Rows.ids(ITEMS))) {
      for (float score : model.scores(users, 0, users.rows())) {
        assertThat(score).isFinite();
      }
    }
  }

  private static Map<String, String> small() {
    return Map.of("hidden", "8,6", "latent", "4", "pseudo-inputs", "5", "epochs", "4");
  }

  @ParameterizedTest
  @ValueSource(strings = {"vamp", "hvamp"})
  void itFindsTheGroupsThatThereAre(String name) {
    Groups data = Groups.small();
    Settings settings =
        Settings.published(Model.named(name))
            .with(small())
            .with(Map.of("epochs", "30", "batch-size", "50", "learning-rate", "0.02"));
    try (TrainedModel model =
        Trainer.builder()
            .settings(settings)
            .validation(data.hitRate())
            .build()
            .train(data.matrix(), data.ids())) {
      assertThat(data.hitRate().applyAsDouble(model)).isGreaterThan(0.9);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"vamp", "hvamp"})
  void aNetworkWithoutAGatedLayerIsRefused(String name) {
    Settings settings = Settings.published(Model.named(name));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> settings.with(Map.of("hidden", "0")))
        .withMessageContaining("hidden: expected at least one width");
  }
}
