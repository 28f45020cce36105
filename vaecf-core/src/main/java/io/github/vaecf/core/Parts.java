package io.github.vaecf.core;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;

/**
 * Work in parts on the processor's cores, for many callers at once, such as a server's threads. A
 * caller that has nothing more to do waits without taking a core from those that have: of parallel
 * streams that several threads start at the same time, some spin meanwhile.
 */
public final class Parts {
  private Parts() {}

  /**
   * Does all parts: the caller's thread and as many others as are free take one after the other.
   *
   * @param parts how many, at least 0
   * @param work does the part of a number, from 0 on; called by several threads at the same time
   * @throws RuntimeException what a part throws first, which may be any other, too, once no part is
   *     being worked on; the parts that nobody had begun are left undone then
   */
  public static void run(int parts, IntConsumer work) {
    if (parts == 1) {
      work.accept(0);
      return;
    }
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    CountDownLatch left = new CountDownLatch(parts);
    Runnable takesParts =
        () -> {
          for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
            try {
              if (failure.get() == null) {
                work.accept(part);
              }
            } catch (Throwable e) { // whatever it is, the caller is to have it
              failure.compareAndSet(null, e);
            } finally {
              left.countDown();
            }
          }
        };
    ForkJoinPool pool = ForkJoinPool.commonPool();
    for (int helper = Math.min(parts - 1, pool.getParallelism()); helper > 0; helper--) {
      pool.execute(takesParts);
    }
    takesParts.run();
    await(left);
    if (failure.get() != null) {
      Parts.<RuntimeException>throwAsItIs(failure.get());
    }
  }

  /** Also where it is no exception of those that it is called. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void throwAsItIs(Throwable failure) throws E {
    throw (E) failure;
  }

  /** What is being worked on uses what is the caller's: an interruption waits too. */
  private static void await(CountDownLatch left) {
    boolean interrupted = false;
    while (true) {
      try {
        left.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
