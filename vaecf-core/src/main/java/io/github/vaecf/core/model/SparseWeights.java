package io.github.vaecf.core.model;

import io.github.vaecf.core.TopItems;
import io.github.vaecf.data.DataException;
import java.util.Map;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/**
 * Item weights, items × items, of which each item has only some: those of its row, or those of its
 * column. Makes them into the weights that {@link Layers#sparseSum} takes. Safe for use by many
 * threads, as long as no two have the same item.
 */
final class SparseWeights {
  /** Whole numbers below this one are exact as floats. */
  private static final int EXACT = 1 << 24;

  private final int items;
  private final int perItem;
  private final int[] others;
  private final float[] values; // 0 where there is none

  /**
   * None yet.
   *
   * @param model whose they are, for messages
   * @param items the number of items
   * @param perItem how many an item has at most
   * @throws DataException if they are too many
   */
  SparseWeights(String model, int items, int perItem) {
    long entries = (long) items * perItem;
    if (items >= EXACT || entries > Integer.MAX_VALUE - 8) {
      throw new DataException(
          model
              + " takes fewer than "
              + EXACT
              + " items and 2147483640 weights, found "
              + items
              + " items with "
              + perItem
              + " each");
    }
    this.items = items;
    this.perItem = perItem;
    others = new int[(int) entries];
    values = new float[(int) entries];
  }

  /** Chooses an item's weights, of all others and not of itself. For one thread. */
  final class Chooser {
    private final TopItems best = new TopItems(perItem);
    private final float[] sizes = new float[items];
    private final int[] itself = new int[1];

    /**
     * Keeps the largest weights of an item, either sign, of equal ones those with items of lower
     * indices.
     *
     * @param item the item
     * @param weights one an item
     */
    void keepLargest(int item, float[] weights) {
      for (int other = 0; other < items; other++) {
        sizes[other] = Math.abs(weights[other]);
      }
      itself[0] = item;
      int start = item * perItem;
      best.select(sizes, itself, 1, others, values, start);
      for (int place = start; place < start + perItem; place++) {
        values[place] = values[place] == 0 ? 0 : weights[others[place]];
      }
    }
  }

  /** The weights of a layer whose rows these are. */
  Map<String, TFloat32> asRows(String layer) {
    float[] lengths = new float[items];
    float[] columns = new float[values.length];
    float[] kept = new float[values.length];
    int next = 0;
    for (int item = 0; item < items; item++) {
      for (int place = item * perItem; place < (item + 1) * perItem; place++) {
        if (values[place] != 0) {
          lengths[item]++;
          columns[next] = others[place];
          kept[next++] = values[place];
        }
      }
    }
    return tensors(layer, lengths, columns, kept);
  }

  /** The weights of a layer whose columns these are. */
  Map<String, TFloat32> asColumns(String layer) {
    float[] lengths = new float[items];
    for (int place = 0; place < values.length; place++) {
      if (values[place] != 0) {
        lengths[others[place]]++;
      }
    }
    int[] next = new int[items];
    for (int row = 1; row < items; row++) {
      next[row] = next[row - 1] + (int) lengths[row - 1];
    }
    float[] columns = new float[values.length];
    float[] kept = new float[values.length];
    for (int item = 0; item < items; item++) {
      for (int place = item * perItem; place < (item + 1) * perItem; place++) {
        if (values[place] != 0) {
          int at = next[others[place]]++;
          columns[at] = item;
          kept[at] = values[place];
        }
      }
    }
    return tensors(layer, lengths, columns, kept);
  }

  private static Map<String, TFloat32> tensors(
      String layer, float[] lengths, float[] columns, float[] values) {
    return Map.of(
        layer + "/lengths", vector(lengths),
        layer + "/items", vector(columns),
        layer + "/weights", vector(values));
  }

  private static TFloat32 vector(float[] numbers) {
    return TFloat32.tensorOf(Shape.of(numbers.length), DataBuffers.of(numbers, true, false));
  }
}
