package io.github.vaecf.core.training;

import static io.github.vaecf.core.training.GoldenFile.assertClose;
import static io.github.vaecf.core.training.GoldenFile.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.HierarchicalVampVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.core.model.VampVae;
import io.github.vaecf.data.CsrMatrix;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.tensorflow.ndarray.Shape;

/**
 * Holds the hierarchical model to the same formulas written once more here, in float64, user by
 * user and without any of TensorFlow: scores, loss parts, and by finite differences the gradient of
 * every weight.
 */
class HierarchicalVampVaeTest {
  private static final int ITEMS = 11;
  private static final int OUTER = 6;
  private static final int INNER = 5;
  private static final int LATENT = 3;
  private static final int PSEUDO_INPUTS = 4;
  private static final double BETA = 0.3;
  private static final double KEEP = 0.5;
  private static final CsrMatrix USERS =
      Rows.of(
          ITEMS,
          Rows.row(0, 1, 4, 7),
          Rows.row(2),
          Rows.row(),
          Rows.row(3, 4, 5, 8, 9, 10),
          Rows.row(0, 10));

  private final Random random = new Random(11);
  private final double[][] mask2 = mask();
  private final double[][] mask1 = mask();
  private final double[][] noise2 = noise();
  private final double[][] noise1 = noise();

  private double[][] mask() {
    double[][] mask = new double[USERS.rows()][ITEMS];
    for (double[] row : mask) {
      Arrays.setAll(row, item -> random.nextInt(3) == 0 ? 0 : 1);
    }
    return mask;
  }

  private double[][] noise() {
    double[][] noise = new double[USERS.rows()][LATENT];
    for (double[] row : noise) {
      Arrays.setAll(row, entry -> random.nextGaussian());
    }
    return noise;
  }

  private static Settings settings() {
    return HierarchicalVampVae.published()
        .with(VampVae.HIDDEN, List.of(OUTER, INNER))
        .with(VampVae.LATENT, LATENT)
        .with(VampVae.PSEUDO_INPUTS, PSEUDO_INPUTS)
        .with(VampVae.KEEP_PROBABILITY, KEEP)
        .with(TrainingSettings.DEVICE, Device.CPU)
        .with(TrainingSettings.THREADS, 1);
  }

  /** Large enough weights for every path to count; one pseudo-input and one σ² out of bounds. */
  private Map<String, double[]> weights(NetworkSession session) {
    Map<String, double[]> weights = new LinkedHashMap<>();
    Map<String, float[]> state = session.state();
    for (String name : session.step.gradients().keySet()) {
      double[] values = new double[state.get(name).length];
      boolean rows = name.equals("pseudo_inputs");
      // As exact in float32 as in float64.
      Arrays.setAll(
          values,
          i -> (float) (rows ? 0.1 + 0.8 * random.nextDouble() : 0.5 * random.nextGaussian()));
      weights.put(name, values);
    }
    weights.get("pseudo_inputs")[2] = -0.25;
    weights.get("encoder/log_variance/bias")[1] = 9;
    weights.forEach((name, values) -> session.set(name, floats(values)));
    return weights;
  }

  @Test
  void lossPartsAndAllGradientsAreThoseOfTheFormulas() {
    try (NetworkSession session = NetworkSession.forTraining(settings(), Rows.ids(ITEMS));
        FedStep step = new FedStep(session, USERS)) {
      Map<String, double[]> weights = weights(session);
      Shape latent = Shape.of(USERS.rows(), LATENT);
      Map<String, float[]> found =
          step.mask("keep_mask", mask2)
              .mask("keep_mask_1", mask1)
              .feed("noise", latent, flat(noise2))
              .feed("noise_1", latent, flat(noise1))
              .numbers(BETA)
              .run();
      found.remove("logits");
      double[] parts = new Formulas(weights).parts();
      assertThat((double) found.remove("reconstruction")[0])
          .isCloseTo(parts[0], within(1e-6 * parts[0]));
      assertThat((double) found.remove("regulariser")[0])
          .isCloseTo(parts[1], within(1e-6 * Math.abs(parts[1])));
      assertThat(found.keySet()).isEqualTo(weights.keySet());
      for (Map.Entry<String, double[]> weight : weights.entrySet()) {
        double[] expected = differences(weights, weight.getValue());
        assertThat(Arrays.stream(expected)).as(weight.getKey()).anyMatch(value -> value != 0);
        assertClose(weight.getKey(), found.get(weight.getKey()), expected, 1e-5);
      }
    }
  }

  /** Central differences, whose error is about 1e-10 in float64. */
  private double[] differences(Map<String, double[]> weights, double[] values) {
    double step = 1e-5;
    double[] differences = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      double value = values[i];
      values[i] = value + step;
      double above = new Formulas(weights).loss();
      values[i] = value - step;
      double below = new Formulas(weights).loss();
      values[i] = value;
      differences[i] = (above - below) / (2 * step);
    }
    return differences;
  }

  @Test
  void scoresAreThoseOfTheMeansAllTheWay() {
    try (NetworkSession session = NetworkSession.forTraining(settings(), Rows.ids(ITEMS))) {
      Formulas formulas = new Formulas(weights(session));
      double[] expected = new double[USERS.rows() * ITEMS];
      for (int user = 0; user < USERS.rows(); user++) {
        double[] x = input(user, null);
        double[] z2 = formulas.dense("encoder/mean", formulas.hidden(x), LATENT);
        double[] z1 = formulas.dense("inner/mean", formulas.inner(x, z2), LATENT);
        System.arraycopy(formulas.logits(z1, z2), 0, expected, user * ITEMS, ITEMS);
      }
      assertClose("scores", session.scores(USERS, 0, USERS.rows()), expected, 1e-5);
    }
  }

  private static float[] flat(double[][] rows) {
    return floats(Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray());
  }

  /** A user's row divided by its norm, after dropout where there is a mask. */
  private static double[] input(int user, double[][] mask) {
    double[] x = new double[ITEMS];
    for (int item : USERS.row(user)) {
      x[item] = 1 / Math.sqrt(USERS.rowSize(user)) * (mask == null ? 1 : mask[user][item] / KEEP);
    }
    return x;
  }

  private final class Formulas {
    private final Map<String, double[]> weights;

    Formulas(Map<String, double[]> weights) {
      this.weights = weights;
    }

    double loss() {
      double[] parts = parts();
      return parts[0] + BETA * parts[1];
    }

    /** The mean over the users of −Σ x·log softmax and of the divergence. */
    double[] parts() {
      double[][] componentMeans = new double[PSEUDO_INPUTS][];
      double[][] componentLogVariances = new double[PSEUDO_INPUTS][];
      for (int k = 0; k < PSEUDO_INPUTS; k++) {
        double[] row = Arrays.copyOfRange(weights.get("pseudo_inputs"), k * ITEMS, (k + 1) * ITEMS);
        double[] hidden = hidden(bounded(row, 0, 1));
        componentMeans[k] = dense("encoder/mean", hidden, LATENT);
        componentLogVariances[k] = logVariance("encoder", hidden);
      }
      double[] parts = new double[2];
      for (int user = 0; user < USERS.rows(); user++) {
        double[] hidden2 = hidden(input(user, mask2));
        double[] mean2 = dense("encoder/mean", hidden2, LATENT);
        double[] logVariance2 = logVariance("encoder", hidden2);
        double[] z2 = sample(mean2, logVariance2, noise2[user]);
        double[] hidden1 = inner(input(user, mask1), z2);
        double[] mean1 = dense("inner/mean", hidden1, LATENT);
        double[] logVariance1 = logVariance("inner", hidden1);
        double[] z1 = sample(mean1, logVariance1, noise1[user]);
        double[] hiddenOfPrior = gated("prior/1", gated("prior/0", z2, INNER), OUTER);
        double[] logits = logits(z1, z2);
        double sum = 0;
        for (double logit : logits) {
          sum += Math.exp(logit);
        }
        for (int item : USERS.row(user)) {
          parts[0] += (Math.log(sum) - logits[item]) / USERS.rows();
        }
        double mixture = 0;
        for (int k = 0; k < PSEUDO_INPUTS; k++) {
          mixture +=
              Math.exp(logDensity(z2, componentMeans[k], componentLogVariances[k])) / PSEUDO_INPUTS;
        }
        parts[1] +=
            (logDensity(z1, mean1, logVariance1)
                    - logDensity(
                        z1,
                        dense("prior/mean", hiddenOfPrior, LATENT),
                        logVariance("prior", hiddenOfPrior))
                    + logDensity(z2, mean2, logVariance2)
                    - Math.log(mixture))
                / USERS.rows();
      }
      return parts;
    }

    double[] hidden(double[] x) {
      return gated("encoder/1", gated("encoder/0", x, OUTER), INNER);
    }

    double[] inner(double[] x, double[] z2) {
      double[] beside =
          concatenated(gated("inner/history", x, OUTER), gated("inner/second", z2, OUTER));
      return gated("inner/1", beside, INNER);
    }

    double[] logits(double[] z1, double[] z2) {
      double[] beside =
          concatenated(gated("decoder/first", z1, INNER), gated("decoder/second", z2, INNER));
      return dense("decoder/2", gated("decoder/1", beside, OUTER), ITEMS);
    }

    double[] logVariance(String name, double[] hidden) {
      return bounded(dense(name + "/log_variance", hidden, LATENT), -12, 4);
    }

    double[] gated(String name, double[] input, int width) {
      double[] output = dense(name, input, width);
      double[] gate = dense(name + "/gate", input, width);
      Arrays.setAll(output, i -> output[i] / (1 + Math.exp(-gate[i])));
      return output;
    }

    double[] dense(String name, double[] input, int width) {
      double[] kernel = weights.get(name + "/kernel");
      assertThat(kernel).as(name).hasSize(input.length * width);
      double[] output = weights.get(name + "/bias").clone();
      for (int i = 0; i < input.length; i++) {
        for (int j = 0; j < width; j++) {
          output[j] += input[i] * kernel[i * width + j];
        }
      }
      return output;
    }

    private static double[] bounded(double[] values, double least, double largest) {
      return Arrays.stream(values).map(one -> Math.min(Math.max(one, least), largest)).toArray();
    }

    private static double[] concatenated(double[] a, double[] b) {
      double[] both = Arrays.copyOf(a, a.length + b.length);
      System.arraycopy(b, 0, both, a.length, b.length);
      return both;
    }

    private static double[] sample(double[] mean, double[] logVariance, double[] noise) {
      double[] sample = new double[mean.length];
      Arrays.setAll(sample, i -> mean[i] + noise[i] * Math.exp(logVariance[i] / 2));
      return sample;
    }

    private static double logDensity(double[] at, double[] mean, double[] logVariance) {
      double sum = 0;
      for (int i = 0; i < at.length; i++) {
        double distance = at[i] - mean[i];
        sum +=
            Math.log(2 * Math.PI) + logVariance[i] + distance * distance / Math.exp(logVariance[i]);
      }
      return -sum / 2;
    }
  }
}
