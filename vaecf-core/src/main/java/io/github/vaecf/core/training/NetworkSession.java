package io.github.vaecf.core.training;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.ScoreRanking;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.core.model.Objective;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TensorFlowLayers;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.core.model.TrainingSettings.Products;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.RunMetadata;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * A model's graph with the session that runs it and holds its variables. Ranking and scoring may be
 * called by many threads; a training step by one, while nothing else runs.
 */
final class NetworkSession extends Recommender {
  /** How TensorFlow says it: {@code Tensor had NaN values}, {@code -Inf and +Inf} and so on. */
  private static final Pattern NO_NUMBER = Pattern.compile("Tensor had [^\\n]*(?:NaN|Inf)");

  /**
   * How many values are read or set in one run of the session. TensorFlow prepares the graph anew
   * for each choice of variables, which takes up to 0.1 s: small ones go together. A large one goes
   * alone, so that no more than it is held twice.
   */
  private static final long VALUES_AT_ONCE = 1 << 20;

  private final Session session;
  private final List<Variables.Variable> modelWeights;
  private final Placeholder<TInt64> fedItems;
  private final Placeholder<TInt32> fedShape;
  private final Operand<TFloat32> room; // of the fed shape
  private final Optional<Operand<TFloat32>> itemVectors; // of the fed items, row by row
  private final boolean onGpu;
  private final ScoreRanking ranking;
  private final TrainingGroup group; // null where one process trains alone
  final NetworkGraph network;
  final TrainingStep step; // null where it does not train

  /**
   * The numbers that a step is run with and that change from step to step.
   *
   * @param wishes what this process wishes of those that it trains together with
   */
  record StepInput(
      Objective.Step step,
      double learningRate,
      long seed,
      int phase,
      List<Long> updatesBefore,
      Wishes wishes) {}

  /** Of a process, or of any of those that train together: to stop, or to end in time. */
  record Wishes(boolean stop, boolean end) {
    static final Wishes NONE = new Wishes(false, false);

    private TFloat32 tensor() {
      return TFloat32.vectorOf(stop ? 1 : 0, end ? 1 : 0);
    }
  }

  /**
   * What a step gives: the loss parts before the update.
   *
   * @param wishes what any of the processes that train together wishes; none of one alone
   */
  record StepLoss(double reconstruction, double regulariser, double penalty, Wishes wishes) {}

  private NetworkSession(Settings settings, IdIndex items, boolean training, TrainingGroup group) {
    super(items);
    this.group = group;
    TensorFlowRuntime.prepare();
    Device device = valueOr(settings, TrainingSettings.DEVICE);
    if (device == Device.GPU) {
      TensorFlowRuntime.requireGpu();
    }
    Graph graph = new Graph();
    try {
      network =
          training
              ? NetworkGraph.forTraining(graph, settings, items.size())
              : new NetworkGraph(graph, settings, items.size());
      // What else a training asks for is of no use once it has ended.
      modelWeights = network.variables.weights();
      fedItems =
          network.tf.withName("items").placeholder(TInt64.class, Placeholder.shape(Shape.of(-1)));
      Ops onCpu =
          network.tf.withDevice(
              DeviceSpec.newBuilder().deviceType(DeviceSpec.DeviceType.CPU).deviceIndex(0).build());
      fedShape =
          onCpu.withName("room_shape").placeholder(TInt32.class, Placeholder.shape(Shape.of(-1)));
      room = onCpu.withName("room").empty(fedShape, TFloat32.class);
      itemVectors = network.itemKernel.map(kernel -> vectors(network, kernel, fedItems));
      step = training ? new TrainingStep(network, settings, group) : null;
      if (training && settings.get(TrainingSettings.PRODUCTS) == Products.BFLOAT16) {
        requireBfloat16(step, device);
      }
      int asked = valueOr(settings, TrainingSettings.THREADS);
      int threads = asked > 0 ? asked : Runtime.getRuntime().availableProcessors();
      ranking = new ScoreRanking(items.size(), threads, this::scores);
      onGpu = device != Device.CPU && TensorFlowRuntime.hasGpu();
      ConfigProto config = sessionConfig(device, threads, training);
      TensorFlowRuntime.prepareSession(config);
      session = group == null ? new Session(graph, config) : group.session(graph, config);
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
  }

  private static void requireBfloat16(TrainingStep step, Device device) {
    String problem = null;
    if (!step.scoresAllItems()) {
      problem = "a step of this model has no product with all items";
    } else if (device != Device.CPU && TensorFlowRuntime.hasGpu()) {
      problem = "it is for processors, and this training is on a GPU (the device cpu is not)";
    } else if (!TensorFlowRuntime.multipliesBfloat16()) {
      problem =
          "this processor has no instructions for it (Linux names none of avx512_bf16 and amx_bf16),"
              + " so that it would take more time";
    }
    if (problem != null) {
      throw new DataException("products bfloat16: " + problem + "; use products float32");
    }
  }

  private static Operand<TFloat32> vectors(
      NetworkGraph network, TensorFlowLayers.ItemKernel kernel, Operand<TInt64> items) {
    Ops tf = network.tf;
    Operand<TFloat32> weights =
        network.variables.weights().stream()
            .filter(weight -> weight.name().equals(kernel.name()))
            .findFirst()
            .orElseThrow()
            .value();
    return kernel.inRows()
        ? tf.gather(weights, items, tf.constant(0))
        : tf.linalg.transpose(
            tf.gather(weights, items, tf.constant(1)), tf.constant(new int[] {1, 0}));
  }

  private static <T> T valueOr(Settings settings, Setting<T> setting) {
    return settings.has(setting) ? settings.get(setting) : setting.published();
  }

  /** Without weights: they are to be set before anything is ranked. */
  static NetworkSession forInference(Settings settings, IdIndex items) {
    return new NetworkSession(settings, items, false, null);
  }

  /** With the first weights of a training with the settings' seed. */
  static NetworkSession forTraining(Settings settings, IdIndex items) {
    return forTraining(settings, items, null, session -> {});
  }

  /**
   * With the first weights of a training with the settings' seed.
   *
   * @param group the processes that train together; null for one alone
   * @param first what is to be done before memory is taken for them
   */
  static NetworkSession forTraining(
      Settings settings, IdIndex items, TrainingGroup group, Consumer<NetworkSession> first) {
    NetworkSession session = new NetworkSession(settings, items, true, group);
    try {
      first.accept(session);
      session.initialise(settings.get(TrainingSettings.SEED));
      session.refreshFrozen();
      return session;
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  private static ConfigProto sessionConfig(Device device, int cores, boolean training) {
    ConfigProto.Builder config =
        ConfigProto.newBuilder()
            .setIntraOpParallelismThreads(cores)
            // A large product uses all threads; a second operation beside it fills the gaps that
            // those on one thread leave (8 % of a step on 2 cores).
            .setInterOpParallelismThreads(training ? 2 : cores);
    if (device == Device.CPU) {
      config.putDeviceCount("GPU", 0);
    }
    return config.build();
  }

  /** Whether its variables lie in the memory of a GPU. */
  boolean onGpu() {
    return onGpu;
  }

  /** What drawing the largest weights takes is free again before their moments are made. */
  private void initialise(long seed) {
    Map<Variables.Variable, Op> initialisers = network.variables.initialisers(seed);
    try (TInt64 zero = TInt64.scalarOf(0)) {
      for (List<Variables.Variable> some : atOnce(initialisers.keySet())) {
        Session.Runner runner = session.runner().feed(network.variables.zero, zero);
        some.forEach(variable -> runner.addTarget(initialisers.get(variable)));
        runner.run().close();
      }
    }
  }

  /** Variables in their order, divided into those that are read or set at once. */
  private static List<List<Variables.Variable>> atOnce(Collection<Variables.Variable> variables) {
    List<List<Variables.Variable>> parts = new ArrayList<>();
    long room = 0;
    for (Variables.Variable variable : variables) {
      room -= variable.dimensions().size();
      if (parts.isEmpty() || room < 0) {
        parts.add(new ArrayList<>());
        room = VALUES_AT_ONCE - variable.dimensions().size();
      }
      parts.get(parts.size() - 1).add(variable);
    }
    return parts;
  }

  private void run(List<? extends Op> operations) {
    Session.Runner runner = session.runner();
    operations.forEach(runner::addTarget);
    runner.run().close();
  }

  /** Makes the frozen weights copies of the present ones, where there are any. */
  void refreshFrozen() {
    if (!step.refreshFrozen().isEmpty()) {
      run(step.refreshFrozen());
    }
  }

  /**
   * Has variables that rows were put back into read in place until the next step; without it each
   * reading of one copies it whole.
   */
  void readInPlace() {
    if (step != null && !step.readInPlace().isEmpty()) {
      run(step.readInPlace());
    }
  }

  /** One training step: loss, gradients, update. */
  StepLoss train(Batch batch, StepInput input) {
    return train(batch, input, null, null);
  }

  /**
   * One training step that also tells of itself.
   *
   * @param told what TensorFlow is asked to tell
   * @param metadata receives it
   */
  StepLoss train(Batch batch, StepInput input, RunOptions told, Consumer<RunMetadata> metadata) {
    List<Tensor> fed = new ArrayList<>();
    Session.Runner runner = runner(batch).addTarget(step.update(input.phase()));
    try {
      feed(runner, step.fedLearningRate(), input.learningRate(), fed);
      for (TrainingStep.FedNumber number : step.numbers()) {
        feed(runner, number.fed(), number.value().at(input.step()), fed);
      }
      for (int i = 0; i < step.counters().size(); i++) {
        TrainingStep.Counter counter = step.counters().get(i);
        long update = input.updatesBefore().get(i) + 1;
        feed(runner, counter.beta1Power(), TrainingStep.Counter.beta1Power(update), fed);
        feed(runner, counter.beta2Power(), TrainingStep.Counter.beta2Power(update), fed);
      }
      for (TrainingStep.Draw draw : step.draws()) {
        TInt64 seed =
            TInt64.vectorOf(
                Streams.seed(input.seed(), draw.use(), draw.stream()), input.step().number());
        fed.add(seed);
        runner.feed(draw.seed(), seed);
      }
      runner.fetch(step.reconstruction()).fetch(step.regulariser()).fetch(step.penalty());
      if (step.fedWishes() != null) {
        TFloat32 wishes = input.wishes().tensor();
        TInt32 part = batch.part.tensor();
        fed.addAll(List.of(wishes, part));
        runner
            .feed(step.fedWishes(), wishes)
            .feed(step.fedPart(), part)
            .feed(step.fedWholeIndices(), batch.whole.indices)
            .feed(step.fedWholeRowValues(), batch.whole.rowValues);
        runner.fetch(step.wishesOfAll());
      }
      if (group != null) {
        runner.setOptions(group.limited());
      }
      try (Result result =
          told == null ? runner.run() : runner.setOptions(told).runAndFetchMetadata()) {
        if (told != null) {
          metadata.accept(result.getMetadata().orElseThrow());
        }
        return new StepLoss(
            scalar(result, 0), scalar(result, 1), scalar(result, 2), wishes(result));
      }
    } catch (TensorFlowException e) {
      throw group == null ? e : group.broken(e);
    } finally {
      fed.forEach(Tensor::close);
    }
  }

  private static void feed(
      Session.Runner runner, Operand<TFloat32> target, double value, List<Tensor> fed) {
    TFloat32 tensor = TFloat32.scalarOf((float) value);
    fed.add(tensor);
    runner.feed(target, tensor);
  }

  private Wishes wishes(Result result) {
    if (step.fedWishes() == null) {
      return Wishes.NONE;
    }
    TFloat32 wishes = (TFloat32) result.get(3);
    return new Wishes(wishes.getFloat(0) > 0, wishes.getFloat(1) > 0);
  }

  private static double scalar(Result result, int index) {
    return ((TFloat32) result.get(index)).getFloat();
  }

  /** A runner with the inputs of a batch, for whoever wants to fetch or feed something else. */
  Session.Runner runner(Batch batch) {
    Session.Runner runner =
        session
            .runner()
            .feed(network.fedIndices, batch.indices)
            .feed(network.rowValues, batch.rowValues)
            .feed(network.shape, batch.shape);
    if (step != null) {
      runner.feed(step.fedCounts(), batch.counts);
    }
    if (step != null && step.sampled() != null && batch.sample != null) {
      step.sampled().feeds(batch.sample).forEach(runner::feed);
    }
    return runner;
  }

  @Override
  protected void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
    if (onGpu) {
      try (Batch batch = Batch.of(histories, from, to)) {
        rankThere(batch, to - from, rankings, firstUser);
      }
      return;
    }
    requireNumbers(() -> ranking.rank(histories, from, to, rankings, firstUser));
  }

  @Override
  protected void rankAmong(
      CsrMatrix histories,
      int from,
      int to,
      IntFunction<BitSet> candidates,
      Rankings rankings,
      int firstUser) {
    requireNumbers(() -> ranking.rankAmong(histories, from, to, candidates, rankings, firstUser));
  }

  private static void requireNumbers(Runnable ranks) {
    try {
      ranks.run();
    } catch (ArithmeticException e) {
      throw notNumbers(e);
    }
  }

  private static ArithmeticException notNumbers(RuntimeException cause) {
    ArithmeticException notNumbers =
        new ArithmeticException("the model's scores are not numbers: its weights are broken");
    notNumbers.initCause(cause);
    return notNumbers;
  }

  private void scores(CsrMatrix histories, int from, int to, ScoreRanking.Reader reader) {
    try (Batch batch = Batch.of(histories, from, to);
        Result result = runner(batch).fetch(network.scores).run()) {
      reader.read(from, to, result.get(0).asRawTensor().data().asInts());
    }
  }

  /** Only the best come back from a GPU. */
  void rankThere(Batch batch, int users, Rankings rankings, int firstUser) {
    int length = rankings.k();
    float[] topScores;
    int[] topItems = new int[users * length];
    try (TInt32 k = TInt32.scalarOf(length);
        Result result =
            runner(batch)
                .feed(network.k, k)
                .fetch(network.topScores)
                .fetch(network.topItems)
                .run()) {
      topScores = Batch.copy(result.get(0));
      result.get(1).asRawTensor().data().asInts().read(topItems);
    } catch (TFInvalidArgumentException e) {
      throw NO_NUMBER.matcher(String.valueOf(e.getMessage())).find() ? notNumbers(e) : e;
    }
    for (int user = 0; user < users; user++) {
      // Seen items were given −∞, which stands at the end.
      for (int rank = 0;
          rank < length && topScores[user * length + rank] != Float.NEGATIVE_INFINITY;
          rank++) {
        int place = user * length + rank;
        rankings.set(firstUser + user, rank, topItems[place], topScores[place]);
      }
    }
  }

  /** The scores of all items, users × items, row-major. */
  float[] scores(CsrMatrix histories, int from, int to) {
    return infer(histories, from, to, network.scores);
  }

  /** The latent vectors, users × latent, row-major. */
  float[] encode(CsrMatrix histories, int from, int to) {
    return infer(histories, from, to, network.latent);
  }

  private float[] infer(CsrMatrix histories, int from, int to, Operand<TFloat32> output) {
    if (histories.columns() != itemCount()) {
      throw new IllegalArgumentException(
          "histories must be over the model's " + itemCount() + " items, found " + histories);
    }
    try (Batch batch = Batch.of(histories, from, to);
        Result result = runner(batch).fetch(output).run()) {
      return Batch.copy(result.get(0));
    }
  }

  /** The vectors of users whose products with the items' are the scores, row-major. */
  float[] users(TensorFlowLayers.Products products, CsrMatrix histories, int from, int to) {
    return infer(histories, from, to, products.users());
  }

  @Override
  public boolean comparesItems() {
    return itemVectors.isPresent();
  }

  @Override
  protected IntFunction<float[]> cosines(int[] pool) {
    if (itemVectors.isEmpty()) {
      return super.cosines(pool);
    }
    float[] vectors;
    try (TInt64 fed = TInt64.vectorOf(Arrays.stream(pool).asLongStream().toArray());
        Result result = session.runner().feed(fedItems, fed).fetch(itemVectors.get()).run()) {
      vectors = Batch.copy(result.get(0));
    }
    int width = vectors.length / Math.max(1, pool.length);
    double[] lengths = new double[pool.length];
    for (int place = 0; place < pool.length; place++) {
      lengths[place] = Math.sqrt(product(vectors, place, place, width));
    }
    return place -> {
      float[] cosines = new float[pool.length];
      for (int other = 0; other < pool.length; other++) {
        double both = lengths[place] * lengths[other];
        cosines[other] = both == 0 ? 0 : (float) (product(vectors, place, other, width) / both);
      }
      return cosines;
    };
  }

  /** The inner product of two rows. */
  private static double product(float[] rows, int a, int b, int width) {
    double product = 0;
    for (int i = 0; i < width; i++) {
      product += (double) rows[a * width + i] * rows[b * width + i];
    }
    return product;
  }

  /** What a tensor is that depends on no history. */
  float[] fetch(Operand<TFloat32> tensor) {
    try (Result result = session.runner().fetch(tensor).run()) {
      return Batch.copy(result.get(0));
    }
  }

  /** The weights that the model ranks with. */
  List<Variables.Variable> modelWeights() {
    return modelWeights;
  }

  /** Copies of the weights that the model ranks with. */
  List<Weight> weights() {
    List<Weight> weights = new ArrayList<>();
    read(modelWeights, weights::addAll);
    return weights;
  }

  /**
   * Variables as tensors to be written, read when their turn comes; each is asked for once. Of a
   * large one little is on the heap at a time.
   */
  List<Safetensors.Source> sources(List<Variables.Variable> variables) {
    List<Safetensors.Source> sources = new ArrayList<>();
    for (List<Variables.Variable> some : atOnce(variables)) {
      if (some.size() == 1) {
        Variables.Variable large = some.get(0);
        sources.add(
            new Safetensors.Source(large.name(), shape(large), target -> read(large, target)));
        continue;
      }
      Map<String, float[]> read = new HashMap<>();
      for (Variables.Variable variable : some) {
        sources.add(
            Safetensors.Source.of(
                variable.name(),
                shape(variable),
                () -> {
                  if (!read.containsKey(variable.name())) {
                    read(some).forEach(one -> read.put(one.name(), one.values()));
                  }
                  return read.remove(variable.name());
                }));
      }
    }
    return sources;
  }

  private void read(Variables.Variable variable, Safetensors.Target target) {
    readInPlace();
    try (Result result = session.runner().fetch(variable.value()).run()) {
      FloatDataBuffer values = result.get(0).asRawTensor().data().asFloats();
      float[] some = new float[(int) Math.min(VALUES_AT_ONCE, values.size())];
      for (long at = 0; at < values.size(); at += some.length) {
        int length = (int) Math.min(some.length, values.size() - at);
        values.offset(at).read(some, 0, length);
        target.take(some, length, at);
      }
    }
  }

  static List<Long> shape(Variables.Variable variable) {
    return Arrays.stream(variable.dimensions().asArray()).boxed().toList();
  }

  Weight read(Variables.Variable variable) {
    return read(List.of(variable)).get(0);
  }

  /** Hands variables on in their order, as many as are read at once. */
  void read(List<Variables.Variable> variables, Consumer<List<Weight>> some) {
    atOnce(variables).forEach(part -> some.accept(read(part)));
  }

  private List<Weight> read(List<Variables.Variable> variables) {
    readInPlace();
    Session.Runner runner = session.runner();
    variables.forEach(variable -> runner.fetch(variable.value()));
    try (Result result = runner.run()) {
      List<Weight> weights = new ArrayList<>();
      for (Variables.Variable variable : variables) {
        float[] values = Batch.copy(result.get(weights.size()));
        weights.add(new Weight(variable.name(), shape(variable), values));
      }
      return weights;
    }
  }

  /** Sets a variable. */
  void set(String name, float[] value) {
    set(Map.of(name, value));
  }

  /** Sets variables. */
  void set(Map<String, float[]> values) {
    List<Variables.Variable> variables = values.keySet().stream().map(this::variable).toList();
    set(variables, (variable, target) -> target.write(values.get(variable.name())));
  }

  /**
   * Sets variables to what a file has for them, of which little is on the heap at a time.
   *
   * @throws ArithmeticException if a value is no finite number
   * @throws DataException if the file has another number of them
   */
  void set(List<Variables.Variable> variables, Safetensors file) {
    set(variables, (variable, target) -> read(variable, file, true, target));
  }

  /**
   * Sets all variables to what a checkpoint has for them, bit for bit, of which little is on the
   * heap at a time.
   *
   * @throws DataException if it is one of other variables; none is set then
   * @throws IllegalStateException if it can no longer be read; some are set then
   */
  void restore(Safetensors checkpoint) {
    List<Variables.Variable> variables = network.variables.all();
    for (Variables.Variable variable : variables) {
      checkpoint.requireSize(variable.name(), variable.dimensions().size());
    }
    try {
      set(variables, (variable, target) -> read(variable, checkpoint, false, target));
    } catch (DataException e) {
      throw new IllegalStateException(
          "a checkpoint was whole when it was opened, and is no longer: " + e.getMessage(), e);
    }
  }

  private static void read(
      Variables.Variable variable, Safetensors file, boolean finite, FloatDataBuffer target) {
    file.read(
        variable.name(),
        target.size(),
        (some, length, at) -> {
          for (int i = 0; finite && i < length; i++) {
            TrainedModel.requireFinite(variable.name(), some[i]);
          }
          target.offset(at).write(some, 0, length);
        });
  }

  /** Sets a variable. */
  void set(String name, TFloat32 value) {
    Variables.Variable variable = variable(name);
    session.runner().feed(variable.fed(), value).addTarget(variable.assign()).run().close();
  }

  /** Writes the numbers that a variable is to have. */
  @FunctionalInterface
  private interface Values {
    void write(Variables.Variable variable, FloatDataBuffer target);
  }

  /**
   * Sets variables. The memory for what they get is that of the graph's operations, which keeps
   * what other sessions have given back; TensorFlow's for tensors of callers is another.
   */
  private void set(List<Variables.Variable> variables, Values values) {
    for (List<Variables.Variable> some : atOnce(variables)) {
      List<Result> rooms = new ArrayList<>();
      try {
        Session.Runner runner = session.runner();
        for (Variables.Variable variable : some) {
          long[] dimensions = variable.dimensions().asArray();
          try (TInt32 shape =
              TInt32.vectorOf(Arrays.stream(dimensions).mapToInt(Math::toIntExact).toArray())) {
            rooms.add(session.runner().feed(fedShape, shape).fetch(room).run());
          }
          Tensor tensor = rooms.get(rooms.size() - 1).get(0);
          values.write(variable, tensor.asRawTensor().data().asFloats());
          runner.feed(variable.fed(), tensor).addTarget(variable.assign());
        }
        runner.run().close();
      } finally {
        rooms.forEach(Result::close);
      }
    }
  }

  private Variables.Variable variable(String name) {
    return network.variables.all().stream()
        .filter(variable -> variable.name().equals(name))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("the graph has no variable of the name " + name));
  }

  /** The names of all variables, moments and frozen weights included. */
  Set<String> variableNames() {
    return network.variables.all().stream()
        .map(Variables.Variable::name)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Copies of all variables by name, moments and frozen weights included. */
  Map<String, float[]> state() {
    Map<String, float[]> state = new LinkedHashMap<>();
    read(network.variables.all(), some -> some.forEach(one -> state.put(one.name(), one.values())));
    return state;
  }

  @Override
  protected void release() {
    session.close();
    network.graph.close();
  }
}
