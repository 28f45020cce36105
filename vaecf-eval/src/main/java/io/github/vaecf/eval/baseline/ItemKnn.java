package io.github.vaecf.eval.baseline;

import io.github.vaecf.data.CsrMatrix;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Item-based nearest neighbours: an item's score is the sum of its similarities to the items of the
 * history, where each item of the history counts for its nearest neighbours only. The similarity of
 * two items is the cosine of their users, users(i, j) / √(users(i) · users(j)).
 *
 * <p>Deshpande, Karypis: Item-based top-N recommendation algorithms, ACM TOIS 22(1), 2004, without
 * the normalization of the similarities.
 *
 * <p>Memory is 8 bytes a neighbour of each item. Immutable and safe for use by many threads.
 */
public final class ItemKnn extends DenseScorer {
  /** Items that one task finds the neighbours of: enough to make up for its arrays. */
  private static final int TASK = 64;

  private final int itemCount;
  private final int neighbours;
  private final int[] neighbourItems;
  private final float[] similarities;

  private ItemKnn(int itemCount, int neighbours) {
    this.itemCount = itemCount;
    this.neighbours = neighbours;
    this.neighbourItems = new int[Math.multiplyExact(itemCount, neighbours)];
    this.similarities = new float[neighbourItems.length];
    Arrays.fill(neighbourItems, -1);
  }

  /**
   * Finds each item's nearest neighbours, on all cores.
   *
   * @param train training users × items
   * @param neighbours how many an item has at most, at least 1
   * @return the scorer
   * @throws IllegalArgumentException if the number of neighbours is below 1
   */
  public static ItemKnn of(CsrMatrix train, int neighbours) {
    if (neighbours < 1) {
      throw new IllegalArgumentException("neighbours must be at least 1, found " + neighbours);
    }
    int items = train.columns();
    ItemKnn knn = new ItemKnn(items, Math.min(neighbours, items));
    CoOccurrences together = new CoOccurrences(train);
    IntStream.rangeClosed(0, (items - 1) / TASK)
        .parallel()
        .forEach(task -> knn.find(together, task * TASK, Math.min(items, (task + 1) * TASK)));
    return knn;
  }

  private void find(CoOccurrences together, int from, int to) {
    CoOccurrences.Rows rows = together.rows();
    TopItems nearest = new TopItems(neighbours);
    int[] itself = new int[1];
    for (int item = from; item < to; item++) {
      float[] row = rows.row(item);
      for (int other = 0; other < itemCount; other++) {
        if (row[other] > 0) {
          double squares = (double) together.users(item) * together.users(other);
          row[other] = (float) (row[other] / Math.sqrt(squares));
        }
      }
      itself[0] = item;
      nearest.select(row, itself, 1, neighbourItems, similarities, item * neighbours);
    }
  }

  @Override
  public int itemCount() {
    return itemCount;
  }

  @Override
  void score(int[] history, int historySize, float[] scores) {
    Arrays.fill(scores, 0);
    for (int i = 0; i < historySize; i++) {
      int end = (history[i] + 1) * neighbours;
      for (int at = history[i] * neighbours; at < end && neighbourItems[at] >= 0; at++) {
        scores[neighbourItems[at]] += similarities[at];
      }
    }
  }
}
