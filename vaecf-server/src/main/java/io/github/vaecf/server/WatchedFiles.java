package io.github.vaecf.server;

import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Files that belong to the server and may change while it runs. What they say takes over when it
 * has changed, is the same at two looks, and can be used; else what they said stays.
 */
final class WatchedFiles implements AutoCloseable {
  /** Certificates and keys are much smaller; what is not is no such file. */
  private static final int LARGEST = 1 << 20;

  private final Duration every;
  private final Consumer<String> log;
  private final List<Group> groups = new ArrayList<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private Thread thread;

  /** Uses what files say. */
  @FunctionalInterface
  interface Use {
    /**
     * Takes over what the files say, or nothing of it.
     *
     * @param contents the files' bytes, in the order in which the files were given
     * @return a sentence about what it is from now on
     * @throws DataException if it cannot be used
     */
    String take(List<byte[]> contents);
  }

  /**
   * @param every how often to look
   * @param log gets a sentence about each change, and about each that cannot be used
   */
  WatchedFiles(Duration every, Consumer<String> log) {
    this.every = every;
    this.log = log;
  }

  /** Files that are used together. */
  private static final class Group {
    private final List<Path> files;
    private final Use use;
    private List<byte[]> used;
    private List<byte[]> before;
    private String trouble = "";

    Group(List<Path> files, Use use, List<byte[]> used) {
      this.files = files;
      this.use = use;
      this.used = used;
      this.before = used;
    }
  }

  /**
   * Uses files now, and whenever they change once {@link #start} was called.
   *
   * @throws DataException if they cannot be read or used now
   */
  void use(Use use, Path... files) {
    List<Path> all = List.of(files);
    List<byte[]> contents = read(all);
    use.take(contents);
    groups.add(new Group(all, use, contents));
  }

  /** Begins to look. */
  void start() {
    if (!groups.isEmpty()) {
      thread = new Thread(this::watch, "vaecf-files");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void watch() {
    try {
      while (!closing.await(every.toNanos(), TimeUnit.NANOSECONDS)) {
        groups.forEach(this::look);
      }
    } catch (InterruptedException e) {
      // As good as closed.
    }
  }

  private void look(Group group) {
    try {
      List<byte[]> now = read(group.files);
      if (!equal(now, group.used) && equal(now, group.before)) {
        // Not tried again before it changes again.
        group.used = now;
        log.accept(group.use.take(now));
        group.trouble = "";
      } else if (equal(now, group.used) && equal(now, group.before)) {
        group.trouble = "";
      }
      group.before = now;
    } catch (RuntimeException | Error e) {
      String problem =
          e instanceof DataException
              ? e.getMessage()
              : group.files + ": cannot be used (" + e + ")";
      if (!problem.equals(group.trouble)) {
        group.trouble = problem;
        log.accept("what was in use stays: " + problem);
      }
    }
  }

  private static boolean equal(List<byte[]> some, List<byte[]> others) {
    for (int i = 0; i < some.size(); i++) {
      if (!Arrays.equals(some.get(i), others.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static List<byte[]> read(List<Path> files) {
    List<byte[]> contents = new ArrayList<>();
    for (Path file : files) {
      try (InputStream in = Files.newInputStream(file)) {
        byte[] bytes = in.readNBytes(LARGEST + 1);
        if (bytes.length > LARGEST) {
          throw new DataException(
              file + ": expected at most " + LARGEST + " bytes, found more; is it another file?");
        }
        contents.add(bytes);
      } catch (NoSuchFileException e) {
        throw new DataException(file + ": no such file", e);
      } catch (AccessDeniedException e) {
        throw new DataException(file + ": cannot be read (no permission)", e);
      } catch (IOException e) {
        throw new DataException(file + ": cannot be read (" + e.getMessage() + ")", e);
      }
    }
    return contents;
  }

  @Override
  public void close() {
    closing.countDown();
  }
}
