package io.github.vaecf.eval.export;

import io.github.vaecf.core.Query;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/**
 * Those signatures of a SavedModel that come of rankings and scores alone, for an ONNX file, which
 * has none: servers call it as they call a SavedModel, and get the same.
 */
final class RankingSignatures {
  /** Length of the rankings whose length no request chooses: that of a SavedModel by default. */
  private static final int TOP_K = 100;

  private final ServedOnnxModel model;
  private final int topK;
  private final Map<String, ServedSignature> signatures = new TreeMap<>();

  private RankingSignatures(ServedOnnxModel model) {
    this.model = model;
    this.topK = Math.min(TOP_K, model.itemCount());
  }

  /** The signatures by name, in alphabetical order. */
  static Map<String, ServedSignature> of(ServedOnnxModel model) {
    RankingSignatures all = new RankingSignatures(model);
    TensorSpec items = matrix(ExportFormat.ITEMS, TensorSpec.Type.STRING, -1);
    TensorSpec exclude = matrix(ExportFormat.EXCLUDE, TensorSpec.Type.STRING, -1);
    TensorSpec allow = matrix(ExportFormat.ALLOW, TensorSpec.Type.STRING, -1);
    TensorSpec indices = matrix(ExportFormat.ITEMS, TensorSpec.Type.INT64, -1);
    TensorSpec k = vector(ExportFormat.K);
    TensorSpec offset = vector(ExportFormat.OFFSET);
    TensorSpec withHistory = vector(ExportFormat.WITH_HISTORY);

    all.add(
        ExportFormat.RECOMMEND,
        List.of(items),
        ranking(TensorSpec.Type.STRING, all.topK),
        values -> all.recommend(values, all.topK, row -> Query.builder().k(all.topK)));
    all.add(
        ExportFormat.RECOMMEND_EXCLUDING,
        List.of(exclude, items),
        ranking(TensorSpec.Type.STRING, all.topK),
        values ->
            all.recommend(
                values,
                all.topK,
                row ->
                    Query.builder()
                        .k(all.topK)
                        .exclude(ids(values.get(ExportFormat.EXCLUDE), row))));
    all.add(
        ExportFormat.RECOMMEND_FILTERED,
        List.of(allow, exclude, items, k, offset, withHistory),
        ranking(TensorSpec.Type.STRING, -1),
        all::recommendFiltered);
    all.add(
        ExportFormat.RECOMMEND_INDICES,
        List.of(indices),
        ranking(TensorSpec.Type.INT64, all.topK),
        values -> all.rank(values, all.topK));
    all.add(
        ExportFormat.RANK_INDICES,
        List.of(indices, k),
        ranking(TensorSpec.Type.INT64, -1),
        values -> all.rank(values, all.longest(values)));
    if (model.scoresAllItems()) {
      all.add(
          ExportFormat.SCORE,
          List.of(items),
          List.of(matrix(ExportFormat.SCORES, TensorSpec.Type.FLOAT32, model.itemCount())),
          all::score);
    }
    return Collections.unmodifiableMap(all.signatures);
  }

  private void add(
      String name,
      List<TensorSpec> inputs,
      List<TensorSpec> outputs,
      UnaryOperator<Map<String, TensorRows>> function) {
    signatures.put(
        name, new ServedSignature(name, inputs, outputs, model.scoresAllItems(), function));
  }

  private static TensorSpec matrix(String name, TensorSpec.Type type, long width) {
    return new TensorSpec(name, type, List.of(-1L, width), name);
  }

  private static TensorSpec vector(String name) {
    return new TensorSpec(name, TensorSpec.Type.INT32, List.of(-1L), name);
  }

  private static List<TensorSpec> ranking(TensorSpec.Type type, long width) {
    return List.of(
        matrix(ExportFormat.ITEMS, type, width),
        matrix(ExportFormat.SCORES, TensorSpec.Type.FLOAT32, width));
  }

  private Map<String, TensorRows> recommendFiltered(Map<String, TensorRows> values) {
    int[] lengths = (int[]) values.get(ExportFormat.K).values();
    int[] offsets = (int[]) values.get(ExportFormat.OFFSET).values();
    int[] withHistory = (int[]) values.get(ExportFormat.WITH_HISTORY).values();
    return recommend(
        values,
        longest(values),
        row -> {
          Query.Builder query =
              Query.builder()
                  .k(lengths[row])
                  .offset(offsets[row])
                  .exclude(ids(values.get(ExportFormat.EXCLUDE), row));
          List<String> allowed = ids(values.get(ExportFormat.ALLOW), row);
          if (!allowed.isEmpty()) {
            query.allow(allowed);
          }
          return withHistory[row] == 0 ? query : query.withHistory();
        });
  }

  /** The largest k of a request, but no ranking is longer than there are items. */
  private int longest(Map<String, TensorRows> values) {
    int[] lengths = (int[]) values.get(ExportFormat.K).values();
    return Math.min(Arrays.stream(lengths).max().orElseThrow(), model.itemCount());
  }

  private Map<String, TensorRows> recommend(
      Map<String, TensorRows> values, int width, IntFunction<Query.Builder> asked) {
    TensorRows histories = values.get(ExportFormat.ITEMS);
    List<Query> queries = new ArrayList<>();
    for (int row = 0; row < histories.rows(); row++) {
      queries.add(asked.apply(row).history(ids(histories, row)).build());
    }
    String[] items = (String[]) TensorRows.padding(TensorSpec.Type.STRING, queries.size() * width);
    float[] scores = leftOut(items.length);
    int row = 0;
    for (List<Recommendation> list : model.recommendAll(queries)) {
      int place = row * width;
      for (Recommendation one : list) {
        items[place] = one.item();
        scores[place++] = one.score();
      }
      row++;
    }
    return ranking(queries.size(), width, items, scores);
  }

  private Map<String, TensorRows> rank(Map<String, TensorRows> values, int width) {
    TensorRows rows = values.get(ExportFormat.ITEMS);
    long[] indices = (long[]) rows.values();
    CsrMatrix histories =
        CsrMatrix.of(
            rows.rows(),
            model.itemCount(),
            pairs -> {
              for (int place = 0; place < indices.length; place++) {
                if (indices[place] >= 0 && indices[place] < model.itemCount()) {
                  pairs.accept(place / rows.width(), (int) indices[place]);
                }
              }
            });
    Rankings rankings = model.rank(histories, 0, rows.rows(), width);
    long[] items = (long[]) TensorRows.padding(TensorSpec.Type.INT64, rows.rows() * width);
    float[] scores = leftOut(items.length);
    for (int place = 0; place < items.length; place++) {
      int item = rankings.item(place / width, place % width);
      if (item >= 0) {
        items[place] = item;
        scores[place] = rankings.score(place / width, place % width);
      }
    }
    return ranking(rows.rows(), width, items, scores);
  }

  private Map<String, TensorRows> score(Map<String, TensorRows> values) {
    TensorRows rows = values.get(ExportFormat.ITEMS);
    IdIndex known = model.items();
    CsrMatrix histories =
        CsrMatrix.of(
            rows.rows(),
            model.itemCount(),
            pairs -> {
              for (int row = 0; row < rows.rows(); row++) {
                for (String id : ids(rows, row)) {
                  int index = known.indexOf(id);
                  if (index >= 0) {
                    pairs.accept(row, index);
                  }
                }
              }
            });
    return Map.of(
        ExportFormat.SCORES,
        new TensorRows(rows.rows(), model.itemCount(), model.scores(histories)));
  }

  private static float[] leftOut(int size) {
    float[] scores = new float[size];
    Arrays.fill(scores, ExportFormat.LEFT_OUT);
    return scores;
  }

  private static Map<String, TensorRows> ranking(
      int rows, int width, Object items, float[] scores) {
    return Map.of(
        ExportFormat.ITEMS, new TensorRows(rows, width, items),
        ExportFormat.SCORES, new TensorRows(rows, width, scores));
  }

  /** The ids of a row, without padding. */
  private static List<String> ids(TensorRows rows, int row) {
    String[] all = (String[]) rows.values();
    List<String> ids = new ArrayList<>();
    for (int place = row * rows.width(); place < (row + 1) * rows.width(); place++) {
      if (!all[place].equals(ExportFormat.NO_ID)) {
        ids.add(all[place]);
      }
    }
    return ids;
  }
}
