package io.github.vaecf.core.model;

import com.sun.management.OperatingSystemMXBean;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.types.TFloat32;

/**
 * The linear autoencoders with a closed form: a user's scores are x · B for item weights B, items ×
 * items, that reconstruct the training matrix X from itself, with a penalty on the weights and a
 * bound on B's diagonal, so that B is not simply the identity.
 *
 * <p>With G = XᵀX, Λ = λI + p/(1 − p) · diag(G), which is what dropping entries of x with
 * probability p comes to on average, and P = (G + Λ)⁻¹, all of them are
 *
 * <p>B = I − P · diag(κ), with B<sub>jj</sub> = min(ξ, 1 − Λ<sub>jj</sub>P<sub>jj</sub>) and
 * κ<sub>j</sub> = (1 − B<sub>jj</sub>)/P<sub>jj</sub>,
 *
 * <p>so that the diagonal is what the penalty alone would make it, and at most ξ. Moon, Kim, Lee:
 * It's Enough: Relaxing Diagonal Constraints in Linear Autoencoders for Recommendation, SIGIR 2023;
 * the others are its cases ξ = 0 (all diagonals are 0) and p = 0.
 *
 * <p>Computed in float64, by a Cholesky factorisation, and rounded to float32. Takes 12 bytes ×
 * items² outside the Java heap while it is computed (4.8 GB for 20,000 items), with {@link
 * ClosedFormModel.Shared} too, which keeps 8 of them; 4 bytes × items² afterwards. The time grows
 * with items³. Where each item keeps n weights only ({@link #WEIGHTS_PER_ITEM}), it is 8 bytes ×
 * items² and 24 × n × items, of which 8 × n × items stay. Computed in float32 ({@link #PRECISION})
 * 4 of these 8 bytes go, and half of the time.
 */
public abstract sealed class LinearAutoencoder implements ClosedFormModel {
  /** The factor λ of the penalty on the weights. */
  public static final Setting<Double> LAMBDA =
      Setting.number(
              "lambda",
              Setting.Range.above(0),
              200,
              "Factor of the penalty on the item weights; 20 to 1000 is usual, more for more users.")
          .tried(List.of(5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 350.0, 600.0, 1000.0, 2000.0));

  /** The probability p that an item of a history is dropped. */
  public static final Setting<Double> DROPOUT =
      Setting.number(
              "dropout",
              Setting.Range.atLeast(0).below(1),
              0.3,
              "Probability that an item of a history is dropped.")
          .tried(List.of(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7));

  /** The bound ξ on the diagonal of the item weights. */
  public static final Setting<Double> RELAXATION =
      Setting.number(
              "relaxation",
              Setting.Range.atLeast(0).atMost(1),
              0.5,
              "How much an item may count for itself: 0 not at all, 1 as much as it likes.")
          .tried(List.of(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7));

  /** How many of the weights that make an item's score are kept. */
  public static final Setting<Integer> WEIGHTS_PER_ITEM =
      Setting.integer(
          "weights-per-item",
          0,
          0,
          "Keep only so many of the largest weights that an item is scored by, 0 for all.");

  /** In which numbers the inverse is computed. */
  public enum Precision {
    /** Numbers of 8 bytes. */
    FLOAT64(Double.BYTES),
    /** Numbers of 4 bytes: half the memory and time. */
    FLOAT32(Float.BYTES);

    private final int bytes;

    Precision(int bytes) {
      this.bytes = bytes;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What the inverse is computed in. */
  public static final Setting<Precision> PRECISION =
      Setting.choice(
          "precision",
          Precision.FLOAT64,
          "What the items' matrix is inverted in: float32 takes half the memory and time.");

  private static final String WEIGHTS = "weights";

  private final String name;
  private final String title;
  private final String summary;
  private final List<Setting<?>> settings;

  private LinearAutoencoder(String name, String title, String summary, Setting<?>... own) {
    this.name = name;
    this.title = title;
    this.summary = summary;
    List<Setting<?>> all = new ArrayList<>(List.of(own));
    all.add(WEIGHTS_PER_ITEM);
    all.add(PRECISION);
    all.addAll(TrainingSettings.ofRuntime());
    settings = List.copyOf(all);
  }

  /**
   * EASE: p = 0 and ξ = 0. Steck: Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019,
   * algorithm 1.
   */
  public static final class Ease extends LinearAutoencoder {
    /** For {@link java.util.ServiceLoader}. */
    public Ease() {
      super("ease", "EASE", "linear autoencoder in closed form (Steck, WWW 2019)", LAMBDA);
    }
  }

  /**
   * EDLAE of full rank: ξ = 0. Steck: Autoencoders that don't overfit towards the Identity, NeurIPS
   * 2020.
   *
   * <p>The published values are in the middle of those that the program of Moon et al. takes: p =
   * 0.3 for all, and λ = 70 (MSD), 400 (ML-20M) and 600 (Netflix Prize), about 0.6 times that of
   * EASE.
   */
  public static final class Edlae extends LinearAutoencoder {
    /** For {@link java.util.ServiceLoader}. */
    public Edlae() {
      super(
          "edlae",
          "EDLAE",
          "linear autoencoder with dropout in closed form (Steck, NeurIPS 2020)",
          LAMBDA.published(120.0),
          DROPOUT);
    }
  }

  /**
   * RLAE: p = 0. Moon, Kim, Lee, SIGIR 2023.
   *
   * <p>The published ξ is that of their program for MSD and the Netflix Prize, 0.5 (ML-20M: 0.6),
   * with a λ of one to two times EASE's.
   */
  public static final class Rlae extends LinearAutoencoder {
    /** For {@link java.util.ServiceLoader}. */
    public Rlae() {
      super(
          "rlae",
          "RLAE",
          "linear autoencoder with a relaxed diagonal (Moon, Kim, Lee, SIGIR 2023)",
          LAMBDA,
          RELAXATION);
    }
  }

  /**
   * RDLAE. Moon, Kim, Lee, SIGIR 2023.
   *
   * <p>The published p and ξ are those of their program for MSD, 0.2 and 0.4 (ML-20M: 0.2 and 0.6,
   * Netflix Prize: 0.3 and 0.4), with a λ of about EASE's.
   */
  public static final class Rdlae extends LinearAutoencoder {
    /** For {@link java.util.ServiceLoader}. */
    public Rdlae() {
      super(
          "rdlae",
          "RDLAE",
          "linear autoencoder with dropout and a relaxed diagonal (Moon, Kim, Lee, SIGIR 2023)",
          LAMBDA,
          DROPOUT.published(0.2),
          RELAXATION.published(0.4));
    }
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final String title() {
    return title;
  }

  @Override
  public final String summary() {
    return summary;
  }

  @Override
  public final List<Setting<?>> settings() {
    return settings;
  }

  @Override
  public final <T> T scores(Settings chosen, Layers<T> layers) {
    int kept = weightsPerItem(chosen, layers.items());
    return kept == 0
        ? layers.sum(WEIGHTS, layers.items())
        : layers.sparseSum(WEIGHTS, Math.multiplyExact(layers.items(), kept));
  }

  @Override
  public final void requireMemory(CsrMatrix train, Settings chosen) {
    int items = train.columns();
    requireMemory(
        title, items, weightsPerItem(chosen, items), chosen.get(PRECISION), machineMemory());
  }

  @Override
  public final Map<String, TFloat32> fit(CsrMatrix train, Settings chosen) {
    try (Shared alone = new Shared()) {
      return fit(train, chosen, alone);
    }
  }

  @Override
  public final Map<String, TFloat32> fit(CsrMatrix train, Settings chosen, Shared shared) {
    int items = train.columns();
    int kept = weightsPerItem(chosen, items);
    requireMemory(train, chosen);
    int threads = chosen.get(TrainingSettings.THREADS);
    Precision precision = chosen.get(PRECISION);
    Supplier<GramMatrix> counting = () -> new GramMatrix(train, precision, threads);
    GramMatrix gram = shared.get(train, GramMatrix.class, counting);
    if (gram.precision() != precision) {
      shared.close();
      gram = shared.get(train, GramMatrix.class, counting);
    }
    return kept == 0 ? all(gram, chosen) : largest(gram, chosen, kept);
  }

  /** How many weights an item keeps; 0 for all. */
  private static int weightsPerItem(Settings chosen, int items) {
    return Math.min(chosen.get(WEIGHTS_PER_ITEM), items);
  }

  private static Map<String, TFloat32> all(GramMatrix gram, Settings chosen) {
    int items = gram.items();
    TFloat32 weights = TFloat32.tensorOf(Shape.of(items, items));
    try {
      FloatDataBuffer values = weights.asRawTensor().data().asFloats();
      Inverse inverse = invert(gram, chosen);
      gram.forEachInverseRow(
          chosen.get(TrainingSettings.THREADS),
          () -> {
            float[] rounded = new float[items];
            return (item, row) -> {
              inverse.toRow(item, row);
              round(row, rounded);
              values.offset((long) item * items).write(rounded);
            };
          });
      return Map.of(WEIGHTS + "/kernel", weights);
    } catch (RuntimeException | Error e) {
      weights.close();
      throw e;
    }
  }

  /**
   * Without the diagonal, which counts for items of the history alone: they are not recommended.
   */
  private Map<String, TFloat32> largest(GramMatrix gram, Settings chosen, int kept) {
    int items = gram.items();
    SparseWeights largest = new SparseWeights(title, items, kept);
    Inverse inverse = invert(gram, chosen);
    gram.forEachInverseRow(
        chosen.get(TrainingSettings.THREADS),
        () -> {
          float[] rounded = new float[items];
          SparseWeights.Chooser chooser = largest.new Chooser();
          return (item, column) -> {
            inverse.toColumn(item, column);
            round(column, rounded);
            chooser.keepLargest(item, rounded);
          };
        });
    return largest.asColumns(WEIGHTS);
  }

  private static void round(double[] numbers, float[] rounded) {
    for (int i = 0; i < rounded.length; i++) {
      rounded[i] = (float) numbers[i];
    }
  }

  /**
   * What makes rows and columns of B from those of P.
   *
   * @param diagonal B's
   * @param factors κ
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Inverse(double[] diagonal, double[] factors) {
    /** Makes a row of P one of B. */
    void toRow(int item, double[] row) {
      for (int other = 0; other < row.length; other++) {
        row[other] *= -factors[other];
      }
      row[item] = diagonal[item]; // without the rounding of the product
    }

    /** Makes a row of P, which is its column, a column of B. */
    void toColumn(int item, double[] column) {
      for (int other = 0; other < column.length; other++) {
        column[other] *= -factors[item];
      }
      column[item] = diagonal[item];
    }
  }

  /** Makes P. */
  static Inverse invert(GramMatrix gram, Settings chosen) {
    double[] penalties = penalties(gram, chosen);
    gram.invert(penalties, chosen.get(TrainingSettings.THREADS));
    double[] inverse = gram.inverseDiagonal();
    double[] diagonal = diagonal(penalties, inverse, value(chosen, RELAXATION));
    double[] factors = new double[diagonal.length];
    for (int item = 0; item < factors.length; item++) {
      factors[item] = (1 - diagonal[item]) / inverse[item];
    }
    return new Inverse(diagonal, factors);
  }

  /** Λ. */
  private static double[] penalties(GramMatrix gram, Settings chosen) {
    double dropout = value(chosen, DROPOUT);
    double[] penalties = new double[gram.items()];
    for (int item = 0; item < penalties.length; item++) {
      penalties[item] = chosen.get(LAMBDA) + dropout / (1 - dropout) * gram.users(item);
    }
    return penalties;
  }

  /** B's diagonal. */
  private static double[] diagonal(double[] penalties, double[] inverse, double relaxation) {
    double[] diagonal = new double[penalties.length];
    for (int item = 0; item < diagonal.length; item++) {
      double unbounded =
          Math.max(0, 1 - penalties[item] * inverse[item]); // below 0 by rounding only
      diagonal[item] = Math.min(relaxation, unbounded);
    }
    return diagonal;
  }

  /** What a model has no setting for is 0. */
  private static double value(Settings chosen, Setting<Double> setting) {
    return chosen.has(setting) ? chosen.get(setting) : 0;
  }

  static void requireMemory(
      String title, int items, int kept, Precision precision, long available) {
    long rows = kept == 0 ? (long) Float.BYTES * items : 6L * Float.BYTES * kept;
    long needed = ((long) precision.bytes * items + rows) * items;
    if (needed > available) {
      throw new DataException(
          title
              + " over "
              + items
              + " items needs "
              + needed / 1_000_000
              + " MB of memory, and this machine has "
              + available / 1_000_000
              + " MB: "
              + (precision == Precision.FLOAT64 ? "take --precision float32, " : "")
              + (kept == 0 ? "keep the largest weights only (--weights-per-item), " : "")
              + "leave out rare items, or take elsa, ials or knn");
    }
  }

  private static long machineMemory() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }
}
