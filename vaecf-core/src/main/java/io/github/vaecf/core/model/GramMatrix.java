package io.github.vaecf.core.model;

import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.util.Arrays;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;

/**
 * The Gram matrix G = XᵀX of a training matrix and P = (G + Λ)⁻¹ for a diagonal Λ, both in one
 * square of items² numbers outside the Java heap: they are symmetric, so G lies below the diagonal
 * and P on it and above, and G's diagonal is kept beside. G is counted once, exactly (float32 holds
 * all whole numbers below 2²⁴; above, the nearest), and another P costs a Cholesky factorisation
 * and an inversion (LAPACK's potrf and potri, items³ multiplications and additions), which leave G
 * as it is.
 *
 * <p>The same numbers come out, bit for bit, for the same matrix, Λ and number of threads, whatever
 * was computed before. Not safe for use by many threads.
 */
final class GramMatrix implements ClosedFormModel.Shared.Part {
  /**
   * Rows that are copied together, so that what lies below each other is read in runs of a page's
   * line.
   */
  private static final int BLOCK = 32;

  private final int items;
  private final int[] users;
  private final LinearAutoencoder.Precision precision;
  private final SquareMatrix entries;
  private double[] penalties; // of the present P; null where there is none
  private int threadsOfInverse;
  private int inversions;

  /** Receives rows. */
  @FunctionalInterface
  interface RowConsumer {
    /**
     * Receives a row, which is the column of that number too.
     *
     * @param row its number
     * @param values one an item; may be written into, and are valid during the call only
     */
    void accept(int row, double[] values);
  }

  /**
   * Counts G.
   *
   * @param precision that of both matrices
   * @param threads how many; 0 for one a core
   * @throws DataException if OpenBLAS is not there, or the memory is not
   */
  GramMatrix(CsrMatrix train, LinearAutoencoder.Precision precision, int threads) {
    loadOpenBlas();
    this.precision = precision;
    items = train.columns();
    users = train.columnCounts();
    entries = SquareMatrix.of(items, precision);
    try {
      count(new CoOccurrences(train), threads);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void count(CoOccurrences together, int threads) {
    Workers.run(
        threads,
        items,
        () -> {
          CoOccurrences.Rows rows = together.rows();
          return item -> {
            int[] counts = rows.row(item, item);
            long start = (long) item * items;
            for (int other = 0; other < item; other++) {
              entries.put(start + other, counts[other]);
            }
          };
        });
  }

  private static void loadOpenBlas() {
    // TensorFlow first, so that both see the compiler's runtime libraries that TensorFlow was made
    // for.
    TensorFlowRuntime.prepare();
    try {
      Loader.load(openblas.class);
    } catch (LinkageError e) {
      throw new DataException(
          "linear models need OpenBLAS, whose native code was not found: add org.bytedeco:openblas"
              + " with the classifier of this machine, such as "
              + Loader.getPlatform()
              + ", to the class path ("
              + e.getMessage()
              + ")",
          e);
    }
  }

  /** The precision of both matrices. */
  LinearAutoencoder.Precision precision() {
    return precision;
  }

  /** The number of items. */
  int items() {
    return items;
  }

  /** How many users have an item: G's diagonal. */
  int users(int item) {
    return users[item];
  }

  /**
   * Makes P, unless it is the present one.
   *
   * @param diagonal Λ's entries
   * @param threads how many; 0 for one a core
   * @throws ArithmeticException if G + Λ is not positive definite in the precision
   */
  void invert(double[] diagonal, int threads) {
    int count = Workers.count(threads);
    if (count == threadsOfInverse && Arrays.equals(diagonal, penalties)) {
      return;
    }
    penalties = null;
    mirror(count);
    for (int item = 0; item < items; item++) {
      entries.put((long) item * (items + 1L), users[item] + diagonal[item]);
    }
    synchronized (GramMatrix.class) { // the number of threads is that of the process
      openblas.blas_set_num_threads(count);
      int column = entries.invert();
      if (column != 0) {
        throw new ArithmeticException(
            "the items' matrix XᵀX + Λ is not positive definite as far as "
                + precision
                + " goes (row "
                + column
                + " of "
                + items
                + "): take a larger lambda"
                + (precision == LinearAutoencoder.Precision.FLOAT32 ? ", or float64" : ""));
      }
    }
    penalties = diagonal.clone();
    inversions++;
    threadsOfInverse = count;
  }

  /** How often a P was made. */
  int inversions() {
    return inversions;
  }

  /** Copies what lies below the diagonal to above it. */
  private void mirror(int threads) {
    Workers.run(
        threads,
        blocks(),
        () ->
            block -> {
              int from = block * BLOCK;
              for (int below = from + 1; below < items; below++) {
                int to = Math.min(below, from + BLOCK);
                for (int row = from; row < to; row++) {
                  entries.put((long) row * items + below, entries.get((long) below * items + row));
                }
              }
            });
  }

  private int blocks() {
    return (items + BLOCK - 1) / BLOCK;
  }

  /** P's diagonal. */
  double[] inverseDiagonal() {
    double[] diagonal = new double[items];
    for (int item = 0; item < items; item++) {
      diagonal[item] = entries.get((long) item * (items + 1L));
    }
    return diagonal;
  }

  /**
   * Hands out the rows of P, each once, in any order.
   *
   * @param threads how many; 0 for one a core
   * @param consumer makes one for each thread
   */
  void forEachInverseRow(int threads, Supplier<RowConsumer> consumer) {
    Workers.run(
        threads,
        blocks(),
        () -> {
          double[][] rows = new double[Math.min(BLOCK, items)][items];
          RowConsumer one = consumer.get();
          return block -> {
            int from = block * BLOCK;
            int to = Math.min(items, from + BLOCK);
            copyInverse(from, to, rows);
            for (int row = from; row < to; row++) {
              one.accept(row, rows[row - from]);
            }
          };
        });
  }

  private void copyInverse(int from, int to, double[][] rows) {
    for (int above = 0; above < to; above++) {
      for (int row = Math.max(from, above + 1); row < to; row++) {
        rows[row - from][above] = entries.get((long) above * items + row);
      }
    }
    for (int row = from; row < to; row++) {
      for (int column = row; column < items; column++) {
        rows[row - from][column] = entries.get((long) row * items + column);
      }
    }
  }

  @Override
  public void close() {
    entries.close();
  }
}
