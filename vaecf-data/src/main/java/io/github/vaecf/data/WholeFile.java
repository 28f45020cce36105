package io.github.vaecf.data;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

  /** {@code .NAME.UUID.partial}, and its lock: no name that somebody else would give. */
  private static final Pattern PARTIAL_NAME =
      Pattern.compile(
          "\\.(.+)\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.partial(\\.lock)?",
          Pattern.DOTALL);

  /**
   * Names of what this JVM is writing. Their lock files must not even be opened here: on POSIX
   * systems closing any channel to a file gives up the locks that the process holds on it.
   */
  private static final Set<String> BEING_WRITTEN = ConcurrentHashMap.newKeySet();

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
    requireAbsent(file);
    place(file, file, false, partial -> write(partial, content));
  }

  /**
   * Writes a file in the place of one that may be there, and its folder where there is none. Links
   * are followed, and what is no regular file, such as a device, a pipe or an open file of the
   * process, is written into and stays. A file that is replaced hands its permissions on; its other
   * names, by hard links, keep what they have.
   *
   * @param file where to
   * @param content what it shall hold
   * @throws DataException if it is a folder, or cannot be written
   */
  public static void replace(Path file, Content content) {
    Place place = Place.of(file);
    if (!place.whole) {
      place.writeInto(content);
      return;
    }
    place(place.path, file, true, partial -> write(partial, content));
  }

  /**
   * Writes a text file, in UTF-8, in the place of one that may be there.
   *
   * @param file where to, as in {@link #replace(Path, Content)}
   * @param text what it shall hold
   * @throws DataException if it is a folder, or cannot be written
   */
  public static void replace(Path file, String text) {
    replace(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Makes sure, before long work, that {@link #replace} will find a place to write to, as far as
   * that can be said without writing.
   *
   * @param file where something is to be written
   * @throws DataException if it is a folder, or cannot be written
   */
  public static void requireReplaceable(Path file) {
    Place place = Place.of(file);
    if (Files.exists(place.path) && !Files.isWritable(place.path)) {
      throw new DataException(file + ": cannot be written (no permission)");
    }
    if (place.whole) {
      requireWritable(place.path);
    }
  }

  /**
   * Makes sure, before long work, that a file or a folder can be written beside a place and put
   * there. What is at the place is not looked at.
   *
   * @param place where something is to be written
   * @throws DataException if its folder cannot be written or made
   */
  public static void requireWritable(Path place) {
    Path absolute = place.toAbsolutePath().normalize();
    Path folder = absolute.getParent();
    if (folder == null) {
      throw new DataException(place + ": cannot be written (it is the root of a file system)");
    }
    Path there = folder;
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    try {
      if (!Files.isDirectory(there)) {
        throw new FileSystemException(there.toString(), null, there + " is no folder");
      }
      // Only an attempt tells: rights, a full or read-only disk, a name that is too long.
      Writer.of(there.resolve(absolute.getFileName())).close();
    } catch (IOException e) {
      throw unwritable(place, e);
    }
  }

  /**
   * Where what is written to a path ends up.
   *
   * @param given the path that was given
   * @param path where its links lead
   * @param whole whether a file is made or replaced there; otherwise what is there is written into
   */
  private record Place(Path given, Path path, boolean whole) {
    /** The folder of the open files of a process, by which {@code /dev/stdout} leads to one. */
    private static final Pattern OPEN_FILES = Pattern.compile("/proc/[0-9]+(/task/[0-9]+)?/fd");

    /** As many as Linux follows. */
    private static final int MOST_LINKS = 40;

    static Place of(Path given) {
      Path path = given.toAbsolutePath();
      try {
        for (int links = 0; Files.isSymbolicLink(path); links++) {
          if (links == MOST_LINKS) {
            throw new FileSystemException(given.toString(), null, "its links lead in a circle");
          }
          // Not by a normalised path: a/.. is another folder where a is a link.
          Path folder = path.getParent().toRealPath();
          if (OPEN_FILES.matcher(folder.toString()).matches()) {
            return new Place(given, path, false);
          }
          path = folder.resolve(Files.readSymbolicLink(path));
        }
      } catch (IOException e) {
        throw unwritable(given, e);
      }
      if (Files.isDirectory(path)) {
        throw new DataException(given + ": cannot be written (it is a folder)");
      }
      return new Place(given, path, Files.isRegularFile(path) || !Files.exists(path));
    }

    /** Behind what an open file has already, for it may be one that the caller goes on with. */
    void writeInto(Content content) {
      try (OutputStream out =
          new BufferedOutputStream(
              Files.newOutputStream(path, StandardOpenOption.WRITE, StandardOpenOption.APPEND),
              BUFFER_SIZE)) {
        content.writeTo(out);
      } catch (IOException e) {
        throw unwritable(given, e);
      } catch (UncheckedIOException e) {
        throw unwritable(given, e.getCause());
      }
    }
  }

  private static void keepPermissions(Path old, Path partial) throws IOException {
    try {
      if (Files.isRegularFile(old) || Files.isDirectory(old)) {
        Files.setPosixFilePermissions(partial, Files.getPosixFilePermissions(old));
      }
    } catch (UnsupportedOperationException noPermissions) {
      // Not every file system has them.
    }
  }

  /**
   * Makes a new file or folder with whatever makes it, and its folder where there is none.
   *
   * @param place where to; nothing may be there, but for an empty folder where a folder is made
   * @param maker makes it; what it throws goes on to the caller, but for an {@link IOException} or
   *     {@link UncheckedIOException}, which means that it cannot be written
   * @throws DataException if something is there already, or it cannot be written
   */
  public static void make(Path place, Maker maker) {
    place(place, place, false, maker);
  }

  /**
   * Makes a file with whatever makes it, in the place of one that may be there, and its folder
   * where there is none. Links are followed, as in {@link #replace(Path, Content)}.
   *
   * @param file where to
   * @param maker makes it; what it throws goes on to the caller, but for an {@link IOException} or
   *     {@link UncheckedIOException}, which means that it cannot be written
   * @throws DataException if it is a folder or no regular file, or cannot be written
   */
  public static void remake(Path file, Maker maker) {
    Place place = Place.of(file);
    if (!place.whole) {
      throw new DataException(file + ": is no regular file, expected one or none");
    }
    place(place.path, file, true, maker);
  }

  private static void write(Path partial, Content content) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(partial), BUFFER_SIZE)) {
      content.writeTo(out);
    }
  }

  /** Writes to where the links of a target end. */
  private static void place(Path end, Path target, boolean replace, Maker maker) {
    Path place = end.toAbsolutePath().normalize();
    if (!replace) {
      requireVacant(target);
      place = emptyFolder(target).orElse(place);
    }
    Path folder = place.getParent();
    if (folder == null) {
      throw new DataException(target + ": cannot be written (it is the root of a file system)");
    }
    try {
      Files.createDirectories(folder);
      removeLeftoversOf(place);
      try (Writer writer = Writer.of(place)) {
        maker.make(writer.partial);
        force(writer.partial);
        if (replace) {
          keepPermissions(place, writer.partial);
          rename(writer.partial, place);
        } else {
          settle(writer.partial, place, target);
        }
      }
      forceFolder(folder);
    } catch (IOException e) {
      throw unwritable(target, e);
    } catch (UncheckedIOException e) {
      throw unwritable(target, e.getCause());
    }
  }

  /** Puts what is new into its place, unless another writer was faster. */
  private static void settle(Path partial, Path place, Path target) throws IOException {
    if (Files.isDirectory(partial)) {
      requireVacant(target);
      keepPermissions(place, partial);
      try {
        rename(partial, place); // fails where a folder with something in it is
      } catch (FileSystemException e) {
        requireVacant(target);
        throw e;
      }
      return;
    }
    requireAbsent(target);
    try {
      // A rename would replace what another writer put there; a link never does.
      Files.createLink(place, partial);
    } catch (FileAlreadyExistsException e) {
      requireAbsent(target);
      throw e;
    } catch (UnsupportedOperationException | FileSystemException noLinks) {
      // Some file systems have no links: among the threads of this JVM this will do.
      synchronized (BEING_WRITTEN) {
        requireAbsent(target);
        rename(partial, place);
      }
    }
  }

  /** The one place where something gets another name. */
  private static void rename(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException("this file system cannot rename in one step", e);
    }
  }

  /**
   * Puts a file that was written elsewhere, bit by bit and over several runs, into its place, and
   * replaces what is there: forced to the disk, then renamed in one step.
   *
   * @param partial the whole file, on the same file system
   * @param target where to
   * @throws DataException if it cannot be written; then the partial file stays
   */
  public static void moveIntoPlace(Path partial, Path target) {
    try {
      force(partial);
      rename(partial, target);
      forceFolder(target.toAbsolutePath().getParent());
    } catch (IOException e) {
      throw unwritable(target, e);
    } catch (UncheckedIOException e) {
      throw unwritable(target, e.getCause());
    }
  }

  /**
   * Removes a file or a folder so that it is never to be seen half removed: it is renamed first.
   *
   * @param place what to remove; nothing happens where nothing is
   * @throws DataException if it cannot be removed
   */
  public static void delete(Path place) {
    if (isAbsent(place)) {
      return;
    }
    Path absolute = place.toAbsolutePath().normalize();
    try {
      Path dying = partialOf(absolute);
      rename(absolute, dying);
      deleteTree(dying);
    } catch (IOException e) {
      throw new DataException(place + ": cannot be removed (" + reason(e) + ")", e);
    }
  }

  /**
   * Makes sure that nothing is at a place.
   *
   * @param place where something is to be written
   * @throws DataException if something is there, be it a link to nothing
   */
  public static void requireAbsent(Path place) {
    if (!isAbsent(place)) {
      throw new DataException(place + ": already exists; choose another place or remove it first");
    }
  }

  /**
   * Makes sure that a folder can be made at a place: nothing is there, or an empty folder, which
   * the new one takes the place of.
   *
   * @param place where a folder is to be made
   * @throws DataException if something else is there, be it a link to nothing
   */
  public static void requireVacant(Path place) {
    if (emptyFolder(place).isEmpty()) {
      requireAbsent(place);
    }
  }

  /** Where an empty folder really is, if a path leads to one. */
  private static Optional<Path> emptyFolder(Path place) {
    try (Stream<Path> entries = Files.list(place)) {
      return entries.findAny().isEmpty() ? Optional.of(place.toRealPath()) : Optional.empty();
    } catch (IOException | UncheckedIOException noFolder) {
      return Optional.empty();
    }
  }

  private static boolean isAbsent(Path place) {
    return !Files.exists(place, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Whether a path is what a writer works on, or was left by one that was killed.
   *
   * @param path a path
   * @return true if nobody but its writer should look at it
   */
  public static boolean isPartial(Path path) {
    return path.getFileName() != null
        && PARTIAL_NAME.matcher(path.getFileName().toString()).matches();
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
    if (failure instanceof FileAlreadyExistsException e) {
      return e.getFile() + " is in the way";
    }
    if (failure instanceof NoSuchFileException e) {
      return "there is no " + e.getFile();
    }
    return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
  }

  private static Path partialOf(Path place) {
    return place.resolveSibling("." + place.getFileName() + "." + UUID.randomUUID() + PARTIAL);
  }

  private static Path lockOf(Path partial) {
    return partial.resolveSibling(partial.getFileName() + LOCK);
  }

  /** A place to write beside the final one, locked as long as it is written. */
  private static final class Writer implements AutoCloseable {
    private static final int ATTEMPTS = 100;

    final Path partial;
    private FileChannel channel;

    private Writer(Path partial) {
      this.partial = partial;
    }

    static Writer of(Path place) throws IOException {
      for (int attempt = 1; ; attempt++) {
        Writer writer = new Writer(partialOf(place));
        BEING_WRITTEN.add(writer.name());
        try {
          if (writer.lock()) {
            return writer;
          }
          writer.close();
        } catch (IOException | RuntimeException e) {
          writer.close();
          throw e;
        }
        if (attempt == ATTEMPTS) {
          throw new IOException("another program removes the lock file again and again");
        }
      }
    }

    private String name() {
      return partial.getFileName().toString();
    }

    /**
     * Locks the place.
     *
     * @return false if another process took the new lock file for a leftover before it was locked
     */
    private boolean lock() throws IOException {
      Path lockFile = lockOf(partial);
      channel = FileChannel.open(lockFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      FileLock lock;
      try {
        lock = channel.lock(); // given up when the channel is closed
      } catch (FileLockInterruptionException e) {
        throw e;
      } catch (IOException noLocks) {
        // Some network file systems know no locks. Nobody else can lock there either, and only
        // what was locked is removed.
        return true;
      }
      return lock.isValid() && Files.exists(lockFile);
    }

    /**
     * Removes what was not put into its place; what fails here hides nothing that failed before.
     */
    @Override
    public void close() {
      try {
        deleteTree(partial);
      } catch (IOException e) {
        // The next writer to the same place removes it.
      }
      try {
        if (channel != null) {
          channel.close();
        }
        Files.deleteIfExists(lockOf(partial));
      } catch (IOException e) {
        // As above.
      }
      BEING_WRITTEN.remove(name());
    }
  }

  /**
   * Removes what killed writers to the same place left: what nobody holds a lock on. Where that
   * fails they stay; it is no reason not to write.
   */
  private static void removeLeftoversOf(Path place) {
    removeLeftovers(place.getParent(), place.getFileName().toString()::equals);
  }

  /**
   * Removes what killed writers left in a folder, to whichever place in it they wrote: for places
   * that are written once only, such as versions. What is being written stays.
   *
   * @param folder the folder; nothing happens where none is
   */
  public static void removeLeftovers(Path folder) {
    removeLeftovers(folder, place -> true);
  }

  private static void removeLeftovers(Path folder, Predicate<String> places) {
    Set<String> partials = new TreeSet<>();
    try (Stream<Path> siblings = Files.list(folder)) {
      for (Path sibling : (Iterable<Path>) siblings::iterator) {
        String name = sibling.getFileName().toString();
        Matcher matcher = PARTIAL_NAME.matcher(name);
        if (matcher.matches() && places.test(matcher.group(1))) {
          partials.add(
              name.endsWith(LOCK) ? name.substring(0, name.length() - LOCK.length()) : name);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      return; // a folder may be written and not be listed
    }
    for (String name : partials) {
      if (!BEING_WRITTEN.contains(name)) {
        removeLeftover(folder.resolve(name));
      }
    }
  }

  private static void removeLeftover(Path partial) {
    Path lockFile = lockOf(partial);
    // Only its writer may make a lock file, or two could hold a lock of one name.
    try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock != null) {
        deleteTree(partial);
        Files.deleteIfExists(lockFile);
      }
    } catch (NoSuchFileException e) {
      // Its writer has just ended, or was killed in between.
      deleteQuietly(partial);
    } catch (IOException | OverlappingFileLockException e) {
      // Not to be removed, or being removed by another thread of this JVM.
    }
  }

  private static void deleteQuietly(Path partial) {
    try {
      deleteTree(partial);
    } catch (IOException e) {
      // The next writer tries again.
    }
  }

  /** Brings all that was written onto the disk, so that a crash after the rename loses nothing. */
  private static void force(Path written) throws IOException {
    try (Stream<Path> files = Files.walk(written)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
          forceFolder(file);
        } else if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
          }
        }
      }
    }
  }

  private static void forceFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Not every system can bring a folder onto the disk; what is in it is there already.
    }
  }

  /** Removes a tree; others may be removing it too. */
  private static void deleteTree(Path place) throws IOException {
    if (isAbsent(place)) {
      return;
    }
    Files.walkFileTree(
        place,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
