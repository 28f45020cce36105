package io.github.vaecf.eval.export;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.data.CsrMatrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the index of an export, for users like those who will ask, and compares its answers to
 * those of all scores.
 *
 * <p>An export knows no users. Those here have an item by chance, and others of those that the
 * model itself recommends to whoever has that one: up to thirty items that go together.
 */
final class IndexTrial {
  private static final Logger LOG = LoggerFactory.getLogger(IndexTrial.class);

  /** Below such a recall the export says so. */
  private static final double LEAST_RECALL = 0.98;

  private static final int USERS = 200;
  private static final int LONGEST_HISTORY = 30;
  private static final int NEAR = 60; // the items among which a user's others are
  private static final int K = 100;
  private static final long SEED = 20180423; // any: the same for all

  private IndexTrial() {}

  /**
   * Writes the index of a version.
   *
   * @param served the version, which has none yet
   * @return what the model card says of it
   */
  static Map<String, Object> write(Path folder, ServedSavedModel served, ItemProducts products)
      throws IOException {
    CsrMatrix users = users(served);
    int k = Math.min(K, Math.max(1, served.itemCount() / 10));
    Rankings exact = served.rank(users, 0, users.rows(), k);
    float[] reached = new float[users.rows()];
    for (int user = 0; user < reached.length; user++) {
      reached[user] = exact.item(user, k - 1) < 0 ? -Float.MAX_VALUE : exact.score(user, k - 1);
    }
    Path file = ExportFormat.index(folder);
    float[] vectors = served.userVectors(users, 0, users.rows(), products.width());
    ItemIndexFile.write(file, products, new ItemIndexFile.Users(vectors, reached));
    ItemIndex index = ItemIndex.open(file, served.itemCount());
    served.use(index);
    Rankings found = served.rank(users, 0, users.rows(), k);
    Map<String, Object> card = new LinkedHashMap<>();
    card.put("width", index.width());
    card.put("first", index.first());
    card.put("bytes", Files.size(file));
    card.put("users", users.rows());
    double recall = recall(exact, found);
    if (recall < LEAST_RECALL) {
      LOG.warn(
          "the index finds {} of the best {} items, expected at least {}: the scores are too close"
              + " to each other for float32; export without an index",
          recall,
          k,
          LEAST_RECALL);
    }
    card.put("recall@" + k, recall);
    card.put("largest_score_difference", largestDifference(exact, found));
    return card;
  }

  private static CsrMatrix users(ServedSavedModel model) {
    int[] first = new Random(SEED).ints(USERS, 0, model.itemCount()).toArray();
    CsrMatrix alone =
        CsrMatrix.of(
            USERS,
            model.itemCount(),
            pairs -> {
              for (int user = 0; user < USERS; user++) {
                pairs.accept(user, first[user]);
              }
            });
    Rankings near = model.rank(alone, 0, USERS, NEAR);
    return CsrMatrix.of(
        USERS,
        model.itemCount(),
        pairs -> {
          Random random = new Random(SEED); // asked for the pairs twice
          for (int user = 0; user < USERS; user++) {
            pairs.accept(user, first[user]);
            int others = random.nextInt(LONGEST_HISTORY);
            for (int i = 0; i < others; i++) {
              int item = near.item(user, random.nextInt(near.k()));
              if (item >= 0) {
                pairs.accept(user, item);
              }
            }
          }
        });
  }

  /** Over all users, the share of the exact rankings' items that was found. */
  private static double recall(Rankings exact, Rankings found) {
    int hits = 0;
    int all = 0;
    for (int user = 0; user < exact.users(); user++) {
      Set<Integer> items = new HashSet<>();
      for (int rank = 0; rank < found.k(); rank++) {
        items.add(found.item(user, rank));
      }
      for (int rank = 0; rank < exact.k() && exact.item(user, rank) >= 0; rank++) {
        all++;
        hits += items.contains(exact.item(user, rank)) ? 1 : 0;
      }
    }
    return all == 0 ? 1 : (double) hits / all;
  }

  private static double largestDifference(Rankings exact, Rankings found) {
    double largest = 0;
    for (int user = 0; user < exact.users(); user++) {
      for (int rank = 0; rank < exact.k() && exact.item(user, rank) >= 0; rank++) {
        double off = Math.abs(exact.score(user, rank) - found.score(user, rank));
        largest = Math.max(largest, off);
      }
    }
    return largest;
  }
}
