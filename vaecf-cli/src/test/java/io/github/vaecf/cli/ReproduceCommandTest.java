package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReproduceCommandTest {
  @TempDir Path folder;

  private Outcome reproduce(String name, Object... more) {
    return Outcome.of(
        Stream.concat(
                Stream.of(
                    "reproduce",
                    name,
                    "--input",
                    folder.resolve("raw"),
                    "--out",
                    folder.resolve("out"),
                    "--epochs=2",
                    "--latent=8"),
                Stream.of(more))
            .toArray());
  }

  @ParameterizedTest
  @CsvSource({
    "ml-20m, movielens, 300x60x5000, MovieLens 20M",
    "netflix, netflix, 300x60x5000, Netflix Prize",
    "msd, msd, 700x60x20000, Million Song Dataset"
  })
  void aPublishedTableIsReproducedFromRawDataAndSyntheticDataIsNamed(
      String name, String form, String shape, String title) throws IOException {
    Outcome.of("generate", "--shape", shape, "--raw", form, "--out", folder.resolve("raw"));
    Path json = folder.resolve("results.json");
    Outcome outcome = reproduce(name, "--heldout-users=40", "--json", json);
    assertThat(outcome.status()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .contains("SYNTHETIC data in the form of " + title)
        .contains("Other than published: --epochs=2 --latent=8 --heldout-users=40")
        .contains("in standard errors", "Liang")
        .containsPattern("Mult-VAE +recall@20 +0\\.[0-9]{4} ± 0\\.[0-9]{4} +0\\.[0-9]+ +[-+]0");
    JsonNode results = new ObjectMapper().readTree(json.toFile());
    assertThat(results.path("synthetic").asBoolean()).isTrue();
    assertThat(results.path("models").path("Mult-DAE").has("ndcg@100")).isTrue();
    assertThat(folder.resolve("out/report.html"))
        .content()
        .contains("<h1>Reproduced: SYNTHETIC data", "Beside the published results on " + title);
  }

  @Test
  void onGowallaTheEpochIsFoundOnHeldBackPairsAndTheLastTrainingIsOnAll() throws IOException {
    Path raw = folder.resolve("raw");
    Outcome.of("generate", "--shape=300x60x5000", "--raw=lightgcn", "--out", raw);
    Outcome outcome = reproduce("gowalla", "--models=vae");
    assertThat(outcome.status()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("recall_of_all@20", "0.1641", "0.1335");
    assertThat(folder.resolve("out/report.html"))
        .content()
        .contains("Beside the published results on Gowalla")
        .doesNotContain("Differences, user by user"); // of one model there are none

    JsonNode found = config(folder.resolve("out/training/trials/vae"));
    JsonNode last = config(folder.resolve("out/training-on-everything/trials/vae"));
    assertThat(last.path("model")).isEqualTo(found.path("model"));
    assertThat(last.path("settings").path("latent").asInt()).isEqualTo(8);
    long pairs = 0;
    for (String line : Files.readAllLines(raw.resolve("train.txt"))) {
      pairs += line.split(" ", -1).length - 1L;
    }
    assertThat(last.path("data").path("events").asLong()).isEqualTo(pairs);
    assertThat(found.path("data").path("events").asLong())
        .isBetween(pairs * 8 / 10, pairs * 9 / 10);

    assertThat(reproduce("gowalla", "--models=vae").out()).isEqualTo(outcome.out());
    Outcome other = reproduce("gowalla", "--models=vae", "--heldout-users=3");
    assertThat(other.status()).isEqualTo(2);
    assertThat(other.err()).contains("--heldout-users is not for gowalla, whose test is published");
  }

  private static JsonNode config(Path run) throws IOException {
    return new ObjectMapper().readTree(run.resolve("config.json").toFile());
  }
}
