package io.github.vaecf.core.model;

import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DoubleDataBuffer;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.linalg.SelfAdjointEig;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;

/**
 * Matrix factorization of implicit feedback by alternating least squares. A score is the product
 * xᵀy of a user's and an item's factors, which minimise
 *
 * <pre>Σ c (p − xᵀy)² + λ (Σ n_u^ν ‖x_u‖² + Σ n_i^ν ‖y_i‖²)</pre>
 *
 * over all pairs of a user and an item: p = 1 and c = 1 + α where the user has the item, p = 0 and
 * c = 1 elsewhere; n_u and n_i are the numbers of a user's items and of an item's users.
 *
 * <p>Hu, Koren, Volinsky: Collaborative Filtering for Implicit Feedback Datasets, ICDM 2008. The
 * penalty scaled by counts and the first factors are those of Rendle, Krichene, Zhang, Koren:
 * Revisiting the Performance of iALS on Item Recommendation Benchmarks, RecSys 2022; ν = 1 is what
 * Spark's ALS does, ν = 0 the paper of 2008.
 *
 * <p>Of the fitted factors only the items' are kept: those of any user, new or not, follow from
 * them and the user's history ({@link Layers#foldIn}), as they would have in the next iteration.
 *
 * <p>Fitted on all cores in double precision; the same bits for any number of threads. Takes about
 * 8 bytes × (users + items) × factors of Java heap, 32 MB × (factors / 256)² beside.
 */
public final class ImplicitAls implements ClosedFormModel, Autoencoder {
  /** Width of the factors. */
  public static final Setting<Integer> FACTORS =
      Setting.integer("factors", 1, 64, "Width of the factors; 32 to 256 is usual.")
          .tried(List.of(32, 64, 128, 256));

  /** How often the factors of the users and of the items are solved for. */
  public static final Setting<Integer> ITERATIONS =
      Setting.integer(
          "iterations", 1, 16, "How often the factors of users and items are solved for.");

  /** The factor λ of the penalty. */
  public static final Setting<Double> LAMBDA =
      Setting.number(
              "lambda",
              Setting.Range.above(0),
              0.1,
              "Factor of the penalty on the factors; 0.001 to 1 is usual.")
          .tried(List.of(0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 0.8));

  /** The weight α that an item of a user has beside the 1 that every pair has. */
  public static final Setting<Double> ALPHA =
      Setting.number(
              "alpha",
              Setting.Range.atLeast(0),
              1,
              "Weight of an item of a user beside the 1 that every pair has; 1 to 100 is usual.")
          .tried(List.of(0.3, 1.0, 3.0, 10.0, 30.0));

  /** The power ν of the counts in the penalty. */
  public static final Setting<Double> EXPONENT =
      Setting.number(
          "exponent",
          Setting.Range.atLeast(0).atMost(1),
          1,
          "Power of the counts in the penalty: 1 as Spark has it, 0 for the same for all.");

  /**
   * The deviation of the first factors is this over √factors, so that the first scores do not
   * depend on the width (Rendle et al. 2022).
   */
  private static final double START = 0.1;

  private static final String NAME = "items";

  /** For {@link java.util.ServiceLoader}. */
  public ImplicitAls() {}

  @Override
  public String name() {
    return "ials";
  }

  @Override
  public String title() {
    return "iALS";
  }

  @Override
  public String summary() {
    return "matrix factorization by alternating least squares (Hu, Koren, Volinsky, ICDM 2008)";
  }

  @Override
  public List<Setting<?>> settings() {
    List<Setting<?>> settings =
        new ArrayList<>(
            List.of(FACTORS, ITERATIONS, LAMBDA, ALPHA, EXPONENT, TrainingSettings.SEED));
    settings.addAll(TrainingSettings.ofRuntime());
    return settings;
  }

  @Override
  public int latentWidth(Settings settings) {
    return settings.get(FACTORS);
  }

  @Override
  public <T> T encode(Settings settings, Layers<T> layers) {
    return layers.foldIn(
        NAME,
        settings.get(FACTORS),
        settings.get(ALPHA),
        settings.get(LAMBDA),
        settings.get(EXPONENT),
        steps(settings.get(ALPHA)));
  }

  /**
   * Steps of conjugate gradients after which the rounding of single precision is all that is left
   * of the error (measured on MovieLens with 16 to 256 factors, λ from 1e-5 to 1 and α up to 100: 8
   * steps for α = 1, 16 for 40, 24 to 32 for 100).
   */
  private static int steps(double alpha) {
    return (int) Math.ceil(12 + 2 * Math.sqrt(alpha));
  }

  @Override
  public <T> T decode(Settings settings, Layers<T> layers, T latent) {
    return layers.tied(NAME, latent);
  }

  @Override
  public void requireMemory(CsrMatrix train, Settings settings) {
    requireMemory(
        train.rows(), train.columns(), settings.get(FACTORS), Runtime.getRuntime().maxMemory());
  }

  @Override
  public Map<String, TFloat32> fit(CsrMatrix train, Settings settings) {
    int factors = settings.get(FACTORS);
    requireMemory(train, settings);
    AlternatingLeastSquares equations =
        new AlternatingLeastSquares(
            factors,
            settings.get(ALPHA),
            settings.get(LAMBDA),
            settings.get(EXPONENT),
            settings.get(TrainingSettings.THREADS));
    CsrMatrix byItem = train.transpose();
    double[][] items = start(train.columns(), factors, settings.get(TrainingSettings.SEED));
    for (int iteration = 0; iteration < settings.get(ITERATIONS); iteration++) {
      items = equations.solve(byItem, equations.solve(train, items));
    }
    return weights(items, equations.gram(items), factors);
  }

  private static double[][] start(int count, int factors, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double deviation = START / Math.sqrt(factors);
    double[][] vectors = new double[count][factors];
    for (double[] vector : vectors) {
      for (int i = 0; i < factors; i++) {
        vector[i] = deviation * random.nextGaussian();
      }
    }
    return vectors;
  }

  /**
   * The factors in their principal axes, Y ← YQ with YᵀY = QDQᵀ: no score changes, and the Gram
   * matrix is the diagonal D, which is all that the fold-in needs of it.
   */
  private static Map<String, TFloat32> weights(double[][] items, double[] gram, int factors) {
    double[] axes = axes(gram, factors);
    double[] squares = new double[factors];
    TFloat32 kernel = TFloat32.tensorOf(Shape.of(items.length, factors));
    FloatDataBuffer values = kernel.asRawTensor().data().asFloats();
    float[] rotated = new float[factors];
    for (int item = 0; item < items.length; item++) {
      for (int axis = 0; axis < factors; axis++) {
        double sum = 0;
        for (int i = 0; i < factors; i++) {
          sum += items[item][i] * axes[i * factors + axis];
        }
        rotated[axis] = (float) sum;
        squares[axis] += (double) rotated[axis] * rotated[axis];
      }
      values.offset((long) item * factors).write(rotated);
    }
    TFloat32 diagonal = TFloat32.tensorOf(Shape.of(factors));
    for (int axis = 0; axis < factors; axis++) {
      diagonal.setFloat((float) squares[axis], axis);
    }
    return Map.of(NAME + "/kernel", kernel, NAME + "/gram", diagonal);
  }

  /** The eigenvectors of a symmetric matrix given by its upper triangle, in columns. */
  private static double[] axes(double[] upper, int factors) {
    ConfigProto config = ConfigProto.newBuilder().putDeviceCount("GPU", 0).build();
    TensorFlowRuntime.prepareSession(config);
    double[] axes = new double[factors * factors];
    try (Graph graph = new Graph();
        Session session = new Session(graph, config);
        TFloat64 matrix = TFloat64.tensorOf(Shape.of(factors, factors))) {
      DoubleDataBuffer values = matrix.asRawTensor().data().asDoubles();
      for (int i = 0; i < factors; i++) {
        for (int j = i; j < factors; j++) {
          values.setDouble(upper[i * factors + j], (long) i * factors + j);
          values.setDouble(upper[i * factors + j], (long) j * factors + i);
        }
      }
      Ops tf = Ops.create(graph);
      Placeholder<TFloat64> symmetric = tf.placeholder(TFloat64.class);
      SelfAdjointEig<TFloat64> eigen = tf.linalg.selfAdjointEig(symmetric);
      try (Result result = session.runner().feed(symmetric, matrix).fetch(eigen.v()).run()) {
        result.get(0).asRawTensor().data().asDoubles().read(axes);
      }
    }
    return axes;
  }

  static void requireMemory(int users, int items, int factors, long available) {
    long vectors = (long) users + 2L * items; // the items' before and after
    long needed =
        vectors * (Double.BYTES * (long) factors + 24) + 80L * Double.BYTES * factors * factors;
    if (needed > available) {
      throw new DataException(
          "iALS with "
              + factors
              + " factors over "
              + users
              + " users and "
              + items
              + " items needs "
              + needed / 1_000_000
              + " MB of Java's heap, which may take "
              + available / 1_000_000
              + " MB: raise that (-Xmx) or take fewer factors");
    }
  }
}
