package io.github.vaecf.eval.export;

import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A version {@code BASE/<number>} that appears whole or not at all: it is written to a sibling
 * whose name is no number, which servers do not look at, and renamed when everything is on the
 * disk.
 *
 * <p>An exporter holds a lock on its sibling as long as it writes. Siblings that nobody holds a
 * lock on were left by exporters that were killed; the next export removes them.
 */
final class VersionFolder {
  private static final String UNFINISHED = ".unfinished-";
  private static final String LOCK = ".lock";

  private final Path target;
  private final Path base;

  /** Writes the files of a version. */
  interface Writer {
    void write(Path folder) throws IOException;
  }

  /**
   * @throws DataException if the name is not a version number, or the version is there already
   */
  VersionFolder(Path target) {
    this.target = target.toAbsolutePath().normalize();
    Path name = this.target.getFileName();
    if (name == null || version(name) < 0) {
      throw new DataException(
          target
              + ": the last part must be a version number such as 1, because servers find a model's"
              + " versions as folders BASE/<number>");
    }
    this.base = this.target.getParent();
    requireAbsent();
  }

  private void requireAbsent() {
    if (Files.exists(target)) {
      throw new DataException(
          target
              + ": this version is there already and is left as it is; export to another number");
    }
  }

  /** The number that a version folder has as its name, or −1 if the name is no version number. */
  private static long version(Path name) {
    String digits = name.toString();
    if (digits.isEmpty() || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return -1;
    }
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** The name that servers give to what lies in the base folder. */
  String modelName() {
    Path name = base.getFileName();
    return name == null ? "model" : name.toString();
  }

  /** Writes the version beside its place and moves it there. */
  void publish(Writer writer) {
    try {
      Files.createDirectories(base);
      removeAbandoned();
      Path sibling = base.resolve(UNFINISHED + target.getFileName() + "-" + UUID.randomUUID());
      Path lockFile = lockOf(sibling);
      try (FileChannel channel =
              FileChannel.open(lockFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        assert lock.isValid();
        try {
          Files.createDirectory(sibling);
          writer.write(sibling);
          sync(sibling);
          requireAbsent();
          moveIntoPlace(sibling);
          syncFolder(base);
        } finally {
          delete(sibling);
        }
      } finally {
        Files.deleteIfExists(lockFile);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void moveIntoPlace(Path sibling) throws IOException {
    try {
      Files.move(sibling, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      // Another exporter was faster.
      requireAbsent();
      throw e;
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException(base + ": this file system cannot rename a folder in one step", e);
    }
  }

  /** Removes all but the newest versions, and of these never the one just written. */
  void prune(int keep) {
    try {
      List<Path> versions = new ArrayList<>();
      try (Stream<Path> children = Files.list(base)) {
        children.filter(child -> version(child.getFileName()) >= 0).forEach(versions::add);
      }
      versions.sort(
          Comparator.comparingLong((Path child) -> version(child.getFileName())).reversed());
      for (Path old : versions.subList(Math.min(keep, versions.size()), versions.size())) {
        if (!old.equals(target)) {
          // Renamed first, so that no half-deleted version is ever to be seen.
          Path dying = base.resolve(UNFINISHED + "pruned-" + UUID.randomUUID());
          Files.move(old, dying, StandardCopyOption.ATOMIC_MOVE);
          delete(dying);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void removeAbandoned() throws IOException {
    List<Path> siblings = new ArrayList<>();
    try (Stream<Path> children = Files.list(base)) {
      children
          .filter(child -> child.getFileName().toString().startsWith(UNFINISHED))
          .filter(child -> !child.getFileName().toString().endsWith(LOCK))
          .forEach(siblings::add);
    }
    for (Path sibling : siblings) {
      Path lockFile = lockOf(sibling);
      try (FileChannel channel =
              FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.tryLock()) {
        if (lock != null) {
          delete(sibling);
          Files.deleteIfExists(lockFile);
        }
      } catch (OverlappingFileLockException beingWritten) {
        // Another thread of this JVM is writing it: it stays.
      }
    }
  }

  private static Path lockOf(Path sibling) {
    return sibling.resolveSibling(sibling.getFileName() + LOCK);
  }

  /** Brings all that was written onto the disk, so that a crash after the rename loses nothing. */
  private static void sync(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (Files.isDirectory(file)) {
          syncFolder(file);
        } else {
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
          }
        }
      }
    }
  }

  private static void syncFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(file);
      }
    }
  }
}
