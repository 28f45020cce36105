package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.data.CsrMatrix;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
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
    try (AutoencoderSession session = golden.session();
        Batch batch = golden.batch()) {
      Map<String, Operand<TFloat32>> wanted = new LinkedHashMap<>();
      wanted.put("logits", session.step.trainingLogits());
      wanted.put("negative_log_likelihood", session.step.negativeLogLikelihood());
      if (golden.variational()) {
        wanted.put("mu", session.step.mean());
        wanted.put("log_variance", session.step.logVariance());
        wanted.put("kl", session.step.kl());
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
        assertClose(name, found.get(name), Golden.flatten(node));
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

  @ParameterizedTest
  @ValueSource(strings = {"mult_vae", "mult_dae"})
  void inferenceLogitsAgree(String model) {
    Golden golden = Golden.read(model);
    try (AutoencoderSession session = golden.session()) {
      float[] logits = session.scores(golden.matrix(), 0, golden.matrix().rows());
      assertClose(
          "inference logits",
          logits,
          Golden.flatten(golden.json.get("expected").get("inference_logits")));
    }
  }

  @Test
  void twoAdamStepsAgree() {
    Golden golden = Golden.read("mult_vae");
    JsonNode adam = golden.json.get("adam");
    try (AutoencoderSession session = golden.session();
        Batch batch = golden.batch()) {
      for (int step = 0; step < adam.get("steps").size(); step++) {
        float[] loss =
            golden
                .run(
                    session,
                    batch,
                    step,
                    Map.of("likelihood", session.step.negativeLogLikelihood()),
                    true)
                .get("likelihood");
        assertThat(loss).hasSize(1);
        JsonNode expected = adam.get("steps").get(step).get("weights_after");
        Map<String, float[]> weights = session.weights();
        for (String name : Golden.names(expected, "")) {
          assertClose(
              name + " after step " + step, weights.get(name), Golden.flatten(expected.get(name)));
        }
      }
    }
  }

  private static void assertClose(String name, float[] found, double[] expected) {
    assertThat(found).as(name).hasSameSizeAs(expected);
    double largest = 0;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) found[i])
          .as("%s[%d]", name, i)
          .isCloseTo(expected[i], org.assertj.core.data.Offset.offset(TOLERANCE * largest));
    }
  }

  /** One golden file and the graph that it describes. */
  private static final class Golden {
    final JsonNode json;

    private Golden(JsonNode json) {
      this.json = json;
    }

    static Golden read(String model) {
      try (InputStream in =
          GoldenNumbersTest.class.getResourceAsStream("/golden/" + model + ".json")) {
        return new Golden(new ObjectMapper().readTree(in));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    boolean variational() {
      return json.has("epsilon");
    }

    double beta() {
      return json.get("beta").asDouble();
    }

    ModelConfig config() {
      int latent = json.get("latent").asInt();
      double keep = json.get("keep_probability").asDouble();
      return variational()
          ? new MultVaeConfig(
              List.of(json.get("hidden").asInt()), latent, keep, 0, KlAnnealing.paper())
          : new MultDaeConfig(List.of(), latent, keep, json.get("l2").asDouble());
    }

    AutoencoderSession session() {
      AutoencoderSession session =
          AutoencoderSession.forTraining(config(), json.get("items").asInt(), Device.CPU, 1, 0, 1);
      Map<String, float[]> weights = new LinkedHashMap<>();
      for (String name : names(json.get("weights"), "")) {
        double[] values = flatten(json.get("weights").get(name));
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
          floats[i] = (float) values[i];
        }
        weights.put(name, floats);
      }
      session.set(weights);
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
        AutoencoderSession session,
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
      AutoencoderGraph.TrainingStep graph = session.step;
      feed(runner, tensors, graph.keepMask(), Shape.of(mask.length), mask);
      if (variational()) {
        double[] epsilon = flatten(json.get("epsilon"));
        float[] noise = new float[epsilon.length];
        for (int i = 0; i < noise.length; i++) {
          noise[i] = (float) epsilon[i];
        }
        feed(
            runner,
            tensors,
            graph.epsilon(),
            Shape.of(batch.users, json.get("latent").asLong()),
            noise);
        feed(runner, tensors, graph.beta(), Shape.scalar(), (float) beta());
      }
      runner.feed(graph.counts(), batch.counts);
      if (update) {
        double rate = json.get("adam").get("learning_rate").asDouble();
        feed(runner, tensors, graph.learningRate(), Shape.scalar(), (float) rate);
        feed(
            runner, tensors, graph.beta1Power(), Shape.scalar(), (float) Math.pow(0.9, step + 1.0));
        feed(
            runner,
            tensors,
            graph.beta2Power(),
            Shape.scalar(),
            (float) Math.pow(0.999, step + 1.0));
        runner.addTarget(graph.update());
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

    double penalty(AutoencoderSession session) {
      double sum = 0;
      for (Map.Entry<String, float[]> weight : session.weights().entrySet()) {
        if (weight.getKey().endsWith("/kernel")) {
          for (float value : weight.getValue()) {
            sum += (double) value * value;
          }
        }
      }
      return json.get("l2").asDouble() * sum;
    }

    private static void feed(
        Session.Runner runner,
        List<TFloat32> tensors,
        Operand<TFloat32> target,
        Shape shape,
        float... values) {
      TFloat32 tensor = Batch.floats(shape, values);
      tensors.add(tensor);
      runner.feed(target, tensor);
    }

    static List<String> names(JsonNode node, String prefix) {
      List<String> names = new ArrayList<>();
      node.fieldNames().forEachRemaining(name -> names.add(prefix + name));
      return names;
    }

    static double[] flatten(JsonNode node) {
      List<Double> values = new ArrayList<>();
      collect(node, values);
      return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static void collect(JsonNode node, List<Double> values) {
      if (node.isArray()) {
        node.forEach(child -> collect(child, values));
      } else {
        values.add(node.asDouble());
      }
    }
  }
}
