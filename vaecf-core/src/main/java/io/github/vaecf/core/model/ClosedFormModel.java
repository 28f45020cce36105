package io.github.vaecf.core.model;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.util.Map;
import java.util.function.Supplier;
import org.tensorflow.types.TFloat32;

/** A model that is fitted in one go. */
public interface ClosedFormModel extends Model {
  /**
   * Makes sure, before anything is allocated, that the machine has the memory for it.
   *
   * @param train training users × items
   * @param settings of this model
   * @throws DataException if it has not; the message says how much is needed and what to do
   */
  default void requireMemory(CsrMatrix train, Settings settings) {}

  /**
   * Fits it.
   *
   * @param train training users × items, at least one entry
   * @param settings of this model
   * @return the weights by the names that {@link #scores} uses; the caller closes them
   * @throws DataException if the machine has not enough memory for it
   * @throws ArithmeticException if its equations have no solution in the precision it computes in
   */
  Map<String, TFloat32> fit(CsrMatrix train, Settings settings);

  /**
   * Fits it as one of several, of this model or others, that are fitted to one matrix: what does
   * not depend on the settings that differ is computed once. The weights are the same, bit for bit.
   *
   * @param train training users × items, at least one entry
   * @param settings of this model
   * @param shared what the fits before left, and receives what this one leaves
   * @return the weights by the names that {@link #scores} uses; the caller closes them
   * @throws DataException if the machine has not enough memory for it
   * @throws ArithmeticException if its equations have no solution in the precision it computes in
   */
  default Map<String, TFloat32> fit(CsrMatrix train, Settings settings, Shared shared) {
    return fit(train, settings);
  }

  /**
   * What fits to one matrix leave to those that follow. It holds one thing at a time, such as the
   * square matrix of the linear models, 8 bytes × items² outside the Java heap. For one thread.
   */
  final class Shared implements AutoCloseable {
    private CsrMatrix matrix;
    private Part part;

    /** Nothing yet. */
    public Shared() {}

    /** Something that is kept, and given back in the end. */
    public interface Part extends AutoCloseable {
      @Override
      void close();
    }

    /**
     * What was kept for a matrix; where that is nothing, or something of another kind or for
     * another matrix, that is given back and it is made.
     *
     * @param <T> its kind
     * @param train the matrix
     * @param kind its kind
     * @param maker makes it
     * @return what is kept now; valid until the next call
     */
    public <T extends Part> T get(CsrMatrix train, Class<T> kind, Supplier<T> maker) {
      if (!train.equals(matrix) || !kind.isInstance(part)) {
        close();
        part = maker.get();
        matrix = train;
      }
      return kind.cast(part);
    }

    /** Gives back what is kept. More may be kept afterwards. */
    @Override
    public void close() {
      if (part != null) {
        part.close();
      }
      part = null;
      matrix = null;
    }
  }
}
