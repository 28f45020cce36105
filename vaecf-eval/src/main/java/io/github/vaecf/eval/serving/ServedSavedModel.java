package io.github.vaecf.eval.serving;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GPUOptions;

/** A SavedModel on TensorFlow's own runtime. */
final class ServedSavedModel extends ServedModel {
  private static final String RANK = "rank_indices";
  private static final String GRAPH_FILE = "saved_model.pb";
  private static final String TITLES_FILE = "assets.extra/titles.csv";
  private static final String VOCABULARY_FILE = "assets/items.txt";

  private final SavedModelBundle bundle;
  private final Map<String, ServedSignature> signatures;
  private final ServedSignature rank;

  private ServedSavedModel(
      SavedModelBundle bundle,
      Map<String, ServedSignature> signatures,
      IdIndex items,
      Map<String, String> titles) {
    super(items, titles);
    this.bundle = bundle;
    this.signatures = signatures;
    this.rank = signatures.get(RANK);
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
      Map<String, ServedSignature> signatures = signatures(bundle);
      if (!signatures.containsKey(RANK)) {
        bundle.close();
        throw new DataException(
            folder + ": not an export of vaecf, expected a signature " + RANK + ", found none");
      }
      return new ServedSavedModel(bundle, signatures, items, titles);
    } catch (IOException | TensorFlowException | IllegalArgumentException e) {
      throw new DataException(folder + ": cannot be loaded (" + e.getMessage() + ")", e);
    }
  }

  private static Map<String, ServedSignature> signatures(SavedModelBundle bundle) {
    Map<String, ServedSignature> signatures = new TreeMap<>();
    bundle
        .metaGraphDef()
        .getSignatureDefMap()
        .forEach(
            (name, definition) ->
                signatures.put(name, new ServedSignature(name, definition, bundle.session())));
    return Collections.unmodifiableMap(signatures);
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
  public Map<String, ServedSignature> signatures() {
    return signatures;
  }

  @Override
  Best best(long[] histories, int users, int length, int k) {
    int[] lengths = new int[users];
    Arrays.fill(lengths, k);
    Map<String, TensorRows> answer =
        rank.call(
            Map.of(
                "items", new TensorRows(users, length, histories),
                "k", new TensorRows(users, 1, lengths)));
    return new Best(
        k, (long[]) answer.get("items").values(), (float[]) answer.get("scores").values());
  }

  @Override
  public void close() {
    bundle.close();
  }
}
