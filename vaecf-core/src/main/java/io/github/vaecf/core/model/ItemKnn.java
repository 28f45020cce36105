package io.github.vaecf.core.model;

import io.github.vaecf.core.model.Setting.Range;
import io.github.vaecf.data.CsrMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.tensorflow.types.TFloat32;

/**
 * Item-based nearest neighbours: item j's score is the sum of s(i, j) over the items i of the
 * history, where each item of the history counts for its nearest neighbours only, and
 *
 * <p>s(i, j) = Σ over the users who have both of n(u)^−a / (n(i)^b · n(j)^c),
 *
 * <p>with n(u) the number of the user's items and n(i) that of the item's users. As it comes, a = 0
 * and b = c = ½, s is the cosine of the items' users: Deshpande, Karypis: Item-based top-N
 * recommendation algorithms, ACM TOIS 22(1), 2004, without their normalization of the similarities.
 * Their similarity by conditional probability is b = 1 with c from 0 to 1, and counts users of many
 * items less. With a = b = 1 and all neighbours, s is the probability that a walk from item i to
 * one of its users and on to one of the user's items ends at j, divided by the popularity of j to
 * the power of c: RP³β of Christoffel, Paudel, Newell, Bernstein: Blockbusters and Wallflowers:
 * Accurate, Diverse, and Scalable Recommendations with Random Walks, RecSys 2015.
 *
 * <p>Memory is 8 bytes a neighbour of each item. The neighbours are found on all cores; the same
 * for any number of threads.
 */
public final class ItemKnn implements ClosedFormModel {
  /** How many neighbours an item has at most. */
  public static final Setting<Integer> NEIGHBOURS =
      Setting.integer("neighbours", 1, 100, "How many nearest neighbours an item has at most.")
          .tried(List.of(20, 50, 100, 200, 400));

  /** The exponent a of a user's number of items. */
  public static final Setting<Double> USER_EXPONENT =
      Setting.number(
              "user-exponent",
              Range.atLeast(0).atMost(2),
              0,
              "The more, the less a user of many items counts.")
          .tried(List.of(0.0, 0.5, 1.0));

  /** The exponent b of the number of users of an item of the history. */
  public static final Setting<Double> HISTORY_EXPONENT =
      Setting.number(
              "history-exponent",
              Range.atLeast(0).atMost(2),
              0.5,
              "The more, the less a popular item of the history counts.")
          .tried(List.of(0.25, 0.5, 0.75, 1.0));

  /** The exponent c of the number of users of the item that is scored. */
  public static final Setting<Double> POPULARITY_EXPONENT =
      Setting.number(
              "popularity-exponent",
              Range.atLeast(0).atMost(2),
              0.5,
              "The more, the lower popular items are scored.")
          .tried(List.of(0.2, 0.3, 0.4, 0.5, 0.6));

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
    List<Setting<?>> settings =
        new ArrayList<>(List.of(NEIGHBOURS, USER_EXPONENT, HISTORY_EXPONENT, POPULARITY_EXPONENT));
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
    double[] ofUser = powers(train.rows(), together::items, settings.get(USER_EXPONENT));
    double[] ofHistory = powers(items, together::users, settings.get(HISTORY_EXPONENT));
    double[] ofScored = powers(items, together::users, settings.get(POPULARITY_EXPONENT));
    Workers.run(
        settings.get(TrainingSettings.THREADS),
        items,
        () -> {
          CoOccurrences.Rows rows = together.rows();
          double[] sums = new double[items];
          float[] similarities = new float[items];
          SparseWeights.Chooser chooser = nearest.new Chooser();
          return item -> {
            rows.weightedRow(item, ofUser, sums);
            for (int other = 0; other < items; other++) {
              similarities[other] =
                  sums[other] == 0 ? 0 : (float) (sums[other] * ofHistory[item] * ofScored[other]);
            }
            chooser.keepLargest(item, similarities);
          };
        });
    return nearest.asRows(NEAREST);
  }

  /** Numbers to the minus exponent; anything for 0, which no pair of items has. */
  private static double[] powers(int count, IntUnaryOperator number, double exponent) {
    double[] powers = new double[count];
    Arrays.setAll(powers, i -> Math.pow(Math.max(1, number.applyAsInt(i)), -exponent));
    return powers;
  }

  @Override
  public <T> T scores(Settings settings, Layers<T> layers) {
    return layers.sparseSum(
        NEAREST, Math.multiplyExact(layers.items(), neighbours(settings, layers.items())));
  }
}
