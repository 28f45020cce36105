package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AutoCommandTest {
  @TempDir static Path made;
  private static Path data;
  private static Path out;
  private static Outcome outcome;
  private static JsonNode json;

  @TempDir Path folder;

  @BeforeAll
  static void train() throws IOException {
    data = made.resolve("data");
    out = made.resolve("auto");
    Path file = made.resolve("auto.json");
    Outcome.of("generate", "--shape=300x60x4000", "--heldout-users=50", "--out", data);
    outcome = Outcome.of("auto", "--data", data, "--out", out, "--minutes=0.2", "--json", file);
    json = new ObjectMapper().readTree(file.toFile());
  }

  @Test
  void theFamilyIsTrainedBlendedMeasuredAndLeftReadyToExport() {
    assertThat(outcome.status()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .contains("EASE", "RDLAE", "item-kNN", "validation ndcg@100", "test recall@50")
        .contains("Model: " + out.resolve("model"));
    assertThat(out.resolve("report.html")).isNotEmptyFile();
    assertThat(out.resolve("results.csv")).isNotEmptyFile();
    Path version = folder.resolve("models/family/1");
    Outcome export = Outcome.of("export", "--run", out.resolve("model"), "--out", version);
    assertThat(export.status()).as(export.err()).isZero();
    Path onnx = folder.resolve("family.onnx");
    assertThat(
            Outcome.of("export", "--run", out.resolve("model"), "--format=onnx", "--out", onnx)
                .status())
        .isZero();
    for (Path model : new Path[] {out.resolve("model"), version, onnx}) {
      Outcome recommended =
          Outcome.of("recommend", "--model", model, "--items", firstItem(), "-k", 3);
      assertThat(recommended.status()).as(recommended.err()).isZero();
    }
  }

  private static String firstItem() {
    try {
      return Files.readAllLines(data.resolve("unique_sid.txt")).get(0);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void theOutcomeIsNoWorseThanAnyTrialOnTheValidationUsers() {
    double validation = json.path("validation").asDouble();
    double weights = 0;
    for (JsonNode member : json.path("members")) {
      weights += member.path("weight").asDouble();
    }
    assertThat(weights).isCloseTo(1, within(1e-9));
    assertThat(json.path("trials")).isNotEmpty();
    for (JsonNode trial : json.path("trials")) {
      assertThat(trial.path("validation").asDouble()).isLessThanOrEqualTo(validation);
    }
    for (JsonNode comparison : json.path("comparisons")) {
      assertThat(comparison.path("p_t_test_holm").asDouble())
          .isGreaterThanOrEqualTo(comparison.path("p_t_test").asDouble());
    }
  }

  @Test
  void theSameCommandAgainTrainsNothingMoreWhereTheTimeIsOver() throws IOException {
    Path file = folder.resolve("again.json");
    Outcome again =
        Outcome.of("auto", "--data", data, "--out", out, "--minutes=0.01", "--json", file);
    assertThat(again.status()).as(again.err()).isZero();
    JsonNode found = new ObjectMapper().readTree(file.toFile());
    assertThat(found.path("trials")).isEqualTo(json.path("trials"));
    assertThat(found.path("validation")).isEqualTo(json.path("validation"));
  }

  @Test
  void aTimeThatIsNoneAndAFolderOfOtherFilesAreRefused() throws IOException {
    Outcome none = Outcome.of("auto", "--data", data, "--out", folder, "--minutes=0");
    assertThat(none.status()).isEqualTo(2);
    assertThat(none.err()).contains("--minutes: expected a number above 0, found 0.0");
    Path mine = Files.writeString(folder.resolve("mine"), "precious");
    Outcome other = Outcome.of("auto", "--data", data, "--out", folder);
    assertThat(other.status()).isEqualTo(1);
    assertThat(other.err()).contains("expected a new folder or one of earlier trials");
    assertThat(folder).isDirectoryContaining(file -> file.equals(mine));
  }
}
