package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.CsrMatrix;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;

/**
 * Holds the graph to the numbers of an independent float64 program (golden/mult_vae.json and
 * golden/mult_dae.json), to 1e-5 of the largest number of each tensor.
 */
class GoldenNumbersTest {
  private static final double TOLERANCE = 1e-5;

  @ParameterizedTest
  @ValueSource(strings = {"mult_vae", "mult_dae"})
  void lossPartsActivationsAndAllGradientsAgree(String model) {
    Golden golden = Golden.read(model);
    try (NetworkSession session = golden.session();
        Batch batch = golden.batch()) {
      Map<String, Operand<TFloat32>> wanted = new LinkedHashMap<>();
      wanted.put("logits", trainingLogits(session));
      wanted.put("negative_log_likelihood", session.step.reconstruction());
      if (golden.variational()) {
        wanted.put("mu", operations(session, "Slice").get(1));
        wanted.put("log_variance", operations(session, "Slice").get(2));
        wanted.put("kl", session.step.regulariser());
      }
      session
          .step
          .gradients()
          .forEach((name, gradient) -> wanted.put("gradients/" + name, gradient));
      Map<String, float[]> found = golden.run(session, batch, 0, wanted, false);

      JsonNode expected = golden.json.get("expected");
      for (String name : wanted.keySet()) {
        JsonNode node =
            name.startsWith("gradients/")
                ? expected.get("gradients").get(name.substring("gradients/".length()))
                : expected.get(name);
        GoldenFile.assertClose(name, found.get(name), GoldenFile.flat(node), TOLERANCE);
      }
      assertThat(wanted.keySet())
          .as("every gradient of the golden file is compared")
          .containsAll(Golden.names(expected.get("gradients"), "gradients/"));
      double loss =
          found.get("negative_log_likelihood")[0]
              + (golden.variational()
                  ? golden.beta() * found.get("kl")[0]
                  : golden.penalty(session));
      assertThat(loss)
          .isCloseTo(
              expected.get("loss").asDouble(),
              org.assertj.core.data.Percentage.withPercentage(1e-3));
    }
  }

  /** What the one softmax of the loss is taken of. */
  @SuppressWarnings("unchecked") // a softmax is of floats here
  private static Operand<TFloat32> trainingLogits(NetworkSession session) {
    GraphOperation softmax = (GraphOperation) operations(session, "Softmax").get(0).op();
    return (Operand<TFloat32>) softmax.input(0);
  }

  /** The floats of one kind of operation: first those of the ranking, then those of the step. */
  private static List<Output<TFloat32>> operations(NetworkSession session, String kind) {
    List<Output<TFloat32>> found = new ArrayList<>();
    Iterator<GraphOperation> all = session.network.graph.operations();
    while (all.hasNext()) {
      GraphOperation operation = all.next();
      if (operation.type().equals(kind) && operation.output(0).dataType() == DataType.DT_FLOAT) {
        found.add(operation.output(0));
      }
    }
    return found;
  }

  @ParameterizedTest
  @ValueSource(strings = {"mult_vae", "mult_dae"})
  void inferenceLogitsAgree(String model) {
    Golden golden = Golden.read(model);
    try (NetworkSession session = golden.session()) {
      float[] logits = session.scores(golden.matrix(), 0, golden.matrix().rows());
      GoldenFile.assertClose(
          "inference logits",
          logits,
          GoldenFile.flat(golden.json.get("expected").get("inference_logits")),
          TOLERANCE);
    }
  }

  @Test
  void twoAdamStepsAgree() {
    Golden golden = Golden.read("mult_vae");
    JsonNode adam = golden.json.get("adam");
    try (NetworkSession session = golden.session();
        Batch batch = golden.batch()) {
      for (int step = 0; step < adam.get("steps").size(); step++) {
        float[] loss =
            golden
                .run(
                    session, batch, step, Map.of("likelihood", session.step.reconstruction()), true)
                .get("likelihood");
        assertThat(loss).hasSize(1);
        JsonNode expected = adam.get("steps").get(step).get("weights_after");
        Map<String, float[]> weights = session.state();
        for (String name : Golden.names(expected, "")) {
          GoldenFile.assertClose(
              name + " after step " + step,
              weights.get(name),
              GoldenFile.flat(expected.get(name)),
              TOLERANCE);
        }
      }
    }
  }

  /** One golden file and the graph that it describes. */
  private static final class Golden {
    final JsonNode json;

    private Golden(JsonNode json) {
      this.json = json;
    }

    static Golden read(String model) {
      return new Golden(GoldenFile.read(model + ".json"));
    }

    boolean variational() {
      return json.has("epsilon");
    }

    double beta() {
      return json.get("beta").asDouble();
    }

    Settings settings() {
      int latent = json.get("latent").asInt();
      double keep = json.get("keep_probability").asDouble();
      Settings model =
          variational()
              ? MultVae.published()
                  .with(MultVae.HIDDEN, List.of(json.get("hidden").asInt()))
                  .with(MultVae.LATENT, latent)
                  .with(MultVae.KEEP_PROBABILITY, keep)
              : MultDae.published()
                  .with(MultDae.LATENT, latent)
                  .with(MultDae.KEEP_PROBABILITY, keep)
                  .with(MultDae.L2, json.get("l2").asDouble());
      return model
          .with(TrainingSettings.DEVICE, Device.CPU)
          .with(TrainingSettings.THREADS, 1)
          .with(TrainingSettings.SEED, 1L);
    }

    NetworkSession session() {
      NetworkSession session =
          NetworkSession.forTraining(settings(), Rows.ids(json.get("items").asInt()));
      for (String name : names(json.get("weights"), "")) {
        session.set(name, GoldenFile.floats(json.get("weights").get(name)));
      }
      return session;
    }

    CsrMatrix matrix() {
      JsonNode x = json.get("x");
      return CsrMatrix.of(
          x.size(),
          x.get(0).size(),
          consumer -> {
            for (int row = 0; row < x.size(); row++) {
              for (int column = 0; column < x.get(row).size(); column++) {
                if (x.get(row).get(column).asDouble() != 0) {
                  consumer.accept(row, column);
                }
              }
            }
          });
    }

    Batch batch() {
      return Batch.of(matrix(), 0, matrix().rows());
    }

    /** Runs the step with the golden dropout mask and noise in place of drawn ones. */
    Map<String, float[]> run(
        NetworkSession session,
        Batch batch,
        int step,
        Map<String, Operand<TFloat32>> wanted,
        boolean update) {
      CsrMatrix matrix = matrix();
      float[] mask = new float[Math.toIntExact(matrix.entries())];
      int next = 0;
      for (int row = 0; row < matrix.rows(); row++) {
        for (int column : matrix.row(row)) {
          mask[next++] = (float) json.get("dropout_keep_mask").get(row).get(column).asDouble();
        }
      }
      List<TFloat32> tensors = new ArrayList<>();
      Session.Runner runner = session.runner(batch);
      TrainingStep graph = session.step;
      runner.feed("keep_mask", keep(tensors, Shape.of(mask.length), mask));
      if (variational()) {
        Shape latent = Shape.of(batch.users, json.get("latent").asLong());
        runner.feed("noise", keep(tensors, latent, GoldenFile.floats(json.get("epsilon"))));
        runner.feed(graph.numbers().get(0).fed(), scalar(tensors, beta()));
      }
      if (update) {
        double rate = json.get("adam").get("learning_rate").asDouble();
        TrainingStep.Counter counter = graph.counters().get(0);
        runner.feed(graph.fedLearningRate(), scalar(tensors, rate));
        runner.feed(counter.beta1Power(), scalar(tensors, Math.pow(0.9, step + 1.0)));
        runner.feed(counter.beta2Power(), scalar(tensors, Math.pow(0.999, step + 1.0)));
        runner.addTarget(graph.update(0));
      }
      wanted.values().forEach(runner::fetch);
      Map<String, float[]> found = new LinkedHashMap<>();
      try (Result result = runner.run()) {
        int index = 0;
        for (String name : wanted.keySet()) {
          found.put(name, Batch.copy(result.get(index++)));
        }
      }
      tensors.forEach(TFloat32::close);
      return found;
    }

    double penalty(NetworkSession session) {
      double sum = 0;
      for (Weight weight : session.weights()) {
        if (weight.name().endsWith("/kernel")) {
          for (float value : weight.values()) {
            sum += (double) value * value;
          }
        }
      }
      return json.get("l2").asDouble() * sum;
    }

    private static TFloat32 scalar(List<TFloat32> tensors, double value) {
      return keep(tensors, Shape.scalar(), (float) value);
    }

    private static TFloat32 keep(List<TFloat32> tensors, Shape shape, float... values) {
      TFloat32 tensor = Batch.floats(shape, values);
      tensors.add(tensor);
      return tensor;
    }

    static List<String> names(JsonNode node, String prefix) {
      List<String> names = new ArrayList<>();
      node.fieldNames().forEachRemaining(name -> names.add(prefix + name));
      return names;
    }
  }
}
