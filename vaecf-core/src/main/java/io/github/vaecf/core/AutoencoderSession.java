package io.github.vaecf.core;

import io.github.vaecf.data.CsrMatrix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.op.Op;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GPUOptions;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * A graph with the session that runs it and holds its variables. Ranking and scoring may be called
 * by many threads; a training step by one, while nothing else runs.
 */
final class AutoencoderSession implements Scorer, AutoCloseable {
  private final int items;
  private final Graph graph;
  private final Session session;
  final AutoencoderGraph autoencoder;
  final AutoencoderGraph.TrainingStep step;

  /** The numbers that a step is run with and that change from step to step. */
  record StepInput(double beta, double learningRate, long step, long seed) {}

  /** What a step gives: the loss parts before the update. */
  record StepLoss(double negativeLogLikelihood, double kl, double penalty) {}

  private AutoencoderSession(
      ModelConfig config, int items, Device device, int threads, boolean training, double clip) {
    this.items = items;
    graph = new Graph();
    autoencoder = new AutoencoderGraph(graph, config, items);
    step = training ? autoencoder.defineTrainingStep(clip) : null;
    session = new Session(graph, sessionConfig(device, threads, training));
  }

  /** Without weights: they are to be set before anything is ranked. */
  static AutoencoderSession forInference(
      ModelConfig config, int items, Device device, int threads) {
    prepare(device);
    return new AutoencoderSession(config, items, device, threads, false, 0);
  }

  /** With the first weights of a training with this seed. */
  static AutoencoderSession forTraining(
      ModelConfig config, int items, Device device, int threads, double clip, long seed) {
    prepare(device);
    AutoencoderSession session = new AutoencoderSession(config, items, device, threads, true, clip);
    session.run(session.autoencoder.initialisers(seed));
    return session;
  }

  private static void prepare(Device device) {
    TensorFlowRuntime.prepare();
    if (device == Device.GPU) {
      Gpu.require();
    }
  }

  private static ConfigProto sessionConfig(Device device, int threads, boolean training) {
    int cores = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    ConfigProto.Builder config =
        ConfigProto.newBuilder()
            .setIntraOpParallelismThreads(cores)
            // A large product uses all threads; a second operation beside it fills the gaps that
            // those on one thread leave (8 % of a step on 2 cores).
            .setInterOpParallelismThreads(training ? 2 : cores)
            .setGpuOptions(GPUOptions.newBuilder().setAllowGrowth(true));
    if (device == Device.CPU) {
      config.putDeviceCount("GPU", 0);
    }
    return config.build();
  }

  private void run(List<? extends Op> operations) {
    Session.Runner runner = session.runner();
    operations.forEach(runner::addTarget);
    runner.run().close();
  }

  /** One training step: loss, gradients, update. */
  StepLoss train(Batch batch, StepInput input) {
    return train(batch, input, null);
  }

  /**
   * One training step that also tells where its operations ran.
   *
   * @param devices receives, for each operation of the step, the device that it was placed on
   */
  StepLoss train(Batch batch, StepInput input, Map<String, String> devices) {
    long update = input.step() + 1;
    try (TFloat32 beta = TFloat32.scalarOf((float) input.beta());
        TFloat32 learningRate = TFloat32.scalarOf((float) input.learningRate());
        TFloat32 beta1Power =
            TFloat32.scalarOf((float) Math.pow(AutoencoderGraph.ADAM_BETA1, (double) update));
        TFloat32 beta2Power =
            TFloat32.scalarOf((float) Math.pow(AutoencoderGraph.ADAM_BETA2, (double) update));
        TInt64 dropoutSeed =
            TInt64.vectorOf(Streams.seed(input.seed(), Streams.DROPOUT, 0), input.step());
        TInt64 noiseSeed =
            TInt64.vectorOf(Streams.seed(input.seed(), Streams.NOISE, 0), input.step());
        Result result =
            run(
                devices,
                feed(session.runner(), batch)
                    .feed(step.counts(), batch.counts)
                    .feed(step.beta(), beta)
                    .feed(step.learningRate(), learningRate)
                    .feed(step.beta1Power(), beta1Power)
                    .feed(step.beta2Power(), beta2Power)
                    .feed(step.dropoutSeed(), dropoutSeed)
                    .feed(step.noiseSeed(), noiseSeed)
                    .addTarget(step.update())
                    .fetch(step.negativeLogLikelihood())
                    .fetch(step.kl())
                    .fetch(step.penalty()))) {
      return new StepLoss(scalar(result, 0), scalar(result, 1), scalar(result, 2));
    }
  }

  private static Result run(Map<String, String> devices, Session.Runner runner) {
    if (devices == null) {
      return runner.run();
    }
    Result result =
        runner
            .setOptions(RunOptions.newBuilder().setOutputPartitionGraphs(true).build())
            .runAndFetchMetadata();
    for (GraphDef partition : result.getMetadata().orElseThrow().getPartitionGraphsList()) {
      for (NodeDef node : partition.getNodeList()) {
        devices.put(node.getName() + " (" + node.getOp() + ")", node.getDevice());
      }
    }
    return result;
  }

  private static double scalar(Result result, int index) {
    return ((TFloat32) result.get(index)).getFloat();
  }

  private Session.Runner feed(Session.Runner runner, Batch batch) {
    return runner
        .feed(autoencoder.indices, batch.indices)
        .feed(autoencoder.values, batch.values)
        .feed(autoencoder.shape, batch.shape);
  }

  /** A runner with the inputs of a batch, for whoever wants to fetch or feed something else. */
  Session.Runner runner(Batch batch) {
    return feed(session.runner(), batch);
  }

  @Override
  public int itemCount() {
    return items;
  }

  @Override
  public Rankings rank(CsrMatrix histories, int from, int to, int k) {
    requireItems(histories);
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, found " + k);
    }
    int users = to - from;
    int found = Math.min(k, items);
    int[] topItems = new int[users * found];
    float[] topScores;
    try (Batch batch = Batch.of(histories, from, to);
        TInt32 length = TInt32.scalarOf(found);
        Result result =
            feed(session.runner(), batch)
                .feed(autoencoder.k, length)
                .fetch(autoencoder.topScores)
                .fetch(autoencoder.topItems)
                .run()) {
      topScores = Batch.copy(result.get(0));
      if (topItems.length > 0) {
        result.get(1).asRawTensor().data().asInts().read(topItems);
      }
    } catch (TFInvalidArgumentException e) {
      if (String.valueOf(e.getMessage()).contains("Tensor had NaN")
          || String.valueOf(e.getMessage()).contains("Tensor had Inf")) {
        ArithmeticException notANumber =
            new ArithmeticException("the model's scores are not numbers: its weights are broken");
        notANumber.initCause(e);
        throw notANumber;
      }
      throw e;
    }
    int[] rankedItems = new int[users * k];
    float[] rankedScores = new float[users * k];
    for (int user = 0; user < users; user++) {
      for (int rank = 0; rank < k; rank++) {
        int source = user * found + rank;
        // Seen items were given −∞, which stands at the end.
        boolean unseen = rank < found && topScores[source] != Float.NEGATIVE_INFINITY;
        rankedItems[user * k + rank] = unseen ? topItems[source] : -1;
        rankedScores[user * k + rank] = unseen ? topScores[source] : Float.NEGATIVE_INFINITY;
      }
    }
    return new Rankings(k, rankedItems, rankedScores);
  }

  /** The logits of all items, users × items, row-major. */
  float[] scores(CsrMatrix histories, int from, int to) {
    return infer(histories, from, to, autoencoder.logits);
  }

  /** The latent means, users × latent, row-major. */
  float[] encode(CsrMatrix histories, int from, int to) {
    return infer(histories, from, to, autoencoder.latentMean);
  }

  private float[] infer(CsrMatrix histories, int from, int to, Operand<TFloat32> output) {
    requireItems(histories);
    try (Batch batch = Batch.of(histories, from, to);
        Result result = feed(session.runner(), batch).fetch(output).run()) {
      return Batch.copy(result.get(0));
    }
  }

  private void requireItems(CsrMatrix histories) {
    if (histories.columns() != items) {
      throw new IllegalArgumentException(
          "histories must be over the model's " + items + " items, found " + histories);
    }
  }

  /** Copies of the model's weights by name. */
  Map<String, float[]> weights() {
    return read(autoencoder.weights());
  }

  /** Copies of all variables by name: weights and, when training, Adam's moments. */
  Map<String, float[]> state() {
    return read(autoencoder.variables());
  }

  private Map<String, float[]> read(List<AutoencoderGraph.Variable> variables) {
    Map<String, float[]> values = new LinkedHashMap<>();
    for (AutoencoderGraph.Variable variable : variables) {
      values.put(variable.name(), read(variable));
    }
    return values;
  }

  /** A variable as a tensor to be written, read when its turn comes. */
  Safetensors.Source source(AutoencoderGraph.Variable variable) {
    List<Long> shape = new ArrayList<>();
    for (long dimension : variable.dimensions().asArray()) {
      shape.add(dimension);
    }
    return new Safetensors.Source(variable.name(), shape, () -> read(variable));
  }

  private float[] read(AutoencoderGraph.Variable variable) {
    try (Result result = session.runner().fetch(variable.value()).run()) {
      return Batch.copy(result.get(0));
    }
  }

  /** Sets variables by name; those that the map does not name stay as they are. */
  void set(Map<String, float[]> values) {
    List<String> unknown = new ArrayList<>(values.keySet());
    for (AutoencoderGraph.Variable variable : autoencoder.variables()) {
      float[] value = values.get(variable.name());
      if (value != null) {
        unknown.remove(variable.name());
        try (TFloat32 tensor = Batch.floats(variable.dimensions(), value)) {
          session.runner().feed(variable.fed(), tensor).addTarget(variable.assign()).run().close();
        }
      }
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("no variables have the names " + unknown);
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
