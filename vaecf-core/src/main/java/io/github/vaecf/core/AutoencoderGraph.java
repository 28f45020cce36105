package io.github.vaecf.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.initializers.RandomUniform;
import org.tensorflow.framework.initializers.TruncatedNormal;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.op.sparse.SparseTensorDenseMatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The TensorFlow graph of one autoencoder: its variables, the way from histories to logits and
 * rankings, and, where wanted, one training step.
 *
 * <p>A batch of B users over I items is given by the coordinates of its ones ({@link #indices}), so
 * that nothing of size B × I is built on the host. The two layers that touch all items do nearly
 * all of the work; their gradients are written out here, so that the step makes as few passes over
 * B × I numbers as the operations allow: product, bias, softmax, one subtraction in place at the
 * ones, and two products back. Everything between them is TensorFlow's automatic differentiation.
 */
final class AutoencoderGraph {
  static final double ADAM_BETA1 = 0.9;
  static final double ADAM_BETA2 = 0.999;
  private static final double ADAM_EPSILON = 1e-8;
  private static final double BIAS_DEVIATION = 0.001;

  private final ModelConfig config;
  private final int items;
  private final Ops tf;
  private final Map<String, Variable> variables = new LinkedHashMap<>();
  private final List<String> encoderNames = new ArrayList<>();
  private final List<String> decoderNames = new ArrayList<>();

  // Inputs: coordinates of the batch's ones [n, 2]; 1 / √(ones in the row) for each [n]; [B, I].
  final Placeholder<TInt64> indices;
  final Placeholder<TFloat32> values;
  final Placeholder<TInt64> shape;

  // Inference.
  final Operand<TFloat32> latentMean;
  final Operand<TFloat32> logits;
  final Placeholder<TInt32> k;
  final Operand<TFloat32> topScores;
  final Operand<TInt32> topItems;

  /** A resource variable with the operations to read and to set it. */
  record Variable(
      String name,
      Shape dimensions,
      Operand<?> handle,
      Operand<TFloat32> value,
      Placeholder<TFloat32> fed,
      Op assign) {}

  AutoencoderGraph(Graph graph, ModelConfig config, int items) {
    this.config = config;
    this.items = items;
    this.tf = Ops.create(graph);
    indices = tf.withName("indices").placeholder(TInt64.class, Placeholder.shape(Shape.of(-1, 2)));
    values = tf.withName("values").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1)));
    shape = tf.withName("shape").placeholder(TInt64.class, Placeholder.shape(Shape.of(2)));
    defineLayers();

    Operand<TFloat32> first = firstLayer(values);
    Operand<TFloat32> hidden = hiddenOfEncoder(first);
    latentMean =
        variational() ? tf.slice(hidden, tf.constant(new int[] {0, 0}), latentSize()) : hidden;
    logits = lastLayer(hiddenOfDecoder(latentMean));
    k = tf.withName("k").placeholder(TInt32.class, Placeholder.shape(Shape.scalar()));
    // A score that is no number must not be ranked; the check costs one read.
    Operand<TFloat32> checked = tf.debugging.checkNumerics(logits, "scores");
    Operand<TFloat32> unseen =
        tf.tensorScatterNdUpdate(
            checked, indices, tf.fill(tf.shape(values), tf.constant(Float.NEGATIVE_INFINITY)));
    TopK<TFloat32, TInt32> top = tf.nn.topK(unseen, k, TInt32.class, TopK.sorted(true));
    topScores = top.values();
    topItems = top.indices();
  }

  private boolean variational() {
    return config instanceof MultVaeConfig;
  }

  private void defineLayers() {
    List<Integer> widths = new ArrayList<>();
    widths.add(items);
    widths.addAll(config.hidden());
    widths.add(config.latent());
    int last = widths.size() - 1;
    for (int layer = 0; layer < last; layer++) {
      int outputs = widths.get(layer + 1) * (layer == last - 1 && variational() ? 2 : 1);
      defineLayer("encoder/" + layer, widths.get(layer), outputs, encoderNames);
    }
    for (int layer = 0; layer < last; layer++) {
      defineLayer(
          "decoder/" + layer, widths.get(last - layer), widths.get(last - layer - 1), decoderNames);
    }
  }

  private void defineLayer(String name, int inputs, int outputs, List<String> names) {
    names.add(name);
    defineVariable(name + "/kernel", Shape.of(inputs, outputs));
    defineVariable(name + "/bias", Shape.of(outputs));
  }

  private Variable defineVariable(String name, Shape dimensions) {
    // Without a shared name all variables of a session would be one.
    VarHandleOp handle = tf.varHandleOp(TFloat32.class, dimensions, VarHandleOp.sharedName(name));
    Operand<TFloat32> value = tf.readVariableOp(handle, TFloat32.class);
    Placeholder<TFloat32> fed = tf.placeholder(TFloat32.class, Placeholder.shape(dimensions));
    Op assign = tf.assignVariableOp(handle, fed);
    Variable variable = new Variable(name, dimensions, handle, value, fed, assign);
    variables.put(name, variable);
    return variable;
  }

  private Operand<TFloat32> value(String name) {
    return variables.get(name).value();
  }

  private Operand<TInt32> latentSize() {
    return tf.constant(new int[] {-1, config.latent()});
  }

  private Operand<TFloat32> firstLayer(Operand<TFloat32> inputValues) {
    return tf.nn.biasAdd(
        tf.sparse.sparseTensorDenseMatMul(indices, inputValues, shape, value("encoder/0/kernel")),
        value("encoder/0/bias"));
  }

  /**
   * From the first layer's linear output to the encoder's output: the latent vector, or μ, log σ².
   */
  private Operand<TFloat32> hiddenOfEncoder(Operand<TFloat32> first) {
    Operand<TFloat32> hidden = first;
    for (int layer = 1; layer < encoderNames.size(); layer++) {
      hidden = dense(tf.math.tanh(hidden), encoderNames.get(layer));
    }
    return variational() ? hidden : tf.math.tanh(hidden);
  }

  /** From the latent vector to the input of the decoder's last layer. */
  private Operand<TFloat32> hiddenOfDecoder(Operand<TFloat32> latent) {
    Operand<TFloat32> hidden = latent;
    for (int layer = 0; layer < decoderNames.size() - 1; layer++) {
      hidden = tf.math.tanh(dense(hidden, decoderNames.get(layer)));
    }
    return hidden;
  }

  private Operand<TFloat32> lastLayer(Operand<TFloat32> hidden) {
    return dense(hidden, decoderNames.get(decoderNames.size() - 1));
  }

  private Operand<TFloat32> dense(Operand<TFloat32> input, String layer) {
    return tf.nn.biasAdd(tf.linalg.matMul(input, value(layer + "/kernel")), value(layer + "/bias"));
  }

  /** Variables of the model, kernels and biases, in the order encoder, decoder. */
  List<Variable> weights() {
    return variables.values().stream()
        .filter(variable -> !variable.name().contains("/adam_"))
        .toList();
  }

  /** All variables: those of the model and, once a training step is defined, Adam's moments. */
  List<Variable> variables() {
    return List.copyOf(variables.values());
  }

  /**
   * The operations that give every variable its first value: kernels uniform in ±√(6 / (inputs +
   * outputs)) (Glorot and Bengio 2010), biases normal with σ = 0.001 truncated at 2 σ, Adam's
   * moments 0. Each kernel and bias has a random stream of its own.
   */
  List<Op> initialisers(long seed) {
    List<Op> operations = new ArrayList<>();
    long stream = 0;
    for (Variable variable : variables.values()) {
      Operand<TInt64> dimensions = tf.constant(variable.dimensions().asArray());
      Operand<TFloat32> initial;
      if (variable.name().contains("/adam_")) {
        initial = tf.zeros(dimensions, TFloat32.class);
      } else if (variable.dimensions().numDimensions() == 1) {
        initial =
            new TruncatedNormal<TFloat32>(
                    0, BIAS_DEVIATION, Streams.seed(seed, Streams.WEIGHTS, stream))
                .call(tf, dimensions, TFloat32.class);
      } else {
        double limit =
            Math.sqrt(6.0 / (variable.dimensions().get(0) + variable.dimensions().get(1)));
        // The framework's own Glorot draws from [0, limit) instead of [−limit, limit).
        initial =
            new RandomUniform<TFloat32>(-limit, limit, Streams.seed(seed, Streams.WEIGHTS, stream))
                .call(tf, dimensions, TFloat32.class);
      }
      stream++;
      operations.add(tf.assignVariableOp(variable.handle(), initial));
    }
    return operations;
  }

  /** Inputs and outputs of the training step. */
  record TrainingStep(
      Placeholder<TFloat32> counts,
      Placeholder<TFloat32> beta,
      Placeholder<TFloat32> learningRate,
      Placeholder<TFloat32> beta1Power,
      Placeholder<TFloat32> beta2Power,
      Placeholder<TInt64> dropoutSeed,
      Placeholder<TInt64> noiseSeed,
      Operand<TFloat32> keepMask,
      Operand<TFloat32> epsilon,
      Operand<TFloat32> mean,
      Operand<TFloat32> logVariance,
      Operand<TFloat32> trainingLogits,
      Operand<TFloat32> negativeLogLikelihood,
      Operand<TFloat32> kl,
      Operand<TFloat32> penalty,
      Map<String, Operand<TFloat32>> gradients,
      Op update) {}

  /**
   * Defines one training step: the loss of Liang et al. 2018, equation 3 with the likelihood of
   * equation 2, its gradients, and Adam (Kingma and Ba 2015, the efficient form at the end of
   * section 2, so that ε is added to √v before the bias correction).
   *
   * @param gradientClip largest global norm of the gradient, 0 for no bound
   */
  TrainingStep defineTrainingStep(double gradientClip) {
    Placeholder<TFloat32> counts =
        tf.withName("counts").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1)));
    Placeholder<TFloat32> beta = scalar("beta");
    Placeholder<TFloat32> learningRate = scalar("learning_rate");
    Placeholder<TFloat32> beta1Power = scalar("beta1_power");
    Placeholder<TFloat32> beta2Power = scalar("beta2_power");
    Placeholder<TInt64> dropoutSeed =
        tf.withName("dropout_seed").placeholder(TInt64.class, Placeholder.shape(Shape.of(2)));
    Placeholder<TInt64> noiseSeed =
        tf.withName("noise_seed").placeholder(TInt64.class, Placeholder.shape(Shape.of(2)));
    Operand<TFloat32> one = tf.constant(1f);
    Operand<TFloat32> half = tf.constant(0.5f);
    Operand<TFloat32> batch = tf.dtypes.cast(tf.size(counts), TFloat32.class);
    Operand<TFloat32> perUser = tf.math.div(one, batch);

    // Inverted dropout, drawn for the ones of the input only: a zero stays zero anyway.
    Operand<TFloat32> keepProbability = tf.constant((float) config.keepProbability());
    Operand<TFloat32> keepMask =
        tf.dtypes.cast(
            tf.math.less(
                tf.random.statelessRandomUniform(tf.shape(values), dropoutSeed, TFloat32.class),
                keepProbability),
            TFloat32.class);
    Operand<TFloat32> input = tf.math.mul(values, tf.math.div(keepMask, keepProbability));

    // Encoder.
    Operand<TFloat32> first = firstLayer(input);
    Operand<TFloat32> encoded = hiddenOfEncoder(first);
    Operand<TFloat32> mean = encoded;
    Operand<TFloat32> logVariance = null;
    Operand<TFloat32> epsilon = null;
    Operand<TFloat32> latent = encoded;
    Operand<TFloat32> kl = tf.constant(0f);
    if (variational()) {
      mean = tf.slice(encoded, tf.constant(new int[] {0, 0}), latentSize());
      logVariance = tf.slice(encoded, tf.constant(new int[] {0, config.latent()}), latentSize());
      // The shape comes from the batch's size: taken from the mean it would draw the random
      // operation into the search for gradients.
      epsilon =
          tf.random.statelessRandomNormal(
              tf.stack(List.of(tf.size(counts), tf.constant(config.latent()))),
              noiseSeed,
              TFloat32.class);
      latent = tf.math.add(mean, tf.math.mul(epsilon, tf.math.exp(tf.math.mul(logVariance, half))));
      // KL(N(μ, σ²) ‖ N(0, 1)) = ½ Σ (μ² + σ² − log σ² − 1)
      Operand<TFloat32> terms =
          tf.math.sub(
              tf.math.add(tf.math.square(mean), tf.math.exp(logVariance)),
              tf.math.add(logVariance, one));
      kl =
          tf.math.mul(
              tf.reduceSum(terms, tf.constant(new int[] {0, 1})), tf.math.mul(half, perUser));
    }

    // Decoder, up to the layer that touches all items.
    Operand<TFloat32> hidden = hiddenOfDecoder(latent);
    Operand<TFloat32> trainingLogits = lastLayer(hidden);
    Operand<TFloat32> softmax = tf.nn.softmax(trainingLogits);

    // −Σ x·log softmax = Σ_u n_u·lse_u − Σ logits at the ones. The log-sum-exp needs no pass of its
    // own: at a row's largest logit m, log softmax = m − lse, and that softmax is never below 1 /
    // I.
    Operand<TInt32> itemAxis = tf.constant(1);
    Operand<TFloat32> largest = tf.reduceMax(softmax, itemAxis);
    Operand<TFloat32> logSumExp =
        tf.math.sub(tf.reduceMax(trainingLogits, itemAxis), tf.math.log(largest));
    Operand<TFloat32> atOnes = tf.gatherNd(trainingLogits, indices);
    Operand<TInt32> vectorAxis = tf.constant(0);
    Operand<TFloat32> negativeLogLikelihood =
        tf.math.mul(
            tf.math.sub(
                tf.reduceSum(tf.math.mul(counts, logSumExp), vectorAxis),
                tf.reduceSum(atOnes, vectorAxis)),
            perUser);

    // The gradient in a user's logits is (n_u·softmax − x) / B = s_u·(softmax − x / n_u) with s_u =
    // n_u / B. The subtraction happens in place, once the largest softmax has been read; s_u is
    // multiplied into the narrow sides of the products instead of into B × I numbers.
    Operand<TInt64> indicesOnceRead =
        tf.withControlDependencies(List.of(largest)).identity(indices);
    Operand<TFloat32> error =
        tf.tensorScatterNdSub(softmax, indicesOnceRead, tf.math.square(values));
    Operand<TFloat32> scale = tf.expandDims(tf.math.mul(counts, perUser), tf.constant(1));
    String lastLayer = decoderNames.get(decoderNames.size() - 1);
    Map<String, Operand<TFloat32>> gradients = new LinkedHashMap<>();
    weights().forEach(variable -> gradients.put(variable.name(), null)); // fixes the order
    gradients.put(
        lastLayer + "/kernel",
        tf.linalg.matMul(tf.math.mul(hidden, scale), error, MatMul.transposeA(true)));
    gradients.put(
        lastLayer + "/bias",
        tf.reshape(
            tf.linalg.matMul(scale, error, MatMul.transposeA(true)),
            tf.constant(new int[] {items})));
    Operand<TFloat32> hiddenGradient =
        tf.math.mul(
            tf.linalg.matMul(error, value(lastLayer + "/kernel"), MatMul.transposeB(true)), scale);

    // Between the two item layers, by automatic differentiation.
    List<String> inner = new ArrayList<>();
    for (String name : gradients.keySet()) {
      if (!name.equals("encoder/0/kernel") && !name.startsWith(lastLayer + "/")) {
        inner.add(name);
      }
    }
    List<Output<?>> sources = new ArrayList<>(List.of(first.asOutput()));
    inner.forEach(name -> sources.add(value(name).asOutput()));
    List<Output<?>> targets = new ArrayList<>(List.of(hidden.asOutput()));
    List<Output<?>> incoming = new ArrayList<>(List.of(hiddenGradient.asOutput()));
    if (variational()) {
      targets.add(kl.asOutput());
      incoming.add(beta.asOutput());
    }
    Output<?>[] derived =
        ((Graph) tf.scope().env())
            .addGradients(
                "gradients",
                targets.toArray(new Output<?>[0]),
                sources.toArray(new Output<?>[0]),
                incoming.toArray(new Output<?>[0]));
    for (int i = 0; i < inner.size(); i++) {
      gradients.put(inner.get(i), floats(derived[i + 1]));
    }
    gradients.put(
        "encoder/0/kernel",
        tf.sparse.sparseTensorDenseMatMul(
            indices, input, shape, floats(derived[0]), SparseTensorDenseMatMul.adjointA(true)));

    Operand<TFloat32> penalty = tf.constant(0f);
    if (config.l2() > 0) {
      List<Operand<TFloat32>> squares = new ArrayList<>();
      Operand<TFloat32> twiceLambda = tf.constant((float) (2 * config.l2()));
      for (Variable variable : weights()) {
        if (variable.name().endsWith("/kernel")) {
          squares.add(tf.nn.l2Loss(variable.value())); // ½ Σ w²
          gradients.compute(
              variable.name(),
              (name, gradient) ->
                  tf.math.add(gradient, tf.math.mul(variable.value(), twiceLambda)));
        }
      }
      penalty = tf.math.mul(tf.math.addN(squares), twiceLambda);
    }
    if (gradientClip > 0) {
      clip(gradients, gradientClip);
    }

    Op update =
        adam(
            gradients,
            List.of(negativeLogLikelihood, kl, penalty),
            learningRate,
            beta1Power,
            beta2Power);
    return new TrainingStep(
        counts,
        beta,
        learningRate,
        beta1Power,
        beta2Power,
        dropoutSeed,
        noiseSeed,
        keepMask,
        epsilon,
        mean,
        logVariance,
        trainingLogits,
        negativeLogLikelihood,
        kl,
        penalty,
        gradients,
        update);
  }

  private Placeholder<TFloat32> scalar(String name) {
    return tf.withName(name).placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
  }

  @SuppressWarnings("unchecked") // addGradients keeps the type of what is differentiated
  private static Operand<TFloat32> floats(Output<?> output) {
    return (Operand<TFloat32>) output;
  }

  /** Scales all gradients by one factor so that their global norm is at most the bound. */
  private void clip(Map<String, Operand<TFloat32>> gradients, double bound) {
    List<Operand<TFloat32>> squares = new ArrayList<>();
    gradients.values().forEach(gradient -> squares.add(tf.nn.l2Loss(gradient)));
    Operand<TFloat32> norm = tf.math.sqrt(tf.math.mul(tf.math.addN(squares), tf.constant(2f)));
    Operand<TFloat32> limit = tf.constant((float) bound);
    Operand<TFloat32> factor = tf.math.div(limit, tf.math.maximum(norm, limit));
    gradients.replaceAll((name, gradient) -> tf.math.mul(gradient, factor));
  }

  private Op adam(
      Map<String, Operand<TFloat32>> gradients,
      List<Operand<TFloat32>> lossParts,
      Operand<TFloat32> learningRate,
      Operand<TFloat32> beta1Power,
      Operand<TFloat32> beta2Power) {
    // No variable may change before everything that reads one is done: all gradients and the loss.
    List<Op> readers = new ArrayList<>(gradients.values());
    readers.addAll(lossParts);
    Ops afterReading = tf.withControlDependencies(readers);
    Operand<TFloat32> beta1 = tf.constant((float) ADAM_BETA1);
    Operand<TFloat32> beta2 = tf.constant((float) ADAM_BETA2);
    Operand<TFloat32> epsilon = tf.constant((float) ADAM_EPSILON);
    List<Op> updates = new ArrayList<>();
    gradients.forEach(
        (name, gradient) -> {
          Variable variable = variables.get(name);
          updates.add(
              afterReading.train.resourceApplyAdam(
                  variable.handle(),
                  defineVariable(name + "/adam_m", variable.dimensions()).handle(),
                  defineVariable(name + "/adam_v", variable.dimensions()).handle(),
                  beta1Power,
                  beta2Power,
                  learningRate,
                  beta1,
                  beta2,
                  epsilon,
                  gradient));
        });
    return tf.withControlDependencies(updates).withName("train").noOp();
  }
}
