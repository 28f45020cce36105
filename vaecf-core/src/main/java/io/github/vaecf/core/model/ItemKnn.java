package io.github.vaecf.core.model;

import io.github.vaecf.data.CsrMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
      Setting.integer("neighbours", 1, 100, "How many nearest neighbours an item has at most.")
          .tried(List.of(20, 50, 100, 200, 400));

  private static final String NEAREST = "nearest";

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
    SparseWeights nearest = new SparseWeights(title(), items, neighbours(settings, items));
    CoOccurrences together = new CoOccurrences(train);
    Workers.run(
        settings.get(TrainingSettings.THREADS),
        items,
        () -> {
          CoOccurrences.Rows rows = together.rows();
          float[] cosines = new float[items];
          SparseWeights.Chooser chooser = nearest.new Chooser();
          return item -> {
            int[] common = rows.row(item, items);
            for (int other = 0; other < items; other++) {
              double squares = (double) together.users(item) * together.users(other);
              cosines[other] =
                  common[other] == 0 ? 0 : (float) (common[other] / Math.sqrt(squares));
            }
            chooser.keepLargest(item, cosines);
          };
        });
    return nearest.asRows(NEAREST);
  }

  @Override
  public <T> T scores(Settings settings, Layers<T> layers) {
    return layers.sparseSum(
        NEAREST, Math.multiplyExact(layers.items(), neighbours(settings, layers.items())));
  }
}
