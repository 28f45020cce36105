package io.github.vaecf.eval.export;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * A version {@code BASE/<number>}. It appears whole or not at all, written beside its place under a
 * name that is no number, which servers do not look at.
 */
final class VersionFolder {
  private final Path target;
  private final Path base;

  /**
   * A version that is to be written.
   *
   * @throws DataException if the name is not a version number, or the version is there already
   */
  VersionFolder(Path target) {
    Path place = target.toAbsolutePath().normalize();
    if (place.getFileName() == null || number(place).isEmpty()) {
      throw new DataException(
          target
              + ": the last part must be a version number such as 1, because servers find a model's"
              + " versions as folders BASE/<number>");
    }
    WholeFile.requireVacant(target);
    this.target = target;
    this.base = place.getParent();
  }

  /**
   * The number that a version has as its name.
   *
   * @return at least 0; empty if the name is no version number
   */
  static OptionalLong number(Path version) {
    return number(version.getFileName().toString());
  }

  /** The same for the name alone. */
  static OptionalLong number(String digits) {
    // No sign, which the parser would take, and no other script's digits.
    if (digits.isEmpty() || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Long.parseLong(digits));
    } catch (NumberFormatException beyondLong) {
      return OptionalLong.empty();
    }
  }

  /**
   * The versions in a base folder, newest first, whether they can be loaded or not.
   *
   * @throws DataException if the folder cannot be read
   */
  static List<Path> newestFirst(Path base) {
    try (Stream<Path> children = Files.list(base)) {
      return children
          .filter(child -> number(child).isPresent() && Files.isDirectory(child))
          .sorted(Comparator.comparingLong((Path child) -> number(child).getAsLong()).reversed())
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new DataException(base + ": cannot be read (" + e + ")", e);
    }
  }

  /**
   * Whether a folder is a version with an ONNX file. It has a number for its name, as the file may
   * lie in other folders too, and no SavedModel in it, which would be the version.
   */
  static boolean holdsOnnx(Path version) {
    return version.getFileName() != null
        && number(version).isPresent()
        && Files.isRegularFile(version.resolve(ExportFormat.ONNX_FILE))
        && !Files.exists(version.resolve(ExportFormat.GRAPH_FILE));
  }

  /** Whether a folder is a version, whole or not. */
  private static boolean isVersion(Path folder) {
    return holdsOnnx(folder) || Files.isRegularFile(folder.resolve(ExportFormat.GRAPH_FILE));
  }

  /**
   * A version's folder itself, or the newest one in a base folder.
   *
   * @throws DataException if it is neither
   */
  static Path find(Path path) {
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
    List<Path> versions = newestFirst(path);
    if (versions.isEmpty()) {
      throw new DataException(
          path
              + ": not an export, expected "
              + ExportFormat.GRAPH_FILE
              + " or folders BASE/<version> in it, found neither");
    }
    return versions.get(0);
  }

  /** The name that servers give to what lies in the base folder. */
  String modelName() {
    Path name = base.getFileName();
    return name == null ? "model" : name.toString();
  }

  /**
   * Writes the version beside its place and moves it there.
   *
   * @param maker fills the folder, which is there and empty
   */
  void publish(WholeFile.Maker maker) {
    // Under other numbers than this one too: no number is exported to twice.
    WholeFile.removeLeftovers(base);
    WholeFile.make(
        target,
        folder -> {
          Files.createDirectory(folder);
          maker.make(folder);
        });
  }

  /** Removes all but the newest versions, and of these never the one just written. */
  void prune(int keep) {
    List<Path> versions = newestFirst(base);
    for (Path old : versions.subList(Math.min(keep, versions.size()), versions.size())) {
      if (!old.getFileName().equals(target.getFileName())) {
        WholeFile.delete(old);
      }
    }
  }
}
