package io.github.vaecf.core.model;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.util.Map;
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
   */
  Map<String, TFloat32> fit(CsrMatrix train, Settings settings);
}
