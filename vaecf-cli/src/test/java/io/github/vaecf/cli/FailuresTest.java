package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FailuresTest {
  /** Who waits for another thread is given an error of its own by Java, which has no message. */
  @Test
  void whyThereIsNoMemoryForAnotherThreadIsSaid() {
    Throwable itsOwn = new OutOfMemoryError().initCause(new OutOfMemoryError("no room"));
    assertThat(Failures.explain(itsOwn)).startsWith("out of memory (no room); the JVM's heap is ");
  }
}
