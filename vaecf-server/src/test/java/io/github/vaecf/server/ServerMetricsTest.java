package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is counted does not grow with what clients make up, nor with the years. */
class ServerMetricsTest {
  private static long lines(ServerMetrics metrics, String beginning, String part) {
    return new String(metrics.reply().body(), UTF_8)
        .lines()
        .filter(line -> line.startsWith(beginning) && line.contains(part))
        .count();
  }

  @Test
  void theVersionsThatWereAskedLastAreKept() {
    ServerMetrics metrics = new ServerMetrics();
    for (long version = 1; version <= 250; version++) {
      Visit visit = new Visit().to(Visit.Route.PREDICT);
      visit.answeredBy("movies", version);
      metrics.requestAnswered(visit, "200", 1_000_000);
      metrics.batchAnswered(visit.answering(), "serving_default", 3, 1_000_000);
      Visit old = new Visit().to(Visit.Route.PREDICT);
      old.answeredBy("books", 1);
      metrics.requestAnswered(old, "200", 1_000_000);
      metrics.requestAnswered(new Visit(), "404", 1_000_000);
    }
    for (String name :
        new String[] {
          "vaecf_requests_total{",
          "vaecf_request_seconds_count{",
          "vaecf_batch_rows_count{",
          "vaecf_batch_seconds_count{"
        }) {
      assertThat(lines(metrics, name, "model=\"movies\"")).as(name).isEqualTo(99);
      assertThat(lines(metrics, name, "version=\"250\"")).as(name).isEqualTo(1);
    }
    assertThat(lines(metrics, "vaecf_requests_total{", "model=\"books\"")).isEqualTo(1);
    assertThat(lines(metrics, "vaecf_requests_total{code=\"404\"", " 250.0")).isEqualTo(1);
  }
}
