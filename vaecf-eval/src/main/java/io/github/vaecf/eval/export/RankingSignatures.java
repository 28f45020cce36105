package io.github.vaecf.eval.export;

import io.github.vaecf.core.Reason;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.TopItems;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Signatures that come of what a model on the JVM is asked: for an ONNX file, which has none, those
 * of a SavedModel, so that servers call it as they call a SavedModel and get the same; and for both
 * what the graph of a SavedModel cannot say, or does not, as it was exported by an older version.
 */
final class RankingSignatures {
  /** Length of the rankings whose length no request chooses: that of a SavedModel by default. */
  private static final int TOP_K = 100;

  /** Of several items at a time: 32 MB. */
  private static final int COSINES_TOGETHER = 1 << 23;

  /** What a {@link Recommender} answers by scores, rankings and cosines, in a graph or not. */
  static final Set<String> QUESTIONS =
      Set.of(ExportFormat.RECOMMEND_GROUP, ExportFormat.RECOMMEND_DIVERSE, ExportFormat.BECAUSE);

  private final ServedModel model;
  private final int topK;
  private final Map<String, ServedSignature> signatures = new TreeMap<>();

  private RankingSignatures(ServedModel model) {
    this.model = model;
    this.topK = Math.min(TOP_K, model.itemCount());
  }

  /**
   * The signatures that a model has beyond those that it was exported with.
   *
   * @param exported by name
   * @return all by name, in alphabetical order
   */
  static Map<String, ServedSignature> beside(
      Map<String, ServedSignature> exported, ServedModel model) {
    RankingSignatures all = new RankingSignatures(model);
    all.addQuestions();
    exported.forEach(
        (name, signature) -> {
          ServedSignature same = all.signatures.put(name, signature);
          if (same != null) {
            signature.answerBy(same::run); // which bounds the memory
          }
        });
    return Collections.unmodifiableMap(all.signatures);
  }

  /** The signatures of an ONNX file by name, in alphabetical order. */
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
          values -> all.scores(values, ExportFormat.SCORES, model.itemCount(), model::scores));
    }
    TensorSpec latent = matrix(ExportFormat.LATENT, TensorSpec.Type.FLOAT32, model.latentWidth());
    if (model.latentWidth() > 0) {
      all.add(
          ExportFormat.ENCODE,
          List.of(items),
          List.of(latent),
          values -> all.scores(values, ExportFormat.LATENT, model.latentWidth(), model::encode));
      all.add(
          ExportFormat.DECODE,
          List.of(latent),
          List.of(matrix(ExportFormat.SCORES, TensorSpec.Type.FLOAT32, model.itemCount())),
          values -> all.decode(values, model));
    }
    if (model.comparesItems()) {
      TensorSpec item =
          new TensorSpec(
              ExportFormat.ITEM, TensorSpec.Type.STRING, List.of(-1L), ExportFormat.ITEM);
      all.add(
          ExportFormat.SIMILARITY,
          List.of(item, items),
          List.of(matrix(ExportFormat.SCORES, TensorSpec.Type.FLOAT32, -1)),
          values -> all.similarity(values, model));
      all.add(
          ExportFormat.SIMILAR_ITEMS,
          List.of(item),
          List.of(rankedIds, matrix(ExportFormat.SCORES, TensorSpec.Type.FLOAT32, all.topK)),
          values -> all.similarItems(values, model));
    }
    return Collections.unmodifiableMap(all.signatures);
  }

  /** Adds the {@link #QUESTIONS}, as far as the model answers them. */
  private void addQuestions() {
    TensorSpec items = matrix(ExportFormat.ITEMS, TensorSpec.Type.STRING, -1);
    TensorSpec exclude = matrix(ExportFormat.EXCLUDE, TensorSpec.Type.STRING, -1);
    TensorSpec allow = matrix(ExportFormat.ALLOW, TensorSpec.Type.STRING, -1);
    TensorSpec k = vector(ExportFormat.K);
    addRanking(
        ExportFormat.RECOMMEND_GROUP,
        List.of(
            allow,
            exclude,
            items,
            k,
            vector(ExportFormat.LEAST_MISERY),
            matrix(ExportFormat.PERSON, TensorSpec.Type.INT32, -1)),
        items);
    if (model.comparesItems()) {
      TensorSpec lambda =
          new TensorSpec(
              ExportFormat.LAMBDA, TensorSpec.Type.FLOAT32, List.of(-1L), ExportFormat.LAMBDA);
      addRanking(ExportFormat.RECOMMEND_DIVERSE, List.of(allow, exclude, items, k, lambda), items);
    }
    add(
        ExportFormat.BECAUSE,
        List.of(
            new TensorSpec(
                ExportFormat.ITEM, TensorSpec.Type.STRING, List.of(-1L), ExportFormat.ITEM),
            items),
        List.of(matrix(ExportFormat.CONTRIBUTIONS, TensorSpec.Type.FLOAT32, -1)),
        this::because);
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

  /** Rows of the same history are answered together. */
  private Map<String, TensorRows> because(Map<String, TensorRows> values) {
    TensorRows histories = values.get(ExportFormat.ITEMS);
    String[] asked = (String[]) values.get(ExportFormat.ITEM).values();
    String[] ids = (String[]) histories.values();
    int width = histories.width();
    float[] contributions = new float[ids.length];
    Map<Set<String>, List<Integer>> rowsOfHistory = new LinkedHashMap<>();
    for (int row = 0; row < asked.length; row++) {
      if (model.items().indexOf(asked[row]) < 0) {
        Arrays.fill(contributions, row * width, (row + 1) * width, ExportFormat.LEFT_OUT);
      } else {
        rowsOfHistory
            .computeIfAbsent(
                new LinkedHashSet<>(RankingCalls.ids(values, ExportFormat.ITEMS, row)),
                history -> new ArrayList<>())
            .add(row);
      }
    }
    rowsOfHistory.forEach(
        (history, rows) -> {
          List<String> recommended = rows.stream().map(row -> asked[row]).toList();
          List<List<Reason>> reasons = model.because(List.copyOf(history), recommended);
          for (int i = 0; i < rows.size(); i++) {
            Map<String, Float> byItem = new HashMap<>();
            reasons.get(i).forEach(reason -> byItem.put(reason.item(), reason.contribution()));
            for (int place = rows.get(i) * width; place < (rows.get(i) + 1) * width; place++) {
              contributions[place] = byItem.getOrDefault(ids[place], 0f);
            }
          }
        });
    return Map.of(ExportFormat.CONTRIBUTIONS, new TensorRows(asked.length, width, contributions));
  }

  /** What the file gives for histories. */
  private Map<String, TensorRows> scores(
      Map<String, TensorRows> values,
      String output,
      int width,
      Function<CsrMatrix, float[]> function) {
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
    return Map.of(output, new TensorRows(rows.rows(), width, function.apply(histories)));
  }

  private Map<String, TensorRows> decode(Map<String, TensorRows> values, ServedOnnxModel onnx) {
    TensorRows latent = values.get(ExportFormat.LATENT);
    return Map.of(
        ExportFormat.SCORES,
        new TensorRows(
            latent.rows(),
            model.itemCount(),
            onnx.decode((float[]) latent.values(), latent.rows())));
  }

  private Map<String, TensorRows> similarity(Map<String, TensorRows> values, ServedOnnxModel onnx) {
    int[] asked = indices(values, ExportFormat.ITEM);
    int[] others = indices(values, ExportFormat.ITEMS);
    int width = others.length / asked.length;
    float[] cosines = new float[others.length];
    Arrays.fill(cosines, ExportFormat.LEFT_OUT);
    for (int row = 0; row < asked.length; row++) {
      int from = row * width;
      int[] known =
          IntStream.range(from, from + width).filter(place -> others[place] >= 0).toArray();
      if (asked[row] >= 0 && known.length > 0) {
        int[] compared = Arrays.stream(known).map(place -> others[place]).toArray();
        float[] found = onnx.similarity(new int[] {asked[row]}, compared);
        for (int i = 0; i < known.length; i++) {
          cosines[known[i]] = found[i];
        }
      }
    }
    return Map.of(ExportFormat.SCORES, new TensorRows(asked.length, width, cosines));
  }

  private Map<String, TensorRows> similarItems(
      Map<String, TensorRows> values, ServedOnnxModel onnx) {
    int[] asked = indices(values, ExportFormat.ITEM);
    int[] ranked = new int[asked.length * topK];
    float[] scores = new float[ranked.length];
    Arrays.fill(ranked, (int) ExportFormat.NO_INDEX);
    Arrays.fill(scores, ExportFormat.LEFT_OUT);
    TopItems best = new TopItems(topK);
    int[] known = IntStream.range(0, asked.length).filter(row -> asked[row] >= 0).toArray();
    int together = Math.max(1, COSINES_TOGETHER / model.itemCount());
    for (int from = 0; from < known.length; from += together) {
      int[] rows = Arrays.copyOfRange(known, from, Math.min(known.length, from + together));
      int[] items = Arrays.stream(rows).map(row -> asked[row]).toArray();
      float[][] cosines = onnx.similarityToAll(items);
      for (int i = 0; i < rows.length; i++) {
        int[] itself = {items[i]};
        best.select(cosines[i], itself, 1, ranked, scores, rows[i] * topK);
      }
    }
    String[] ids = model.ids(Arrays.stream(ranked).asLongStream().toArray());
    return Map.of(
        ExportFormat.ITEMS, new TensorRows(asked.length, topK, ids),
        ExportFormat.SCORES, new TensorRows(asked.length, topK, scores));
  }

  private int[] indices(Map<String, TensorRows> values, String input) {
    return Arrays.stream((String[]) values.get(input).values())
        .mapToInt(model.items()::indexOf)
        .toArray();
  }
}
