package io.github.vaecf.eval.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The files that a version consists of, as its card lists them: with their sizes and SHA-256, so
 * that a version of which something is missing, cut short or changed is known for what it is before
 * any native code sees it. Titles are not among them: no answer needs them, and people may write
 * them anew. The card of an ONNX file lists the file beside it in the same way.
 */
final class VersionFiles {
  private static final String BYTES = "bytes";
  private static final String SHA256 = "sha256";
  private static final int BUFFER_BYTES = 1 << 20;

  /** What TensorFlow takes for a model without weights where it is missing. */
  private static final String INDEX_FILE = ExportFormat.VARIABLES + ".index";

  private static final String DAMAGED =
      ": it is not whole yet, or was damaged; copy it again, or export again";

  /** A file as a card lists it. */
  record Listed(String name, long bytes, String sha256) {
    void addTo(ObjectNode list) {
      list.putObject(name).put(BYTES, bytes).put(SHA256, sha256);
    }
  }

  private VersionFiles() {}

  /** Adds all that is in a version's folder to a list, by path. */
  static void list(Path folder, ObjectNode list) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.walk(folder)) {
      all.filter(Files::isRegularFile)
          .filter(file -> !file.equals(ExportFormat.titles(folder)))
          .sorted(Comparator.comparing(Path::toString))
          .forEach(files::add);
    }
    for (Path file : files) {
      String name = folder.relativize(file).toString().replace('\\', '/');
      new Listed(name, Files.size(file), sha256(file)).addTo(list);
    }
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest digest = ModelCard.sha256();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int size = in.read(buffer); size >= 0; size = in.read(buffer)) {
        digest.update(buffer, 0, size);
      }
    }
    return ModelCard.hex(digest);
  }

  /**
   * Makes sure that a version is as it was exported. Versions whose card has no list, of older
   * exports, are looked at as far as that goes.
   *
   * @throws DataException if a file is missing or is another than was exported
   */
  static void requireWhole(Path folder) {
    requireFile(folder, ExportFormat.GRAPH_FILE);
    requireFile(folder, folder.relativize(ExportFormat.vocabulary(folder)).toString());
    requireFile(folder, ExportFormat.VARIABLES + "/" + INDEX_FILE);
    requireFile(folder, ExportFormat.CARD_FILE);
    try {
      JsonNode list = ModelCard.read(folder.resolve(ExportFormat.CARD_FILE)).path(ModelCard.FILES);
      for (Map.Entry<String, JsonNode> file : list.properties()) {
        requireFile(folder, file.getKey());
      }
      requireSame(folder, list, ExportFormat.CARD_FILE);
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be read (" + e + ")", e);
    }
  }

  /**
   * Makes sure that files are those that were exported: first by their sizes, then by all bytes.
   *
   * @param list of a card
   * @param card what to call the card
   * @throws DataException if one is another
   */
  static void requireSame(Path folder, JsonNode list, String card) throws IOException {
    for (Map.Entry<String, JsonNode> file : list.properties()) {
      long found = Files.size(folder.resolve(file.getKey()));
      long expected = file.getValue().path(BYTES).asLong(-1);
      if (found != expected) {
        throw new DataException(
            folder.resolve(file.getKey())
                + ": expected "
                + expected
                + " bytes, as the export wrote, found "
                + found
                + DAMAGED);
      }
    }
    for (Map.Entry<String, JsonNode> file : list.properties()) {
      if (!sha256(folder.resolve(file.getKey())).equals(file.getValue().path(SHA256).asText())) {
        throw new DataException(
            folder.resolve(file.getKey())
                + ": its bytes are not those that the export wrote (their SHA-256 is not that of "
                + card
                + ")"
                + DAMAGED);
      }
    }
  }

  private static void requireFile(Path folder, String name) {
    if (!Files.isRegularFile(folder.resolve(name))) {
      throw new DataException(
          folder + ": not an export of vaecf, expected a file " + name + ", found none");
    }
  }
}
