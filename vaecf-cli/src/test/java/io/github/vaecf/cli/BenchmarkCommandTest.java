package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchmarkCommandTest {
  @TempDir Path folder;

  @Test
  void everySpeedStandsBesideItsFloor() throws IOException {
    Path data = folder.resolve("data");
    Path json = folder.resolve("figures.json");
    assertThat(Outcome.of("generate", "--shape", "300x100x4000", "--out", data).status()).isZero();

    Outcome outcome =
        Outcome.of(
            "benchmark",
            "--data",
            data,
            "--steps",
            3,
            "--batch-size",
            20,
            "--operations",
            4,
            "--json",
            json);

    assertThat(outcome.status()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("training: ", "evaluation: ", "recommendation for one user");
    assertThat(outcome.out().lines().filter(line -> line.matches(" +[0-9.]+ ms  .*"))).hasSize(4);
    JsonNode figures = new ObjectMapper().readTree(json.toFile());
    for (String part : new String[] {"training", "evaluation", "recommendation"}) {
      assertThat(figures.get(part).get("ratio").doubleValue()).as(part).isPositive();
    }
    double floor =
        figures.get("training").get("floor_products_millis").doubleValue()
            + figures.get("training").get("floor_adam_millis").doubleValue();
    assertThat(figures.get("training").get("step_millis").doubleValue() / floor)
        .isEqualTo(figures.get("training").get("ratio").doubleValue());
  }

  @Test
  void noStepsAreWrongUsage() {
    Outcome outcome = Outcome.of("benchmark", "--data", folder, "--steps", 0);
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).contains("--steps must be at least 1, found 0");
  }
}
