package io.github.vaecf.core.training;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * Makes sure that one training at a time writes into a folder: a lock of the operating system on a
 * file in it, which ends with its process, however that ends. What the file holds is for people.
 * Whoever only reads does not ask for it.
 *
 * <p>Two trainings of one JVM cannot be told apart by such a lock, nor may the file even be opened
 * while this JVM holds it: on POSIX systems closing any channel to a file gives up the locks that
 * the process holds on it. So each JVM knows its own.
 */
final class FolderLock implements RunFolder.Lock {
  /**
   * A name that nothing else in a folder has; it may be left behind by a process that was killed.
   */
  static final String FILE = ".writer.lock";

  private static final int ATTEMPTS = 100;
  private static final int LONGEST_OWNER = 200;
  private static final int LONGEST_MARK = 4096;

  /** Since when this JVM writes into folders, by what the file system knows them by. */
  private static final ConcurrentMap<Object, Instant> OWN = new ConcurrentHashMap<>();

  private final Path folder;
  private final Object key;
  private final Deque<Path> made;
  private final FileChannel channel; // null where the file system knows no locks

  private FolderLock(Path folder, Object key, Deque<Path> made, FileChannel channel) {
    this.folder = folder;
    this.key = key;
    this.made = made;
    this.channel = channel;
  }

  /**
   * Locks a folder, which is made where there is none.
   *
   * @throws DataException if somebody else writes into it, or it cannot be written
   */
  static FolderLock of(Path folder, Consumer<String> messages) {
    Deque<Path> made = new ArrayDeque<>();
    try {
      for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
        makeFolder(folder, made);
        FolderLock lock = tryLock(folder, made, messages);
        if (lock != null) {
          return lock;
        }
      }
      throw new IOException("another program removes " + FILE + " again and again");
    } catch (IOException e) {
      removeEmpty(made);
      throw WholeFile.unwritable(folder, e);
    } catch (DataException e) {
      removeEmpty(made);
      throw e;
    }
  }

  /** Makes a folder and those above it, and remembers which: the deepest first. */
  private static void makeFolder(Path folder, Deque<Path> made) throws IOException {
    Deque<Path> missing = new ArrayDeque<>();
    for (Path one = folder.toAbsolutePath();
        one != null && Files.notExists(one);
        one = one.getParent()) {
      missing.push(one);
    }
    for (Path one : missing) {
      try {
        Files.createDirectory(one);
        made.push(one);
      } catch (FileAlreadyExistsException e) {
        // Somebody else was faster, or it is a link to nothing, which the next step refuses.
      }
    }
    if (!Files.isDirectory(folder)) {
      throw new DataException(folder + ": expected a folder and found a file");
    }
  }

  /**
   * One attempt.
   *
   * @return null if the folder or the file was removed meanwhile
   */
  private static FolderLock tryLock(Path folder, Deque<Path> made, Consumer<String> messages)
      throws IOException {
    Object key;
    try {
      key = keyOf(folder);
    } catch (NoSuchFileException e) {
      return null;
    }
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    Instant since = OWN.putIfAbsent(key, now);
    if (since != null) {
      throw taken(folder, owner(since) + ", this very one");
    }
    FileChannel channel = null;
    boolean locked = false;
    try {
      channel = open(folder);
      if (channel == null) {
        return null;
      }
      FileLock lock;
      try {
        lock = channel.tryLock();
      } catch (OverlappingFileLockException e) {
        throw taken(folder, "this process");
      } catch (IOException e) {
        messages.accept(
            folder
                + ": its file system knows no locks ("
                + e.getMessage()
                + "); make sure that no other process writes into it");
        channel.close();
        locked = true;
        return new FolderLock(folder, key, made, null);
      }
      if (lock == null) {
        throw taken(folder, read(channel));
      }
      if (!isStillThere(folder, channel)) {
        return null;
      }
      channel.truncate(0);
      channel.write(ByteBuffer.wrap((owner(now) + "\n").getBytes(StandardCharsets.UTF_8)), 0);
      locked = true;
      return new FolderLock(folder, key, made, channel);
    } finally {
      if (!locked) {
        if (channel != null) {
          channel.close();
        }
        OWN.remove(key);
      }
    }
  }

  private static FileChannel open(Path folder) throws IOException {
    try {
      return FileChannel.open(
          folder.resolve(FILE),
          StandardOpenOption.CREATE,
          StandardOpenOption.READ,
          StandardOpenOption.WRITE);
    } catch (NoSuchFileException e) {
      return null; // the folder was removed by one whose start was refused
    }
  }

  /** A link, another spelling or another mount of a folder has the same key. */
  private static Object keyOf(Path folder) throws IOException {
    Object key = Files.readAttributes(folder, BasicFileAttributes.class).fileKey();
    return key == null ? folder.toRealPath() : key;
  }

  /**
   * Whether the file that was locked is the one in the folder: its last owner may have removed it
   * between the opening and the locking, and another may hold a new one. Told by a length that is
   * given to the one and looked for at the other, since opening a file anew would give the lock up.
   */
  private static boolean isStillThere(Path folder, FileChannel channel) throws IOException {
    int length = 1 + ThreadLocalRandom.current().nextInt(LONGEST_MARK);
    channel.truncate(0);
    channel.write(ByteBuffer.allocate(length), 0);
    try {
      return Files.size(folder.resolve(FILE)) == length;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static DataException taken(Path folder, String owner) {
    return new DataException(
        folder
            + ": is being written by "
            + owner
            + "; wait until that has ended, stop it, or choose another folder");
  }

  private static String owner(Instant since) {
    return "process " + ProcessHandle.current().pid() + " on " + host() + " since " + since;
  }

  private static String host() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException notLinux) {
      try {
        return InetAddress.getLocalHost().getHostName();
      } catch (UnknownHostException e) {
        return "this machine";
      }
    }
  }

  /** What the owner wrote, if it has come to that. */
  private static String read(FileChannel channel) {
    ByteBuffer bytes = ByteBuffer.allocate(LONGEST_OWNER);
    try {
      channel.read(bytes, 0);
    } catch (IOException e) {
      bytes.clear(); // some systems do not let others read what is locked
    }
    String owner =
        new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8)
            .replaceAll("\\p{Cntrl}", "");
    return owner.startsWith("process ") ? owner : "another process";
  }

  @Override
  public void close() {
    if (channel != null) {
      try {
        // Before the lock is given up: who waits for it must find that the file is gone.
        Files.deleteIfExists(folder.resolve(FILE));
      } catch (IOException e) {
        // It stays and is taken over by the next one.
      }
      try {
        channel.close();
      } catch (IOException e) {
        // The lock ends with the process.
      }
    }
    removeEmpty(made);
    OWN.remove(Objects.requireNonNull(key));
  }

  /** A start that was refused leaves nothing behind. */
  private static void removeEmpty(Deque<Path> made) {
    try {
      for (Path one : made) {
        Files.deleteIfExists(one);
      }
    } catch (DirectoryNotEmptyException e) {
      // There is a run in it.
    } catch (IOException e) {
      // An empty folder is in nobody's way.
    }
  }
}
