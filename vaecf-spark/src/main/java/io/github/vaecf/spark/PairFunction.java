package io.github.vaecf.spark;

import io.github.vaecf.eval.export.ServedModel;
import it.unimi.dsi.fastutil.ints.IntOpenHashSet;
import java.io.Serial;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * Scores pairs of a user and an item. Rows in: any columns, then user, item as text, history; those
 * of a user come together. Rows out: the same columns without these three, then score and rank.
 */
final class PairFunction extends ModelFunction {
  @Serial private static final long serialVersionUID = 1L;

  private final int columns;

  /**
   * Makes it.
   *
   * @param columns how many columns a row has before the three
   */
  PairFunction(Broadcast<ModelFiles> files, int columns) {
    super(files);
    this.columns = columns;
  }

  @Override
  Iterator<Row> answers(Iterator<Row> rows, ServedModel model) {
    int users = scoredAtOnce(model);
    return new Batches() {
      private Row next;

      @Override
      boolean hasMore() {
        if (next == null && rows.hasNext()) {
          next = rows.next();
        }
        return next != null;
      }

      @Override
      List<Row> nextBatch() {
        List<List<Row>> batch = new ArrayList<>();
        List<List<Integer>> histories = new ArrayList<>();
        Object user = null;
        // A user with very many rows comes in several batches.
        for (int size = 0; hasMore() && size < 100 * users; size++) {
          Object another = next.get(columns);
          if (batch.isEmpty() || !Objects.equals(user, another)) {
            if (batch.size() == users) {
              break;
            }
            user = another;
            batch.add(new ArrayList<>());
            histories.add(history(next, columns + 2, false, model));
          }
          batch.get(batch.size() - 1).add(next);
          next = null;
        }
        return scored(batch, histories, model);
      }
    };
  }

  private List<Row> scored(
      List<List<Row>> batch, List<List<Integer>> histories, ServedModel model) {
    float[] scores = scores(model, histories);
    List<Row> answers = new ArrayList<>();
    for (int user = 0; user < batch.size(); user++) {
      IntOpenHashSet history = new IntOpenHashSet(histories.get(user));
      int from = user * model.itemCount();
      for (Row row : batch.get(user)) {
        Object[] values = new Object[columns + 2];
        for (int column = 0; column < columns; column++) {
          values[column] = row.get(column);
        }
        String id = row.getString(columns + 1);
        int item = id == null ? -1 : model.items().indexOf(id);
        if (item >= 0) {
          values[columns] = scores[from + item];
          if (!history.contains(item)) {
            values[columns + 1] = rank(scores, from, model.itemCount(), item, history);
          }
        }
        answers.add(RowFactory.create(values));
      }
    }
    return answers;
  }

  /** Among the items that the user has not; equal scores are ordered by item index. */
  private static int rank(float[] scores, int from, int items, int item, IntOpenHashSet history) {
    float score = scores[from + item];
    int better = 0;
    for (int other = 0; other < items; other++) {
      float another = scores[from + other];
      if ((another > score || (another == score && other < item)) && !history.contains(other)) {
        better++;
      }
    }
    return better + 1;
  }
}
