package io.github.vaecf.server;

import io.github.vaecf.eval.export.ServedVersions;
import io.github.vaecf.server.Visit.Answering;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;

/** What the server counts, for Prometheus. Safe for use by many threads. */
final class ServerMetrics {
  private static final double NANOS = 1e9;

  /** Versions whose numbers are kept: a server that gets a new one every night would fill up. */
  private static final int MOST_VERSIONS = 100;

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();

  private final Counter requests =
      Counter.builder()
          .name("vaecf_requests")
          .help("Answered requests, by status of HTTP (a number) or gRPC (a name).")
          .labelNames("route", "model", "version", "code")
          .register(registry);

  private final Histogram requestSeconds =
      Histogram.builder()
          .name("vaecf_request_seconds")
          .help("From a request's first line to the end of its answer.")
          .labelNames("route", "model", "version")
          .classicOnly()
          .register(registry);

  private final Histogram batchSeconds =
      Histogram.builder()
          .name("vaecf_batch_seconds")
          .help("One run of the model.")
          .labelNames("model", "version", "signature")
          .classicOnly()
          .register(registry);

  private final Histogram batchRows =
      Histogram.builder()
          .name("vaecf_batch_rows")
          .help("Rows that were answered in one run of the model.")
          .labelNames("model", "version", "signature")
          .classicExponentialUpperBounds(1, 2, 11)
          .classicOnly()
          .register(registry);

  private final Counter keyRequests =
      Counter.builder()
          .name("vaecf_key_requests")
          .help("Answered requests that came with a valid key, by its name and status.")
          .labelNames("key", "code")
          .register(registry);

  /** Versions that answered, the last asked last. */
  private final Set<Answering> asked = new LinkedHashSet<>();

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
  void requestAnswered(Visit visit, String code, long nanos) {
    String route = visit.route().label();
    Answering by = visit.answering();
    seen(by);
    requests.labelValues(route, by.model(), by.version(), code).inc();
    requestSeconds.labelValues(route, by.model(), by.version()).observe(nanos / NANOS);
    if (!visit.key().isEmpty()) {
      keyRequests.labelValues(visit.key(), code).inc();
    }
  }

  void batchAnswered(Answering by, String signature, int rows, long nanos) {
    seen(by);
    batchRows.labelValues(by.model(), by.version(), signature).observe(rows);
    batchSeconds.labelValues(by.model(), by.version(), signature).observe(nanos / NANOS);
  }

  /** Forgets the version that was asked longest ago where there are too many. */
  private synchronized void seen(Answering by) {
    if (by.equals(Answering.NONE)) {
      return;
    }
    asked.remove(by);
    asked.add(by);
    if (asked.size() > MOST_VERSIONS) {
      Answering oldest = asked.iterator().next();
      asked.remove(oldest);
      requests.removeIf(labels -> isOf(oldest, labels.subList(1, 3)));
      requestSeconds.removeIf(labels -> isOf(oldest, labels.subList(1, 3)));
      batchRows.removeIf(labels -> isOf(oldest, labels.subList(0, 2)));
      batchSeconds.removeIf(labels -> isOf(oldest, labels.subList(0, 2)));
    }
  }

  private static boolean isOf(Answering one, List<String> labels) {
    return labels.equals(List.of(one.model(), one.version()));
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
