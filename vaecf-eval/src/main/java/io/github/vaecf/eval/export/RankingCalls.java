package io.github.vaecf.eval.export;

import io.github.vaecf.core.GroupStrategy;
import io.github.vaecf.core.Query;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Answers calls of the signatures that rank as a SavedModel's graph does, but by a model's own
 * ranking: where an index finds the best, or there is no such graph. {@link SavedModelExporter}
 * says what they mean.
 */
final class RankingCalls {
  /** The signatures that rank; all others score, encode or compare items. */
  static final Set<String> NAMES =
      Set.of(
          ExportFormat.RECOMMEND,
          ExportFormat.RECOMMEND_EXCLUDING,
          ExportFormat.RECOMMEND_FILTERED,
          ExportFormat.RECOMMEND_INDICES,
          ExportFormat.RANK_INDICES);

  private RankingCalls() {}

  /**
   * Answers a call.
   *
   * @param inputs that were checked
   * @param width of an answer's row
   */
  static Map<String, TensorRows> answer(
      ServedModel model, Map<String, TensorRows> inputs, int width) {
    TensorRows histories = inputs.get(ExportFormat.ITEMS);
    return histories.values() instanceof long[] indices
        ? rank(model, histories, indices, width)
        : recommend(model, inputs, width);
  }

  private static Map<String, TensorRows> rank(
      ServedModel model, TensorRows histories, long[] indices, int width) {
    CsrMatrix rows =
        CsrMatrix.of(
            histories.rows(),
            model.itemCount(),
            pairs -> {
              for (int place = 0; place < indices.length; place++) {
                if (indices[place] >= 0 && indices[place] < model.itemCount()) {
                  pairs.accept(place / histories.width(), (int) indices[place]);
                }
              }
            });
    Rankings rankings = model.rank(rows, 0, rows.rows(), width);
    long[] items = new long[rows.rows() * width];
    float[] scores = new float[items.length];
    for (int place = 0; place < items.length; place++) {
      int item = rankings.item(place / width, place % width);
      items[place] = item < 0 ? ExportFormat.NO_INDEX : item;
      scores[place] =
          item < 0 ? ExportFormat.LEFT_OUT : rankings.score(place / width, place % width);
    }
    return answer(rows.rows(), width, items, scores);
  }

  private static Map<String, TensorRows> recommend(
      ServedModel model, Map<String, TensorRows> inputs, int width) {
    int users = inputs.get(ExportFormat.ITEMS).rows();
    List<Query> queries = new ArrayList<>(users);
    for (int user = 0; user < users; user++) {
      queries.add(query(inputs, user, width));
    }
    String[] items = new String[users * width];
    float[] scores = new float[items.length];
    Arrays.fill(items, ExportFormat.NO_ID);
    Arrays.fill(scores, ExportFormat.LEFT_OUT);
    List<List<Recommendation>> lists = model.recommendAll(queries);
    for (int user = 0; user < users; user++) {
      int place = user * width;
      for (Recommendation one : lists.get(user)) {
        items[place] = one.item();
        scores[place++] = one.score();
      }
    }
    return answer(users, width, items, scores);
  }

  private static Query query(Map<String, TensorRows> inputs, int user, int width) {
    Query.Builder query = Query.builder();
    if (inputs.containsKey(ExportFormat.PERSON)) {
      query.group(
          people(inputs, user),
          number(inputs, ExportFormat.LEAST_MISERY, user, 0) > 0
              ? GroupStrategy.LEAST_MISERY
              : GroupStrategy.AVERAGE);
    } else {
      query.history(ids(inputs, ExportFormat.ITEMS, user));
    }
    TensorRows lambdas = inputs.get(ExportFormat.LAMBDA);
    if (lambdas != null) {
      query.marginalRelevance(((float[]) lambdas.values())[user]);
    }
    query.exclude(ids(inputs, ExportFormat.EXCLUDE, user));
    List<String> allowed = ids(inputs, ExportFormat.ALLOW, user);
    if (!allowed.isEmpty()) {
      query.allow(allowed);
    }
    query.k(Math.min(width, number(inputs, ExportFormat.K, user, width)));
    query.offset(number(inputs, ExportFormat.OFFSET, user, 0));
    if (number(inputs, ExportFormat.WITH_HISTORY, user, 0) > 0) {
      query.withHistory();
    }
    return query.build();
  }

  /** What each person of a row has; nobody there is somebody of whom nothing is known. */
  private static Collection<List<String>> people(Map<String, TensorRows> inputs, int row) {
    TensorRows items = inputs.get(ExportFormat.ITEMS);
    TensorRows persons = inputs.get(ExportFormat.PERSON);
    Map<Integer, List<String>> people = new TreeMap<>();
    for (int place = 0; place < persons.width(); place++) {
      int person = ((int[]) persons.values())[row * persons.width() + place];
      if (person >= 0) {
        List<String> history = people.computeIfAbsent(person, one -> new ArrayList<>());
        if (place < items.width()) {
          history.add(((String[]) items.values())[row * items.width() + place]);
        }
      }
    }
    return people.isEmpty() ? List.of(List.of()) : people.values();
  }

  /** The ids of a row, without its padding. */
  static List<String> ids(Map<String, TensorRows> inputs, String name, int user) {
    TensorRows rows = inputs.get(name);
    if (rows == null) {
      return List.of();
    }
    String[] ids = (String[]) rows.values();
    return Arrays.stream(ids, user * rows.width(), (user + 1) * rows.width())
        .filter(id -> !id.equals(ExportFormat.NO_ID))
        .toList();
  }

  private static int number(Map<String, TensorRows> inputs, String name, int user, int otherwise) {
    TensorRows rows = inputs.get(name);
    return rows == null ? otherwise : ((int[]) rows.values())[user];
  }

  private static Map<String, TensorRows> answer(int rows, int width, Object items, float[] scores) {
    return Map.of(
        ExportFormat.ITEMS, new TensorRows(rows, width, items),
        ExportFormat.SCORES, new TensorRows(rows, width, scores));
  }
}
