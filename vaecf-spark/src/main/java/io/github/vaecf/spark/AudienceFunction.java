package io.github.vaecf.spark;

import io.github.vaecf.eval.export.ServedModel;
import it.unimi.dsi.fastutil.ints.IntOpenHashSet;
import java.io.Serial;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * Finds the users of a partition to whom each item would be recommended first. Rows in: user,
 * history; rows out: item, user, score, of each item at most k.
 */
final class AudienceFunction extends ModelFunction {
  @Serial private static final long serialVersionUID = 1L;

  private final int k;
  private final ItemIds itemIds;
  private final boolean withHistory;

  AudienceFunction(Broadcast<ModelFiles> files, int k, ItemIds itemIds, boolean withHistory) {
    super(files);
    this.k = k;
    this.itemIds = itemIds;
    this.withHistory = withHistory;
  }

  @Override
  Iterator<Row> answers(Iterator<Row> rows, ServedModel model) {
    Best best = new Best(model.itemCount(), k);
    int users = scoredAtOnce(model);
    while (rows.hasNext()) {
      List<Row> batch = take(rows, users);
      List<List<Integer>> histories = new ArrayList<>();
      for (Row row : batch) {
        histories.add(history(row, 1, false, model));
      }
      float[] scores = scores(model, histories);
      for (int user = 0; user < batch.size(); user++) {
        IntOpenHashSet leftOut =
            new IntOpenHashSet(
                withHistory ? Collections.<Integer>emptyList() : histories.get(user));
        Object id = batch.get(user).get(0);
        int from = user * model.itemCount();
        for (int item = 0; item < model.itemCount(); item++) {
          if (best.isCandidate(item, scores[from + item]) && !leftOut.contains(item)) {
            best.add(item, id, scores[from + item]);
          }
        }
      }
    }
    Object[] ids = itemIds.values(model.items());
    List<Row> answers = new ArrayList<>();
    for (int item = 0; item < ids.length; item++) {
      for (int rank = 0; rank < best.sizes[item]; rank++) {
        int place = item * k + rank;
        answers.add(RowFactory.create(ids[item], best.users[place], best.scores[place]));
      }
    }
    return answers.iterator();
  }

  /** The best k users of each item, best first; of equal scores the smaller id. */
  private static final class Best {
    private final int k;
    private final int[] sizes;
    private final Object[] users;
    private final float[] scores;

    Best(int items, int k) {
      this.k = k;
      sizes = new int[items];
      users = new Object[Math.multiplyExact(items, k)];
      scores = new float[users.length];
    }

    boolean isCandidate(int item, float score) {
      return sizes[item] < k || score >= scores[item * k + k - 1];
    }

    void add(int item, Object user, float score) {
      int first = item * k;
      int place = first + sizes[item];
      while (place > first && isBefore(user, score, place - 1)) {
        place--;
      }
      if (place == first + k) {
        return;
      }
      int kept = Math.min(sizes[item], k - 1);
      System.arraycopy(users, place, users, place + 1, first + kept - place);
      System.arraycopy(scores, place, scores, place + 1, first + kept - place);
      users[place] = user;
      scores[place] = score;
      sizes[item] = kept + 1;
    }

    @SuppressWarnings("unchecked") // ids of one column are of one type, which Spark can order
    private boolean isBefore(Object user, float score, int place) {
      return score > scores[place]
          || (score == scores[place] && ((Comparable<Object>) user).compareTo(users[place]) < 0);
    }
  }
}
