package io.github.vaecf.eval.export;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.ScoreRanking;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntFunction;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TInt64;

/** A SavedModel on TensorFlow's own runtime. */
final class ServedSavedModel extends ServedModel {
  private final SavedModelBundle bundle;
  private final Map<String, ServedSignature> exported; // in its graph
  private final Map<String, ServedSignature> signatures;
  private final ServedSignature rank;
  private final String fedHistories;
  private final Optional<ScoreRanking> ranking; // empty where the graph itself is to select
  private volatile ItemIndex index; // null where all items are scored

  private ServedSavedModel(
      SavedModelBundle bundle,
      Map<String, ServedSignature> signatures,
      IdIndex items,
      Titles.Known titles) {
    super(items, titles);
    this.bundle = bundle;
    this.exported = signatures;
    this.signatures = RankingSignatures.beside(signatures, this);
    this.rank = signatures.get(ExportFormat.RANK_INDICES);
    this.fedHistories =
        rank.inputs().stream()
            .filter(input -> input.name().equals(ExportFormat.ITEMS))
            .findFirst()
            .orElseThrow()
            .tensor();
    // From a GPU only the best should come back; and versions of before do not give all scores.
    this.ranking =
        TensorFlowRuntime.hasGpu() || bundle.graph().operation(ExportFormat.ALL_SCORES) == null
            ? Optional.empty()
            : Optional.of(
                new ScoreRanking(
                    items.size(), Runtime.getRuntime().availableProcessors(), this::allScores));
    if (ranking.isPresent()) {
      answerRankings();
    }
  }

  /**
   * Loads a version that is whole, and whose answers to its own warm-up requests make sense.
   *
   * @throws DataException if it is not; the message says why
   */
  static ServedModel open(Path folder) {
    // Before any native code sees it.
    VersionFiles.requireWhole(folder);
    try {
      return ofFiles(folder).triedOut(folder);
    } catch (LinkageError e) {
      throw NativeLibraries.noTensorFlow(folder, e);
    }
  }

  /** Loads a version whose files are known to be whole. */
  static ServedSavedModel ofFiles(Path folder) {
    TensorFlowRuntime.prepare();
    // Serving shares a device with whatever else runs there.
    ConfigProto config = ConfigProto.newBuilder().setAllowSoftPlacement(true).build();
    TensorFlowRuntime.prepareSession(config);
    IdIndex items = items(ExportFormat.vocabulary(folder));
    SavedModelBundle bundle;
    try {
      bundle =
          SavedModelBundle.loader(folder.toString())
              .withTags(SavedModelBundle.DEFAULT_TAG)
              .withConfigProto(config)
              .load();
    } catch (RuntimeException e) {
      throw new DataException(folder + ": cannot be loaded (" + e.getMessage() + ")", e);
    }
    ServedSavedModel model = null;
    try {
      Map<String, ServedSignature> signatures = signatures(bundle);
      requireFits(folder, signatures, items);
      Path index = ExportFormat.index(folder);
      Optional<ItemIndex> opened =
          Files.exists(index) ? Optional.of(ItemIndex.open(index, items.size())) : Optional.empty();
      model =
          new ServedSavedModel(bundle, signatures, items, Titles.read(ExportFormat.titles(folder)));
      opened.ifPresent(model::use);
      return model;
    } catch (IllegalArgumentException e) {
      throw new DataException(folder + ": cannot be loaded (" + e.getMessage() + ")", e);
    } finally {
      if (model == null) {
        bundle.close();
      }
    }
  }

  private static IdIndex items(Path file) {
    try {
      return Vocabulary.parse(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": " + e.getMessage(), e);
    } catch (CharacterCodingException e) {
      throw new DataException(file + ": not UTF-8", e);
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read (" + e + ")", e);
    }
  }

  /** Makes sure that the graph is one of ours, and that there are as many ids as weights. */
  private static void requireFits(
      Path folder, Map<String, ServedSignature> signatures, IdIndex items) {
    if (!signatures.containsKey(ExportFormat.RANK_INDICES)) {
      throw new DataException(
          folder
              + ": not an export of vaecf, expected a signature "
              + ExportFormat.RANK_INDICES
              + ", found none");
    }
    ServedSignature score = signatures.get(ExportFormat.SCORE);
    if (score == null) {
      return;
    }
    for (ServedSignature.TensorSpec output : score.outputs()) {
      if (output.width() != items.size()) {
        throw new DataException(
            ExportFormat.vocabulary(folder)
                + ": expected "
                + output.width()
                + " item ids, as there are weights, found "
                + items.size());
      }
    }
  }

  private static Map<String, ServedSignature> signatures(SavedModelBundle bundle) {
    Map<String, ServedSignature> signatures = new TreeMap<>();
    bundle
        .metaGraphDef()
        .getSignatureDefMap()
        .forEach(
            (name, definition) ->
                signatures.put(name, SavedModelSignature.of(name, definition, bundle.session())));
    return Collections.unmodifiableMap(signatures);
  }

  @Override
  public Map<String, ServedSignature> signatures() {
    return signatures;
  }

  @Override
  Map<String, ServedSignature> exported() {
    return exported;
  }

  /** Ranks by an index of the items from now on. */
  void use(ItemIndex found) {
    index = found;
    answerRankings();
  }

  /**
   * Has the signatures that rank answered by this model's own ranking, of which the graph computes
   * scores or vectors only: its own masking and selecting cost as much again as half of the product
   * with all items.
   */
  private void answerRankings() {
    for (String name : RankingCalls.NAMES) {
      ServedSignature signature = signatures.get(name);
      signature.answerBy(
          inputs -> {
            int width = signature.width(signature.outputs().get(0), inputs);
            return RankingCalls.answer(this, inputs, Math.min(width, itemCount()));
          });
    }
  }

  @Override
  protected void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
    ItemIndex items = index;
    if (items != null && items.isFor(rankings.k())) {
      rankAmong(
          histories,
          from,
          to,
          row -> {
            BitSet others = new BitSet(itemCount());
            others.set(0, itemCount());
            histories.row(row).forEach(others::clear);
            return others;
          },
          rankings,
          firstUser);
    } else if (ranking.isPresent()) {
      ranking.get().rank(histories, from, to, rankings, firstUser);
    } else {
      super.rank(histories, from, to, rankings, firstUser);
    }
  }

  @Override
  protected void rankAmong(
      CsrMatrix histories,
      int from,
      int to,
      IntFunction<BitSet> candidates,
      Rankings rankings,
      int firstUser) {
    ItemIndex items = index;
    if (items != null && items.isFor(rankings.k())) {
      float[] vectors = userVectors(histories, from, to, items.width());
      items.rank(vectors, to - from, histories, from, candidates, rankings, firstUser);
    } else if (ranking.isPresent()) {
      ranking.get().rankAmong(histories, from, to, candidates, rankings, firstUser);
    } else {
      super.rankAmong(histories, from, to, candidates, rankings, firstUser);
    }
  }

  /**
   * The vectors of users whose products with the items' are the scores.
   *
   * @param width of the items' vectors, which may have one entry more than the graph gives: the
   *     bias
   * @return users × width, row-major
   */
  float[] userVectors(CsrMatrix histories, int from, int to, int width) {
    float[] vectors = new float[(to - from) * width];
    inParts(
        histories,
        from,
        to,
        (rows, first, users, length) -> {
          try (Result result = fetch(ExportFormat.USER_VECTORS, rows, users, length)) {
            TensorRows some = SavedModelSignature.copyOf(result.get(0));
            for (int user = 0; user < users; user++) {
              int at = (first - from + user) * width;
              System.arraycopy(some.values(), user * some.width(), vectors, at, some.width());
              Arrays.fill(vectors, at + some.width(), at + width, 1);
            }
          }
        });
    return vectors;
  }

  private Result fetch(String output, long[] rows, int users, int length) {
    try (TInt64 tensor =
        TInt64.tensorOf(Shape.of(users, length), DataBuffers.of(rows, true, false))) {
      return bundle.session().runner().feed(fedHistories, tensor).fetch(output).run();
    }
  }

  private void allScores(CsrMatrix histories, int from, int to, ScoreRanking.Reader reader) {
    inParts(
        histories,
        from,
        to,
        (rows, first, users, length) -> {
          try (Result result = fetch(ExportFormat.ALL_SCORES, rows, users, length)) {
            reader.read(first, first + users, result.get(0).asRawTensor().data().asInts());
          }
        });
  }

  @Override
  Best best(long[] histories, int users, int length, int k) {
    int[] lengths = new int[users];
    Arrays.fill(lengths, k);
    Map<String, TensorRows> answer =
        rank.run(
            Map.of(
                ExportFormat.ITEMS, new TensorRows(users, length, histories),
                ExportFormat.K, new TensorRows(users, 1, lengths)));
    return new Best(
        k,
        (long[]) answer.get(ExportFormat.ITEMS).values(),
        (float[]) answer.get(ExportFormat.SCORES).values());
  }

  @Override
  public boolean scoresAllItems() {
    return exported.containsKey(ExportFormat.SCORE);
  }

  @Override
  protected float[] scoreAll(CsrMatrix histories, int from, int to) {
    ServedSignature score = signatures.get(ExportFormat.SCORE);
    if (score == null) {
      return super.scoreAll(histories, from, to);
    }
    float[] scores = new float[(to - from) * itemCount()];
    inParts(
        histories,
        from,
        to,
        (rows, first, users, length) -> {
          TensorRows some =
              score
                  .call(Map.of(ExportFormat.ITEMS, new TensorRows(users, length, ids(rows))))
                  .get(ExportFormat.SCORES);
          System.arraycopy(
              some.values(), 0, scores, (first - from) * itemCount(), users * itemCount());
        });
    return scores;
  }

  @Override
  public boolean comparesItems() {
    return exported.containsKey(ExportFormat.SIMILARITY);
  }

  @Override
  protected IntFunction<float[]> cosines(int[] pool) {
    ServedSignature similarity = signatures.get(ExportFormat.SIMILARITY);
    if (similarity == null) {
      return super.cosines(pool);
    }
    String[] ids = ids(Arrays.stream(pool).asLongStream().toArray());
    return place ->
        (float[])
            similarity
                .call(
                    Map.of(
                        ExportFormat.ITEM, new TensorRows(1, 1, new String[] {ids[place]}),
                        ExportFormat.ITEMS, new TensorRows(1, ids.length, ids)))
                .get(ExportFormat.SCORES)
                .values();
  }

  @Override
  int placesInMemory() {
    return Integer.MAX_VALUE; // what is padding takes no memory in the graph
  }

  @Override
  protected void release() {
    bundle.close();
  }
}
