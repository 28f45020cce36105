package io.github.vaecf.spring;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/** A timer for each method of the service, by how its calls ended. */
final class RequestTimers implements RequestListener {
  private final MeterRegistry registry;

  RequestTimers(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public void ended(String method, long nanos, String exception) {
    Timer.builder("vaecf.requests")
        .description("Requests to the model.")
        .tag("method", method)
        .tag("exception", exception)
        .register(registry)
        .record(nanos, TimeUnit.NANOSECONDS);
  }
}
