package io.github.vaecf.server;

import io.github.vaecf.eval.export.ServedVersions;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;

/** What the server counts, for Prometheus. Safe for use by many threads. */
final class ServerMetrics {
  private static final double NANOS = 1e9;

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();

  private final Counter requests =
      Counter.builder()
          .name("vaecf_requests")
          .help("Answered requests, by status of HTTP (a number) or gRPC (a name).")
          .labelNames("code")
          .register(registry);

  private final Histogram requestSeconds =
      Histogram.builder()
          .name("vaecf_request_seconds")
          .help("From a request's first line to the end of its answer.")
          .classicOnly()
          .register(registry);

  private final Histogram batchSeconds =
      Histogram.builder()
          .name("vaecf_batch_seconds")
          .help("One run of the model.")
          .labelNames("signature")
          .classicOnly()
          .register(registry);

  private final Histogram batchRows =
      Histogram.builder()
          .name("vaecf_batch_rows")
          .help("Rows that were answered in one run of the model.")
          .labelNames("signature")
          .classicExponentialUpperBounds(1, 2, 11)
          .classicOnly()
          .register(registry);

  /** Lets a number be read whenever somebody looks. */
  void watch(String name, String help, DoubleSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(gauge -> gauge.call(value.getAsDouble()))
        .register(registry);
  }

  /** Lets a number of each model be read whenever somebody looks. */
  void watchEach(String name, String help, Models models, ToDoubleFunction<ServedVersions> number) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("model")
        .callback(gauge -> models.forEach(number, (model, value) -> gauge.call(value, model)))
        .register(registry);
  }

  /** Lets a count of each model, which never falls, be read whenever somebody looks. */
  void countEach(String name, String help, Models models, ToDoubleFunction<ServedVersions> number) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("model")
        .callback(counter -> models.forEach(number, (model, value) -> counter.call(value, model)))
        .register(registry);
  }

  /**
   * @param code the status by HTTP, or its name by gRPC
   */
  void requestAnswered(String code, long nanos) {
    requests.labelValues(code).inc();
    requestSeconds.observe(nanos / NANOS);
  }

  void batchAnswered(String signature, int rows, long nanos) {
    batchRows.labelValues(signature).observe(rows);
    batchSeconds.labelValues(signature).observe(nanos / NANOS);
  }

  /** All of it in Prometheus' text format. */
  Reply reply() {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try {
      writer.write(text, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Reply(200, writer.getContentType(), text.toByteArray());
  }
}
