package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlendCommandTest {
  @TempDir static Path made;
  private static Path data;
  private static Path dae;

  @TempDir Path folder;

  @BeforeAll
  static void train() {
    data = made.resolve("data");
    dae = made.resolve("dae");
    Outcome.of("generate", "--shape=300x60x4000", "--heldout-users=50", "--out", data);
    Outcome.of("train", "--data", data, "--model=dae", "--epochs=5", "--out", dae);
  }

  @Test
  void weightsAreChosenOnTheValidationUsersAndTheBlendIsMeasuredLikeAnyModel() throws IOException {
    Path out = folder.resolve("blend");
    Path file = folder.resolve("blend.json");
    Outcome blended =
        Outcome.of(
            "blend", "--data", data, "--model", dae, "ease:50", "popular", "--out", out, "--json",
            file);
    assertThat(blended.status()).as(blended.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(file.toFile());
    for (JsonNode member : json.path("members")) {
      assertThat(json.path("validation").asDouble())
          .isGreaterThanOrEqualTo(member.path("validation").asDouble() - 1e-9);
    }
    Path measured = folder.resolve("evaluation.json");
    Outcome evaluated =
        Outcome.of(
            "evaluate", "--data", data, "--model", out, "--split=validation", "--json", measured);
    assertThat(evaluated.status()).as(evaluated.err()).isZero();
    assertThat(
            new ObjectMapper()
                .readTree(measured.toFile())
                .path("metrics")
                .path("ndcg@100")
                .path("mean"))
        .isEqualTo(json.path("validation"));
  }

  @Test
  void givenWeightsAreTaken() throws IOException {
    Path file = folder.resolve("blend.json");
    Outcome blended =
        Outcome.of(
            "blend",
            "--data",
            data,
            "--model",
            dae,
            "ease:50",
            "--weights=0.25,3",
            "--out",
            folder.resolve("blend"),
            "--json",
            file);
    assertThat(blended.status()).as(blended.err()).isZero();
    JsonNode members = new ObjectMapper().readTree(file.toFile()).path("members");
    assertThat(members.get(0).path("weight").asDouble()).isEqualTo(0.25);
    assertThat(members.get(1).path("weight").asDouble()).isEqualTo(3);
  }

  @Test
  void givenWeightsAskForNoValidationUsersAndChosenOnesDo() throws IOException {
    Path pairs = folder.resolve("pairs");
    Files.createDirectory(pairs);
    Files.writeString(pairs.resolve("train.txt"), "0 0 1 2\n1 1 2 3\n2 0 3\n3 2 3\n");
    Files.writeString(pairs.resolve("test.txt"), "0 3\n1 0\n2 1\n3 1\n");
    Path all = folder.resolve("all");
    Outcome.of(
        "prepare", "--format=lightgcn", "--validation-share=0", "--input", pairs, "--out", all);
    Path out = folder.resolve("blend");

    Outcome chosen = Outcome.of("blend", "--data", all, "--model", "ease", "knn", "--out", out);
    assertThat(chosen.status()).isEqualTo(1);
    assertThat(chosen.err()).contains("prepare the data with pairs held out for validation");

    Path file = folder.resolve("blend.json");
    Outcome given =
        Outcome.of(
            "blend",
            "--data",
            all,
            "--model",
            "ease",
            "knn",
            "--weights=2,1",
            "--out",
            out,
            "--json",
            file);
    assertThat(given.status()).as(given.err()).isZero();
    assertThat(given.out()).contains("none");
    assertThat(new ObjectMapper().readTree(file.toFile()).path("validation").isNull()).isTrue();
    Outcome evaluated = Outcome.of("evaluate", "--data", all, "--model", out);
    assertThat(evaluated.status()).as(evaluated.err()).isZero();
  }

  @Test
  void whatCannotBeBlendedIsRefused() {
    Path out = folder.resolve("blend");
    Outcome tooFew =
        Outcome.of("blend", "--data", data, "--model", dae, "ease", "--weights=1", "--out", out);
    assertThat(tooFew.status()).isEqualTo(2);
    assertThat(tooFew.err()).contains("--weights: expected one for each of 2 models, found 1");
    Outcome negative =
        Outcome.of("blend", "--data", data, "--model", dae, "ease", "--weights=1,-1", "--out", out);
    assertThat(negative.status()).isEqualTo(2);
    assertThat(negative.err()).contains("--weights: expected numbers above 0");
    Path version = folder.resolve("models/dae/1");
    Outcome.of("export", "--run", dae, "--out", version);
    Outcome exported =
        Outcome.of("blend", "--data", data, "--model", version, "ease", "--out", out);
    assertThat(exported.status()).isEqualTo(1);
    assertThat(exported.err())
        .contains("is an export; a blend is made of what was trained, so name the run folder");
    assertThat(out).doesNotExist();
  }
}
