package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Elsa;
import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.HierarchicalVampVae;
import io.github.vaecf.core.model.Layers;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Objective;
import io.github.vaecf.core.model.RecVae;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingGraph;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.core.model.VampVae;
import io.github.vaecf.core.training.NetworkSession.StepInput;
import io.github.vaecf.core.training.NetworkSession.StepLoss;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Training on a part of the catalogue: what a step estimates, and what it leaves alone. */
class SampledTrainingTest {
  private static final int ITEMS = 12;

  /** Items 3, 7, 10 and 11 are nobody's; the third user has none. */
  private static final CsrMatrix USERS =
      Rows.of(
          ITEMS,
          Rows.row(0, 1, 4),
          Rows.row(1, 2, 5, 6),
          Rows.row(),
          Rows.row(8),
          Rows.row(0, 6, 9));

  /** The first three users' own items, and 3, 8 and 10 of the 6 others. */
  private static final ItemSample SAMPLE =
      new ItemSample(new int[] {0, 1, 2, 4, 5, 6, 3, 8, 10}, 6, 6);

  private static final double RATE = 0.01;

  @TempDir Path folder;

  static List<Settings> models() {
    return List.of(
        MultVae.published()
            .with(MultVae.HIDDEN, List.of(5))
            .with(MultVae.LATENT, 3)
            .with(MultVae.L2, 0.05),
        dae(),
        dae().with(MultDae.L2, 0.1).with(TrainingSettings.GRADIENT_CLIP, 0.3),
        RecVae.published().with(RecVae.WIDTH, 6).with(RecVae.LATENT, 4),
        VampVae.published()
            .with(VampVae.HIDDEN, List.of(5, 4))
            .with(VampVae.LATENT, 3)
            .with(VampVae.PSEUDO_INPUTS, 4),
        Settings.published(new Elsa()).with(Elsa.FACTORS, 4),
        Settings.published(new Squared()));
  }

  /**
   * The hierarchical one, whose item layers are those of the other VampPrior twice, in its place.
   */
  static List<Settings> modelsAndHierarchical() {
    List<Settings> models = new ArrayList<>(models());
    models.removeIf(settings -> settings.model().name().equals("vamp"));
    models.add(
        Settings.published(new HierarchicalVampVae())
            .with(VampVae.HIDDEN, List.of(5))
            .with(VampVae.LATENT, 3)
            .with(VampVae.PSEUDO_INPUTS, 4));
    return models;
  }

  /** A linear autoencoder of the squared error. */
  private static final class Squared implements GradientModel {
    @Override
    public String name() {
      return "squared";
    }

    @Override
    public String title() {
      return "Squared";
    }

    @Override
    public String summary() {
      return "for a test";
    }

    @Override
    public List<Setting<?>> settings() {
      return TrainingSettings.all();
    }

    @Override
    public <T> T scores(Settings settings, Layers<T> layers) {
      return layers.items("out", layers.history("in", 3));
    }

    @Override
    public Objective objective(Settings settings, TrainingGraph graph) {
      return Objective.squared(scores(settings, graph.layers(graph.history()))).penalised(0.02);
    }
  }

  private static Settings dae() {
    return MultDae.published().with(MultDae.LATENT, 4).with(MultDae.L2, 0.0);
  }

  private static NetworkSession session(Settings settings, int itemsPerStep) {
    return NetworkSession.forTraining(
        settings
            .with(TrainingSettings.ITEMS_PER_STEP, itemsPerStep)
            .with(TrainingSettings.DEVICE, Device.CPU)
            .with(TrainingSettings.THREADS, 1),
        Rows.ids(ITEMS));
  }

  private static Batch batch(int from, int to, ItemSample sample) {
    return Batch.of(USERS, IntStream.range(0, USERS.rows()).toArray(), from, to, sample);
  }

  private static ItemSample draw(int from, int to, int wanted, long seed) {
    return ItemSample.draw(
        USERS, IntStream.range(0, USERS.rows()).toArray(), from, to, wanted, seed);
  }

  private static StepInput step(NetworkSession session, long number, int phase) {
    return new StepInput(
        new Objective.Step(number, 10, 0),
        RATE,
        1,
        phase,
        Collections.nCopies(session.step.counters().size(), number),
        NetworkSession.Wishes.NONE);
  }

  private static Map<String, float[]> evaluate(
      NetworkSession session, Batch batch, Map<String, Operand<TFloat32>> wanted) {
    Map<String, float[]> found = new LinkedHashMap<>();
    List<Tensor> fed = new ArrayList<>();
    Session.Runner runner = session.runner(batch);
    for (TrainingStep.FedNumber number : session.step.numbers()) {
      fed.add(TFloat32.scalarOf(0.3f));
      runner.feed(number.fed(), fed.get(fed.size() - 1));
    }
    for (TrainingStep.Draw draw : session.step.draws()) {
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
    TrainingStep step = session.step;
    Map<String, float[]> parts =
        evaluate(
            session,
            batch,
            Map.of("a", step.reconstruction(), "b", step.regulariser(), "c", step.penalty()));
    return parts.get("a")[0] + 0.3 * parts.get("b")[0] + parts.get("c")[0];
  }

  /** The gradient of whole weights, in the weights' own layout; 0 where a step has none. */
  private static Map<String, float[]> gradients(NetworkSession session, Batch batch, int[] items) {
    Map<String, float[]> gradients = evaluate(session, batch, session.step.gradients());
    for (Variables.Variable weight : session.network.variables.weights()) {
      SampledRows.Rows rows = session.step.touched().get(weight.name());
      if (rows != null) {
        gradients.compute(weight.name(), (name, some) -> whole(weight, some, items));
      }
    }
    return gradients;
  }

  private static float[] whole(Variables.Variable weight, float[] rows, int[] items) {
    float[] whole = new float[Math.toIntExact(weight.dimensions().size())];
    int width = whole.length / ITEMS;
    for (int row = 0; row < rows.length / width; row++) {
      for (int place = 0; place < width; place++) {
        whole[at(weight, items[row], place, width)] = rows[row * width + place];
      }
    }
    return whole;
  }

  private static int at(Variables.Variable weight, int item, int place, int width) {
    return weight.transposed() ? place * ITEMS + item : item * width + place;
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyGradientAgreesWithFiniteDifferencesOfTheSampledLoss(Settings settings) {
    Random random = new Random(3);
    try (NetworkSession session = session(settings, 3);
        Batch batch = batch(0, 3, SAMPLE)) {
      Map<String, float[]> gradients = gradients(session, batch, SAMPLE.items);
      for (Variables.Variable variable : session.network.variables.weights()) {
        float[] weights = session.read(variable).values();
        double[] direction = random.doubles(weights.length, -1, 1).toArray();
        double expected = 0;
        for (int i = 0; i < weights.length; i++) {
          expected += direction[i] * gradients.get(variable.name())[i];
        }
        double width = 1e-3;
        double[] losses = new double[2];
        for (int side = 0; side < 2; side++) {
          float[] moved = new float[weights.length];
          for (int i = 0; i < moved.length; i++) {
            moved[i] = (float) (weights[i] + (2 * side - 1) * width * direction[i]);
          }
          session.set(variable.name(), moved);
          losses[side] = loss(session, batch);
        }
        session.set(variable.name(), weights);
        assertThat((losses[1] - losses[0]) / (2 * width))
            .as(settings + " " + variable.name())
            .isCloseTo(expected, within(0.01 * Math.abs(expected) + 2e-3));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modelsAndHierarchical")
  void aStepThatDrawsAllThatIsLeftIsTheStepOverAllItems(Settings settings) {
    ItemSample everything = draw(0, 3, ITEMS, 1);
    assertThat(everything.items).hasSize(ITEMS);
    assertThat(everything.weight).isEqualTo(1);
    int phases = settings.model().name().equals("recvae") ? 2 : 1;
    try (NetworkSession sampled = session(settings, ITEMS);
        NetworkSession full = session(settings, 0)) {
      assertClose(full.state(), sampled.state(), 0);
      for (int number = 0; number < 3; number++) {
        try (Batch some = batch(0, 3, everything);
            Batch all = batch(0, 3, null)) {
          StepLoss found = sampled.train(some, step(sampled, number, number % phases));
          StepLoss expected = full.train(all, step(full, number, number % phases));
          assertThat(found.reconstruction()).isCloseTo(expected.reconstruction(), within(1e-4));
          assertThat(found.penalty()).isCloseTo(expected.penalty(), within(1e-4));
        }
        if (number == 0) {
          assertClose(moments(full), moments(sampled), 2e-6);
        }
      }
    }
  }

  /** Where no gradient has been yet a moment is 0 in both. */
  private static Map<String, float[]> moments(NetworkSession session) {
    Map<String, float[]> moments = session.state();
    moments.keySet().removeIf(name -> !name.endsWith("/adam_m"));
    assertThat(moments).isNotEmpty();
    return moments;
  }

  private static void assertClose(
      Map<String, float[]> expected, Map<String, float[]> found, double tolerance) {
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (name, values) -> {
          assertThat(found.get(name)).as(name).hasSameSizeAs(values);
          for (int i = 0; i < values.length; i++) {
            assertThat((double) found.get(name)[i])
                .as(name + " " + i)
                .isCloseTo(values[i], within(tolerance));
          }
        });
  }

  @Test
  void lossAndGradientsAgreeWithADenseComputationInDoublePrecision() {
    Settings settings = dae().with(MultDae.KEEP_PROBABILITY, 1.0).with(MultDae.L2, 0.07);
    try (NetworkSession session = session(settings, 3);
        Batch batch = batch(0, 3, SAMPLE)) {
      ByHand byHand = new ByHand(session, 0, 3, SAMPLE, 0.07);
      StepLoss loss;
      Map<String, float[]> gradients = gradients(session, batch, SAMPLE.items);
      loss = session.train(batch, step(session, 0, 0));
      assertThat(loss.reconstruction()).isCloseTo(byHand.reconstruction, within(1e-5));
      assertThat(loss.penalty()).isCloseTo(byHand.penalty, within(1e-6));
      assertThat(gradients.keySet()).isEqualTo(byHand.gradients.keySet());
      byHand.gradients.forEach(
          (name, expected) -> {
            for (int i = 0; i < expected.length; i++) {
              assertThat((double) gradients.get(name)[i])
                  .as(name + " " + i)
                  .isCloseTo(expected[i], within(2e-6));
            }
          });
    }
  }

  /** Mult-DAE's sampled loss with its gradients in plain loops over all items. */
  private static final class ByHand {
    private static final int WIDTH = 4;
    final Map<String, double[]> gradients = new LinkedHashMap<>();
    double reconstruction;
    double penalty;

    ByHand(NetworkSession session, int from, int to, ItemSample sample, double lambda) {
      Map<String, float[]> weights = new LinkedHashMap<>();
      for (Weight weight : session.weights()) {
        weights.put(weight.name(), weight.values());
        gradients.put(weight.name(), new double[weight.values().length]);
      }
      double[] counts = new double[ITEMS]; // of each item what it counts; 0 outside the sample
      for (int i = 0; i < sample.items.length; i++) {
        counts[sample.items[i]] = i < sample.own ? 1 : sample.weight;
      }
      float[] in = weights.get("encoder/0/kernel"); // items × width
      float[] inBias = weights.get("encoder/0/bias");
      float[] out = weights.get("decoder/0/kernel"); // width × items
      float[] outBias = weights.get("decoder/0/bias");
      for (int user = from; user < to; user++) {
        double scale = 1 / Math.sqrt(Math.max(1, USERS.rowSize(user)));
        double[] hidden = new double[WIDTH];
        for (int k = 0; k < WIDTH; k++) {
          double sum = inBias[k];
          for (int item : USERS.row(user)) {
            sum += scale * in[item * WIDTH + k];
          }
          hidden[k] = Math.tanh(sum);
        }
        double[] logits = new double[ITEMS];
        double partition = 0;
        for (int item = 0; item < ITEMS; item++) {
          logits[item] = outBias[item];
          for (int k = 0; k < WIDTH; k++) {
            logits[item] += hidden[k] * out[k * ITEMS + item];
          }
          partition += counts[item] * Math.exp(logits[item]);
        }
        double[] error = new double[ITEMS];
        for (int item = 0; item < ITEMS; item++) {
          error[item] = USERS.rowSize(user) * counts[item] * Math.exp(logits[item]) / partition;
        }
        for (int item : USERS.row(user)) {
          reconstruction += (Math.log(partition) - logits[item]) / (to - from);
          error[item] -= 1;
        }
        for (int k = 0; k < WIDTH; k++) {
          double back = 0;
          for (int item = 0; item < ITEMS; item++) {
            double share = error[item] / (to - from);
            back += share * out[k * ITEMS + item];
            gradients.get("decoder/0/kernel")[k * ITEMS + item] += share * hidden[k];
            gradients.get("decoder/0/bias")[item] += k == 0 ? share : 0;
          }
          back *= 1 - hidden[k] * hidden[k];
          gradients.get("encoder/0/bias")[k] += back;
          for (int item : USERS.row(user)) {
            gradients.get("encoder/0/kernel")[item * WIDTH + k] += scale * back;
          }
        }
      }
      for (int item = 0; item < ITEMS; item++) {
        for (int k = 0; k < WIDTH; k++) {
          double weight = lambda * counts[item];
          penalty += weight * square(in[item * WIDTH + k]);
          penalty += weight * square(out[k * ITEMS + item]);
          gradients.get("encoder/0/kernel")[item * WIDTH + k] += 2 * weight * in[item * WIDTH + k];
          gradients.get("decoder/0/kernel")[k * ITEMS + item] += 2 * weight * out[k * ITEMS + item];
        }
      }
    }

    private static double square(double value) {
      return value * value;
    }
  }

  @Test
  void thePartitionFunctionAndThePenaltyAreEstimatedWithoutBias() {
    Settings settings = dae().with(MultDae.KEEP_PROBABILITY, 1.0).with(MultDae.L2, 0.07);
    int draws = 1000;
    try (NetworkSession session = session(settings, 2)) {
      Random random = new Random(4);
      for (String name : List.of("decoder/0/kernel", "decoder/0/bias")) {
        int size = session.state().get(name).length;
        float[] spread = new float[size];
        IntStream.range(0, size).forEach(i -> spread[i] = (float) random.nextGaussian());
        session.set(name, spread); // so that items differ
      }
      float[] scores = session.scores(USERS, 0, 3);
      Estimate[] partitions = {new Estimate(), new Estimate(), new Estimate()};
      Estimate[] unweighted = {new Estimate(), new Estimate(), new Estimate()};
      Estimate penalty = new Estimate();
      for (int number = 0; number < draws; number++) {
        ItemSample sample = draw(0, 3, 2, Streams.seed(5, Streams.ITEMS, number));
        try (Batch batch = batch(0, 3, sample)) {
          Map<String, float[]> found =
              evaluate(
                  session, batch, Map.of("logits", logits(session), "l2", session.step.penalty()));
          float[] logits = found.get("logits");
          penalty.add(found.get("l2")[0]);
          for (int user = 0; user < 3; user++) {
            double sum = 0;
            double plain = 0;
            for (int i = 0; i < sample.items.length; i++) {
              double term = Math.exp(logits[user * sample.items.length + i]);
              sum += term;
              plain += i < sample.own ? term : term / sample.weight;
            }
            partitions[user].add(sum);
            unweighted[user].add(plain);
          }
        }
      }
      for (int user = 0; user < 3; user++) {
        double whole = 0;
        for (int item = 0; item < ITEMS; item++) {
          whole += Math.exp(scores[user * ITEMS + item]);
        }
        assertThat(partitions[user].deviations(whole)).isBetween(-4.0, 4.0);
        assertThat(unweighted[user].deviations(whole)).as("without weights").isLessThan(-20);
      }
      double squares = 0;
      for (Weight weight : session.weights()) {
        if (weight.name().endsWith("/kernel")) {
          for (float value : weight.values()) {
            squares += (double) value * value;
          }
        }
      }
      assertThat(penalty.deviations(0.07 * squares)).isBetween(-4.0, 4.0);
    }
  }

  @SuppressWarnings("unchecked") // a softmax is of floats here
  private static Operand<TFloat32> logits(NetworkSession session) {
    List<Operand<TFloat32>> found = new ArrayList<>();
    session
        .network
        .graph
        .operations()
        .forEachRemaining(
            operation -> {
              if (operation.type().equals("Softmax")) {
                found.add((Operand<TFloat32>) operation.input(0));
              }
            });
    assertThat(found).hasSize(1);
    return found.get(0);
  }

  /** Mean of numbers with its standard error. */
  private static final class Estimate {
    private double sum;
    private double squares;
    private int count;

    void add(double value) {
      sum += value;
      squares += value * value;
      count++;
    }

    /** By how many standard errors the mean is above a number. */
    double deviations(double of) {
      double mean = sum / count;
      return (mean - of) / Math.sqrt((squares / count - mean * mean) / (count - 1));
    }
  }

  @Test
  void aStepMovesTheRowsOfItsItemsByAdamAndLeavesAllOthersWithTheirMoments() {
    Settings settings = dae().with(MultDae.KEEP_PROBABILITY, 1.0);
    ItemSample second = new ItemSample(new int[] {0, 6, 8, 9, 10, 2}, 4, 8);
    try (NetworkSession session = session(settings, 3)) {
      Map<String, double[]> expected = new LinkedHashMap<>();
      session.state().forEach((name, values) -> expected.put(name, doubles(values)));
      for (int number = 0; number < 2; number++) {
        ItemSample sample = number == 0 ? SAMPLE : second;
        int from = number == 0 ? 0 : 3;
        int to = number == 0 ? 3 : 5;
        Map<String, double[]> gradients = new ByHand(session, from, to, sample, 0).gradients;
        try (Batch batch = batch(from, to, sample)) {
          session.train(batch, step(session, number, 0));
        }
        for (Weight weight : session.weights()) {
          boolean first = weight.name().equals("encoder/0/kernel");
          boolean last = weight.name().startsWith("decoder/0/");
          int rows = first ? sample.own : sample.items.length;
          Adam adam = new Adam(expected, weight.name(), number + 1);
          for (int i = 0; i < weight.values().length; i++) {
            int item = first ? i / 4 : i % ITEMS;
            if (!(first || last)
                || Arrays.stream(sample.items, 0, rows).anyMatch(one -> one == item)) {
              adam.update(i, gradients.get(weight.name())[i]);
            }
          }
        }
        session
            .state()
            .forEach(
                (name, values) -> {
                  for (int i = 0; i < values.length; i++) {
                    assertThat((double) values[i])
                        .as(name + " " + i)
                        .isCloseTo(expected.get(name)[i], within(2e-5));
                  }
                });
      }
      // Item 11 was neither had nor drawn, item 3 was drawn but is nobody's.
      Map<String, float[]> now = session.state();
      try (NetworkSession before = session(settings, 3)) {
        Map<String, float[]> then = before.state();
        for (int place = 0; place < 4; place++) {
          for (String name : List.of("decoder/0/kernel", "decoder/0/kernel/adam_v")) {
            assertThat(now.get(name)[place * ITEMS + 11])
                .isEqualTo(then.get(name)[place * ITEMS + 11]);
            assertThat(now.get(name)[place * ITEMS + 3])
                .isNotEqualTo(then.get(name)[place * ITEMS + 3]);
          }
          assertThat(now.get("encoder/0/kernel")[3 * 4 + place])
              .isEqualTo(then.get("encoder/0/kernel")[3 * 4 + place]);
        }
      }
    }
  }

  private static double[] doubles(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }

  /** Adam in double precision, corrected for the bias of all steps. */
  private record Adam(Map<String, double[]> state, String weight, int step) {
    void update(int i, double gradient) {
      double[] first = state.get(weight + "/adam_m");
      double[] second = state.get(weight + "/adam_v");
      first[i] = 0.9 * first[i] + 0.1 * gradient;
      second[i] = 0.999 * second[i] + 0.001 * gradient * gradient;
      double rate = RATE * Math.sqrt(1 - Math.pow(0.999, step)) / (1 - Math.pow(0.9, step));
      state.get(weight)[i] -= rate * first[i] / (Math.sqrt(second[i]) + 1e-8);
    }
  }

  @Test
  void aBatchOfUsersWithoutItemsIsTrainedOnTheDrawnItemsAlone() {
    ItemSample sample = draw(2, 3, 4, 1);
    assertThat(sample.own).isZero();
    for (Settings settings : List.of(models().get(0), models().get(5))) { // vae and elsa
      try (NetworkSession session = session(settings, 4);
          Batch batch = batch(2, 3, sample)) {
        StepLoss loss = session.train(batch, step(session, 0, 0));
        assertThat(loss.reconstruction()).as(settings.model().name()).isZero();
        for (Weight weight : session.weights()) {
          TrainedModel.finite(weight.name(), weight.values());
        }
      }
    }
  }

  @Test
  void aTrainingThatIsStoppedAndResumedGivesTheSameBytes() throws IOException {
    ResumedTraining.requireSameBytes(
        MultVae.published()
            .with(MultVae.HIDDEN, List.of(16))
            .with(MultVae.LATENT, 8)
            .with(MultVae.L2, 1e-4)
            .with(TrainingSettings.ITEMS_PER_STEP, 20)
            .with(TrainingSettings.EPOCHS, 8)
            .with(TrainingSettings.BATCH_SIZE, 50)
            .with(TrainingSettings.LEARNING_RATE, 0.01)
            .with(TrainingSettings.THREADS, 1),
        folder,
        5,
        20);
  }

  @Test
  void aRunFromBeforeThereWasSuchASettingIsResumedOverAllItemsAndNotOtherwise() throws IOException {
    Groups data = Groups.small();
    Settings settings = dae().with(TrainingSettings.EPOCHS, 2);
    Path run = folder.resolve("run");
    Trainer.Builder first = Trainer.builder().settings(settings).runFolder(run);
    first.build().train(data.matrix(), data.ids()).close();
    Path config = run.resolve("config.json");
    String now = Files.readString(config);
    String before = now.replaceFirst("\\s*\"items-per-step\" *: *0,", "");
    assertThat(before).isNotEqualTo(now);
    Files.writeString(config, before);

    first.resume(true).build().train(data.matrix(), data.ids()).close();
    Trainer other =
        first.settings(settings.with(TrainingSettings.ITEMS_PER_STEP, 5)).resume(true).build();
    assertThatThrownBy(() -> other.train(data.matrix(), data.ids()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("settings.items-per-step: the run was started with none");
    assertThat(RunFolder.settings(run).get(TrainingSettings.ITEMS_PER_STEP)).isZero();
  }

  @Test
  void aTrainedModelIsThatOfAnyTrainingAndIsMeasuredOnAllItems() {
    Groups data = new Groups(300, 4, 40, 1);
    List<Double> validations = new ArrayList<>();
    List<float[]> scores = new ArrayList<>();
    Settings settings =
        MultVae.published()
            .with(MultVae.HIDDEN, List.of(16))
            .with(MultVae.LATENT, 8)
            .with(TrainingSettings.ITEMS_PER_STEP, 30)
            .with(TrainingSettings.EPOCHS, 10)
            .with(TrainingSettings.BATCH_SIZE, 70) // the last of an epoch is of 20
            .with(TrainingSettings.LEARNING_RATE, 0.01);
    Path run = folder.resolve("run");
    try (TrainedModel model =
        Trainer.builder()
            .settings(settings)
            .validation(
                recommender -> {
                  scores.add(((NetworkSession) recommender).scores(data.matrix(), 0, 5));
                  validations.add(data.hitRate().applyAsDouble(recommender));
                  return validations.size();
                })
            .runFolder(run)
            .build()
            .train(data.matrix(), data.ids())) {
      assertThat(validations.get(9)).isGreaterThan(0.9);
      assertThat(model.epoch()).isEqualTo(10);
      assertThat(model.weightShapes())
          .containsEntry("decoder/1/kernel", List.of(16L, 160L))
          .containsEntry("encoder/0/kernel", List.of(160L, 16L));
      float[] reloaded = model.scores(data.matrix(), 0, 5);
      float[] validated = scores.get(9);
      for (int i = 0; i < reloaded.length; i++) {
        assertThat(reloaded[i]).isCloseTo(validated[i], within(1e-4f));
      }
    }
    assertThat(RunFolder.settings(run).get(TrainingSettings.ITEMS_PER_STEP)).isEqualTo(30);
  }
}
