package io.github.vaecf.core.model;

import io.github.vaecf.data.DataException;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.indexer.DoubleIndexer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.bytedeco.openblas.global.openblas;

/**
 * A square matrix outside the Java heap, by rows, in float64 or float32, and its inverse by LAPACK
 * where it is symmetric and positive definite.
 */
abstract sealed class SquareMatrix implements AutoCloseable {
  /** The kernels of OpenBLAS may add up in another order where a matrix is aligned otherwise. */
  private static final int ALIGNMENT = 64;

  private static final byte ABOVE = 'L'; // LAPACK counts columns where we count rows

  final int size;
  private final Pointer memory;

  private SquareMatrix(int size, int bytes) {
    this.size = size;
    long all = (long) size * size * bytes;
    memory = Pointer.malloc(all + ALIGNMENT);
    if (memory == null || memory.isNull()) {
      throw new DataException(
          "no " + all / 1_000_000 + " MB of memory for a matrix of " + size + " items");
    }
  }

  /**
   * A matrix whose entries are anything.
   *
   * @throws DataException if there is no memory for it
   */
  static SquareMatrix of(int size, LinearAutoencoder.Precision precision) {
    return switch (precision) {
      case FLOAT64 -> new Float64(size);
      case FLOAT32 -> new Float32(size);
    };
  }

  /** Where the first entry lies, in entries of so many bytes from the start of the memory. */
  final long start(int bytes) {
    return (-memory.address() & (ALIGNMENT - 1)) / bytes;
  }

  final Pointer memory() {
    return memory;
  }

  /** The entry at row × size + column. */
  abstract double get(long place);

  /** Sets the entry at row × size + column. */
  abstract void put(long place, double value);

  /**
   * Puts the inverse on the diagonal and above it, of the matrix that stands there; what lies below
   * stays as it is. Takes LAPACK's potrf and potri, size³ additions and multiplications.
   *
   * @return 0, or the column by which the matrix is found not to be positive definite
   */
  final int invert() {
    int column = factor();
    return column == 0 ? invertFactor() : column;
  }

  abstract int factor();

  abstract int invertFactor();

  @Override
  public void close() {
    Pointer.free(memory);
  }

  private static final class Float64 extends SquareMatrix {
    private final DoublePointer matrix;
    private final DoubleIndexer entries;

    Float64(int size) {
      super(size, Double.BYTES);
      matrix = new DoublePointer(memory()).getPointer(start(Double.BYTES));
      entries = DoubleIndexer.create(matrix.capacity((long) size * size));
    }

    @Override
    double get(long place) {
      return entries.get(place);
    }

    @Override
    void put(long place, double value) {
      entries.put(place, value);
    }

    @Override
    int factor() {
      return openblas.LAPACKE_dpotrf_work(openblas.LAPACK_COL_MAJOR, ABOVE, size, matrix, size);
    }

    @Override
    int invertFactor() {
      return openblas.LAPACKE_dpotri_work(openblas.LAPACK_COL_MAJOR, ABOVE, size, matrix, size);
    }
  }

  private static final class Float32 extends SquareMatrix {
    private final FloatPointer matrix;
    private final FloatIndexer entries;

    Float32(int size) {
      super(size, Float.BYTES);
      matrix = new FloatPointer(memory()).getPointer(start(Float.BYTES));
      entries = FloatIndexer.create(matrix.capacity((long) size * size));
    }

    @Override
    double get(long place) {
      return entries.get(place);
    }

    @Override
    void put(long place, double value) {
      entries.put(place, (float) value);
    }

    @Override
    int factor() {
      return openblas.LAPACKE_spotrf_work(openblas.LAPACK_COL_MAJOR, ABOVE, size, matrix, size);
    }

    @Override
    int invertFactor() {
      return openblas.LAPACKE_spotri_work(openblas.LAPACK_COL_MAJOR, ABOVE, size, matrix, size);
    }
  }
}
