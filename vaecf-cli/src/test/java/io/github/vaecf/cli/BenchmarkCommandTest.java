package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
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
  void figuresAreComparedWithThoseOfTheSameWorkOnTheSameMachine() throws IOException {
    Path data = folder.resolve("data");
    Path json = folder.resolve("figures.json");
    Outcome.of("generate", "--shape", "200x60x2000", "--out", data);
    Object[] measuring = {
      "benchmark", "--data", data, "--model", "dae", "--steps", 1, "--batch-size", 20
    };
    assertThat(Outcome.of(with(measuring, "--json", json)).status()).isZero();

    // No time is judged here: before is so much slower or faster that no machine can be.
    Outcome better = Outcome.of(with(measuring, "--against", scaled(json, 1e6)));
    assertThat(better.status()).as(better.err()).isZero();
    assertThat(better.out()).contains("Nothing is worse by more than 10 %.");
    Outcome worse =
        Outcome.of(with(measuring, "--against", scaled(json, 1e-6), "--tolerance", 0.5));
    assertThat(worse.status()).as(worse.err()).isEqualTo(3);
    assertThat(worse.out())
        .containsPattern("Worse than before: training, ms a step \\+[0-9]+ %, evaluation, s \\+");

    Outcome other = Outcome.of(with(measuring, "--against", json, "--hidden", 30));
    assertThat(other.status()).isEqualTo(1);
    assertThat(other.err())
        .contains("expected a benchmark of the same work on the same machine, found that --hidden");
  }

  @Test
  void whatIsNoBenchmarkIsSaidBeforeAnythingIsMeasured() throws IOException {
    Path file = Files.writeString(folder.resolve("other.json"), "{\"training\": 3}");
    Outcome outcome = Outcome.of("benchmark", "--data", folder.resolve("none"), "--against", file);
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err()).contains(file + ": expected the JSON of an earlier benchmark");
  }

  private static Object[] with(Object[] arguments, Object... more) {
    return Stream.concat(Arrays.stream(arguments), Arrays.stream(more)).toArray();
  }

  /** The same figures with all that is judged so many times as large. */
  private Path scaled(Path json, double factor) throws IOException {
    ObjectNode figures = (ObjectNode) new ObjectMapper().readTree(json.toFile());
    for (String part : new String[] {"training", "evaluation", "recommendation"}) {
      ObjectNode its = (ObjectNode) figures.get(part);
      its.put("ratio", its.get("ratio").doubleValue() * factor);
    }
    for (String name : new String[] {"load_seconds", "peak_resident_mebibytes"}) {
      if (figures.has(name)) {
        figures.put(name, figures.get(name).doubleValue() * factor);
      }
    }
    Path file = folder.resolve("scaled-" + factor + ".json");
    return Files.writeString(file, figures.toString());
  }

  @Test
  void noStepsAreWrongUsage() {
    Outcome outcome = Outcome.of("benchmark", "--data", folder, "--steps", 0);
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).contains("--steps must be at least 1, found 0");
  }
}
