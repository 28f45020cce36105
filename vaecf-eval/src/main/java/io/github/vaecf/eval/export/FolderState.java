package io.github.vaecf.eval.export;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** By what it is seen that something in a folder has changed: its files, their sizes and times. */
record FolderState(Map<Path, FileState> files, String problem) {
  /** Folders in a version's folder have no folders in them. */
  private static final int DEPTH = 2;

  /** What tells a file from what it was before. */
  record FileState(long size, FileTime modified, Object key) {
    /** The state of a file; empty where none can be read. */
    static Optional<FileState> of(Path file) {
      try {
        return Optional.of(read(file));
      } catch (IOException e) {
        return Optional.empty();
      }
    }

    private static FileState read(Path file) throws IOException {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return new FileState(
          attributes.size(), attributes.lastModifiedTime(), String.valueOf(attributes.fileKey()));
    }
  }

  /**
   * The state of a version, but for its titles, which no answer needs. That it cannot be read, or
   * changes while it is read, is a state as well, in which it may stay.
   */
  static FolderState of(Path version) {
    Map<Path, FileState> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(version, DEPTH, FileVisitOption.FOLLOW_LINKS)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        if (!Files.isDirectory(file) && !file.equals(ExportFormat.titles(version))) {
          files.put(file, FileState.read(file));
        }
      }
      return new FolderState(files, "");
    } catch (IOException | UncheckedIOException e) {
      return new FolderState(files, e.toString());
    }
  }
}
