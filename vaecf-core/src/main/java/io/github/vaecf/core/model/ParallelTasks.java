package io.github.vaecf.core.model;

import java.util.concurrent.ForkJoinPool;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** Tasks that do not depend on each other, on the CPU's cores. */
final class ParallelTasks {
  private ParallelTasks() {}

  /**
   * Runs tasks and waits for all of them.
   *
   * @param threads how many run at once, 0 for one a core
   * @param count number of tasks
   * @param task told its number, 0 … count − 1
   */
  static void run(int threads, int count, IntConsumer task) {
    Runnable all = () -> IntStream.range(0, count).parallel().forEach(task);
    ForkJoinPool pool = threads == 0 ? ForkJoinPool.commonPool() : new ForkJoinPool(threads);
    try {
      pool.submit(all).join();
    } finally {
      pool.shutdown(); // the common pool stays
    }
  }
}
