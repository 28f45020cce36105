package io.github.vaecf.core.training;

import static io.github.vaecf.core.training.GoldenFile.assertClose;
import static io.github.vaecf.core.training.GoldenFile.flat;
import static io.github.vaecf.core.training.GoldenFile.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.RecVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.data.CsrMatrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * Holds RecVAE to the numbers of an independent float64 program (golden/recvae.json), to 1e-5 of
 * the largest number of each tensor, and its phases to what is published.
 */
class RecVaeTest {
  private static final double TOLERANCE = 1e-5;

  @TempDir Path folder;

  private final JsonNode golden = GoldenFile.read("recvae.json");

  private static Settings settings() {
    return RecVae.published()
        .with(RecVae.WIDTH, 7)
        .with(RecVae.LATENT, 4)
        .with(TrainingSettings.DEVICE, Device.CPU)
        .with(TrainingSettings.THREADS, 1);
  }

  /** Our name of a weight by the golden file's. */
  private static String name(String theirs) {
    if (theirs.startsWith("decoder/")) {
      return "decoder/0/" + theirs.substring("decoder/".length());
    }
    if (theirs.startsWith("dense")) {
      return "encoder/" + (theirs.charAt(5) - '1') + theirs.substring(6);
    }
    if (theirs.startsWith("norm")) {
      String ours = theirs.endsWith("gain") ? "scale" : "shift";
      return "encoder/" + (theirs.charAt(4) - '1') + "/norm/" + ours;
    }
    return "encoder/" + theirs;
  }

  private static Map<String, JsonNode> weights(JsonNode theirs) {
    Map<String, JsonNode> weights = new LinkedHashMap<>();
    theirs.properties().forEach(entry -> weights.put(name(entry.getKey()), entry.getValue()));
    return weights;
  }

  private NetworkSession session() {
    NetworkSession session = NetworkSession.forTraining(settings(), Rows.ids(17));
    weights(golden.get("encoder")).forEach((name, value) -> session.set(name, floats(value)));
    weights(golden.get("decoder")).forEach((name, value) -> session.set(name, floats(value)));
    weights(golden.get("old_encoder"))
        .forEach((name, value) -> session.set("frozen/" + name, floats(value)));
    return session;
  }

  private CsrMatrix users() {
    JsonNode rows = golden.get("users");
    return CsrMatrix.of(
        rows.size(),
        17,
        pairs -> {
          for (int user = 0; user < rows.size(); user++) {
            for (int item = 0; item < 17; item++) {
              if (rows.get(user).get(item).asDouble() != 0) {
                pairs.accept(user, item);
              }
            }
          }
        });
  }

  @Test
  void lossPartsAndGradientsOfTheEncoderAgree() {
    requireStep("encoder_step", RecVae.KEEP_PROBABILITY.published());
  }

  @Test
  void lossPartsAndGradientsOfTheDecoderAgree() {
    requireStep("decoder_step", 1);
  }

  private void requireStep(String name, double keepProbability) {
    JsonNode expected = golden.get(name);
    CsrMatrix users = users();
    List<TFloat32> fed = new ArrayList<>();
    try (NetworkSession session = session();
        Batch batch = Batch.of(users, 0, users.rows())) {
      float[] mask = new float[Math.toIntExact(users.entries())];
      int next = 0;
      for (int user = 0; user < users.rows(); user++) {
        for (int item : users.row(user)) {
          mask[next++] =
              keepProbability == 1 ? 1 : (float) golden.get("mask").get(user).get(item).asDouble();
        }
      }
      Session.Runner runner = session.runner(batch);
      feed(runner, "keep_mask", fed, Shape.of(mask.length), mask);
      feed(runner, "noise", fed, Shape.of(users.rows(), 4), floats(golden.get("epsilon")));
      double[] numbers = {keepProbability, golden.get("gamma").asDouble()};
      for (int i = 0; i < numbers.length; i++) {
        TFloat32 number = TFloat32.scalarOf((float) numbers[i]);
        fed.add(number);
        runner.feed(session.step.numbers().get(i).fed(), number);
      }
      Map<String, Operand<TFloat32>> wanted = new LinkedHashMap<>();
      wanted.put("likelihood", session.step.reconstruction());
      wanted.put("kl", session.step.regulariser());
      Map<String, JsonNode> gradients = weights(expected.get("gradients"));
      gradients.keySet().forEach(one -> wanted.put(one, session.step.gradients().get(one)));
      wanted.values().forEach(runner::fetch);
      Map<String, float[]> found = new LinkedHashMap<>();
      try (Result result = runner.run()) {
        int index = 0;
        for (String one : wanted.keySet()) {
          found.put(one, Batch.copy(result.get(index++)));
        }
      }
      assertThat((double) -found.get("likelihood")[0])
          .isCloseTo(expected.get("log_likelihood").asDouble(), within(2e-4));
      assertThat(found.get("kl")[0] * golden.get("gamma").asDouble())
          .isCloseTo(expected.get("kl").asDouble(), within(1e-6));
      gradients.forEach((one, value) -> assertClose(one, found.get(one), flat(value), TOLERANCE));
    } finally {
      fed.forEach(TFloat32::close);
    }
  }

  private static void feed(
      Session.Runner runner, String name, List<TFloat32> fed, Shape shape, float[] values) {
    TFloat32 tensor = Batch.floats(shape, values);
    fed.add(tensor);
    runner.feed(name, tensor);
  }

  @Test
  void inferenceLogitsAgreeAndAnEmptyRowGivesNumbers() {
    CsrMatrix users = users();
    try (NetworkSession session = session()) {
      assertClose(
          "logits",
          session.scores(users, 0, users.rows()),
          flat(golden.get("inference_logits")),
          TOLERANCE);
      float[] ofNobody = session.scores(Rows.of(17, Rows.row()), 0, 1);
      for (float score : ofNobody) {
        assertThat(score).isFinite();
      }
    }
  }

  @Test
  void encoderAndDecoderLearnInTurnAndThePriorFollowsBeforeTheDecoder() {
    RecVae model = new RecVae();
    Settings settings = settings();
    List<Integer> phases = new ArrayList<>();
    List<Boolean> refreshes = new ArrayList<>();
    for (int epoch = 0; epoch < 8; epoch++) {
      phases.add(model.phase(settings, epoch));
      refreshes.add(model.refreshesFrozen(settings, epoch));
    }
    assertThat(phases).containsExactly(0, 0, 0, 1, 0, 0, 0, 1);
    assertThat(refreshes).containsExactly(false, false, false, true, false, false, false, true);
    assertThat(model.learns(settings, 0, "encoder/3/kernel")).isTrue();
    assertThat(model.learns(settings, 0, "decoder/0/kernel")).isFalse();
    assertThat(model.learns(settings, 1, "encoder/log_variance/bias")).isFalse();
    assertThat(model.learns(settings, 1, "decoder/0/bias")).isTrue();
  }

  @Test
  void resumedInTheMiddleOfAPhaseItIsTheSameToTheByte() throws IOException {
    Settings settings =
        settings()
            .with(
                Map.of(
                    "epochs",
                    "9",
                    "batch-size",
                    "50",
                    "latent",
                    "8",
                    "width",
                    "16",
                    "learning-rate",
                    "0.02"));
    ResumedTraining.requireSameBytes(settings, folder, 8, 20);
  }
}
