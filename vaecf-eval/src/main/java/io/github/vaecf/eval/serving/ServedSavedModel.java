package io.github.vaecf.eval.serving;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
  private static final String TITLES_FILE = "assets.extra/titles.csv";
  private static final String VOCABULARY_FILE = "assets/items.txt";

  private final SavedModelBundle bundle;
  private final String historiesInput;
  private final String lengthsInput;
  private final String itemsOutput;
  private final String scoresOutput;

  private ServedSavedModel(
      SavedModelBundle bundle, SignatureDef rank, IdIndex items, Map<String, String> titles) {
    super(items, titles);
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
    try {
      IdIndex items = IdIndex.of(Files.readAllLines(vocabulary));
      Map<String, String> titles = titles(folder.resolve(TITLES_FILE));
      SavedModelBundle bundle =
          SavedModelBundle.loader(folder.toString())
              .withTags(SavedModelBundle.DEFAULT_TAG)
              .withConfigProto(config)
              .load();
      SignatureDef rank = bundle.metaGraphDef().getSignatureDefMap().get(RANK);
      if (rank == null) {
        bundle.close();
        throw new DataException(
            folder + ": not an export of vaecf, expected a signature " + RANK + ", found none");
      }
      return new ServedSavedModel(bundle, rank, items, titles);
    } catch (IOException | TensorFlowException | IllegalArgumentException e) {
      throw new DataException(folder + ": cannot be loaded (" + e.getMessage() + ")", e);
    }
  }

  private static Map<String, String> titles(Path file) throws IOException {
    Map<String, String> titles = new HashMap<>();
    if (Files.exists(file)) {
      try (CsvReader<CsvRecord> csv = CsvReader.builder().ofCsvRecord(file)) {
        for (CsvRecord title : csv) {
          if (title.getStartingLineNumber() > 1) {
            titles.put(title.getField(0), title.getField(1));
          }
        }
      }
    }
    return titles;
  }

  /** The numbered folders of a base folder that hold a whole export, newest first. */
  static List<Path> versions(Path base) {
    try (Stream<Path> children = Files.list(base)) {
      return children
          .filter(child -> child.getFileName().toString().matches("[0-9]{1,18}"))
          .filter(child -> Files.isRegularFile(child.resolve(GRAPH_FILE)))
          .sorted(Comparator.comparingLong(ServedSavedModel::number).reversed())
          .toList();
    } catch (IOException e) {
      throw new DataException(base + ": cannot be read (" + e + ")", e);
    }
  }

  static long number(Path version) {
    return Long.parseLong(version.getFileName().toString());
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
    List<Path> versions = versions(path);
    if (versions.isEmpty()) {
      throw new DataException(
          path
              + ": not an export, expected "
              + GRAPH_FILE
              + " or folders BASE/<version> in it, found neither");
    }
    return versions.get(0);
  }

  @Override
  Best best(long[] histories, int users, int length, int k) {
    try (TInt64 rows =
            TInt64.tensorOf(Shape.of(users, length), DataBuffers.of(histories, true, false));
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
      long[] bestItems = new long[users * k];
      float[] scores = new float[bestItems.length];
      ((TInt64) result.get(0)).copyTo(DataBuffers.of(bestItems, false, false));
      ((TFloat32) result.get(1)).copyTo(DataBuffers.of(scores, false, false));
      return new Best(k, bestItems, scores);
    }
  }

  @Override
  public void close() {
    bundle.close();
  }
}
