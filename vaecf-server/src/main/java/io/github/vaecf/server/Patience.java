package io.github.vaecf.server;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * How long the server waits for clients: to send a body, and to take an answer. When the server is
 * about to stop it is short, so that nobody can hold that back.
 *
 * <p>Safe for use by many threads.
 */
final class Patience {
  /** What a client still has at the stop. */
  private static final long MILLIS_AT_THE_STOP = 2000;

  private final Scheduler scheduler;
  private final long millis;
  private final Set<Wait> waits = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  Patience(Scheduler scheduler, Duration time) {
    this.scheduler = scheduler;
    this.millis = time.toMillis();
  }

  /**
   * Begins to wait.
   *
   * @param end done once if the client takes too long
   * @return to be ended when the client has done its part
   */
  Wait begin(Runnable end) {
    Wait wait = new Wait(end);
    waits.add(wait);
    wait.endAfter(millis);
    if (stopping) {
      wait.endAfter(MILLIS_AT_THE_STOP);
    }
    return wait;
  }

  /** Waits no longer than a moment from now on. */
  void stop() {
    stopping = true;
    waits.forEach(wait -> wait.endAfter(MILLIS_AT_THE_STOP));
  }

  boolean isStopping() {
    return stopping;
  }

  /** A client that is waited for. */
  final class Wait {
    private final Runnable end;
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile Scheduler.Task task;

    private Wait(Runnable end) {
      this.end = end;
    }

    private void endAfter(long millis) {
      task =
          scheduler.schedule(
              () -> {
                if (done()) {
                  end.run();
                }
              },
              millis,
              TimeUnit.MILLISECONDS);
    }

    /**
     * Ends it, as the client has done its part.
     *
     * @return whether it had not ended yet
     */
    boolean done() {
      waits.remove(this);
      Scheduler.Task pending = task;
      if (pending != null) {
        pending.cancel();
      }
      return !ended.getAndSet(true);
    }
  }
}
