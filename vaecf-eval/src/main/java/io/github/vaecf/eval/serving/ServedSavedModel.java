package io.github.vaecf.eval.serving;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GPUOptions;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/** A SavedModel on TensorFlow's own runtime. */
final class ServedSavedModel extends ServedModel {
  private static final String RANK = "rank_indices";
  private static final String GRAPH_FILE = "saved_model.pb";
  private static final String VOCABULARY_FILE = "assets/items.txt";

  private final SavedModelBundle bundle;
  private final String historiesInput;
  private final String lengthsInput;
  private final String itemsOutput;
  private final String scoresOutput;

  private ServedSavedModel(SavedModelBundle bundle, SignatureDef rank, IdIndex items) {
    super(items);
    this.bundle = bundle;
    this.historiesInput = rank.getInputsOrThrow("items").getName();
    this.lengthsInput = rank.getInputsOrThrow("k").getName();
    this.itemsOutput = rank.getOutputsOrThrow("items").getName();
    this.scoresOutput = rank.getOutputsOrThrow("scores").getName();
  }

  static ServedSavedModel open(Path path) {
    TensorFlowRuntime.prepare();
    Path folder = versionFolder(path);
    Path vocabulary = folder.resolve(VOCABULARY_FILE);
    if (!Files.isRegularFile(vocabulary)) {
      throw new DataException(
          folder + ": not an export of vaecf, expected a file " + VOCABULARY_FILE + ", found none");
    }
    // Serving shares a device with whatever else runs there.
    ConfigProto config =
        ConfigProto.newBuilder()
            .setGpuOptions(GPUOptions.newBuilder().setAllowGrowth(true))
            .setAllowSoftPlacement(true)
            .build();
    SavedModelBundle bundle = null;
    try {
      IdIndex items = IdIndex.of(Files.readAllLines(vocabulary));
      bundle =
          SavedModelBundle.loader(folder.toString())
              .withTags(SavedModelBundle.DEFAULT_TAG)
              .withConfigProto(config)
              .load();
      SignatureDef rank = bundle.metaGraphDef().getSignatureDefMap().get(RANK);
      if (rank == null) {
        throw new DataException(
            folder + ": not an export of vaecf, expected a signature " + RANK + ", found none");
      }
      return new ServedSavedModel(bundle, rank, items);
    } catch (IOException | TensorFlowException | IllegalArgumentException e) {
      throw new DataException(folder + ": cannot be loaded (" + e.getMessage() + ")", e);
    }
  }

  private static Path versionFolder(Path path) {
    if (Files.isRegularFile(path.resolve(GRAPH_FILE))) {
      return path;
    }
    if (!Files.isDirectory(path)) {
      throw new DataException(
          path
              + (Files.exists(path)
                  ? ": expected an exported model's folder, found a file"
                  : ": there is no such export"));
    }
    return newestVersion(path)
        .orElseThrow(
            () ->
                new DataException(
                    path
                        + ": not an export, expected "
                        + GRAPH_FILE
                        + " or folders BASE/<version> in it, found neither"));
  }

  private static Optional<Path> newestVersion(Path base) {
    try (Stream<Path> children = Files.list(base)) {
      return children
          .filter(child -> child.getFileName().toString().matches("[0-9]{1,18}"))
          .filter(child -> Files.isRegularFile(child.resolve(GRAPH_FILE)))
          .max(Comparator.comparingLong(child -> Long.parseLong(child.getFileName().toString())));
    } catch (IOException e) {
      throw new DataException(base + ": cannot be read (" + e + ")", e);
    }
  }

  @Override
  public Rankings rank(CsrMatrix histories, int from, int to, int k) {
    if (histories.columns() != itemCount()) {
      throw new IllegalArgumentException(
          "histories must be over the model's " + itemCount() + " items, found " + histories);
    }
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, found " + k);
    }
    Objects.checkFromToIndex(from, to, histories.rows());
    int users = to - from;
    if (users == 0) {
      return new Rankings(k, new int[0], new float[0]);
    }
    try (TInt64 rows = padded(histories, from, to);
        TInt32 lengths = TInt32.vectorOf(k);
        Result result =
            bundle
                .session()
                .runner()
                .feed(historiesInput, rows)
                .feed(lengthsInput, lengths)
                .fetch(itemsOutput)
                .fetch(scoresOutput)
                .run()) {
      return rankings((TInt64) result.get(0), (TFloat32) result.get(1), users, k);
    }
  }

  /** The histories as rows of one length, the shorter ones filled up with −1. */
  private static TInt64 padded(CsrMatrix histories, int from, int to) {
    int longest = 1;
    for (int row = from; row < to; row++) {
      longest = Math.max(longest, histories.rowSize(row));
    }
    long[] rows = new long[Math.multiplyExact(to - from, longest)];
    Arrays.fill(rows, -1);
    int[] history = new int[longest];
    for (int row = from; row < to; row++) {
      int size = histories.copyRow(row, history, 0);
      int at = (row - from) * longest;
      for (int i = 0; i < size; i++) {
        rows[at + i] = history[i];
      }
    }
    return TInt64.tensorOf(Shape.of(to - from, longest), DataBuffers.of(rows, true, false));
  }

  private static Rankings rankings(TInt64 items, TFloat32 scores, int users, int k) {
    int found = Math.toIntExact(items.shape().get(1));
    long[] foundItems = new long[users * found];
    float[] foundScores = new float[foundItems.length];
    items.copyTo(DataBuffers.of(foundItems, false, false));
    scores.copyTo(DataBuffers.of(foundScores, false, false));
    int[] rankedItems = new int[Math.multiplyExact(users, k)];
    float[] rankedScores = new float[rankedItems.length];
    Arrays.fill(rankedItems, -1);
    for (int user = 0; user < users; user++) {
      for (int rank = 0; rank < found; rank++) {
        float score = foundScores[user * found + rank];
        if (Float.isNaN(score)) {
          throw new ArithmeticException("a score of user " + user + " is not a number");
        }
        rankedItems[user * k + rank] = (int) foundItems[user * found + rank];
        rankedScores[user * k + rank] = score;
      }
    }
    return new Rankings(k, rankedItems, rankedScores);
  }

  @Override
  public void close() {
    bundle.close();
  }
}
