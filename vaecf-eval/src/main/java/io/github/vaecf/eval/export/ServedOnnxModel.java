package io.github.vaecf.eval.export;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * An ONNX file on ONNX Runtime. That ends the process when it is given a batch without rows, or a
 * session that is closed while it runs: the first is not done here, and the second not by {@link
 * io.github.vaecf.core.Recommender}.
 */
final class ServedOnnxModel extends ServedModel {
  /** Floats that one run may hold for the places of its histories: half a gigabyte. */
  private static final int FLOATS_IN_MEMORY = 1 << 27;

  private static final Set<String> RANKING = Set.of(ExportFormat.ITEMS_RANKED, ExportFormat.SCORES);

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final boolean takesRawIds;
  private final boolean scoresAllItems;
  private final ServedOnnxParts parts;
  private final int placesInMemory;
  private final Map<String, ServedSignature> exported;
  private final Map<String, ServedSignature> signatures;

  private ServedOnnxModel(
      OrtEnvironment environment,
      OrtSession session,
      ServedOnnxParts parts,
      boolean takesRawIds,
      int placesInMemory,
      IdIndex items,
      Titles.Known titles) {
    super(items, titles);
    this.environment = environment;
    this.session = session;
    this.parts = parts;
    this.takesRawIds = takesRawIds;
    this.placesInMemory = placesInMemory;
    this.scoresAllItems = session.getOutputNames().contains(ExportFormat.ALL_SCORES);
    this.exported = RankingSignatures.of(this);
    this.signatures = RankingSignatures.beside(exported, this);
  }

  /**
   * Loads a version, a folder with an ONNX file, whose answers to examples make sense.
   *
   * @throws DataException if they do not, or the file cannot be used; the message says why
   */
  static ServedModel openVersion(Path folder) {
    return open(folder.resolve(ExportFormat.ONNX_FILE), Titles.read(ExportFormat.titles(folder)))
        .triedOut(folder);
  }

  static ServedOnnxModel open(Path file) {
    return open(file, Titles.NONE);
  }

  private static ServedOnnxModel open(Path file, Titles.Known titles) {
    if (!Files.isRegularFile(file)) {
      throw new DataException(
          file + (Files.exists(file) ? ": expected a file, found a folder" : ": no such file"));
    }
    try {
      // Before any native code sees it.
      OnnxChecksum.requireWhole(file);
      OnnxData.requireWhole(file);
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      OrtSession session = environment.createSession(file.toString());
      try {
        return of(file, environment, session, titles);
      } catch (IOException | OrtException | RuntimeException e) {
        session.close();
        throw e;
      }
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read (" + e + ")", e);
    } catch (OrtException | IllegalArgumentException e) {
      throw new DataException(file + ": cannot be loaded (" + e.getMessage() + ")", e);
    }
  }

  private static ServedOnnxModel of(
      Path file, OrtEnvironment environment, OrtSession session, Titles.Known titles)
      throws IOException, OrtException {
    Map<String, String> metadata = session.getMetadata().getCustomMetadata();
    String lines = metadata.get(ExportFormat.ONNX_VOCABULARY);
    if (lines == null) {
      throw new DataException(
          file
              + ": not an export of vaecf, expected metadata "
              + ExportFormat.ONNX_VOCABULARY
              + ", found none");
    }
    NodeInfo input = session.getInputInfo().get(ExportFormat.ITEMS);
    if (input == null
        || !(input.getInfo() instanceof TensorInfo tensor)
        || !session
            .getOutputNames()
            .containsAll(List.of(ExportFormat.ITEMS_RANKED, ExportFormat.SCORES))) {
      throw new DataException(
          file
              + ": not an export of vaecf, expected an input "
              + ExportFormat.ITEMS
              + " and outputs "
              + ExportFormat.ITEMS_RANKED
              + " and "
              + ExportFormat.SCORES
              + ", found "
              + session.getInputNames()
              + " and "
              + session.getOutputNames());
    }
    boolean takesRawIds = tensor.type == OnnxJavaType.STRING;
    // Older exports, which do not say it, are of models that hold little.
    int floatsPerPlace =
        Integer.parseInt(metadata.getOrDefault(ExportFormat.ONNX_FLOATS_PER_PLACE, "1"));
    IdIndex items = Vocabulary.parse(lines);
    return new ServedOnnxModel(
        environment,
        session,
        ServedOnnxParts.open(file, environment, session),
        takesRawIds,
        Math.max(1, FLOATS_IN_MEMORY / floatsPerPlace),
        items,
        titles);
  }

  @Override
  public Map<String, ServedSignature> signatures() {
    return signatures;
  }

  @Override
  Map<String, ServedSignature> exported() {
    return exported;
  }

  @Override
  public boolean scoresAllItems() {
    return scoresAllItems;
  }

  @Override
  protected float[] scoreAll(CsrMatrix histories, int from, int to) {
    return scoresAllItems
        ? output(ExportFormat.ALL_SCORES, itemCount(), histories, from, to)
        : super.scoreAll(histories, from, to);
  }

  /** What the file gives for each history beside its ranking, rows × width. */
  private float[] output(String name, int width, CsrMatrix histories, int from, int to) {
    float[] values = new float[(to - from) * width];
    inParts(
        histories,
        from,
        to,
        (rows, first, users, length) ->
            run(
                rows,
                users,
                length,
                1,
                Set.of(name),
                result -> floats(result, name).get(values, (first - from) * width, users * width)));
    return values;
  }

  /** The scores of all items, as long as this is open; only if it scores all items. */
  float[] scores(CsrMatrix histories) {
    return whileOpen(() -> scoreAll(histories, 0, histories.rows()));
  }

  /** The width of the latent vectors, 0 where there are none. */
  int latentWidth() {
    return parts.latentWidth();
  }

  /** The latent vectors of histories, as long as this is open. */
  float[] encode(CsrMatrix histories) {
    return whileOpen(
        () -> output(ExportFormat.LATENT, latentWidth(), histories, 0, histories.rows()));
  }

  /** The scores of all items for latent vectors, as long as this is open. */
  float[] decode(float[] latent, int rows) {
    return whileOpen(() -> parts.decode(latent, rows));
  }

  /** The cosines between items, asked × others, as long as this is open. */
  float[] similarity(int[] asked, int[] others) {
    return whileOpen(() -> parts.similarity(asked, others));
  }

  /** The cosines between some items and all, as long as this is open. */
  float[][] similarityToAll(int[] asked) {
    return whileOpen(() -> parts.similarityToAll(asked, itemCount()));
  }

  @Override
  public boolean comparesItems() {
    return parts.comparesItems();
  }

  @Override
  protected IntFunction<float[]> cosines(int[] pool) {
    if (!comparesItems()) {
      return super.cosines(pool);
    }
    float[] cosines = pool.length == 0 ? new float[0] : parts.similarity(pool, pool);
    return place -> Arrays.copyOfRange(cosines, place * pool.length, (place + 1) * pool.length);
  }

  @Override
  int placesInMemory() {
    return placesInMemory;
  }

  @Override
  Best best(long[] histories, int users, int length, int k) {
    float[] scores = new float[users * k];
    long[][] items = new long[1][];
    run(
        histories,
        users,
        length,
        k,
        RANKING,
        result -> {
          floats(result, ExportFormat.SCORES).get(scores);
          OnnxTensor ranked = (OnnxTensor) result.get(ExportFormat.ITEMS_RANKED).orElseThrow();
          items[0] = takesRawIds ? indices(ranked, k) : copy(ranked, scores.length);
        });
    return new Best(k, items[0], scores);
  }

  private static FloatBuffer floats(OrtSession.Result result, String output) {
    return ((OnnxTensor) result.get(output).orElseThrow()).getFloatBuffer();
  }

  /** Takes what a run gives, which is closed then. */
  private interface Taker {
    void take(OrtSession.Result result) throws OrtException;
  }

  private void run(
      long[] histories, int users, int length, int k, Set<String> outputs, Taker taker) {
    if (users == 0 || length == 0) {
      throw new IllegalArgumentException(
          "expected at least one user and one place, found " + users + " × " + length);
    }
    try (OnnxTensor input = input(histories, users, length);
        OnnxTensor nothing = nothing(users);
        OnnxTensor lengths =
            OnnxTensor.createTensor(environment, LongBuffer.wrap(new long[] {k}), new long[] {1});
        OrtSession.Result result = session.run(inputs(input, nothing, lengths), outputs)) {
      taker.take(result);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed: " + e.getMessage(), e);
    }
  }

  /** What is to be left out beside the histories: padding. */
  private OnnxTensor nothing(int users) throws OrtException {
    long[] padding = new long[users];
    Arrays.fill(padding, ExportFormat.NO_INDEX);
    return input(padding, users, 1);
  }

  private Map<String, OnnxTensor> inputs(OnnxTensor items, OnnxTensor exclude, OnnxTensor k) {
    return session.getInputNames().contains(ExportFormat.EXCLUDE)
        ? Map.of(ExportFormat.ITEMS, items, ExportFormat.EXCLUDE, exclude, ExportFormat.K, k)
        : Map.of(ExportFormat.ITEMS, items, ExportFormat.K, k);
  }

  private OnnxTensor input(long[] histories, int users, int length) throws OrtException {
    long[] shape = {users, length};
    if (!takesRawIds) {
      return OnnxTensor.createTensor(environment, LongBuffer.wrap(histories), shape);
    }
    return OnnxTensor.createTensor(environment, ids(histories), shape);
  }

  private static long[] copy(OnnxTensor ranked, int size) {
    long[] indices = new long[size];
    ranked.getLongBuffer().get(indices);
    return indices;
  }

  private long[] indices(OnnxTensor ranked, int k) throws OrtException {
    String[][] ids = (String[][]) ranked.getValue();
    long[] indices = new long[ids.length * k];
    for (int user = 0; user < ids.length; user++) {
      for (int rank = 0; rank < k; rank++) {
        indices[user * k + rank] = items().indexOf(ids[user][rank]);
      }
    }
    return indices;
  }

  @Override
  protected void release() {
    try (parts) {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed: " + e.getMessage(), e);
    }
  }
}
