package io.github.vaecf.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets work that is interrupted (Ctrl-C, a polite kill) come to an end in good order, and say so,
 * before the JVM ends.
 */
final class Interruption implements AutoCloseable {
  /** Counted down when the command has said its last word. */
  private static final CountDownLatch SETTLED = new CountDownLatch(1);

  private final CountDownLatch requested = new CountDownLatch(1);
  private final Thread hook =
      new Thread(
          () -> {
            requested.countDown();
            try {
              SETTLED.await(5, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          },
          "vaecf-interruption");

  private Interruption() {}

  /** Watches from now on until closed. */
  static Interruption watch() {
    Interruption interruption = new Interruption();
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  /** Whether the work is to come to an end. */
  boolean isRequested() {
    return requested.getCount() == 0;
  }

  /** Waits until the work is to come to an end. */
  void await() {
    try {
      requested.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is about to end, and the hook waits for the last word already.
    }
  }

  /** Lets an interrupted JVM end. */
  static void settle() {
    SETTLED.countDown();
  }
}
