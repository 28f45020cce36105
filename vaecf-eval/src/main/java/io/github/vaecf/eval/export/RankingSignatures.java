package io.github.vaecf.eval.export;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

    TensorSpec rankedIds = matrix(ExportFormat.ITEMS, TensorSpec.Type.STRING, all.topK);
    TensorSpec rankedIndices = matrix(ExportFormat.ITEMS, TensorSpec.Type.INT64, all.topK);
    all.addRanking(ExportFormat.RECOMMEND, List.of(items), rankedIds);
    all.addRanking(ExportFormat.RECOMMEND_EXCLUDING, List.of(exclude, items), rankedIds);
    all.addRanking(
        ExportFormat.RECOMMEND_FILTERED,
        List.of(allow, exclude, items, k, offset, withHistory),
        items);
    all.addRanking(ExportFormat.RECOMMEND_INDICES, List.of(indices), rankedIndices);
    all.addRanking(ExportFormat.RANK_INDICES, List.of(indices, k), indices);
    if (model.scoresAllItems()) {
      all.add(
          ExportFormat.SCORE,
          List.of(items),
          List.of(matrix(ExportFormat.SCORES, TensorSpec.Type.FLOAT32, model.itemCount())),
          all::score);
    }
    return Collections.unmodifiableMap(all.signatures);
  }

  /** Adds one whose rankings are as long as the tensor of their items, or as a request wants. */
  private void addRanking(String name, List<TensorSpec> inputs, TensorSpec items) {
    TensorSpec scores =
        new TensorSpec(
            ExportFormat.SCORES, TensorSpec.Type.FLOAT32, items.shape(), ExportFormat.SCORES);
    add(
        name,
        inputs,
        List.of(items, scores),
        values ->
            RankingCalls.answer(
                model, values, items.width() < 0 ? longest(values) : items.width()));
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

  /** The largest k of a request, but no ranking is longer than there are items. */
  private int longest(Map<String, TensorRows> values) {
    int[] lengths = (int[]) values.get(ExportFormat.K).values();
    return Math.min(Arrays.stream(lengths).max().orElseThrow(), model.itemCount());
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
                for (String id : RankingCalls.ids(values, ExportFormat.ITEMS, row)) {
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
}
