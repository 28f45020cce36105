package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.model.Autoencoder;
import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.Layers;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Objective;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TensorFlowLayers.Initial;
import io.github.vaecf.core.model.TrainingGraph;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.core.training.Trainer.CheckpointPolicy;
import io.github.vaecf.core.training.TrainingListener.StepReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Holds the engine to what it promises to a model that uses all that it offers. */
public class HookedModelTest {
  private static final Groups DATA = new Groups(30, 3, 5, 5);
  private static final int EPOCHS = 5;
  private static final int BATCH = 8; // four steps an epoch, the last one with fewer users
  private static final int STEPS = 4;

  @TempDir Path folder;

  /**
   * A model of every hook: a normalised and gated encoder, noise, the squared loss, and a
   * regulariser that pulls a user, the more the longer the history, to a copy of the encoder that
   * is refreshed every second epoch and to pseudo-inputs. The encoder learns in the even epochs,
   * the decoder in the odd ones.
   */
  public static final class Hooked implements Autoencoder, GradientModel {
    static final Setting<Integer> LATENT = MultVae.LATENT.published(3);

    @Override
    public String name() {
      return "hooked";
    }

    @Override
    public String title() {
      return "Hooked";
    }

    @Override
    public String summary() {
      return "a model of the tests";
    }

    @Override
    public List<Setting<?>> settings() {
      List<Setting<?>> settings = new ArrayList<>(TrainingSettings.all());
      settings.add(LATENT);
      return settings;
    }

    @Override
    public int latentWidth(Settings settings) {
      return settings.get(LATENT);
    }

    @Override
    public <T> T encode(Settings settings, Layers<T> layers) {
      T first = layers.tanh(layers.history("encoder/first", 6));
      T normalised = layers.layerNorm("encoder/norm", first, 1e-3f);
      T gate = layers.sigmoid(layers.dense("encoder/gate", normalised, 6));
      return layers.dense("encoder/last", layers.multiply(normalised, gate), settings.get(LATENT));
    }

    @Override
    public <T> T decode(Settings settings, Layers<T> layers, T latent) {
      return layers.items("decoder/items", layers.tanh(layers.dense("decoder/0", latent, 5)));
    }

    @Override
    public Objective objective(Settings settings, TrainingGraph graph) {
      Ops tf = graph.tf();
      int width = settings.get(LATENT);
      Layers<Operand<TFloat32>> layers =
          graph.layers(graph.dropout(graph.history(), tf.constant(0.8f)));
      Operand<TFloat32> latent = encode(settings, layers);
      Operand<TFloat32> before = encode(settings, graph.frozen(graph.history()));
      Operand<TFloat32> pseudo =
          graph.weight("pseudo", Shape.of(4, layers.items()), Initial.glorot());
      Operand<TFloat32> prior =
          tf.math.mean(encode(settings, graph.layersOf(pseudo)), tf.constant(0));
      Operand<TFloat32> pulls =
          tf.math.add(
              tf.math.square(tf.math.sub(latent, before)),
              tf.math.square(tf.math.sub(latent, prior)));
      Operand<TFloat32> counts = tf.expandDims(graph.counts(), tf.constant(1));
      Operand<TFloat32> noisy = layers.add(latent, layers.scale(graph.normal(width), 0.1f));
      return Objective.squared(decode(settings, layers, noisy))
          .plus(graph.mean(tf.math.mul(counts, pulls), 0.5f), step -> 0.2 + 0.1 * step.epoch())
          .penalised(0.01);
    }

    @Override
    public int phases(Settings settings) {
      return 2;
    }

    @Override
    public int phase(Settings settings, int epoch) {
      return epoch % 2;
    }

    @Override
    public boolean learns(Settings settings, int phase, String weight) {
      return weight.startsWith("decoder/") == (phase == 1);
    }

    @Override
    public boolean refreshesFrozen(Settings settings, int epoch) {
      return epoch % 2 == 0;
    }
  }

  private static Settings settings() {
    return Settings.published(new Hooked())
        .with(TrainingSettings.EPOCHS, EPOCHS)
        .with(TrainingSettings.BATCH_SIZE, BATCH)
        .with(TrainingSettings.LEARNING_RATE, 0.01)
        .with(TrainingSettings.THREADS, 1)
        .with(TrainingSettings.SEED, 11L);
  }

  private static Trainer.Builder trainer(Path run) {
    return Trainer.builder()
        .settings(settings())
        .runFolder(run)
        .checkpoints(new CheckpointPolicy(1, Duration.ofNanos(1), 100));
  }

  private static TrainedModel train(Trainer.Builder trainer) {
    return trainer.build().train(DATA.matrix(), DATA.ids());
  }

  /** All tensors of the checkpoint after a step. */
  private static Map<String, float[]> checkpoint(Path run, int step) {
    try (Safetensors file = Safetensors.open(run.resolve(checkpointName(step)))) {
      Map<String, float[]> tensors = new LinkedHashMap<>();
      file.names().forEach(name -> tensors.put(name, file.read(name)));
      return tensors;
    }
  }

  private static String checkpointName(int step) {
    return "checkpoints/step-%012d.safetensors".formatted(step);
  }

  /** Something at a session's weights, with the draws and numbers of a step. */
  private static Map<String, float[]> evaluate(
      NetworkSession session,
      Batch batch,
      Objective.Step moment,
      Map<String, Operand<TFloat32>> wanted) {
    List<Tensor> fed = new ArrayList<>();
    Session.Runner runner = session.runner(batch);
    for (TrainingStep.FedNumber number : session.step.numbers()) {
      fed.add(TFloat32.scalarOf((float) number.value().at(moment)));
      runner.feed(number.fed(), fed.get(fed.size() - 1));
    }
    for (TrainingStep.Draw draw : session.step.draws()) {
      fed.add(TInt64.vectorOf(Streams.seed(11, draw.use(), draw.stream()), moment.number()));
      runner.feed(draw.seed(), fed.get(fed.size() - 1));
    }
    wanted.values().forEach(runner::fetch);
    Map<String, float[]> found = new LinkedHashMap<>();
    try (Result result = runner.run()) {
      int index = 0;
      for (String name : wanted.keySet()) {
        found.put(name, Batch.copy(result.get(index++)));
      }
    }
    fed.forEach(Tensor::close);
    return found;
  }

  @Test
  void everyGradientAgreesWithFiniteDifferencesOfTheLoss() {
    Objective.Step moment = new Objective.Step(7, 20, 1);
    Random random = new Random(3);
    try (NetworkSession session = NetworkSession.forTraining(settings(), DATA.ids());
        Batch batch = Batch.of(DATA.matrix(), 0, DATA.users())) {
      // Away from the frozen copy, at which a part of the gradient is 0.
      for (Variables.Variable weight : session.network.variables.weights()) {
        float[] values = session.read(weight).values();
        for (int i = 0; i < values.length; i++) {
          values[i] += (float) random.nextDouble(-0.3, 0.3);
        }
        session.set(weight.name(), values);
      }
      Map<String, float[]> gradients = evaluate(session, batch, moment, session.step.gradients());
      assertThat(gradients.keySet())
          .contains("encoder/first/kernel", "encoder/norm/scale", "encoder/gate/bias", "pseudo");
      for (Variables.Variable weight : session.network.variables.weights()) {
        // Along a random direction: every entry of the gradient takes part.
        float[] values = session.read(weight).values();
        double[] direction = random.doubles(values.length, -1, 1).toArray();
        double expected = 0;
        for (int i = 0; i < values.length; i++) {
          expected += direction[i] * gradients.get(weight.name())[i];
        }
        double width = 1e-2;
        double slope =
            (lossAt(session, batch, moment, weight.name(), values, direction, width)
                    - lossAt(session, batch, moment, weight.name(), values, direction, -width))
                / (2 * width);
        session.set(weight.name(), values);
        assertThat(Math.abs(expected)).as(weight.name()).isGreaterThan(1e-3);
        assertThat(slope)
            .as(weight.name())
            .isCloseTo(expected, within(0.01 * Math.abs(expected) + 2e-3));
      }
    }
  }

  private static double lossAt(
      NetworkSession session,
      Batch batch,
      Objective.Step moment,
      String name,
      float[] values,
      double[] direction,
      double width) {
    float[] moved = new float[values.length];
    for (int i = 0; i < moved.length; i++) {
      moved[i] = (float) (values[i] + width * direction[i]);
    }
    session.set(name, moved);
    Map<String, float[]> parts =
        evaluate(
            session,
            batch,
            moment,
            Map.of(
                "reconstruction", session.step.reconstruction(),
                "regulariser", session.step.regulariser(),
                "penalty", session.step.penalty()));
    return parts.get("reconstruction")[0]
        + session.step.regulariserWeight().at(moment) * parts.get("regulariser")[0]
        + parts.get("penalty")[0];
  }

  @Test
  void aPhaseChangesItsOwnWeightsAloneAndFrozenOnesChangeAtRefreshesAlone() {
    Path run = folder.resolve("run");
    train(trainer(run)).close();
    Map<String, float[]> before;
    try (NetworkSession first = NetworkSession.forTraining(settings(), DATA.ids())) {
      before = first.state();
    }
    assertThat(before.keySet())
        .contains("pseudo", "pseudo/adam_m", "frozen/encoder/first/kernel")
        .doesNotContain("frozen/decoder/0/kernel", "frozen/pseudo");
    Map<String, float[]> frozenFrom = before;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      if (epoch % 2 == 0) {
        frozenFrom = before;
      }
      for (int step = epoch * STEPS + 1; step <= (epoch + 1) * STEPS; step++) {
        Map<String, float[]> after = checkpoint(run, step);
        assertThat(after.keySet()).isEqualTo(before.keySet());
        for (String name : after.keySet()) {
          String as = name + " after step " + step;
          if (name.startsWith("frozen/")) {
            String original = name.substring("frozen/".length());
            assertThat(after.get(name)).as(as).isEqualTo(frozenFrom.get(original));
          } else if (name.startsWith("decoder/") == (epoch % 2 == 1)) {
            assertThat(after.get(name)).as(as).isNotEqualTo(before.get(name));
          } else {
            assertThat(after.get(name)).as(as).isEqualTo(before.get(name));
          }
        }
      }
      before = checkpoint(run, (epoch + 1) * STEPS);
    }
  }

  @Test
  void theWeightsAreThoseOfAdamComputedByHandWithAStepCountForEachPhase() {
    Map<String, float[]> found;
    Path run = folder.resolve("run");
    train(trainer(run)).close();
    found = checkpoint(run, EPOCHS * STEPS);
    try (NetworkSession session = NetworkSession.forTraining(settings(), DATA.ids())) {
      Map<String, Adam> adams = new LinkedHashMap<>();
      for (Variables.Variable weight : session.network.variables.weights()) {
        adams.put(weight.name(), new Adam(session.read(weight).values()));
      }
      for (int step = 0; step < EPOCHS * STEPS; step++) {
        int epoch = step / STEPS;
        if (step % STEPS == 0 && epoch % 2 == 0) {
          session.refreshFrozen();
        }
        int[] order = BatchSource.order(DATA.users(), 11, epoch);
        int from = step % STEPS * BATCH;
        try (Batch batch =
            Batch.of(DATA.matrix(), order, from, Math.min(from + BATCH, order.length))) {
          Objective.Step moment = new Objective.Step(step, EPOCHS * STEPS, epoch);
          evaluate(session, batch, moment, session.step.gradients())
              .forEach(
                  (name, gradient) -> {
                    if (name.startsWith("decoder/") == (epoch % 2 == 1)) {
                      session.set(name, adams.get(name).step(gradient));
                    }
                  });
        }
      }
      assertThat(adams.get("decoder/0/kernel").updates).isEqualTo(2 * STEPS);
      assertThat(adams.get("pseudo").updates).isEqualTo(3 * STEPS);
      adams.forEach(
          (name, adam) -> {
            for (int i = 0; i < adam.weights.length; i++) {
              assertThat((double) found.get(name)[i])
                  .as("%s[%d]", name, i)
                  .isCloseTo(adam.weights[i], within(1e-5));
            }
          });
    }
  }

  /** Kingma and Ba 2015, the efficient form at the end of section 2, in double precision. */
  private static final class Adam {
    final double[] weights;
    final double[] first;
    final double[] second;
    int updates;

    Adam(float[] weights) {
      this.weights = new double[weights.length];
      for (int i = 0; i < weights.length; i++) {
        this.weights[i] = weights[i];
      }
      first = new double[weights.length];
      second = new double[weights.length];
    }

    float[] step(float[] gradient) {
      updates++;
      double rate = 0.01 * Math.sqrt(1 - Math.pow(0.999, updates)) / (1 - Math.pow(0.9, updates));
      float[] floats = new float[weights.length];
      for (int i = 0; i < weights.length; i++) {
        first[i] = 0.9 * first[i] + 0.1 * gradient[i];
        second[i] = 0.999 * second[i] + 0.001 * (double) gradient[i] * gradient[i];
        weights[i] -= rate * first[i] / (Math.sqrt(second[i]) + 1e-8);
        floats[i] = (float) weights[i];
      }
      return floats;
    }
  }

  /**
   * Trains in a process of its own until it dies in a step: run folder, step, "resume" or "new".
   */
  public static void main(String[] arguments) {
    long last = Long.parseLong(arguments[1]);
    TrainingListener death =
        new TrainingListener() {
          @Override
          public void onStep(StepReport report) {
            if (report.step() == last) {
              Runtime.getRuntime().halt(9);
            }
          }
        };
    train(trainer(Path.of(arguments[0])).listener(death).resume(arguments[2].equals("resume")))
        .close();
  }

  @Test
  void aTrainingKilledInTheMiddleOfPhasesAndResumedGivesTheSameBytes() throws Exception {
    Path whole = folder.resolve("whole");
    train(trainer(whole)).close();
    Path run = folder.resolve("killed");
    Path log = folder.resolve("log");
    String mode = "new";
    for (int step : new int[] {7, 11}) { // in an epoch of the decoder and in one of the encoder
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  HookedModelTest.class.getName(),
                  run.toString(),
                  Integer.toString(step),
                  mode)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(log)).isEqualTo(9);
      assertThat(run.resolve(checkpointName(step - 1))).exists();
      assertThat(run.resolve(checkpointName(step))).doesNotExist();
      mode = "resume";
    }
    train(trainer(run).resume(true)).close();
    assertThat(checkpoints(run)).hasSize(EPOCHS * STEPS).isEqualTo(checkpoints(whole));
    for (String name : checkpoints(whole)) {
      assertThat(Files.readAllBytes(run.resolve("checkpoints").resolve(name)))
          .as(name)
          .isEqualTo(Files.readAllBytes(whole.resolve("checkpoints").resolve(name)));
    }
    assertThat(Files.readAllBytes(RunFolder.modelFile(run)))
        .isEqualTo(Files.readAllBytes(RunFolder.modelFile(whole)));
  }

  private static List<String> checkpoints(Path run) throws IOException {
    try (Stream<Path> files = Files.list(run.resolve("checkpoints"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void whatOnlyTheTrainingNeedsIsNotKeptWithTheModel() {
    assertThat(Model.named("hooked")).isInstanceOf(Hooked.class);
    Path run = folder.resolve("run");
    try (TrainedModel trained = train(trainer(run));
        TrainedModel loaded = TrainedModel.load(run);
        TrainedModel inMemory =
            Trainer.builder().settings(settings()).build().train(DATA.matrix(), DATA.ids())) {
      for (TrainedModel model : List.of(trained, loaded, inMemory)) {
        assertThat(model.settings()).isEqualTo(settings());
        assertThat(model.weights())
            .extracting(Weight::name)
            .containsExactly(
                "encoder/first/kernel", "encoder/first/bias",
                "encoder/norm/scale", "encoder/norm/shift",
                "encoder/gate/kernel", "encoder/gate/bias",
                "encoder/last/kernel", "encoder/last/bias",
                "decoder/0/kernel", "decoder/0/bias",
                "decoder/items/kernel", "decoder/items/bias");
        assertThat(model.scores(DATA.matrix(), 0, 9))
            .isEqualTo(trained.scores(DATA.matrix(), 0, 9));
        assertThat(model.itemKernel().orElseThrow().name()).isEqualTo("decoder/items/kernel");
      }
    }
  }

  /** Asks for a weight that its loss does not depend on. */
  private static final class Unused implements GradientModel {
    @Override
    public String name() {
      return "unused";
    }

    @Override
    public String title() {
      return "Unused";
    }

    @Override
    public String summary() {
      return "a model of the tests";
    }

    @Override
    public List<Setting<?>> settings() {
      return TrainingSettings.all();
    }

    @Override
    public <T> T scores(Settings settings, Layers<T> layers) {
      return layers.items("decoder/0", layers.tanh(layers.history("encoder/0", 4)));
    }

    @Override
    public Objective objective(Settings settings, TrainingGraph graph) {
      graph.weight("forgotten", Shape.of(3), Initial.constant(1));
      return Objective.multinomial(scores(settings, graph.layers(graph.history())));
    }
  }

  @Test
  void aWeightThatTheLossDoesNotDependOnIsRefusedByName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NetworkSession.forTraining(Settings.published(new Unused()), DATA.ids()))
        .withMessage(
            "the loss must depend on every weight that the model asks for, found that it does not"
                + " depend on forgotten");
  }
}
