package io.github.vaecf.spark;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.eval.export.ServedModel;
import io.github.vaecf.eval.export.ServedSignature;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import java.io.Serial;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;

/**
 * What an executor asks the model for the rows of a partition: a batch after another, each when the
 * one before has been taken, so that memory does not grow with the partition.
 */
abstract class ModelFunction implements MapPartitionsFunction<Row, Row> {
  @Serial private static final long serialVersionUID = 1L;

  /** Scores of all items that are held at once: 16 MB. */
  private static final int MOST_SCORES = 1 << 22;

  private final Broadcast<ModelFiles> files;

  ModelFunction(Broadcast<ModelFiles> files) {
    this.files = files;
  }

  @Override
  public final Iterator<Row> call(Iterator<Row> rows) {
    return rows.hasNext()
        ? answers(rows, ProcessModels.forTask(files.value()))
        : Collections.emptyIterator();
  }

  /** The answers to the rows of a partition. */
  abstract Iterator<Row> answers(Iterator<Row> rows, ServedModel model);

  /** Takes batches until there are no more. */
  abstract static class Batches implements Iterator<Row> {
    private Iterator<Row> answers = Collections.emptyIterator();

    /** The next batch; none when all rows are done. */
    abstract List<Row> nextBatch();

    /** Whether rows are left. */
    abstract boolean hasMore();

    @Override
    public boolean hasNext() {
      while (!answers.hasNext() && hasMore()) {
        answers = nextBatch().iterator();
      }
      return answers.hasNext();
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return answers.next();
    }
  }

  /** At most so many rows. */
  static List<Row> take(Iterator<Row> rows, int most) {
    List<Row> batch = new ArrayList<>();
    while (batch.size() < most && rows.hasNext()) {
      batch.add(rows.next());
    }
    return batch;
  }

  /** Users that all items are scored for in one go. */
  static int scoredAtOnce(ServedModel model) {
    return Math.max(1, Math.min(500, MOST_SCORES / model.itemCount()));
  }

  /** The scores of all items, users × items, row-major. */
  static float[] scores(ServedModel model, List<List<Integer>> histories) {
    int longest = 1;
    for (List<Integer> history : histories) {
      longest = Math.max(longest, history.size());
    }
    String[] ids = new String[histories.size() * longest];
    Arrays.fill(ids, "");
    for (int user = 0; user < histories.size(); user++) {
      int at = user * longest;
      for (int item : histories.get(user)) {
        ids[at++] = model.items().id(item);
      }
    }
    ServedSignature score = model.signatures().get("score");
    return (float[])
        score
            .call(Map.of("items", new TensorRows(histories.size(), longest, ids)))
            .get("scores")
            .values();
  }

  /** Histories as rows of a matrix over the model's items. */
  static CsrMatrix matrix(ServedModel model, List<List<Integer>> histories) {
    return CsrMatrix.of(
        histories.size(),
        model.itemCount(),
        pairs -> {
          for (int user = 0; user < histories.size(); user++) {
            for (int item : histories.get(user)) {
              pairs.accept(user, item);
            }
          }
        });
  }

  /** The indices of items in a column, or those of the raw ids in it that the model knows. */
  static List<Integer> history(Row row, int column, boolean raw, ServedModel model) {
    if (row.isNullAt(column)) {
      return List.of();
    }
    if (!raw) {
      return row.getList(column);
    }
    List<Integer> known = new ArrayList<>();
    for (String id : row.<String>getList(column)) {
      int item = id == null ? -1 : model.items().indexOf(id);
      if (item >= 0) {
        known.add(item);
      }
    }
    return known;
  }
}
