package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PartsTest {
  @Test
  void eachPartIsDoneOnceForEachOfManyCallersAndPartsOfPartsToo() throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(8);
    List<Future<?>> all = new ArrayList<>();
    for (int caller = 0; caller < 8; caller++) {
      all.add(
          callers.submit(
              () -> {
                for (int parts = 0; parts < 40; parts++) {
                  AtomicIntegerArray done = new AtomicIntegerArray(parts * 3);
                  Parts.run(
                      parts, part -> Parts.run(3, inner -> done.incrementAndGet(3 * part + inner)));
                  assertThat(IntStream.range(0, done.length()).allMatch(i -> done.get(i) == 1))
                      .isTrue();
                }
              }));
    }
    for (Future<?> one : all) {
      one.get();
    }
    callers.shutdown();
  }

  @Test
  void whatAPartThrowsIsThrownWhenNoPartIsBeingWorkedOn() {
    for (Throwable failure :
        List.of(
            new ArithmeticException("a"),
            new AssertionError("an error"),
            new IOException("sneaky"))) {
      AtomicInteger busy = new AtomicInteger();
      assertThatThrownBy(
              () ->
                  Parts.run(
                      20,
                      part -> {
                        busy.incrementAndGet();
                        try {
                          if (part == 3) {
                            throwUnchecked(failure);
                          }
                          Thread.onSpinWait();
                        } finally {
                          busy.decrementAndGet();
                        }
                      }))
          .isSameAs(failure);
      assertThat(busy).hasValue(0);
    }
  }

  private static void throwUnchecked(Throwable failure) {
    PartsTest.<RuntimeException>throwAs(failure);
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void throwAs(Throwable failure) throws E {
    throw (E) failure;
  }

  @Test
  void anInterruptionWaitsUntilAllIsDoneAndIsNotForgotten() {
    Thread.currentThread().interrupt();
    AtomicInteger done = new AtomicInteger();
    Parts.run(50, part -> done.incrementAndGet());
    assertThat(done).hasValue(50);
    assertThat(Thread.interrupted()).isTrue();
  }
}
