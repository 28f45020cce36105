package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickstartCommandTest {
  @TempDir Path folder;

  @Test
  void goesFromRawPairsToNamedRecommendations() throws IOException {
    Outcome outcome = SampleRun.outcome();
    assertThat(outcome.status()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .contains("10,842   3,739  115,848")
        .contains("all 1,500 test sources get the same top 100 from the export");
    assertThat(outcome.out().lines().filter(line -> line.matches("  [* ] [a-z0-9.+-]+: .{5,}")))
        .as("three named recommendations for each of five sources")
        .hasSize(15);
    assertThat(SampleRun.export().resolve("1/saved_model.pb")).exists();

    JsonNode models = SampleRun.json().path("models");
    double popular = ndcg(models, "most popular");
    assertThat(popular).isBetween(0.25, 0.30);
    // Already after six epochs, of the forty that take it to 0.6.
    assertThat(ndcg(models, "Mult-VAE")).isGreaterThan(popular + 0.2);
    assertThat(ndcg(models, "Mult-DAE")).isGreaterThan(popular + 0.2);
    assertThat(ndcg(models, "blend")).isGreaterThan(ndcg(models, "RDLAE"));
  }

  @Test
  void whatIsThereAlreadyIsLeftAsItIs() throws IOException {
    Path mine = Files.writeString(folder.resolve("mine"), "precious");
    Outcome outcome = Outcome.of("quickstart", "--out", folder);
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err())
        .isEqualTo(
            "vaecf quickstart: "
                + folder
                + ": already exists; choose another place or remove it first\n");
    assertThat(mine).hasContent("precious");
  }

  private static double ndcg(JsonNode models, String name) {
    return models.path(name).path("ndcg@100").path("mean").asDouble();
  }
}
