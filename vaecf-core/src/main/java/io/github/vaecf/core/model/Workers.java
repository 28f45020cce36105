package io.github.vaecf.core.model;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/** Does numbered tasks on some threads; which thread does which is chance. */
final class Workers {
  private Workers() {}

  /**
   * Does the tasks, and returns when all are done.
   *
   * @param threads how many; 0 for one a core
   * @param tasks they are numbered from 0
   * @param worker makes, for each thread, who does its tasks, and so may keep arrays from one to
   *     the next
   */
  static void run(int threads, int tasks, Supplier<IntConsumer> worker) {
    int count = Math.min(tasks, count(threads));
    AtomicInteger next = new AtomicInteger();
    Callable<Void> work =
        () -> {
          IntConsumer one = worker.get();
          for (int task = next.getAndIncrement(); task < tasks; task = next.getAndIncrement()) {
            one.accept(task);
          }
          return null;
        };
    List<Callable<Void>> all = new ArrayList<>();
    for (int thread = 0; thread < count; thread++) {
      all.add(work);
    }
    ExecutorService pool = Executors.newFixedThreadPool(Math.max(1, count), Workers::daemon);
    try {
      for (var done : pool.invokeAll(all)) {
        done.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a model was fitted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      pool.shutdownNow();
    }
  }

  /** The threads that a setting stands for. */
  static int count(int threads) {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "vaecf-fit");
    thread.setDaemon(true);
    return thread;
  }
}
