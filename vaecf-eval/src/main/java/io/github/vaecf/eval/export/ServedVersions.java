package io.github.vaecf.eval.export;

import io.github.vaecf.data.DataException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.StampedLock;
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

  /**
   * A loaded version, kept open as long as anybody holds its lock for reading. The lock belongs to
   * no thread: a request may begin on one and end on another.
   */
  private static final class Served {
    final long number;
    final ServedModel model;
    final StampedLock inUse = new StampedLock();
    private boolean retired;

    Served(Path version) {
      number = VersionFolder.number(version).orElseThrow();
      model = ServedModel.load(version);
    }

    /** Waits for the requests that have begun, and closes. */
    void retire() {
      long stamp = inUse.writeLock();
      try {
        retired = true;
        model.close();
      } finally {
        inUse.unlockWrite(stamp);
      }
    }
  }

  /**
   * A version in use: it stays open until the lease is closed, whichever version comes meanwhile.
   * May be closed by another thread than took it.
   */
  public static final class Lease implements AutoCloseable {
    private final Served served;
    private final AtomicLong stamp;

    private Lease(Served served, long stamp) {
      this.served = served;
      this.stamp = new AtomicLong(stamp);
    }

    /**
     * The version's number.
     *
     * @return the number
     */
    public long version() {
      return served.number;
    }

    /**
     * The version's model.
     *
     * @return the model, not to be used after the lease
     */
    public ServedModel model() {
      return served.model;
    }

    /** Gives the version back. Closing once more does nothing. */
    @Override
    public void close() {
      long held = stamp.getAndSet(0);
      if (held != 0) {
        served.inUse.unlockRead(held);
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
   * The number that a version's name stands for.
   *
   * @param name the last part of the path {@code BASE/<number>}
   * @return at least 0; empty if the name is no version number
   */
  public static OptionalLong number(String name) {
    return VersionFolder.number(name);
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
    try (Lease lease = lease()) {
      return request.apply(lease.model());
    }
  }

  /**
   * Takes the current version for a request that ends elsewhere than it begins, such as on another
   * thread; {@link #answer} is for all others.
   *
   * @return the version, to be closed when the request has ended: until then neither {@link
   *     #refresh} nor {@link #close} ends
   * @throws IllegalStateException if this is closed
   */
  public Lease lease() {
    while (true) {
      Served served = answering();
      long stamp = served.inUse.tryReadLock();
      if (stamp != 0) {
        if (!served.retired) {
          return new Lease(served, stamp);
        }
        served.inUse.unlockRead(stamp);
      }
      // A version that was retired in between has a successor already.
      Thread.onSpinWait();
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
    if (versions.isEmpty() || VersionFolder.number(versions.get(0)).orElseThrow() <= before.number) {
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
