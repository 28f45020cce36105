package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Baselines by the command line: trained, and measured by their run folder and by their name. */
class BaselineTest {
  @TempDir Path folder;
  private Path data;

  @BeforeEach
  void generate() {
    data = folder.resolve("data");
    Outcome.of("generate", "--shape=300x60x4000", "--heldout-users=50", "--out", data);
  }

  @ParameterizedTest
  @ValueSource(strings = {"popular", "knn:20", "ease:50"})
  void aRunFolderOfABaselineIsMeasuredAsItsNameIs(String model) throws IOException {
    Path run = folder.resolve("run");
    Path json = folder.resolve("trained.json");
    Outcome trained =
        Outcome.of("train", "--data", data, "--model", model, "--out", run, "--json", json);
    assertThat(trained.status()).as(trained.err()).isZero();
    assertThat(trained.out()).startsWith(model + ": validation ndcg@100 0.");
    assertThat(new ObjectMapper().readTree(json.toFile()).path("validation").asDouble())
        .isEqualTo(ndcg(run.toString(), "validation"));
    assertThat(ndcg(run.toString(), "test")).isEqualTo(ndcg(model, "test")).isPositive();
  }

  private double ndcg(String model, String split) throws IOException {
    Path json = folder.resolve("result.json");
    Outcome outcome =
        Outcome.of("evaluate", "--data", data, "--model", model, "--split", split, "--json", json);
    assertThat(outcome.status()).as(outcome.err()).isZero();
    JsonNode result = new ObjectMapper().readTree(json.toFile());
    return result.path("metrics").path("ndcg@100").path("mean").asDouble();
  }

  @Test
  void aBaselineOfOtherDataIsRefused() {
    Path run = folder.resolve("run");
    Path other = folder.resolve("other");
    Outcome.of("train", "--data", data, "--model=popular", "--out", run);
    Outcome.of("generate", "--shape=300x60x4000", "--heldout-users=50", "--seed=2", "--out", other);
    Outcome outcome = Outcome.of("evaluate", "--data", other, "--model", run);
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err()).contains("was made from other training users");
  }

  @Test
  void aBaselineIsNotForServingAndIsNotOverwritten() {
    Path run = folder.resolve("run");
    Outcome.of("train", "--data", data, "--model=popular", "--out", run);
    assertThat(Outcome.of("recommend", "--model", run, "--items=1").err())
        .contains(run + ": a baseline is for evaluate and compare");
    assertThat(Outcome.of("train", "--data", data, "--model=popular", "--out", run).err())
        .contains("already exists");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--model=popular:3",
        "--model=ease:strong",
        "--model=ease:-1",
        "--model=knn:0.5",
        "--model=knn --epochs=5",
        "--model=knn --latent=5"
      })
  void whatABaselineDoesNotHaveIsWrongUsage(String options) {
    Outcome outcome = Outcome.of((Object[]) ("train --data=x --out=y " + options).split(" ", -1));
    assertThat(outcome.status()).isEqualTo(2);
  }
}
