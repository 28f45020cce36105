package io.github.vaecf.core.model;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/**
 * Item-based nearest neighbours: an item's score is the sum of its similarities to the items of the
 * history, where each item of the history counts for its nearest neighbours only. The similarity of
 * two items is the cosine of their users, users(i, j) / √(users(i) · users(j)).
 *
 * <p>Deshpande, Karypis: Item-based top-N recommendation algorithms, ACM TOIS 22(1), 2004, without
 * the normalization of the similarities.
 *
 * <p>Memory is 8 bytes a neighbour of each item. The neighbours are found on all cores.
 */
public final class ItemKnn implements ClosedFormModel {
  /** How many neighbours an item has at most. */
  public static final Setting<Integer> NEIGHBOURS =
      Setting.integer("neighbours", 1, 100, "How many nearest neighbours an item has at most.");

  private static final String NEAREST = "nearest";

  /** Items that one task finds the neighbours of: enough to make up for its arrays. */
  private static final int TASK = 64;

  /** Whole numbers below this one are exact as floats. */
  private static final int EXACT = 1 << 24;

  /** For {@link java.util.ServiceLoader}. */
  public ItemKnn() {}

  @Override
  public String name() {
    return "knn";
  }

  @Override
  public String title() {
    return "item-kNN";
  }

  @Override
  public String summary() {
    return "item-based nearest neighbours (Deshpande, Karypis, TOIS 2004)";
  }

  @Override
  public List<Setting<?>> settings() {
    List<Setting<?>> settings = new ArrayList<>(List.of(NEIGHBOURS));
    settings.addAll(TrainingSettings.ofRuntime());
    return settings;
  }

  private static int neighbours(Settings settings, int items) {
    return Math.min(settings.get(NEIGHBOURS), items);
  }

  @Override
  public Map<String, TFloat32> fit(CsrMatrix train, Settings settings) {
    int items = train.columns();
    if (items >= EXACT) {
      throw new DataException("item-kNN takes fewer than " + EXACT + " items, found " + items);
    }
    int neighbours = neighbours(settings, items);
    int[] nearest = new int[Math.multiplyExact(items, neighbours)];
    float[] similarities = new float[nearest.length];
    Arrays.fill(nearest, -1);
    CoOccurrences together = new CoOccurrences(train);
    ParallelTasks.run(
        settings.get(TrainingSettings.THREADS),
        (items - 1) / TASK + 1,
        task ->
            find(
                together,
                task * TASK,
                Math.min(items, (task + 1) * TASK),
                neighbours,
                nearest,
                similarities));
    float[] indices = new float[nearest.length];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = nearest[i];
    }
    return Map.of(
        NEAREST + "/items", matrix(items, neighbours, indices),
        NEAREST + "/weights", matrix(items, neighbours, similarities));
  }

  private static TFloat32 matrix(int rows, int columns, float[] values) {
    return TFloat32.tensorOf(Shape.of(rows, columns), DataBuffers.of(values, true, false));
  }

  private static void find(
      CoOccurrences together,
      int from,
      int to,
      int neighbours,
      int[] nearestItems,
      float[] similarities) {
    CoOccurrences.Rows rows = together.rows();
    TopItems nearest = new TopItems(neighbours);
    int[] itself = new int[1];
    for (int item = from; item < to; item++) {
      float[] row = rows.row(item);
      for (int other = 0; other < row.length; other++) {
        if (row[other] > 0) {
          double squares = (double) together.users(item) * together.users(other);
          row[other] = (float) (row[other] / Math.sqrt(squares));
        }
      }
      itself[0] = item;
      nearest.select(row, itself, 1, nearestItems, similarities, item * neighbours);
    }
  }

  @Override
  public <T> T scores(Settings settings, Layers<T> layers) {
    return layers.sparseSum(NEAREST, neighbours(settings, layers.items()));
  }
}
