package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Threads that all readers share; they end when there has been nothing to do for a while. */
final class Workers {
  /** How many there are, one a core. */
  static final int THREADS = Runtime.getRuntime().availableProcessors();

  private static final ExecutorService POOL = pool();

  private Workers() {}

  private static ExecutorService pool() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "vaecf-reader");
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /** Has work done that waits for no other work. */
  static <T> Future<T> submit(Callable<T> work) {
    return POOL.submit(work);
  }

  /**
   * Waits for what comes out of work.
   *
   * @param what it is, for the message of an interruption
   * @throws LineException if that ended the work
   */
  static <T> T await(Future<T> result, String what) throws LineException {
    try {
      return result.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof LineException problem) {
        throw problem;
      }
      if (e.getCause() instanceof RuntimeException problem) {
        throw problem;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DataException(what + " was interrupted", e);
    }
  }
}
