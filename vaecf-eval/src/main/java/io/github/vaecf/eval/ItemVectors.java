package io.github.vaecf.eval;

import io.github.vaecf.core.DenseLayer;
import io.github.vaecf.core.Network;
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
   * The item embeddings of an autoencoder: the columns of the decoder's last kernel, which the
   * export's {@code similar_items} compares too.
   *
   * @param network the weights
   * @return the vectors, as wide as the layer before the last
   */
  public static ItemVectors of(Network network) {
    DenseLayer last = network.decoder().get(network.decoder().size() - 1);
    float[] rows = new float[last.kernel().length];
    for (int item = 0; item < last.outputs(); item++) {
      for (int i = 0; i < last.inputs(); i++) {
        rows[item * last.inputs() + i] = last.kernel()[i * last.outputs() + item];
      }
    }
    return of(last.inputs(), rows);
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
