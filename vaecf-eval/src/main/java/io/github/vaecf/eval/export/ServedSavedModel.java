package io.github.vaecf.eval.export;

import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GPUOptions;

/** A SavedModel on TensorFlow's own runtime. */
final class ServedSavedModel extends ServedModel {
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
    this.rank = signatures.get(ExportFormat.RANK_INDICES);
  }

  static ServedSavedModel open(Path path) {
    TensorFlowRuntime.prepare();
    Path folder = versionFolder(path);
    Path vocabulary = ExportFormat.vocabulary(folder);
    if (!Files.isRegularFile(vocabulary)) {
      throw new DataException(
          folder
              + ": not an export of vaecf, expected a file "
              + folder.relativize(vocabulary)
              + ", found none");
    }
    // Serving shares a device with whatever else runs there.
    ConfigProto config =
        ConfigProto.newBuilder()
            .setGpuOptions(GPUOptions.newBuilder().setAllowGrowth(true))
            .setAllowSoftPlacement(true)
            .build();
    TensorFlowRuntime.prepareSession(config);
    try {
      IdIndex items = Vocabulary.parse(Files.readString(vocabulary));
      Map<String, String> titles = Titles.read(ExportFormat.titles(folder));
      SavedModelBundle bundle =
          SavedModelBundle.loader(folder.toString())
              .withTags(SavedModelBundle.DEFAULT_TAG)
              .withConfigProto(config)
              .load();
      Map<String, ServedSignature> signatures = signatures(bundle);
      if (!signatures.containsKey(ExportFormat.RANK_INDICES)) {
        bundle.close();
        throw new DataException(
            folder
                + ": not an export of vaecf, expected a signature "
                + ExportFormat.RANK_INDICES
                + ", found none");
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

  /** The versions in a base folder that hold a graph, newest first. */
  static List<Path> versions(Path base) {
    return VersionFolder.newestFirst(base).stream().filter(ServedSavedModel::isVersion).toList();
  }

  private static boolean isVersion(Path folder) {
    return Files.isRegularFile(folder.resolve(ExportFormat.GRAPH_FILE));
  }

  private static Path versionFolder(Path path) {
    if (isVersion(path)) {
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
              + ExportFormat.GRAPH_FILE
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
                ExportFormat.ITEMS, new TensorRows(users, length, histories),
                ExportFormat.K, new TensorRows(users, 1, lengths)));
    return new Best(
        k,
        (long[]) answer.get(ExportFormat.ITEMS).values(),
        (float[]) answer.get(ExportFormat.SCORES).values());
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
