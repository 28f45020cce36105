package io.github.vaecf.spark;

import io.github.vaecf.core.ItemFilter;
import io.github.vaecf.core.Query;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.eval.export.ServedModel;
import java.io.Serial;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * Recommends to the users of a partition. Rows in: user, history, and if asked so items to exclude
 * and items to allow; rows out: user, recommendations.
 */
final class RecommendFunction extends ModelFunction {
  @Serial private static final long serialVersionUID = 1L;

  private static final int BATCH = 2000;

  private final int k;
  private final ItemIds itemIds;
  private final boolean rawHistory;
  private final boolean withHistory;
  private final int excludeColumn;
  private final int allowColumn;

  /**
   * Makes it.
   *
   * @param rawHistory whether histories are of raw ids, else of indices
   * @param withHistory whether items of the history may come
   * @param excludeColumn where the items to exclude are; below 0 for nowhere
   * @param allowColumn where the items to allow are; below 0 for nowhere
   */
  RecommendFunction(
      Broadcast<ModelFiles> files,
      int k,
      ItemIds itemIds,
      boolean rawHistory,
      boolean withHistory,
      int excludeColumn,
      int allowColumn) {
    super(files);
    this.k = k;
    this.itemIds = itemIds;
    this.rawHistory = rawHistory;
    this.withHistory = withHistory;
    this.excludeColumn = excludeColumn;
    this.allowColumn = allowColumn;
  }

  @Override
  Iterator<Row> answers(Iterator<Row> rows, ServedModel model) {
    Object[] ids = itemIds.values(model.items());
    return new Batches() {
      @Override
      boolean hasMore() {
        return rows.hasNext();
      }

      @Override
      List<Row> nextBatch() {
        List<Row> batch = take(rows, BATCH);
        return excludeColumn < 0 && allowColumn < 0
            ? ranked(batch, model, ids)
            : filtered(batch, model, ids);
      }
    };
  }

  private List<Row> ranked(List<Row> batch, ServedModel model, Object[] ids) {
    List<List<Integer>> histories = new ArrayList<>(batch.size());
    for (Row row : batch) {
      histories.add(history(row, 1, rawHistory, model));
    }
    ItemFilter filter = ItemFilter.of(model.items());
    Rankings rankings =
        model.rank(
            matrix(model, histories),
            0,
            batch.size(),
            withHistory ? filter.withHistory() : filter,
            k);
    List<Row> answers = new ArrayList<>(batch.size());
    for (int user = 0; user < batch.size(); user++) {
      int size = 0;
      while (size < rankings.k() && rankings.item(user, size) >= 0) {
        size++;
      }
      Row[] best = new Row[size];
      for (int rank = 0; rank < size; rank++) {
        best[rank] = RowFactory.create(ids[rankings.item(user, rank)], rankings.score(user, rank));
      }
      answers.add(RowFactory.create(batch.get(user).get(0), best));
    }
    return answers;
  }

  private List<Row> filtered(List<Row> batch, ServedModel model, Object[] ids) {
    List<Query> queries = new ArrayList<>(batch.size());
    for (Row row : batch) {
      Query.Builder query = Query.builder().k(k);
      query.history(history(row, 1, rawHistory, model).stream().map(model.items()::id).toList());
      if (withHistory) {
        query.withHistory();
      }
      if (excludeColumn >= 0 && !row.isNullAt(excludeColumn)) {
        query.exclude(ids(row, excludeColumn));
      }
      if (allowColumn >= 0 && !row.isNullAt(allowColumn)) {
        query.allow(ids(row, allowColumn));
      }
      queries.add(query.build());
    }
    List<List<Recommendation>> lists = model.recommendAll(queries);
    List<Row> answers = new ArrayList<>(batch.size());
    for (int user = 0; user < batch.size(); user++) {
      Row[] best =
          lists.get(user).stream()
              .map(one -> RowFactory.create(ids[model.items().indexOf(one.item())], one.score()))
              .toArray(Row[]::new);
      answers.add(RowFactory.create(batch.get(user).get(0), best));
    }
    return answers;
  }

  private static Collection<String> ids(Row row, int column) {
    return row.<String>getList(column).stream().filter(Objects::nonNull).toList();
  }
}
