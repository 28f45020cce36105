package io.github.vaecf.eval.serving;

import io.github.vaecf.data.DataException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/**
 * The newest version in a base folder, exchanged for a newer one while requests go on: those that
 * have begun end on the version that they began on, later ones get the new one, and none waits for
 * the loading.
 *
 * <p>Safe for use by many threads. Owns native memory until it is closed; closing waits for the
 * requests that have begun.
 */
public final class ServedVersions implements AutoCloseable {
  private final Path base;
  private volatile Served current;

  /** A loaded version, kept open as long as anybody holds its lock for reading. */
  private static final class Served {
    final long number;
    final ServedModel model;
    final ReadWriteLock inUse = new ReentrantReadWriteLock();
    private boolean retired;

    Served(Path version) {
      number = ServedSavedModel.number(version);
      model = ServedModel.load(version);
    }

    /** Waits for the requests that have begun, and closes. */
    void retire() {
      inUse.writeLock().lock();
      try {
        retired = true;
        model.close();
      } finally {
        inUse.writeLock().unlock();
      }
    }
  }

  private ServedVersions(Path base, Served current) {
    this.base = base;
    this.current = current;
  }

  /**
   * Loads the newest version.
   *
   * @param base the folder with the versions, {@code BASE/<number>}
   * @return the version, to be closed
   * @throws DataException if there is none, or it cannot be loaded
   */
  public static ServedVersions open(Path base) {
    List<Path> versions = Files.isDirectory(base) ? ServedSavedModel.versions(base) : List.of();
    if (versions.isEmpty()) {
      throw new DataException(
          base + ": expected a folder with exported versions BASE/<number>, found none");
    }
    return new ServedVersions(base, new Served(versions.get(0)));
  }

  /**
   * The version that requests get now.
   *
   * @return its number
   * @throws IllegalStateException if this is closed
   */
  public long version() {
    return answering().number;
  }

  private Served answering() {
    Served served = current;
    if (served == null) {
      throw new IllegalStateException("the versions of " + base + " are closed");
    }
    return served;
  }

  /**
   * Answers a request with the current version, which stays open until the request has ended.
   *
   * @param <T> what the request gives
   * @param request what to do with the model; it must not keep it
   * @return what the request gave
   * @throws IllegalStateException if this is closed
   */
  public <T> T answer(Function<ServedModel, T> request) {
    while (true) {
      Served served = answering();
      served.inUse.readLock().lock();
      try {
        // A version that was retired in between has a successor already.
        if (!served.retired) {
          return request.apply(served.model);
        }
      } finally {
        served.inUse.readLock().unlock();
      }
    }
  }

  /**
   * Looks for a version newer than the current one and changes over to it. Servers call it now and
   * then.
   *
   * @return whether there was one
   * @throws DataException if there is one but it cannot be loaded; the current one stays
   * @throws IllegalStateException if this is closed
   */
  public synchronized boolean refresh() {
    Served before = answering();
    List<Path> versions = ServedSavedModel.versions(base);
    if (versions.isEmpty() || ServedSavedModel.number(versions.get(0)) <= before.number) {
      return false;
    }
    current = new Served(versions.get(0));
    before.retire();
    return true;
  }

  /** Waits for the requests that have begun, and gives the native memory back. */
  @Override
  public synchronized void close() {
    Served last = current;
    current = null;
    if (last != null) {
      last.retire();
    }
  }
}
