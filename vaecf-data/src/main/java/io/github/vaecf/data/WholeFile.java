package io.github.vaecf.data;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Files and folders that are there whole or not at all: written beside their place under a name
 * that nothing looks at, forced to the disk, and renamed in one step. A failure leaves nothing
 * behind and what was there before as it was.
 *
 * <p>A writer holds a lock as long as it writes. What a writer that was killed left beside its
 * place is removed by the next one that writes to the same place. Safe for use by many threads and
 * processes.
 */
public final class WholeFile {
  private static final int BUFFER_SIZE = 1 << 20;
  private static final String PARTIAL = ".partial";
  private static final String LOCK = ".lock";

  private WholeFile() {}

  /** Writes what a file shall hold. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes it.
     *
     * @param out buffered; closed by the caller
     * @throws IOException if it cannot be written
     */
    void writeTo(OutputStream out) throws IOException;
  }

  /** Makes a file or a folder at a place where none is. */
  @FunctionalInterface
  public interface Maker {
    /**
     * Makes it.
     *
     * @param partial where to; nothing is there yet
     * @throws IOException if it cannot be written
     */
    void make(Path partial) throws IOException;
  }

  /**
   * Writes a new file, and its folder where there is none.
   *
   * @param file where to; nothing may be there
   * @param content what it shall hold
   * @throws DataException if something is there already, or it cannot be written
   */
  public static void create(Path file, Content content) {
    place(file, false, partial -> write(partial, content));
  }

  /**
   * Writes a file in the place of one that may be there, and its folder where there is none.
   *
   * @param file where to
   * @param content what it shall hold
   * @throws DataException if it cannot be written
   */
  public static void replace(Path file, Content content) {
    place(file, true, partial -> write(partial, content));
  }

  /**
   * Writes a text file, in UTF-8, in the place of one that may be there.
   *
   * @param file where to
   * @param text what it shall hold
   * @throws DataException if it cannot be written
   */
  public static void replace(Path file, String text) {
    place(file, true, partial -> Files.writeString(partial, text));
  }

  /**
   * Makes a new file or folder with whatever makes it.
   *
   * @param place where to; nothing may be there
   * @param maker makes it; what it throws goes on to the caller, but for an {@link IOException}
   * @throws DataException if something is there already, or it cannot be written
   */
  public static void make(Path place, Maker maker) {
    place(place, false, maker);
  }

  /**
   * Makes a file with whatever makes it, in the place of one that may be there.
   *
   * @param file where to
   * @param maker makes it; what it throws goes on to the caller, but for an {@link IOException}
   * @throws DataException if it cannot be written
   */
  public static void remake(Path file, Maker maker) {
    place(file, true, maker);
  }

  private static void write(Path partial, Content content) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(partial), BUFFER_SIZE)) {
      content.writeTo(out);
    }
  }

  private static void place(Path target, boolean replace, Maker maker) {
    if (!replace) {
      requireAbsent(target);
    }
    Path place = target.toAbsolutePath().normalize();
    Path folder = place.getParent();
    try {
      Files.createDirectories(folder);
      removeLeftovers(place);
      Path partial = folder.resolve(prefix(place) + UUID.randomUUID() + PARTIAL);
      Path lockFile = lockOf(partial);
      try (FileChannel channel =
              FileChannel.open(lockFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        assert lock.isValid();
        try {
          maker.make(partial);
          force(partial);
          moveIntoPlace(partial, place, target, replace);
          forceFolder(folder);
        } finally {
          deleteTree(partial);
        }
      } finally {
        Files.deleteIfExists(lockFile);
      }
    } catch (IOException e) {
      throw unwritable(target, e);
    } catch (UncheckedIOException e) {
      throw unwritable(target, e.getCause());
    }
  }

  private static void moveIntoPlace(Path partial, Path place, Path target, boolean replace)
      throws IOException {
    try {
      if (!replace) {
        requireAbsent(target); // a rename in one step would replace a file without asking
      }
      Files.move(partial, place, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      // Another writer was faster.
      requireAbsent(target);
      throw e;
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException("this file system cannot rename in one step", e);
    }
  }

  /**
   * Removes a file or a folder so that it is never to be seen half removed: it is renamed first.
   *
   * @param place what to remove; nothing happens where nothing is
   * @throws DataException if it cannot be removed
   */
  public static void delete(Path place) {
    if (!Files.exists(place)) {
      return;
    }
    Path absolute = place.toAbsolutePath().normalize();
    Path dying = absolute.resolveSibling(prefix(absolute) + UUID.randomUUID() + PARTIAL);
    try {
      Files.move(absolute, dying, StandardCopyOption.ATOMIC_MOVE);
      deleteTree(dying);
    } catch (IOException e) {
      throw new DataException(place + ": cannot be removed (" + reason(e) + ")", e);
    }
  }

  /**
   * Makes sure that nothing is at a place.
   *
   * @param place where something is to be written
   * @throws DataException if something is there
   */
  public static void requireAbsent(Path place) {
    if (Files.exists(place)) {
      throw new DataException(place + ": already exists; choose another place or remove it first");
    }
  }

  /**
   * Whether a path is what a writer works on, or was left by one that was killed.
   *
   * @param path a path
   * @return true if nobody but its writer should look at it
   */
  public static boolean isPartial(Path path) {
    String name = path.getFileName().toString();
    return name.startsWith(".") && (name.endsWith(PARTIAL) || name.endsWith(PARTIAL + LOCK));
  }

  /**
   * The error of a place that cannot be written.
   *
   * @param place the file or folder
   * @param failure why not
   * @return the error, to be thrown
   */
  public static DataException unwritable(Path place, IOException failure) {
    return new DataException(place + ": cannot be written (" + reason(failure) + ")", failure);
  }

  private static String reason(IOException failure) {
    if (failure instanceof AccessDeniedException) {
      return "no permission";
    }
    if (failure instanceof FileSystemException e && e.getReason() != null) {
      return e.getReason();
    }
    return failure.getMessage();
  }

  private static String prefix(Path place) {
    return "." + place.getFileName() + ".";
  }

  private static Path lockOf(Path partial) {
    return partial.resolveSibling(partial.getFileName() + LOCK);
  }

  /** Removes what killed writers to the same place left: what nobody holds a lock on. */
  private static void removeLeftovers(Path place) throws IOException {
    List<Path> partials;
    try (Stream<Path> siblings = Files.list(place.getParent())) {
      partials =
          siblings
              .filter(sibling -> isPartial(sibling))
              .filter(sibling -> sibling.getFileName().toString().startsWith(prefix(place)))
              .map(
                  sibling -> {
                    String name = sibling.getFileName().toString();
                    return name.endsWith(LOCK)
                        ? sibling.resolveSibling(name.substring(0, name.length() - LOCK.length()))
                        : sibling;
                  })
              .distinct()
              .toList();
    }
    for (Path partial : partials) {
      Path lockFile = lockOf(partial);
      try (FileChannel channel =
              FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.tryLock()) {
        if (lock != null) {
          deleteTree(partial);
          Files.deleteIfExists(lockFile);
        }
      } catch (OverlappingFileLockException beingWritten) {
        // Another thread of this JVM writes it: it stays.
      }
    }
  }

  /** Brings all that was written onto the disk, so that a crash after the rename loses nothing. */
  private static void force(Path written) throws IOException {
    try (Stream<Path> files = Files.walk(written)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (Files.isDirectory(file)) {
          forceFolder(file);
        } else {
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
          }
        }
      }
    }
  }

  private static void forceFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void deleteTree(Path place) throws IOException {
    if (!Files.exists(place)) {
      return;
    }
    try (Stream<Path> files = Files.walk(place)) {
      for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(file);
      }
    }
  }
}
