package io.github.vaecf.eval.baseline;

import com.sun.management.OperatingSystemMXBean;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.linalg.TriangularSolve;
import org.tensorflow.types.TFloat32;

/**
 * EASE, the linear autoencoder with a closed form: with P = (XᵀX + λI)⁻¹ the item weights are B = I
 * − P · diag(P)⁻¹, whose diagonal is 0, and a user's scores are x · B.
 *
 * <p>Steck: Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019, algorithm 1. The inverse
 * goes through the Cholesky factor, with TensorFlow's operations in float32.
 *
 * <p>Takes 16 bytes × items² while it is computed (6.5 GB for 20,000 items) and 4 bytes × items²
 * afterwards, outside the Java heap. Owns this memory until it is closed. Safe for use by many
 * threads; closing while another thread still uses it is not.
 */
public final class Ease extends DenseScorer implements AutoCloseable {
  private static final long BYTES_PER_PAIR = 4L * Float.BYTES;

  private final int itemCount;
  private final Result result;
  private final FloatDataBuffer weights;
  private volatile boolean closed;

  private Ease(int itemCount, Result result) {
    this.itemCount = itemCount;
    this.result = result;
    this.weights = ((TFloat32) result.get(0)).asRawTensor().data().asFloats();
  }

  /**
   * Computes the item weights.
   *
   * @param train training users × items
   * @param lambda the factor λ above 0 of the penalty on the weights; 20 to 1,000 is usual, more
   *     for more users
   * @return the scorer, to be closed
   * @throws IllegalArgumentException if λ is not above 0
   * @throws DataException if the machine has not enough memory for so many items
   */
  public static Ease of(CsrMatrix train, double lambda) {
    if (!(lambda > 0 && Double.isFinite(lambda))) {
      throw new IllegalArgumentException("lambda must be above 0 and finite, found " + lambda);
    }
    requireMemory(train.columns(), machineMemory());
    TensorFlowRuntime.prepare();
    int items = train.columns();
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        TFloat32 gram = gram(train, lambda)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> regularized = tf.placeholder(TFloat32.class);
      Operand<TFloat32> factor = tf.linalg.cholesky(regularized);
      Operand<TFloat32> identity =
          tf.linalg.matrixDiag(
              tf.fill(tf.constant(new int[] {items}), tf.constant(1f)),
              tf.constant(0),
              tf.constant(items),
              tf.constant(items),
              tf.constant(0f));
      Operand<TFloat32> inverseFactor =
          tf.linalg.triangularSolve(factor, identity, TriangularSolve.lower(true));
      Operand<TFloat32> inverse =
          tf.linalg.matMul(inverseFactor, inverseFactor, MatMul.transposeA(true));
      Operand<TFloat32> diagonal =
          tf.linalg.matrixDiagPart(inverse, tf.constant(0), tf.constant(0f));
      Operand<TFloat32> divided = tf.math.neg(tf.math.div(inverse, diagonal));
      Operand<TFloat32> itemWeights =
          tf.linalg.matrixSetDiag(divided, tf.zerosLike(diagonal), tf.constant(0));
      return new Ease(items, session.runner().feed(regularized, gram).fetch(itemWeights).run());
    }
  }

  /** XᵀX + λI, outside the Java heap. */
  private static TFloat32 gram(CsrMatrix train, double lambda) {
    int items = train.columns();
    TFloat32 gram = TFloat32.tensorOf(Shape.of(items, items));
    FloatDataBuffer values = gram.asRawTensor().data().asFloats();
    CoOccurrences.Rows rows = new CoOccurrences(train).rows();
    for (int item = 0; item < items; item++) {
      float[] row = rows.row(item);
      row[item] += (float) lambda;
      values.offset((long) item * items).write(row);
    }
    return gram;
  }

  static void requireMemory(int items, long available) {
    long needed = BYTES_PER_PAIR * items * items;
    if (needed > available) {
      throw new DataException(
          "EASE over "
              + items
              + " items needs "
              + needed / 1_000_000
              + " MB of memory, and this machine has "
              + available / 1_000_000
              + " MB: leave out rare items or take item-kNN");
    }
  }

  private static long machineMemory() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  @Override
  public int itemCount() {
    return itemCount;
  }

  @Override
  void score(int[] history, int historySize, float[] scores) {
    if (closed) {
      throw new IllegalStateException("the scorer is closed");
    }
    Arrays.fill(scores, 0);
    float[] row = new float[itemCount];
    for (int i = 0; i < historySize; i++) {
      weights.offset((long) history[i] * itemCount).read(row);
      for (int item = 0; item < itemCount; item++) {
        scores[item] += row[item];
      }
    }
  }

  /** Gives the memory back. */
  @Override
  public void close() {
    closed = true;
    result.close();
  }
}
