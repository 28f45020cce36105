package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Objective;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.core.training.NetworkSession.StepInput;
import io.github.vaecf.core.training.NetworkSession.StepLoss;
import io.github.vaecf.core.training.NetworkSession.Wishes;
import io.github.vaecf.data.CsrMatrix;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

class TrainingStepTest {
  private static final Groups DATA = new Groups(12, 3, 4, 5);
  private static final double BETA = 0.3;

  static List<Settings> models() {
    return List.of(
        vae(List.of(5), 3),
        vae(List.of(6, 5), 2).with(MultVae.L2, 0.05),
        vae(List.of(), 3),
        dae(4).with(MultDae.L2, 0.1),
        dae(4).with(MultDae.HIDDEN, List.of(6, 5)).with(MultDae.L2, 0.01));
  }

  private static Settings vae(List<Integer> hidden, int latent) {
    return MultVae.published().with(MultVae.HIDDEN, hidden).with(MultVae.LATENT, latent);
  }

  private static Settings dae(int latent) {
    return MultDae.published().with(MultDae.LATENT, latent);
  }

  private static NetworkSession session(Settings model) {
    return session(model, DATA.items(), 1);
  }

  private static NetworkSession session(Settings model, int items, long seed) {
    return NetworkSession.forTraining(
        model
            .with(TrainingSettings.DEVICE, Device.CPU)
            .with(TrainingSettings.THREADS, 1)
            .with(TrainingSettings.SEED, seed),
        Rows.ids(items));
  }

  /** The numbers of a first step. */
  private static StepInput firstStep(double learningRate) {
    return new StepInput(new Objective.Step(0, 1, 0), learningRate, 1, 0, List.of(0L), Wishes.NONE);
  }

  private static Map<String, float[]> weights(NetworkSession session) {
    Map<String, float[]> weights = new LinkedHashMap<>();
    session.weights().forEach(weight -> weights.put(weight.name(), weight.values()));
    return weights;
  }

  /**
   * Loss and, if wanted, gradients at the session's weights, with dropout and noise of one seed.
   */
  private static Map<String, float[]> evaluate(
      NetworkSession session, Batch batch, Map<String, Operand<TFloat32>> wanted) {
    TrainingStep step = session.step;
    Map<String, float[]> found = new LinkedHashMap<>();
    List<Tensor> fed = new ArrayList<>();
    Session.Runner runner = session.runner(batch);
    for (TrainingStep.FedNumber number : step.numbers()) {
      fed.add(TFloat32.scalarOf((float) BETA));
      runner.feed(number.fed(), fed.get(fed.size() - 1));
    }
    for (TrainingStep.Draw draw : step.draws()) {
      fed.add(TInt64.vectorOf(11 + draw.use(), draw.stream()));
      runner.feed(draw.seed(), fed.get(fed.size() - 1));
    }
    wanted.values().forEach(runner::fetch);
    try (Result result = runner.run()) {
      int index = 0;
      for (String name : wanted.keySet()) {
        found.put(name, Batch.copy(result.get(index++)));
      }
    }
    fed.forEach(Tensor::close);
    return found;
  }

  private static double loss(NetworkSession session, Batch batch) {
    Map<String, float[]> parts =
        evaluate(
            session,
            batch,
            Map.of(
                "likelihood", session.step.reconstruction(),
                "kl", session.step.regulariser(),
                "penalty", session.step.penalty()));
    return parts.get("likelihood")[0] + BETA * parts.get("kl")[0] + parts.get("penalty")[0];
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyGradientAgreesWithFiniteDifferencesOfTheLoss(Settings model) {
    Random random = new Random(3);
    try (NetworkSession session = session(model);
        Batch batch = Batch.of(DATA.matrix(), 0, DATA.users())) {
      Map<String, float[]> gradients = evaluate(session, batch, session.step.gradients());
      for (Map.Entry<String, float[]> entry : weights(session).entrySet()) {
        // Along a random direction: every entry of the gradient takes part.
        float[] weights = entry.getValue();
        float[] gradient = gradients.get(entry.getKey());
        double[] direction = random.doubles(weights.length, -1, 1).toArray();
        double expected = 0;
        for (int i = 0; i < weights.length; i++) {
          expected += direction[i] * gradient[i];
        }
        double width = 1e-2;
        double slope =
            (lossAt(session, batch, entry.getKey(), weights, direction, width)
                    - lossAt(session, batch, entry.getKey(), weights, direction, -width))
                / (2 * width);
        session.set(entry.getKey(), weights);
        assertThat(slope)
            .as(model + " " + entry.getKey())
            .isCloseTo(expected, within(0.01 * Math.abs(expected) + 2e-3));
      }
    }
  }

  private static double lossAt(
      NetworkSession session,
      Batch batch,
      String name,
      float[] weights,
      double[] direction,
      double width) {
    float[] moved = new float[weights.length];
    for (int i = 0; i < moved.length; i++) {
      moved[i] = (float) (weights[i] + width * direction[i]);
    }
    session.set(name, moved);
    return loss(session, batch);
  }

  @ParameterizedTest
  @MethodSource("models")
  void theFirstStepMovesEveryWeightByTheLearningRate(Settings model) {
    double learningRate = 0.01;
    try (NetworkSession session = session(model);
        Batch batch = Batch.of(DATA.matrix(), 0, DATA.users())) {
      Map<String, float[]> before = weights(session);
      session.train(batch, firstStep(learningRate));
      Map<String, float[]> after = weights(session);
      int moved = 0;
      for (String name : before.keySet()) {
        for (int i = 0; i < before.get(name).length; i++) {
          double distance = Math.abs(after.get(name)[i] - before.get(name)[i]);
          // Weights that no entry of the batch reaches stay; those whose gradient is tiny move
          // less.
          if (distance > 0) {
            assertThat(distance).isLessThan(learningRate * 1.0001);
          }
          if (distance > 0.999 * learningRate) {
            moved++;
          }
        }
      }
      int all = before.values().stream().mapToInt(values -> values.length).sum();
      assertThat(moved).isGreaterThan(all / 2);
    }
  }

  @Test
  void aBoundOnTheGradientScalesAllOfItToTheBound() {
    Settings model = models().get(0);
    try (NetworkSession free = session(model);
        NetworkSession clipped = session(model.with(TrainingSettings.GRADIENT_CLIP, 0.5));
        Batch batch = Batch.of(DATA.matrix(), 0, DATA.users())) {
      Map<String, float[]> all = evaluate(free, batch, applied(free));
      Map<String, float[]> bounded = evaluate(clipped, batch, applied(clipped));
      assertThat(all.keySet()).isEqualTo(weights(free).keySet());
      double norm = norm(all);
      assertThat(norm).isGreaterThan(0.5);
      assertThat(norm(bounded)).isCloseTo(0.5, within(1e-5));
      all.forEach(
          (name, gradient) -> {
            for (int i = 0; i < gradient.length; i++) {
              assertThat((double) bounded.get(name)[i])
                  .isCloseTo(gradient[i] * 0.5 / norm, within(1e-6));
            }
          });
    }
  }

  /** The gradients that Adam is given, by the names of the weights. */
  @SuppressWarnings("unchecked") // Adam's gradients are of floats here
  private static Map<String, Operand<TFloat32>> applied(NetworkSession session) {
    Iterator<Variables.Variable> weights = session.network.variables.weights().iterator();
    Map<String, Operand<TFloat32>> gradients = new LinkedHashMap<>();
    Iterator<GraphOperation> operations = session.network.graph.operations();
    while (operations.hasNext()) {
      GraphOperation operation = operations.next();
      if (operation.type().equals("ResourceApplyAdam")) {
        Output<?> gradient = operation.input(9);
        gradients.put(weights.next().name(), (Operand<TFloat32>) gradient);
      }
    }
    return gradients;
  }

  private static double norm(Map<String, float[]> gradients) {
    double squares = 0;
    for (float[] gradient : gradients.values()) {
      for (float value : gradient) {
        squares += (double) value * value;
      }
    }
    return Math.sqrt(squares);
  }

  @Test
  void dropoutKeepsTheGivenShareAndDiffersFromStepToStep() {
    Groups many = new Groups(400, 5, 40, 2);
    Settings model = dae(2).with(MultDae.KEEP_PROBABILITY, 0.3);
    try (NetworkSession session = session(model, many.items(), 1);
        Batch batch = Batch.of(many.matrix(), 0, many.users())) {
      List<float[]> masks = new ArrayList<>();
      for (long step = 0; step < 2; step++) {
        try (TInt64 seed = TInt64.vectorOf(5, step);
            Result result =
                session
                    .runner(batch)
                    .feed(session.step.draws().get(0).seed(), seed)
                    .fetch("keep_mask")
                    .run()) {
          masks.add(Batch.copy(result.get(0)));
        }
      }
      for (float[] mask : masks) {
        double kept = 0;
        for (float value : mask) {
          assertThat(value).isIn(0f, 1f);
          kept += value;
        }
        assertThat(kept / mask.length).isCloseTo(0.3, within(5 * Math.sqrt(0.21 / mask.length)));
      }
      assertThat(masks.get(0)).isNotEqualTo(masks.get(1));
    }
  }

  @Test
  void firstWeightsAreGlorotUniformAndBiasesTruncatedNormal() {
    int items = 700;
    Settings model = vae(List.of(300), 100);
    try (NetworkSession session = session(model, items, 3)) {
      Map<String, float[]> state = session.state();
      float[] kernel = state.get("encoder/0/kernel");
      double limit = Math.sqrt(6.0 / (items + 300));
      double[] moments = moments(kernel);
      assertThat(moments[0])
          .as("mean")
          .isCloseTo(0, within(5 * limit / Math.sqrt(3 * kernel.length)));
      assertThat(moments[1]).as("deviation").isCloseTo(limit / Math.sqrt(3), within(0.01 * limit));
      assertThat(moments[2]).as("smallest").isBetween(-limit, -0.99 * limit);
      assertThat(moments[3]).as("largest").isBetween(0.99 * limit, limit);
      float[] bias = state.get("decoder/1/bias");
      moments = moments(bias);
      // A normal truncated at two deviations has 0.88 of the deviation.
      assertThat(moments[1]).isCloseTo(0.00088, within(0.0001));
      assertThat(moments[2]).isGreaterThanOrEqualTo(-0.002);
      assertThat(moments[3]).isLessThanOrEqualTo(0.002);
      assertThat(state.get("encoder/0/kernel/adam_m")).containsOnly(0f);
      assertThat(state.get("decoder/1/kernel/adam_v")).containsOnly(0f);
    }
  }

  private static double[] moments(float[] values) {
    double sum = 0;
    double squares = 0;
    double smallest = Double.MAX_VALUE;
    double largest = -Double.MAX_VALUE;
    for (float value : values) {
      sum += value;
      squares += (double) value * value;
      smallest = Math.min(smallest, value);
      largest = Math.max(largest, value);
    }
    double mean = sum / values.length;
    return new double[] {mean, Math.sqrt(squares / values.length - mean * mean), smallest, largest};
  }

  @Test
  void usersWithoutItemsAddNothingToTheLoss() {
    CsrMatrix withEmpty =
        CsrMatrix.of(
            4,
            DATA.items(),
            consumer -> {
              consumer.accept(1, 0);
              consumer.accept(1, 5);
              consumer.accept(3, 7);
            });
    CsrMatrix without =
        CsrMatrix.of(
            2,
            DATA.items(),
            consumer -> {
              consumer.accept(0, 0);
              consumer.accept(0, 5);
              consumer.accept(1, 7);
            });
    Settings model = dae(4).with(MultDae.KEEP_PROBABILITY, 1.0);
    try (NetworkSession one = session(model);
        NetworkSession other = session(model);
        Batch four = Batch.of(withEmpty, 0, 4);
        Batch two = Batch.of(without, 0, 2)) {
      StepLoss all = one.train(four, firstStep(0.01));
      StepLoss some = other.train(two, firstStep(0.01));
      assertThat(2 * all.reconstruction()).isCloseTo(some.reconstruction(), within(1e-4));
      weights(one).values().forEach(values -> assertThat(moments(values)[1]).isFinite());
    }
  }

  @Test
  void theLossStaysExactWhereASoftmaxIsTooSmallForAFloat() {
    Settings model = dae(4).with(MultDae.KEEP_PROBABILITY, 1.0).with(MultDae.L2, 0.0);
    CsrMatrix one = CsrMatrix.of(1, DATA.items(), consumer -> consumer.accept(0, 0));
    try (NetworkSession session = session(model);
        Batch batch = Batch.of(one, 0, 1)) {
      float[] bias = new float[DATA.items()];
      bias[1] = 500;
      session.set("decoder/0/bias", bias);
      session.set("decoder/0/kernel", new float[4 * DATA.items()]);
      // exp(−500) is no float, but log softmax(0) = −500.
      assertThat(session.train(batch, firstStep(0.01)).reconstruction())
          .isCloseTo(500, within(1e-3));
    }
  }

  @Test
  void aDenseBatchAndItsCoordinatesGiveTheSameLogits() {
    Settings model = models().get(1);
    CsrMatrix matrix = DATA.matrix();
    try (NetworkSession session = session(model)) {
      float[] logits = session.scores(matrix, 0, matrix.rows());
      float[] expected = naiveLogits(weights(session), matrix, 2);
      assertThat(logits).hasSameSizeAs(expected);
      for (int i = 0; i < logits.length; i++) {
        assertThat(logits[i]).isCloseTo(expected[i], within(1e-5f));
      }
    }
  }

  /** Mult-VAE's inference in plain loops, for the second of the models. */
  private static float[] naiveLogits(Map<String, float[]> weights, CsrMatrix matrix, int latent) {
    List<String> layers =
        List.of("encoder/0", "encoder/1", "encoder/2", "decoder/0", "decoder/1", "decoder/2");
    float[] logits = new float[matrix.rows() * matrix.columns()];
    for (int row = 0; row < matrix.rows(); row++) {
      double[] vector = new double[matrix.columns()];
      for (int column : matrix.row(row)) {
        vector[column] = 1 / Math.sqrt(matrix.rowSize(row));
      }
      for (String layer : layers) {
        float[] kernel = weights.get(layer + "/kernel");
        float[] bias = weights.get(layer + "/bias");
        double[] output = new double[bias.length];
        for (int j = 0; j < output.length; j++) {
          output[j] = bias[j];
          for (int i = 0; i < vector.length; i++) {
            output[j] += vector[i] * kernel[i * output.length + j];
          }
        }
        vector = output;
        if (layer.equals("encoder/2")) {
          vector = java.util.Arrays.copyOf(output, latent);
        } else if (!layer.equals("decoder/2")) {
          for (int j = 0; j < vector.length; j++) {
            vector[j] = Math.tanh(vector[j]);
          }
        }
      }
      for (int column = 0; column < matrix.columns(); column++) {
        logits[row * matrix.columns() + column] = (float) vector[column];
      }
    }
    return logits;
  }

  @Test
  void epsilonHasTheShapeOfTheLatentLayer() {
    try (NetworkSession session = session(models().get(0))) {
      assertThat(session.network.graph.operation("noise").output(0).shape().get(1)).isEqualTo(3);
      assertThat(session.step.gradients().get("encoder/0/bias").shape()).isEqualTo(Shape.of(5));
    }
  }
}
