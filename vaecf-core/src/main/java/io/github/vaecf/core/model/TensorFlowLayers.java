package io.github.vaecf.core.model;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongFunction;
import org.tensorflow.Operand;
import org.tensorflow.framework.initializers.RandomNormal;
import org.tensorflow.framework.initializers.RandomUniform;
import org.tensorflow.framework.initializers.TruncatedNormal;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.core.Stack;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.ragged.RaggedRange;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The layers as a graph of TensorFlow: the one that trains and the one that is exported. Not safe
 * for use by many threads.
 */
public class TensorFlowLayers implements Layers<Operand<TFloat32>> {
  /** A row varies if its variance is more than this times its squared mean. */
  public static final float SMALLEST_VARIATION = 1e-11f;

  /**
   * How the name of a weight ends of whose rows only the directions count. Where such a weight is
   * made ready once, for an export, its rows can be brought to unit length then.
   */
  public static final String DIRECTIONS = "/directions";

  /** Rows that are shorter than its root count as zeros. */
  private static final float SMALLEST_SQUARE = 1e-30f;

  private final Ops tf;
  private final int items;
  private final Histories histories;
  private final Weights weights;
  private final Initials initials;
  private final String prefix; // of the names that the weights know and this does not
  private final TensorFlowLayers whole; // that these are a part of, or these
  private final FirstKernel itemKernel;
  private final IdentityHashMap<Operand<TFloat32>, Products> products = new IdentityHashMap<>();

  /** The first of the kernels that have the items' embeddings; none where it is null. */
  private static final class FirstKernel {
    private ItemKernel kernel;

    void found(String name, boolean inRows) {
      kernel = kernel == null ? new ItemKernel(name, inRows) : kernel;
    }
  }

  /** Gives the weights of the graph by their names. */
  @FunctionalInterface
  public interface Weights {
    /**
     * A weight; the same one when it is asked for again.
     *
     * @param name its name
     * @param shape its shape
     * @param initial its first value, where it has none yet
     * @return the weight, to be read
     */
    Operand<TFloat32> get(String name, Shape shape, Initial initial);
  }

  /**
   * Binary histories, sparse, in the order of the users.
   *
   * @param entries places (user, item) of the ones, [n, 2]
   * @param values for each of them 1 / ‖x‖₂ of its user's row, [n]
   * @param shape [users, items], [2]
   */
  public record Histories(
      Operand<TInt64> entries, Operand<TFloat32> values, Operand<TInt64> shape) {}

  /**
   * The kernel that has the items' embeddings.
   *
   * @param name the weight's name
   * @param inRows whether they are its rows: it is items × width; otherwise they are its columns,
   *     and it is width × items
   */
  public record ItemKernel(String name, boolean inRows) {}

  /**
   * Scores that are inner products of a vector of the user's and one of the item's.
   *
   * @param users the users' vectors, users × width
   * @param items the items' vectors, items × width or, if they are columns, width × items
   * @param inRows whether the items' vectors are rows
   * @param bias what each item has beside, [items]; null where there is none
   */
  public record Products(
      Operand<TFloat32> users, Operand<TFloat32> items, boolean inRows, Operand<TFloat32> bias) {}

  /**
   * Layers of a graph whose weights have their values already.
   *
   * @param tf the graph's operations
   * @param items the number of items
   * @param histories what {@link #history} and the sums take
   * @param weights the graph's weights
   */
  public TensorFlowLayers(Ops tf, int items, Histories histories, Weights weights) {
    this(tf, items, histories, weights, Initials.glorot());
  }

  /**
   * Layers of a graph.
   *
   * @param tf the graph's operations
   * @param items the number of items
   * @param histories what {@link #history} and the sums take
   * @param weights the graph's weights
   * @param initials where those begin that have no value yet
   */
  public TensorFlowLayers(
      Ops tf, int items, Histories histories, Weights weights, Initials initials) {
    this(tf, items, histories, weights, initials, new FirstKernel(), "", null);
  }

  private TensorFlowLayers(
      Ops tf,
      int items,
      Histories histories,
      Weights weights,
      Initials initials,
      FirstKernel itemKernel,
      String prefix,
      TensorFlowLayers whole) {
    this.initials = initials;
    this.tf = Objects.requireNonNull(tf, "tf");
    this.items = items;
    this.histories = histories;
    this.weights = Objects.requireNonNull(weights, "weights");
    this.itemKernel = itemKernel;
    this.prefix = prefix;
    this.whole = whole == null ? this : whole;
  }

  @Override
  public final TensorFlowLayers within(String inner) {
    requireUsersRows("within");
    return new TensorFlowLayers(
        tf,
        items,
        histories,
        (name, shape, initial) -> weights.get(inner + name, shape, initial),
        initials,
        itemKernel,
        prefix + inner,
        whole);
  }

  /**
   * The kernel that has the items' embeddings, which items are compared by: the columns of that of
   * {@link #items(String, Operand)} or of a {@link #sum} as wide as there are items, the rows of
   * that of {@link #tied} or of a {@link #lowRankSum}. Of several it is the one that was asked for
   * first.
   *
   * @return the kernel; empty where no such layer was asked for yet
   */
  public final Optional<ItemKernel> itemKernel() {
    return Optional.ofNullable(itemKernel.kernel);
  }

  /**
   * The vectors whose inner products some scores are: those of a last layer {@link #items(String,
   * Operand)}, {@link #tied} or {@link #lowRankSum} to which nothing is done any more. Of the
   * latter's scores the diagonal is 0 in place of 1, so the products of items that the history has
   * are larger than their scores by 1.
   *
   * @param scores what one of these layers gave
   * @return the vectors; empty where the scores come from elsewhere
   */
  public final Optional<Products> products(Operand<TFloat32> scores) {
    return Optional.ofNullable(products.get(scores));
  }

  @Override
  public final int items() {
    return items;
  }

  @Override
  public Operand<TFloat32> history(String name, int width) {
    return tf.nn.biasAdd(
        tf.sparse.sparseTensorDenseMatMul(
            histories.entries(), histories.values(), histories.shape(), kernel(name, items, width)),
        bias(name, items, width));
  }

  @Override
  public final Operand<TFloat32> sum(String name, int width) {
    requireUsersRows("sum");
    if (width == items) {
      itemKernel.found(prefix + name + "/kernel", false);
    }
    return weightedRows(kernel(name, items, width), ones());
  }

  /** 1 at each entry of the histories [n]. */
  private Operand<TFloat32> ones() {
    return tf.fill(tf.shape(histories.values()), tf.constant(1f));
  }

  @Override
  public final Operand<TFloat32> sparseSum(String name, int entries) {
    requireUsersRows("sparseSum");
    Operand<TInt64> lengths = whole(weight(name + "/lengths", items));
    Operand<TFloat32> columns = weight(name + "/items", entries);
    Operand<TFloat32> values = weight(name + "/weights", entries);
    Operand<TInt32> first = tf.constant(0);
    Operand<TInt32> second = tf.constant(1);
    Operand<TInt64> users = tf.gather(histories.entries(), first, second); // [n]
    Operand<TInt64> seen = tf.gather(histories.entries(), second, second); // [n]
    Operand<TInt64> ends = tf.gather(tf.math.cumsum(lengths, first), seen, first);
    RaggedRange<TInt64, TInt64> places =
        tf.ragged.raggedRange(
            tf.math.sub(ends, tf.gather(lengths, seen, first)),
            ends,
            tf.fill(tf.shape(ends), tf.constant(1L)));
    // For each entry of the rows, in their order, which of the n it belongs to.
    Operand<TInt64> owners =
        tf.gather(
            tf.ragged
                .raggedTensorToSparse(List.of(places.rtNestedSplits()), places.rtDenseValues())
                .sparseIndices(),
            first,
            second);
    Operand<TInt64> targets =
        tf.stack(
            List.of(
                tf.gather(users, owners, first),
                whole(tf.gather(columns, places.rtDenseValues(), first))),
            Stack.axis(1L));
    Operand<TFloat32> parts = tf.gather(values, places.rtDenseValues(), first);
    // What falls on one place is added up.
    return wide(tf.scatterNd(targets, parts, histories.shape()));
  }

  private Operand<TFloat32> weight(String name, int size) {
    return weights.get(name, Shape.of(size), Initial.constant(0));
  }

  private Operand<TInt64> whole(Operand<TFloat32> numbers) {
    return tf.dtypes.cast(numbers, TInt64.class);
  }

  @Override
  public final Operand<TFloat32> foldIn(
      String name, int width, double alpha, double lambda, double exponent, int steps) {
    requireUsersRows("foldIn");
    Operand<TFloat32> kernel = kernel(name, items, width);
    Operand<TFloat32> gram = weights.get(name + "/gram", Shape.of(width), Initial.constant(1));
    Operand<TInt32> first = tf.constant(0);
    Operand<TInt32> second = tf.constant(1);
    Operand<TInt64> users = tf.gather(histories.entries(), first, second);
    Operand<TInt64> userCount = tf.gather(histories.shape(), first, first);
    Operand<TFloat32> rows =
        tf.gather(kernel, tf.gather(histories.entries(), second, second), first); // [n, width]
    Operand<TFloat32> ones = ones();
    Operand<TFloat32> counts =
        tf.expandDims(tf.math.unsortedSegmentSum(ones, users, userCount), second);
    Operand<TFloat32> penalty =
        tf.math.mul(
            tf.math.pow(counts, tf.constant((float) exponent)), tf.constant((float) lambda));
    Operand<TFloat32> diagonal = tf.math.add(penalty, gram); // [users, width]
    Operand<TFloat32> factor = tf.constant((float) alpha);
    Operand<TFloat32> least = tf.constant(Float.MIN_NORMAL); // no division by 0
    Operand<TFloat32> preconditioner =
        tf.math.reciprocal(
            tf.math.maximum(
                tf.math.add(
                    diagonal,
                    tf.math.mul(
                        factor,
                        tf.math.unsortedSegmentSum(tf.math.mul(rows, rows), users, userCount))),
                least));
    Operand<TFloat32> residual =
        weightedRows(kernel, tf.math.mul(ones, tf.constant((float) (1 + alpha))));
    Operand<TFloat32> preconditioned = tf.math.mul(preconditioner, residual);
    Operand<TFloat32> direction = preconditioned;
    Operand<TFloat32> square = rowProducts(residual, preconditioned, true); // [users, 1]
    Operand<TFloat32> solution = null;
    for (int step = 1; ; step++) {
      Operand<TFloat32> products =
          rowProducts(rows, tf.gather(direction, users, first), false); // [n]
      Operand<TFloat32> image =
          tf.math.add(
              tf.math.mul(diagonal, direction),
              weightedRows(kernel, tf.math.mul(products, factor)));
      Operand<TFloat32> length =
          tf.math.div(square, tf.math.maximum(rowProducts(direction, image, true), least));
      Operand<TFloat32> change = tf.math.mul(length, direction);
      solution = solution == null ? change : tf.math.add(solution, change);
      if (step == steps) {
        return solution;
      }
      residual = tf.math.sub(residual, tf.math.mul(length, image));
      preconditioned = tf.math.mul(preconditioner, residual);
      Operand<TFloat32> nextSquare = rowProducts(residual, preconditioned, true);
      Operand<TFloat32> kept = tf.math.div(nextSquare, tf.math.maximum(square, least));
      direction = tf.math.add(preconditioned, tf.math.mul(kept, direction));
      square = nextSquare;
    }
  }

  /** Of each user the sum of the kernel's rows of the history, each with its entry's weight. */
  private Operand<TFloat32> weightedRows(Operand<TFloat32> kernel, Operand<TFloat32> entries) {
    return tf.sparse.sparseTensorDenseMatMul(
        histories.entries(), entries, histories.shape(), kernel);
  }

  private Operand<TFloat32> rowProducts(
      Operand<TFloat32> a, Operand<TFloat32> b, boolean asColumn) {
    return tf.reduceSum(tf.math.mul(a, b), tf.constant(1), ReduceSum.keepDims(asColumn));
  }

  @Override
  public final Operand<TFloat32> tied(String name, Operand<TFloat32> input) {
    requireUsersRows("tied");
    itemKernel.found(prefix + name + "/kernel", true);
    Operand<TFloat32> kernel = kernel(name, items, (int) width(input));
    Operand<TFloat32> scores = itemProduct(input, kernel, true);
    products.put(scores, new Products(input, kernel, true, null));
    return scores;
  }

  @Override
  public Operand<TFloat32> lowRankSum(String name, int rank) {
    String directions = name + DIRECTIONS;
    itemKernel.found(prefix + directions, true);
    Operand<TFloat32> unit =
        whole.unit(weights.get(directions, Shape.of(items, rank), initials.kernel()));
    Operand<TFloat32> users = weightedRows(unit, ones());
    Operand<TFloat32> scores =
        tf.tensorScatterNdSub(
            tf.linalg.matMul(users, unit, MatMul.transposeB(true)), histories.entries(), ones());
    products.put(scores, new Products(users, unit, true, null));
    return scores;
  }

  /**
   * Rows at unit length; where they are so already, whoever builds the graph says so here.
   *
   * @param directions a weight items × rank
   * @return the same shape
   */
  protected Operand<TFloat32> unit(Operand<TFloat32> directions) {
    return tf.math.mul(directions, inverseLengths(tf, directions));
  }

  /**
   * 1 / ‖row‖₂ of each row.
   *
   * @param tf the graph's operations
   * @param rows any number × any width
   * @return rows × 1; large, but a number, for a row of zeros
   */
  public static Operand<TFloat32> inverseLengths(Ops tf, Operand<TFloat32> rows) {
    return tf.math.rsqrt(
        tf.math.maximum(
            tf.reduceSum(tf.math.mul(rows, rows), tf.constant(1), ReduceSum.keepDims(true)),
            tf.constant(SMALLEST_SQUARE)));
  }

  /** Scores whose width TensorFlow cannot tell by itself, told. */
  private Operand<TFloat32> wide(Operand<TFloat32> scores) {
    return tf.ensureShape(scores, Shape.of(-1, items));
  }

  @Override
  public final Operand<TFloat32> constantScores(String name) {
    requireUsersRows("constantScores");
    Operand<TFloat32> scores = weight(name, items);
    return wide(tf.broadcastTo(scores, histories.shape()));
  }

  @Override
  public Operand<TFloat32> items(String name, Operand<TFloat32> input) {
    itemKernel.found(prefix + name + "/kernel", false);
    long width = width(input);
    Operand<TFloat32> kernel = kernel(name, width, items);
    Operand<TFloat32> bias = bias(name, width, items);
    Operand<TFloat32> scores = tf.nn.biasAdd(itemProduct(input, kernel, false), bias);
    products.put(scores, new Products(input, kernel, false, bias));
    return scores;
  }

  /**
   * The product that gives scores of all items.
   *
   * @param input rows × width
   * @param kernel width × items
   * @param inRows whether the kernel is items × width
   * @return rows × items
   */
  protected Operand<TFloat32> itemProduct(
      Operand<TFloat32> input, Operand<TFloat32> kernel, boolean inRows) {
    return tf.linalg.matMul(input, kernel, MatMul.transposeB(inRows));
  }

  @Override
  public final Operand<TFloat32> dense(String name, Operand<TFloat32> input, int width) {
    long inputs = width(input);
    return tf.nn.biasAdd(
        tf.linalg.matMul(input, kernel(name, inputs, width)), bias(name, inputs, width));
  }

  /**
   * The kernel of a layer.
   *
   * @param name of the layer
   * @param inputs rows, at least 1
   * @param width columns, at least 1
   * @return the weight {@code name/kernel}
   */
  protected final Operand<TFloat32> kernel(String name, long inputs, int width) {
    return weights.get(name + "/kernel", Shape.of(inputs, width), initials.kernel());
  }

  /**
   * Asked before a word is used that is for models in closed form, which see the users' rows as
   * they are.
   *
   * @param word the word
   * @throws IllegalArgumentException if it has no meaning here
   */
  protected void requireUsersRows(String word) {}

  /**
   * The bias of a layer.
   *
   * @param name of the layer
   * @param inputs rows of its kernel, at least 1
   * @param width entries, at least 1
   * @return the weight {@code name/bias}
   */
  protected final Operand<TFloat32> bias(String name, long inputs, int width) {
    return weights.get(name + "/bias", Shape.of(width), initials.bias().apply(inputs));
  }

  private static long width(Operand<TFloat32> input) {
    long width = input.shape().get(1);
    if (width < 1) {
      throw new IllegalArgumentException("a tensor's width must be known, found " + input.shape());
    }
    return width;
  }

  @Override
  public final Operand<TFloat32> layerNorm(String name, Operand<TFloat32> input, float epsilon) {
    Operand<TFloat32> centred = centred(input);
    Operand<TFloat32> normalised =
        tf.math.mul(centred, tf.math.rsqrt(tf.math.add(variance(centred), tf.constant(epsilon))));
    Shape shape = Shape.of(width(input));
    return tf.math.add(
        tf.math.mul(normalised, weights.get(name + "/scale", shape, Initial.constant(1))),
        weights.get(name + "/shift", shape, Initial.constant(0)));
  }

  @Override
  public final Operand<TFloat32> standardise(Operand<TFloat32> input) {
    Operand<TFloat32> mean = rowMean(input);
    Operand<TFloat32> centred = tf.math.sub(input, mean);
    Operand<TFloat32> variance = variance(centred);
    // What rounding makes of a row whose entries are all the same is no variance.
    Operand<TBool> varies =
        tf.math.greater(
            variance, tf.math.mul(tf.math.mul(mean, mean), tf.constant(SMALLEST_VARIATION)));
    Operand<TFloat32> factor =
        tf.select(
            varies,
            tf.math.rsqrt(tf.math.maximum(variance, tf.constant(Float.MIN_NORMAL))),
            tf.constant(0f));
    return tf.math.mul(centred, factor);
  }

  private Operand<TFloat32> centred(Operand<TFloat32> input) {
    return tf.math.sub(input, rowMean(input));
  }

  /** The variance [users, 1] of rows whose mean is 0. */
  private Operand<TFloat32> variance(Operand<TFloat32> centred) {
    return rowMean(tf.math.mul(centred, centred));
  }

  private Operand<TFloat32> rowMean(Operand<TFloat32> input) {
    return tf.math.mul(
        tf.reduceSum(input, tf.constant(1), ReduceSum.keepDims(true)),
        tf.constant(1f / width(input)));
  }

  @Override
  public final Operand<TFloat32> tanh(Operand<TFloat32> input) {
    return tf.math.tanh(input);
  }

  @Override
  public final Operand<TFloat32> sigmoid(Operand<TFloat32> input) {
    return tf.math.sigmoid(input);
  }

  @Override
  public final Operand<TFloat32> add(Operand<TFloat32> a, Operand<TFloat32> b) {
    return tf.math.add(a, b);
  }

  @Override
  public final Operand<TFloat32> multiply(Operand<TFloat32> a, Operand<TFloat32> b) {
    return tf.math.mul(a, b);
  }

  @Override
  public final Operand<TFloat32> scale(Operand<TFloat32> input, float factor) {
    return tf.math.mul(input, tf.constant(factor));
  }

  @Override
  public final Operand<TFloat32> concatenate(Operand<TFloat32> a, Operand<TFloat32> b) {
    return tf.concat(List.of(a, b), tf.constant(1));
  }

  @Override
  public final Operand<TFloat32> slice(Operand<TFloat32> input, int from, int width) {
    return tf.slice(input, tf.constant(new int[] {0, from}), tf.constant(new int[] {-1, width}));
  }

  /**
   * Where the layers of a model begin; scales begin with 1 and shifts with 0.
   *
   * @param kernel a kernel's first value
   * @param bias the first value of a layer's bias, by the number of the layer's inputs
   */
  public record Initials(Initial kernel, LongFunction<Initial> bias) {
    /**
     * As published for Mult-VAE and Mult-DAE: Glorot's kernels, biases normal with σ = 0.001,
     * truncated at two σ.
     *
     * @return what a model has that says nothing else
     */
    public static Initials glorot() {
      return new Initials(Initial.glorot(), inputs -> Initial.truncatedNormal(0.001));
    }

    /**
     * He's kernels, normal with σ = √(2 / inputs) (He, Zhang, Ren, Sun: Delving Deep into
     * Rectifiers, ICCV 2015, equation 10), biases uniform in ±1/√inputs.
     *
     * @return for models that were published so
     */
    public static Initials he() {
      return new Initials(
          (tf, shape, dimensions, seed) ->
              Initial.normal(0, Math.sqrt(2.0 / shape.get(0))).draw(tf, shape, dimensions, seed),
          Initials::uniform);
    }

    private static Initial uniform(long inputs) {
      return Initial.uniform(1 / Math.sqrt((double) inputs));
    }
  }

  /** The first value of a weight. */
  @FunctionalInterface
  public interface Initial {
    /**
     * Draws it.
     *
     * @param tf the graph's operations
     * @param shape the weight's shape
     * @param dimensions the same, known when the graph is run: of a constant TensorFlow would draw
     *     the weight once more before that, to see whether it is small enough to be kept
     * @param seed of this weight alone
     * @return a tensor of that shape
     */
    Operand<TFloat32> draw(Ops tf, Shape shape, Operand<TInt64> dimensions, long seed);

    /**
     * Uniform in ±√(6 / (inputs + outputs)) for a kernel inputs × outputs (Glorot, Bengio:
     * Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010).
     *
     * @return for kernels
     */
    static Initial glorot() {
      return (tf, shape, dimensions, seed) -> {
        double limit = Math.sqrt(6.0 / (shape.get(0) + shape.get(1)));
        // The framework's own Glorot draws from [0, limit) instead of [−limit, limit).
        return uniform(limit).draw(tf, shape, dimensions, seed);
      };
    }

    /**
     * Uniform around 0.
     *
     * @param limit the largest absolute value, above 0
     * @return for kernels and biases
     */
    static Initial uniform(double limit) {
      return (tf, shape, dimensions, seed) ->
          new RandomUniform<TFloat32>(-limit, limit, seed).call(tf, dimensions, TFloat32.class);
    }

    /**
     * Normal around 0, truncated at two standard deviations.
     *
     * @param deviation the standard deviation, above 0
     * @return for biases, with 0.001 as published by Liang et al. 2018
     */
    static Initial truncatedNormal(double deviation) {
      return (tf, shape, dimensions, seed) ->
          new TruncatedNormal<TFloat32>(0, deviation, seed).call(tf, dimensions, TFloat32.class);
    }

    /**
     * Normal around a mean.
     *
     * @param mean the mean
     * @param deviation the standard deviation, above 0
     * @return for weights that are no layer's
     */
    static Initial normal(double mean, double deviation) {
      return (tf, shape, dimensions, seed) ->
          new RandomNormal<TFloat32>(mean, deviation, seed).call(tf, dimensions, TFloat32.class);
    }

    /**
     * The same number everywhere.
     *
     * @param value the number
     * @return for scales and shifts
     */
    static Initial constant(float value) {
      return (tf, shape, dimensions, seed) -> tf.fill(dimensions, tf.constant(value));
    }
  }
}
