package io.github.vaecf.eval;

import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import java.util.Arrays;

/**
 * A vector of unit length for each item, to tell how alike two items are. Immutable, safe for use
 * by many threads, and equal when the vectors are.
 */
public final class ItemVectors {
  private final int width;
  private final float[] vectors;

  private ItemVectors(int width, float[] vectors) {
    this.width = width;
    this.vectors = vectors;
  }

  /**
   * The item embeddings of a model ({@link TrainedModel#itemKernel}), which the export's {@code
   * similar_items} compares too.
   *
   * @param model the model
   * @return the vectors
   * @throws IllegalArgumentException if the model has no embeddings of its items
   */
  public static ItemVectors of(TrainedModel model) {
    Weight kernel =
        model
            .itemKernel()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        model.settings().model().title() + " has no embeddings of its items"));
    int width = kernel.shape().get(0).intValue();
    int items = kernel.shape().get(1).intValue();
    float[] rows = new float[kernel.values().length];
    for (int item = 0; item < items; item++) {
      for (int i = 0; i < width; i++) {
        rows[item * width + i] = kernel.values()[i * items + item];
      }
    }
    return of(width, rows);
  }

  /**
   * Any vectors, such as those of the items' genres.
   *
   * @param width entries a vector, at least 1
   * @param rows items × width, row-major; copied and brought to unit length, except that a vector
   *     of zeros stays one
   * @return the vectors
   * @throws IllegalArgumentException if the width does not divide the number of entries
   */
  public static ItemVectors of(int width, float[] rows) {
    if (width < 1 || rows.length % width != 0) {
      throw new IllegalArgumentException(
          "width must be at least 1 and divide the number of entries, found "
              + width
              + " and "
              + rows.length);
    }
    float[] vectors = rows.clone();
    for (int from = 0; from < vectors.length; from += width) {
      double squares = 0;
      for (int i = from; i < from + width; i++) {
        squares += (double) vectors[i] * vectors[i];
      }
      for (int i = from; i < from + width && squares > 0; i++) {
        vectors[i] = (float) (vectors[i] / Math.sqrt(squares));
      }
    }
    return new ItemVectors(width, vectors);
  }

  /**
   * The cosine between two items' vectors.
   *
   * @param a an item's index
   * @param b an item's index
   * @return −1 … 1; 0 where a vector is all zeros
   */
  public double cosine(int a, int b) {
    double product = 0;
    for (int i = 0; i < width; i++) {
      product += vectors[a * width + i] * vectors[b * width + i];
    }
    return product;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ItemVectors that
        && width == that.width
        && Arrays.equals(vectors, that.vectors);
  }

  @Override
  public int hashCode() {
    return 31 * width + Arrays.hashCode(vectors);
  }
}
