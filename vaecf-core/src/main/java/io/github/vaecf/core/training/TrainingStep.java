package io.github.vaecf.core.training;

import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.Layers;
import io.github.vaecf.core.model.Objective;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TensorFlowLayers;
import io.github.vaecf.core.model.TensorFlowLayers.Initial;
import io.github.vaecf.core.model.TensorFlowLayers.Initials;
import io.github.vaecf.core.model.TrainingGraph;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.SampledRows.Rows;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.sparse.SparseTensorDenseMatMul;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * One training step of a model, added to its graph: the loss as the model describes it, its
 * gradients, and Adam (Kingma and Ba 2015, the efficient form at the end of section 2, so that ε is
 * added to √v before the bias correction).
 *
 * <p>The two layers that touch all items do nearly all of the work; their gradients are written out
 * here, so that the step makes as few passes over B × I numbers as the operations allow: product,
 * bias, softmax, one subtraction in place at the ones, and two products back. Everything between
 * them is TensorFlow's automatic differentiation.
 */
final class TrainingStep implements TrainingGraph {
  private static final double ADAM_BETA1 = 0.9;
  private static final double ADAM_BETA2 = 0.999;
  private static final double ADAM_EPSILON = 1e-8;

  /** The squared length of scores below which they are taken for no longer. */
  private static final float SMALLEST_SQUARE = 1e-12f;

  private final NetworkGraph network;
  private final SampledRows sampled; // null where a step takes all items
  private final TrainingGroup group; // null where one process trains alone
  private final Placeholder<TInt32> part; // a Batch.Part; null likewise
  private final Placeholder<TInt32> fedWholeIndices; // those of the whole batch; null likewise
  private final Placeholder<TFloat32> fedWholeRowValues; // likewise
  private final Operand<TInt64> wholeIndices; // likewise
  private final int batchSize;
  private final Placeholder<TFloat32> wishes; // to stop, and to end in time; null likewise
  private final Operand<TFloat32> wishesOfAll; // null likewise
  private final Ops tf;
  private final ItemProducts products;
  private final Initials initials;
  private final Placeholder<TFloat32> counts;
  private final Operand<TFloat32> perUser;

  // What the model asked for.
  private final List<Draw> draws = new ArrayList<>();
  private final List<FedNumber> numbers = new ArrayList<>();
  private final List<FirstLayer> firstLayers = new ArrayList<>();
  private final List<LastLayer> lastLayers = new ArrayList<>();
  private final List<LowRankLayer> lowRankLayers = new ArrayList<>();
  private final List<Output<?>> means = new ArrayList<>();

  // Of entries of this process's users those of the whole batch, and which gradients are already of
  // it.
  private final Map<Output<?>, Operand<TFloat32>> wholeEntries = new HashMap<>();
  private final Set<String> summed = new HashSet<>();
  private final Map<String, Operand<TFloat32>> densePaths = new LinkedHashMap<>();

  private final Placeholder<TFloat32> learningRate;
  private final Objective.StepNumber regulariserWeight;
  private final List<Counter> counters = new ArrayList<>();
  private final Operand<TFloat32> reconstruction;
  private final Operand<TFloat32> regulariser;
  private final Operand<TFloat32> penalty;
  private final Map<String, Operand<TFloat32>> gradients = new LinkedHashMap<>();
  private final Map<String, Rows> touched = new LinkedHashMap<>(); // what is updated by rows
  private final List<Op> updates = new ArrayList<>();
  private final List<Op> refreshFrozen;
  private final List<Op> readInPlace;

  /** A random draw: the seed that it is fed, and which stream of which use it takes it from. */
  record Draw(Placeholder<TInt64> seed, long use, long stream) {}

  /** A number that is fed at each step. */
  record FedNumber(Placeholder<TFloat32> fed, Objective.StepNumber value) {}

  /** Weights that learn in the same phases, and the powers of Adam's β for their updates so far. */
  record Counter(
      BitSet phases, Placeholder<TFloat32> beta1Power, Placeholder<TFloat32> beta2Power) {
    static double beta1Power(long updates) {
      return Math.pow(ADAM_BETA1, (double) updates);
    }

    static double beta2Power(long updates) {
      return Math.pow(ADAM_BETA2, (double) updates);
    }
  }

  /**
   * A sparse first layer: whose kernel, over which rows, with what output; over which rows of the
   * whole batch, null where these are not known or not needed.
   */
  private record FirstLayer(
      String name,
      int width,
      TensorFlowLayers.Histories rows,
      Operand<TFloat32> output,
      TensorFlowLayers.Histories wholeRows) {}

  /** A last layer: its name, what goes into it and the scores. */
  private record LastLayer(String name, Operand<TFloat32> input, Operand<TFloat32> scores) {}

  /** The products with the weights of all items, in the numbers that the settings say. */
  private static final class ItemProducts {
    private final Ops tf;
    private final boolean narrow;
    private final Map<Output<?>, Operand<TBfloat16>> factors = new HashMap<>();

    ItemProducts(Ops tf, TrainingSettings.Products products) {
      this.tf = tf;
      narrow = products == TrainingSettings.Products.BFLOAT16;
    }

    Operand<TFloat32> of(Operand<TFloat32> a, Operand<TFloat32> b, MatMul.Options... transposed) {
      return narrow
          ? tf.dtypes.cast(tf.linalg.matMul(factor(a), factor(b), transposed), TFloat32.class)
          : tf.linalg.matMul(a, b, transposed);
    }

    /** Rounded once, though it is a factor twice. */
    private Operand<TBfloat16> factor(Operand<TFloat32> wide) {
      return factors.computeIfAbsent(wide.asOutput(), key -> tf.dtypes.cast(wide, TBfloat16.class));
    }
  }

  /** A layer of low rank: its weight, and the scores, which a step need not compute. */
  private record LowRankLayer(String weight, Operand<TFloat32> scores) {}

  /** A loss with its gradient in the scores: scale [B, 1] · error [B, I]. */
  private record Loss(Operand<TFloat32> value, Operand<TFloat32> error, Operand<TFloat32> scale) {}

  /**
   * Adds it.
   *
   * @param group the processes that each take a part of a batch; null for one that takes all
   */
  TrainingStep(NetworkGraph network, Settings settings, TrainingGroup group) {
    this.network = network;
    this.group = group;
    tf = network.tf;
    sampled = network.byRows ? new SampledRows(tf, network.variables) : null;
    counts = tf.withName("counts").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1)));
    learningRate = scalar("learning_rate");
    part =
        group == null
            ? null
            : tf.withName("part").placeholder(TInt32.class, Placeholder.shape(Shape.of(4)));
    perUser = tf.math.div(tf.constant(1f), tf.dtypes.cast(users(), TFloat32.class));
    batchSize = settings.get(TrainingSettings.BATCH_SIZE);
    if (group == null) {
      fedWholeIndices = null;
      fedWholeRowValues = null;
      wholeIndices = null;
    } else {
      fedWholeIndices =
          tf.withName("whole_indices")
              .placeholder(TInt32.class, Placeholder.shape(Shape.of(-1, 2)));
      fedWholeRowValues =
          tf.withName("whole_row_values")
              .placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1)));
      wholeIndices = tf.dtypes.cast(fedWholeIndices, TInt64.class);
      Operand<TInt32> first = tf.constant(0);
      Operand<TInt64> userOfEach = tf.gather(wholeIndices, first, tf.constant(1));
      wholeEntries.put(network.values.asOutput(), tf.gather(fedWholeRowValues, userOfEach, first));
    }
    products = new ItemProducts(tf, settings.get(TrainingSettings.PRODUCTS));
    GradientModel model = (GradientModel) settings.model();
    initials = model.initials();
    Objective objective = model.objective(settings, this);
    regulariserWeight = objective.weight();
    Operand<TFloat32> ownRegulariser =
        objective.regulariser() == null ? tf.constant(0f) : objective.regulariser();
    Operand<TFloat32> ownReconstruction =
        switch (objective.reconstruction()) {
          case MULTINOMIAL -> {
            LastLayer last = layer(lastLayers, LastLayer::scores, objective.scores(), "items()");
            yield differentiate(objective, last, multinomial(last.scores()));
          }
          case SQUARED -> {
            LastLayer last = layer(lastLayers, LastLayer::scores, objective.scores(), "items()");
            yield differentiate(objective, last, squared(last.scores()));
          }
          case COSINE ->
              cosine(
                  objective,
                  layer(lowRankLayers, LowRankLayer::scores, objective.scores(), "lowRankSum()"));
        };
    if (group == null) {
      wishes = null;
      wishesOfAll = null;
      reconstruction = ownReconstruction;
      regulariser = ownRegulariser;
    } else {
      requireMean(objective);
      sumGradients(model, settings);
      wishes = tf.withName("wishes").placeholder(TFloat32.class, Placeholder.shape(Shape.of(2)));
      Operand<TFloat32> sums =
          group.sum(
              tf,
              tf.concat(
                  List.of(tf.stack(List.of(ownReconstruction, ownRegulariser)), wishes),
                  tf.constant(0)));
      reconstruction = tf.gather(sums, tf.constant(0), tf.constant(0));
      regulariser = tf.gather(sums, tf.constant(1), tf.constant(0));
      wishesOfAll = tf.gather(sums, tf.constant(new int[] {2, 3}), tf.constant(0));
    }
    penalty = penalise(objective.l2());
    List<Operand<TFloat32>> lossParts = List.of(reconstruction, regulariser, penalty);
    double clip = settings.get(TrainingSettings.GRADIENT_CLIP);
    Map<BitSet, Counter> counterOf = new LinkedHashMap<>();
    for (int phase = 0; phase < model.phases(settings); phase++) {
      Map<String, Operand<TFloat32>> learning = new LinkedHashMap<>();
      Map<String, Counter> counterOfWeight = new LinkedHashMap<>();
      for (Map.Entry<String, Operand<TFloat32>> entry : gradients.entrySet()) {
        BitSet phases = phases(model, settings, entry.getKey());
        if (phases.get(phase)) {
          learning.put(entry.getKey(), entry.getValue());
          counterOfWeight.put(entry.getKey(), counterOf.computeIfAbsent(phases, this::counter));
        }
      }
      if (clip > 0) {
        clip(learning, clip);
      }
      updates.add(adam(learning, counterOfWeight, lossParts));
    }
    refreshFrozen = network.variables.refreshFrozen();
    readInPlace = sampled == null ? List.of() : sampled.readInPlace();
  }

  /** Whether all ways of the users to a kernel are sparse ones of which the whole is known. */
  private boolean isOfWholeBatch(FirstLayer layer) {
    return group != null
        && batchSize < network.items
        && !densePaths.containsKey(layer.name() + "/kernel")
        && firstLayers.stream()
            .filter(other -> other.name().equals(layer.name()))
            .allMatch(other -> other.wholeRows() != null);
  }

  /** Rows of this process's users with zeros for the others of the batch. */
  private Operand<TFloat32> padded(Operand<TFloat32> rows) {
    Operand<TInt32> before = ofPart(0);
    Operand<TInt32> after = tf.math.sub(tf.math.sub(users(), before), tf.size(counts));
    return tf.pad(
        rows,
        tf.stack(List.of(tf.stack(List.of(before, after)), tf.constant(new int[] {0, 0}))),
        tf.constant(0f));
  }

  /** Of each process the gradient of its users' part of the mean becomes that of the mean. */
  private void sumGradients(GradientModel model, Settings settings) {
    Map<BitSet, Map<String, Operand<TFloat32>>> together = new LinkedHashMap<>();
    gradients.forEach(
        (name, gradient) -> {
          if (!summed.contains(name)) {
            together
                .computeIfAbsent(phases(model, settings, name), phases -> new LinkedHashMap<>())
                .put(name, gradient);
          }
        });
    for (Map<String, Operand<TFloat32>> some : together.values()) {
      List<Shape> shapes = new ArrayList<>();
      some.keySet().forEach(name -> shapes.add(network.variables.named(name).dimensions()));
      List<Operand<TFloat32>> sums = group.sum(tf, List.copyOf(some.values()), shapes);
      int next = 0;
      for (String name : some.keySet()) {
        gradients.put(name, sums.get(next++));
      }
    }
  }

  /** Of a regulariser that is no mean over the users it is not known what its parts add up to. */
  private void requireMean(Objective objective) {
    if (objective.regulariser() != null && !means.contains(objective.regulariser().asOutput())) {
      throw new IllegalArgumentException(
          "where several processes train together a regulariser must be what mean() gave, found "
              + objective.regulariser().op().name());
    }
  }

  /** How many users the batch has, with those of the other processes. */
  private Operand<TInt32> users() {
    return group == null ? tf.size(counts) : ofPart(1);
  }

  private Operand<TInt32> ofPart(int field) {
    return tf.gather(part, tf.constant(field), tf.constant(0));
  }

  private static BitSet phases(GradientModel model, Settings settings, String weight) {
    BitSet phases = new BitSet();
    for (int phase = 0; phase < model.phases(settings); phase++) {
      phases.set(phase, model.learns(settings, phase, weight));
    }
    return phases;
  }

  private Counter counter(BitSet phases) {
    Counter counter = new Counter(phases, scalar("beta1_power"), scalar("beta2_power"));
    counters.add(counter);
    return counter;
  }

  private static <L> L layer(
      List<L> layers,
      Function<L, Operand<TFloat32>> scoresOf,
      Operand<TFloat32> scores,
      String word) {
    for (L layer : layers) {
      if (scoresOf.apply(layer).asOutput().equals(scores.asOutput())) {
        return layer;
      }
    }
    throw new IllegalArgumentException(
        "an objective's scores must be what " + word + " of its layers gave");
  }

  /** −Σ x·log softmax(scores), averaged over the users (Liang et al. 2018, equation 2). */
  private Loss multinomial(Operand<TFloat32> logits) {
    Operand<TFloat32> softmax = tf.nn.softmax(logits);
    // −Σ x·log softmax = Σ_u n_u·lse_u − Σ logits at the ones. The log-sum-exp needs no pass of its
    // own: at a row's largest logit m, log softmax = m − lse, and that softmax is never below 1 /
    // I.
    Operand<TInt32> itemAxis = tf.constant(1);
    Operand<TFloat32> largest = tf.reduceMax(softmax, itemAxis);
    Operand<TFloat32> logSumExp = tf.math.sub(tf.reduceMax(logits, itemAxis), tf.math.log(largest));
    Operand<TFloat32> atOnes = tf.gatherNd(logits, places());
    Operand<TInt32> vectorAxis = tf.constant(0);
    Operand<TFloat32> value =
        tf.math.mul(
            tf.math.sub(
                tf.reduceSum(tf.math.mul(counts, logSumExp), vectorAxis),
                tf.reduceSum(atOnes, vectorAxis)),
            perUser);
    // The gradient in a user's logits is (n_u·softmax − x) / B = s_u·(softmax − x / n_u) with s_u =
    // n_u / B. The subtraction happens in place, once the largest softmax has been read; s_u is
    // multiplied into the narrow sides of the products instead of into B × I numbers.
    Operand<TFloat32> onceRead =
        tf.withControlDependencies(List.of(largest)).math.square(network.values);
    Operand<TFloat32> error = tf.tensorScatterNdSub(softmax, places(), onceRead);
    return new Loss(value, error, tf.expandDims(tf.math.mul(counts, perUser), tf.constant(1)));
  }

  /** Σ (scores − x)², averaged over the users. */
  private Loss squared(Operand<TFloat32> scores) {
    Operand<TFloat32> error =
        tf.tensorScatterNdSub(scores, places(), tf.fill(tf.shape(network.values), tf.constant(1f)));
    Operand<TFloat32> weighted = sampled == null ? error : tf.math.mul(error, sampled.weights());
    Operand<TFloat32> squares =
        sampled == null ? tf.math.square(error) : tf.math.mul(error, weighted);
    Operand<TFloat32> value =
        tf.math.mul(tf.reduceSum(squares, tf.constant(new int[] {0, 1})), perUser);
    Operand<TFloat32> scale =
        tf.fill(
            tf.stack(List.of(tf.size(counts), tf.constant(1))),
            tf.math.mul(tf.constant(2f), perUser));
    return new Loss(value, weighted, scale);
  }

  /** Of each one of the batch its user and where in the user's scores its item stands. */
  private Operand<TInt64> places() {
    return sampled == null ? network.indices : sampled.places;
  }

  /** Fills in the gradient of every weight, in their order, and gives the loss. */
  private Operand<TFloat32> differentiate(Objective objective, LastLayer last, Loss loss) {
    network.variables.weights().forEach(variable -> gradients.put(variable.name(), null));
    String lastKernel = last.name() + "/kernel";
    String lastBias = last.name() + "/bias";
    Operand<TFloat32> scaled = tf.math.mul(last.input(), loss.scale());
    Operand<TFloat32> back;
    if (sampled == null) {
      gradients.put(lastKernel, products.of(scaled, loss.error(), MatMul.transposeA(true)));
      back = products.of(loss.error(), value(lastKernel), MatMul.transposeB(true));
    } else {
      gradients.put(lastKernel, products.of(loss.error(), scaled, MatMul.transposeA(true)));
      touched.put(lastKernel, sampled.all(lastKernel));
      touched.put(lastBias, sampled.all(lastBias));
      back = products.of(loss.error(), sampled.all(lastKernel).values());
    }
    gradients.put(
        lastBias,
        tf.reshape(
            tf.linalg.matMul(loss.scale(), loss.error(), MatMul.transposeA(true)),
            tf.constant(new int[] {sampled == null ? network.items : -1})));
    Operand<TFloat32> inputGradient = tf.math.mul(back, loss.scale());

    // Between the item layers, by automatic differentiation: from the last layer's input, and from
    // the regulariser, to the outputs of the first layers and to all weights between.
    List<String> inner = new ArrayList<>();
    for (String name : gradients.keySet()) {
      boolean first = firstLayers.stream().anyMatch(layer -> name.equals(layer.name() + "/kernel"));
      if (!first && !name.equals(lastKernel) && !name.equals(lastBias)) {
        inner.add(name);
      }
    }
    List<Output<?>> sources = new ArrayList<>();
    firstLayers.forEach(layer -> sources.add(layer.output().asOutput()));
    inner.forEach(name -> sources.add(value(name).asOutput()));
    densePaths.values().forEach(kernel -> sources.add(kernel.asOutput()));
    // A node of its own: where the regulariser depends on the same tensor, TensorFlow's walk would
    // drop its part of the gradient.
    Operand<TFloat32> target = tf.identity(last.input());
    List<Output<?>> targets = new ArrayList<>(List.of(target.asOutput()));
    List<Output<?>> incoming = new ArrayList<>(List.of(inputGradient.asOutput()));
    if (objective.regulariser() != null) {
      requireInner(objective.regulariser(), lastKernel, lastBias);
      targets.add(objective.regulariser().asOutput());
      incoming.add(number(objective.weight()).asOutput());
    }
    Output<?>[] derived = derive(targets, sources, incoming);
    int next = 0;
    for (FirstLayer layer : firstLayers) {
      Operand<TFloat32> incomingOfLayer = floats(derived[next++]);
      TensorFlowLayers.Histories rows = layer.rows();
      if (isOfWholeBatch(layer)) {
        // What comes in for the users is much less than the gradient of all items, and each process
        // has the histories of all users of the batch.
        rows = layer.wholeRows();
        incomingOfLayer = group.sum(tf, padded(incomingOfLayer), batchSize, layer.width());
        summed.add(layer.name() + "/kernel");
      }
      add(
          layer.name() + "/kernel",
          tf.sparse.sparseTensorDenseMatMul(
              rows.entries(),
              rows.values(),
              rows.shape(),
              incomingOfLayer,
              SparseTensorDenseMatMul.adjointA(true)));
      if (sampled != null) {
        touched.put(layer.name() + "/kernel", sampled.own(layer.name() + "/kernel"));
      }
    }
    for (String name : inner) {
      gradients.put(name, floats(derived[next++]));
    }
    for (String name : densePaths.keySet()) {
      addDense(name, floats(derived[next++]));
    }
    return loss.value();
  }

  /**
   * ‖s / ‖s‖ − x / ‖x‖‖² of the scores s = x(ÂÂᵀ − I), averaged over the users, with its gradient.
   *
   * <p>Nothing of the size B × I is needed. With h = xÂ, the Gram matrix G = ÂᵀÂ and n = ‖x‖²
   *
   * <pre>s·x = ‖h‖² − n,   ‖s‖² = hGhᵀ − 2‖h‖² + n,   c = s·x / (‖s‖ ‖x‖),   loss = 2 − 2c</pre>
   *
   * and the gradient in s is a s − b x with a = 2c / ‖s‖², b = 2 / (‖s‖ ‖x‖). It goes to Â by the
   * last product, (a s − b x)ᵀ h, and by the first, xᵀ (a s − b x) Â, which together are
   *
   * <pre>Â Σ a hᵀh + Σ xᵀ (a hG − 2 (a + b) h)</pre>
   *
   * <p>From a row â of unit length to its direction it goes as (g − (g·â) â) / length.
   */
  private Operand<TFloat32> cosine(Objective objective, LowRankLayer layer) {
    List<Variables.Variable> weights = network.variables.weights();
    if (weights.size() != 1 || objective.regulariser() != null) {
      throw new IllegalArgumentException(
          "with the scores of lowRankSum() its weight is the only one that learns, without a"
              + " regulariser, found "
              + weights.stream().map(Variables.Variable::name).toList());
    }
    if (sampled != null) {
      touched.put(layer.weight(), sampled.all(layer.weight()));
    }
    Operand<TFloat32> directions =
        sampled == null ? value(layer.weight()) : sampled.all(layer.weight()).values();
    Operand<TFloat32> inverseLengths = TensorFlowLayers.inverseLengths(tf, directions);
    Operand<TFloat32> unit = tf.math.mul(directions, inverseLengths);
    Operand<TFloat32> ones = tf.fill(tf.shape(network.values), tf.constant(1f));
    Operand<TFloat32> hidden = tf.sparse.sparseTensorDenseMatMul(places(), ones, shape(unit), unit);
    // Of sampled items the sums over all items that ‖s‖² and G are take each with its weight.
    Operand<TFloat32> counted =
        sampled == null ? unit : tf.math.mul(unit, column(sampled.weights()));
    Operand<TFloat32> gram = tf.linalg.matMul(counted, unit, MatMul.transposeA(true));
    Operand<TFloat32> image = tf.linalg.matMul(hidden, gram);
    Operand<TFloat32> size = column(counts);
    Operand<TFloat32> square = rowProducts(hidden, hidden);
    Operand<TFloat32> inner = tf.math.sub(square, size);
    Operand<TFloat32> twice = tf.constant(2f);
    // An empty row has hidden = 0 and inner = 0: any number does for the two lengths.
    Operand<TFloat32> inverseLength =
        tf.math.rsqrt(
            tf.math.maximum(
                tf.math.add(
                    tf.math.sub(rowProducts(image, hidden), tf.math.mul(twice, square)), size),
                tf.constant(SMALLEST_SQUARE)));
    Operand<TFloat32> inverseBoth =
        tf.math.mul(inverseLength, tf.math.rsqrt(tf.math.maximum(size, tf.constant(1f))));
    Operand<TFloat32> cosine = tf.math.mul(inner, inverseBoth);
    Operand<TFloat32> present = tf.math.minimum(size, tf.constant(1f)); // 0 for an empty row
    Operand<TFloat32> twicePerUser = tf.math.mul(twice, perUser);
    Operand<TFloat32> a =
        tf.math.mul(tf.math.mul(cosine, tf.math.mul(inverseLength, inverseLength)), twicePerUser);
    Operand<TFloat32> b = tf.math.mul(inverseBoth, twicePerUser);
    Operand<TFloat32> scaled = tf.math.mul(hidden, a);
    Operand<TFloat32> incoming =
        tf.math.sub(
            tf.math.mul(image, a), tf.math.mul(hidden, tf.math.mul(twice, tf.math.add(a, b))));
    Operand<TFloat32> ofUnit =
        tf.math.add(
            tf.linalg.matMul(counted, tf.linalg.matMul(hidden, scaled, MatMul.transposeA(true))),
            tf.sparse.sparseTensorDenseMatMul(
                places(), ones, shape(unit), incoming, SparseTensorDenseMatMul.adjointA(true)));
    gradients.put(
        layer.weight(),
        tf.math.mul(
            tf.math.sub(ofUnit, tf.math.mul(rowProducts(ofUnit, unit), unit)), inverseLengths));
    return tf.math.mul(
        tf.reduceSum(tf.math.sub(present, cosine), tf.constant(new int[] {0, 1})), twicePerUser);
  }

  /** Users × rows of a weight over the items, all of them or the sampled. */
  private Operand<TInt64> shape(Operand<TFloat32> rows) {
    if (sampled == null) {
      return network.shape;
    }
    Operand<TInt32> first = tf.constant(new int[] {0});
    Operand<TInt32> one = tf.constant(new int[] {1});
    return tf.dtypes.cast(
        tf.concat(List.of(tf.shape(counts), tf.slice(tf.shape(rows), first, one)), tf.constant(0)),
        TInt64.class);
  }

  private Operand<TFloat32> column(Operand<TFloat32> vector) {
    return tf.expandDims(vector, tf.constant(1));
  }

  private Operand<TFloat32> rowProducts(Operand<TFloat32> x, Operand<TFloat32> y) {
    return tf.reduceSum(tf.math.mul(x, y), tf.constant(1), ReduceSum.keepDims(true));
  }

  /**
   * Refuses a regulariser that depends on the weights of an item layer by a way whose gradient is
   * not taken: through the scores, or on a kernel by itself.
   */
  private void requireInner(Operand<TFloat32> ownRegulariser, String lastKernel, String lastBias) {
    Map<String, String> weightOfReading = new LinkedHashMap<>();
    for (String name : List.of(lastKernel, lastBias)) {
      weightOfReading.put(value(name).op().name(), name);
      if (sampled != null) {
        weightOfReading.put(sampled.all(name).values().op().name(), name);
      }
    }
    Set<String> seen = new HashSet<>();
    for (FirstLayer layer : firstLayers) {
      String kernel = layer.name() + "/kernel";
      weightOfReading.put(value(kernel).op().name(), kernel);
      seen.add(layer.output().op().name()); // from here on the gradient is taken by hand
    }
    Deque<GraphOperation> ways = new ArrayDeque<>();
    ways.add((GraphOperation) ownRegulariser.op());
    while (!ways.isEmpty()) {
      GraphOperation operation = ways.remove();
      if (!seen.add(operation.name())) {
        continue;
      }
      String weight = weightOfReading.get(operation.name());
      if (weight != null) {
        throw new IllegalArgumentException(
            "a regulariser must depend on the item layers by the outputs of the first ones only,"
                + " found that it depends on "
                + weight
                + ", by itself or through the scores");
      }
      for (int input = 0; input < operation.numInputs(); input++) {
        ways.add((GraphOperation) operation.input(input).op());
      }
    }
  }

  private Output<?>[] derive(
      List<Output<?>> targets, List<Output<?>> sources, List<Output<?>> incoming) {
    try {
      return network.graph.addGradients(
          "gradients",
          targets.toArray(new Output<?>[0]),
          sources.toArray(new Output<?>[0]),
          incoming.toArray(new Output<?>[0]));
    } catch (TFInvalidArgumentException e) {
      // TensorFlow names the operation that it cannot come to, whoever writes a model its weight.
      String message = String.valueOf(e.getMessage());
      for (Variables.Variable weight : network.variables.weights()) {
        if (message.contains("'" + weight.value().op().name() + "'")) {
          throw new IllegalArgumentException(
              "the loss must depend on every weight that the model asks for, found that it does not"
                  + " depend on "
                  + weight.name(),
              e);
        }
      }
      throw e;
    }
  }

  /** Adds to the gradient of a weight that several paths lead to. */
  private void add(String name, Operand<TFloat32> gradient) {
    Operand<TFloat32> before = gradients.get(name);
    gradients.put(name, before == null ? gradient : tf.math.add(before, gradient));
  }

  /**
   * Adds what a path gives that goes through all of a weight: with it the rows that a sparse path
   * touches are some among all.
   */
  private void addDense(String name, Operand<TFloat32> gradient) {
    Rows rows = touched.remove(name);
    if (rows == null) {
      add(name, gradient);
    } else {
      gradients.put(
          name,
          tf.tensorScatterNdAdd(
              gradient, tf.expandDims(rows.items(), tf.constant(1)), gradients.get(name)));
    }
  }

  /**
   * λ Σ‖W‖² over the kernels. Of one that is updated by rows the sum is estimated by the sampled
   * rows with their weights, which makes it one without bias.
   */
  private Operand<TFloat32> penalise(double l2) {
    if (l2 == 0) {
      return tf.constant(0f);
    }
    List<Operand<TFloat32>> squares = new ArrayList<>();
    Operand<TFloat32> twiceLambda = tf.constant((float) (2 * l2));
    for (Variables.Variable variable : network.variables.weights()) {
      if (!variable.name().endsWith("/kernel")) {
        continue;
      }
      if (touched.containsKey(variable.name())) {
        squares.add(penaliseRows(variable.name(), twiceLambda));
      } else {
        squares.add(tf.nn.l2Loss(variable.value())); // ½ Σ w²
        gradients.compute(
            variable.name(),
            (name, gradient) -> tf.math.add(gradient, tf.math.mul(variable.value(), twiceLambda)));
      }
    }
    return tf.math.mul(tf.math.addN(squares), twiceLambda);
  }

  /** Adds the penalty's gradient to that of a kernel's rows; gives ½ Σ w², estimated. */
  private Operand<TFloat32> penaliseRows(String kernel, Operand<TFloat32> twiceLambda) {
    Rows rows = touched.get(kernel);
    Operand<TFloat32> gradient = gradients.get(kernel);
    if (!rows.items().equals(sampled.items())) { // a first layer's: the others have no gradient yet
      Operand<TFloat32> others = sampled.others(kernel).values();
      Operand<TInt32> first = tf.constant(0);
      gradient = tf.concat(List.of(gradient, tf.zerosLike(others)), first);
      rows = new Rows(sampled.items(), tf.concat(List.of(rows.values(), others), first));
    }
    Operand<TFloat32> weighted = tf.math.mul(rows.values(), column(sampled.weights()));
    touched.put(kernel, rows);
    gradients.put(kernel, tf.math.add(gradient, tf.math.mul(weighted, twiceLambda)));
    return tf.math.mul(
        tf.reduceSum(tf.math.mul(rows.values(), weighted), tf.constant(new int[] {0, 1})),
        tf.constant(0.5f));
  }

  /** Scales all gradients by one factor so that their global norm is at most the bound. */
  private void clip(Map<String, Operand<TFloat32>> learning, double bound) {
    List<Operand<TFloat32>> squares = new ArrayList<>();
    learning.values().forEach(gradient -> squares.add(tf.nn.l2Loss(gradient)));
    Operand<TFloat32> norm = tf.math.sqrt(tf.math.mul(tf.math.addN(squares), tf.constant(2f)));
    Operand<TFloat32> limit = tf.constant((float) bound);
    Operand<TFloat32> factor = tf.math.div(limit, tf.math.maximum(norm, limit));
    learning.replaceAll((name, gradient) -> tf.math.mul(gradient, factor));
  }

  private Op adam(
      Map<String, Operand<TFloat32>> learning,
      Map<String, Counter> counterOf,
      List<Operand<TFloat32>> lossParts) {
    // No variable may change before everything that reads one is done: all gradients and the loss.
    List<Op> readers = new ArrayList<>(learning.values());
    readers.addAll(lossParts);
    Operand<TFloat32> beta1 = tf.constant((float) ADAM_BETA1);
    Operand<TFloat32> beta2 = tf.constant((float) ADAM_BETA2);
    Operand<TFloat32> epsilon = tf.constant((float) ADAM_EPSILON);
    List<Op> applied = new ArrayList<>();
    for (Variables.Variable variable : network.variables.weights()) {
      Operand<TFloat32> gradient = learning.get(variable.name());
      if (gradient != null) {
        Counter counter = counterOf.get(variable.name());
        List<Variables.Variable> updated =
            List.of(
                variable,
                network.variables.moment(variable, "adam_m"),
                network.variables.moment(variable, "adam_v"));
        BiFunction<Ops, List<Operand<?>>, Op> update =
            (ops, handles) ->
                ops.train.resourceApplyAdam(
                    handles.get(0),
                    handles.get(1),
                    handles.get(2),
                    counter.beta1Power(),
                    counter.beta2Power(),
                    learningRate,
                    beta1,
                    beta2,
                    epsilon,
                    gradient);
        Rows rows = touched.get(variable.name());
        if (rows == null) {
          List<Operand<?>> handles = new ArrayList<>();
          updated.forEach(one -> handles.add(one.handle()));
          applied.add(update.apply(tf.withControlDependencies(readers), handles));
        } else {
          applied.addAll(sampled.update(updated, rows, readers, update));
        }
      }
    }
    return tf.withControlDependencies(applied).withName("train").noOp();
  }

  private Operand<TFloat32> value(String weight) {
    return network.variables.weights().stream()
        .filter(variable -> variable.name().equals(weight))
        .findFirst()
        .orElseThrow()
        .value();
  }

  private Placeholder<TFloat32> scalar(String name) {
    return tf.withName(name).placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
  }

  @SuppressWarnings("unchecked") // addGradients keeps the type of what is differentiated
  private static Operand<TFloat32> floats(Output<?> output) {
    return (Operand<TFloat32>) output;
  }

  // What a session feeds and fetches.

  /** What takes the sample of a step; null where it takes all items. */
  SampledRows sampled() {
    return sampled;
  }

  Placeholder<TFloat32> fedCounts() {
    return counts;
  }

  /** Where a {@link Batch.Part} is fed; null where one process trains alone. */
  Placeholder<TInt32> fedPart() {
    return part;
  }

  /** Where the coordinates of the whole batch are fed; likewise. */
  Placeholder<TInt32> fedWholeIndices() {
    return fedWholeIndices;
  }

  /** Where the entry of each user of the whole batch is fed; likewise. */
  Placeholder<TFloat32> fedWholeRowValues() {
    return fedWholeRowValues;
  }

  /** Where this process says whether it wishes to stop, and whether it is out of time; likewise. */
  Placeholder<TFloat32> fedWishes() {
    return wishes;
  }

  /** How many processes wish to stop, and how many are out of time; likewise. */
  Operand<TFloat32> wishesOfAll() {
    return wishesOfAll;
  }

  Placeholder<TFloat32> fedLearningRate() {
    return learningRate;
  }

  List<Draw> draws() {
    return draws;
  }

  List<FedNumber> numbers() {
    return numbers;
  }

  List<Counter> counters() {
    return counters;
  }

  Objective.StepNumber regulariserWeight() {
    return regulariserWeight;
  }

  Operand<TFloat32> reconstruction() {
    return reconstruction;
  }

  Operand<TFloat32> regulariser() {
    return regulariser;
  }

  Operand<TFloat32> penalty() {
    return penalty;
  }

  /** Whether it has the scores of the batch before it, of all items or of the sampled. */
  boolean scoresAllItems() {
    return lowRankLayers.isEmpty();
  }

  /** The gradients by the weights' names; of those in {@link #touched} that of the rows. */
  Map<String, Operand<TFloat32>> gradients() {
    return gradients;
  }

  /** The rows of the weights that are updated by rows. */
  Map<String, Rows> touched() {
    return touched;
  }

  Op update(int phase) {
    return updates.get(phase);
  }

  List<Op> refreshFrozen() {
    return refreshFrozen;
  }

  /** The operations before variables are read whole often; may be none. */
  List<Op> readInPlace() {
    return readInPlace;
  }

  // What a model asks for.

  @Override
  public Ops tf() {
    return tf;
  }

  @Override
  public Operand<TFloat32> history() {
    return network.values;
  }

  @Override
  public Operand<TFloat32> dropout(Operand<TFloat32> entries, Operand<TFloat32> keepProbability) {
    // Drawn for the ones of the input only: a zero stays zero anyway.
    Operand<TInt32> size = group == null ? tf.shape(network.values) : vector(ofPart(3));
    Operand<TFloat32> keepMask =
        tf.withName("keep_mask")
            .dtypes
            .cast(
                tf.math.less(
                    tf.random.statelessRandomUniform(size, draw(Streams.DROPOUT), TFloat32.class),
                    keepProbability),
                TFloat32.class);
    Operand<TFloat32> scale = tf.math.div(keepMask, keepProbability);
    if (group == null) {
      return tf.math.mul(entries, scale);
    }
    // Drawn for the whole batch, so that it is the same for any number of processes.
    Operand<TFloat32> own =
        tf.math.mul(entries, tf.slice(scale, vector(ofPart(2)), tf.shape(network.values)));
    Operand<TFloat32> whole = wholeEntries.get(entries.asOutput());
    if (whole != null) {
      wholeEntries.put(own.asOutput(), tf.math.mul(whole, scale));
    }
    return own;
  }

  @Override
  public Operand<TFloat32> normal(int width) {
    // The shape comes from the batch's size: taken from another tensor of the model it would draw
    // the random operation into the search for gradients.
    Operand<TInt32> columns = tf.constant(width);
    Operand<TFloat32> drawn =
        tf.withName("noise")
            .random
            .statelessRandomNormal(
                tf.stack(List.of(users(), columns)), draw(Streams.NOISE), TFloat32.class);
    return group == null
        ? drawn
        : tf.slice(
            drawn,
            tf.stack(List.of(ofPart(0), tf.constant(0))),
            tf.stack(List.of(tf.size(counts), columns)));
  }

  private Operand<TInt32> vector(Operand<TInt32> number) {
    return tf.expandDims(number, tf.constant(0));
  }

  private Placeholder<TInt64> draw(long use) {
    long stream = draws.stream().filter(draw -> draw.use() == use).count();
    Placeholder<TInt64> seed =
        tf.withName("seed").placeholder(TInt64.class, Placeholder.shape(Shape.of(2)));
    draws.add(new Draw(seed, use, stream));
    return seed;
  }

  @Override
  public Layers<Operand<TFloat32>> layers(Operand<TFloat32> history) {
    TensorFlowLayers.Histories all = histories(history);
    boolean ones = history.equals(network.values);
    TensorFlowLayers.Histories rows = ones ? all : withoutZeros(all);
    TensorFlowLayers.Histories whole = wholeHistories(history);
    TensorFlowLayers.Histories wholeRows = ones || whole == null ? whole : withoutZeros(whole);
    return new TensorFlowLayers(tf, network.items, rows, network.variables.learning(), initials) {
      @Override
      public Operand<TFloat32> history(String name, int width) {
        Operand<TFloat32> output =
            sampled == null ? super.history(name, width) : ownHistory(name, width);
        firstLayers.add(new FirstLayer(name, width, rows, output, wholeRows));
        return output;
      }

      @Override
      public Operand<TFloat32> items(String name, Operand<TFloat32> input) {
        Operand<TFloat32> scores =
            sampled == null ? super.items(name, input) : sampledItems(name, input);
        lastLayers.add(new LastLayer(name, input, scores));
        return scores;
      }

      @Override
      protected Operand<TFloat32> itemProduct(
          Operand<TFloat32> input, Operand<TFloat32> kernel, boolean inRows) {
        return products.of(input, kernel, MatMul.transposeB(inRows));
      }

      private Operand<TFloat32> ownHistory(String name, int width) {
        kernel(name, network.items, width); // there may be none yet
        return tf.nn.biasAdd(
            tf.sparse.sparseTensorDenseMatMul(
                rows.entries(),
                rows.values(),
                rows.shape(),
                tf.ensureShape(sampled.own(name + "/kernel").values(), Shape.of(-1, width))),
            bias(name, network.items, width));
      }

      private Operand<TFloat32> sampledItems(String name, Operand<TFloat32> input) {
        network.keepItemsInRows(name);
        super.items(name, input); // asks for the weights; of what it computes nothing is used
        return tf.nn.biasAdd(
            itemProduct(input, sampled.all(name + "/kernel").values(), true),
            tf.math.add(sampled.all(name + "/bias").values(), sampled.logWeights()));
      }

      @Override
      public Operand<TFloat32> lowRankSum(String name, int rank) {
        Operand<TFloat32> scores = super.lowRankSum(name, rank);
        lowRankLayers.add(new LowRankLayer(name + DIRECTIONS, scores));
        return scores;
      }

      @Override
      protected void requireUsersRows(String word) {
        throw notTrained(word);
      }
    };
  }

  /** The batch's histories over all items, or over the batch's own. */
  private TensorFlowLayers.Histories histories(Operand<TFloat32> entries) {
    return sampled == null
        ? network.histories(entries)
        : new TensorFlowLayers.Histories(sampled.places, entries, sampled.ownShape(counts));
  }

  /** Of the whole batch; null where one process trains alone, or a model changed the entries. */
  private TensorFlowLayers.Histories wholeHistories(Operand<TFloat32> entries) {
    Operand<TFloat32> whole = wholeEntries.get(entries.asOutput());
    return whole == null
        ? null
        : new TensorFlowLayers.Histories(
            wholeIndices,
            whole,
            tf.dtypes.cast(tf.stack(List.of(users(), tf.constant(network.items))), TInt64.class));
  }

  /** The same rows without the entries that are 0: a sparse product would go through them too. */
  private TensorFlowLayers.Histories withoutZeros(TensorFlowLayers.Histories rows) {
    Operand<TInt64> kept =
        tf.squeeze(
            tf.where(tf.math.notEqual(rows.values(), tf.constant(0f))), Squeeze.axis(List.of(1L)));
    Operand<TInt32> first = tf.constant(0);
    return new TensorFlowLayers.Histories(
        tf.gather(rows.entries(), kept, first),
        tf.gather(rows.values(), kept, first),
        rows.shape());
  }

  private static IllegalArgumentException notTrained(String word) {
    return new IllegalArgumentException(
        word + " is for models in closed form: no gradient of it is taken");
  }

  @Override
  public Layers<Operand<TFloat32>> layersOf(Operand<TFloat32> rows) {
    return new TensorFlowLayers(
        tf,
        network.items,
        network.histories(network.values),
        network.variables.learning(),
        initials) {
      @Override
      public Operand<TFloat32> history(String name, int width) {
        kernel(name, network.items, width);
        // Read once more, so that the walk for gradients does not come to the sparse product.
        Operand<TFloat32> kernel =
            densePaths.computeIfAbsent(name + "/kernel", network.variables::readAgain);
        return tf.nn.biasAdd(tf.linalg.matMul(rows, kernel), bias(name, network.items, width));
      }

      @Override
      public Operand<TFloat32> lowRankSum(String name, int rank) {
        throw new IllegalArgumentException("lowRankSum takes the users' rows, and no others");
      }

      @Override
      protected void requireUsersRows(String word) {
        throw notTrained(word);
      }
    };
  }

  @Override
  public Layers<Operand<TFloat32>> frozen(Operand<TFloat32> history) {
    return new TensorFlowLayers(
        tf, network.items, network.histories(history), network.variables::frozen, initials);
  }

  @Override
  public Operand<TFloat32> weight(String name, Shape shape, Initial initial) {
    return network.variables.weight(name, shape, initial);
  }

  @Override
  public Operand<TFloat32> counts() {
    return counts;
  }

  @Override
  public Operand<TFloat32> number(Objective.StepNumber value) {
    Placeholder<TFloat32> fed = scalar("number");
    numbers.add(new FedNumber(fed, value));
    return fed;
  }

  @Override
  public Operand<TFloat32> mean(Operand<TFloat32> entries, float factor) {
    int[] axes = entries.shape().numDimensions() == 1 ? new int[] {0} : new int[] {0, 1};
    Operand<TFloat32> mean =
        tf.math.mul(
            tf.reduceSum(entries, tf.constant(axes)), tf.math.mul(tf.constant(factor), perUser));
    means.add(mean.asOutput());
    return mean;
  }
}
