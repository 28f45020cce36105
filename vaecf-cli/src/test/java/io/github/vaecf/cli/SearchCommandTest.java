package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SearchCommandTest {
  @TempDir static Path made;
  private static Path data;

  @TempDir Path folder;

  @BeforeAll
  static void generate() {
    data = made.resolve("data");
    Outcome.of("generate", "--shape=300x60x4000", "--heldout-users=50", "--out", data);
  }

  private static Outcome search(Path out, Object... more) {
    return Outcome.of(
        Stream.concat(
                Stream.of(
                    "search",
                    "--data",
                    data,
                    "--model=vae",
                    "--out",
                    out,
                    "--epochs=3",
                    "--batch-size=100",
                    "--hidden=8"),
                Stream.of(more))
            .toArray());
  }

  @Test
  void aRandomSearchRanksItsTrialsAndGoesOnWithMore() throws IOException {
    Path json = folder.resolve("search.json");
    Object[] space = {
      "--try=learning-rate=0.001..0.1",
      "--try=latent=2..8",
      "--try=schedule=constant,cosine",
      "--try=hidden=4,8x4",
      "--json",
      json,
      "--trials=3"
    };
    Path out = folder.resolve("out");
    Outcome outcome = search(out, space);
    assertThat(outcome.status()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("validation ndcg@100", "Best of 3 trials: learning-rate=");
    JsonNode trials = new ObjectMapper().readTree(json.toFile()).path("trials");
    assertThat(trials).hasSize(3);
    double before = 1;
    for (JsonNode trial : trials) {
      assertThat(trial.path("validation").asDouble()).isBetween(0.0, before);
      before = trial.path("validation").asDouble();
      JsonNode config =
          new ObjectMapper().readTree(Path.of(trial.path("run").asText(), "config.json").toFile());
      JsonNode settings = trial.path("settings");
      JsonNode used = config.path("settings");
      assertThat(used.path("learning-rate").asDouble())
          .isEqualTo(settings.path("learning-rate").asDouble());
      assertThat(used.path("latent").asInt()).isEqualTo(settings.path("latent").asInt());
      assertThat(used.path("hidden")).hasSize(settings.path("hidden").asText().equals("4") ? 1 : 2);
      assertThat(used.path("batch-size").asInt()).isEqualTo(100);
    }
    assertThat(out.resolve("report.html"))
        .content()
        .contains("Trials, the best first", "Best validation of each trial over learning-rate.");

    space[space.length - 1] = "--trials=4";
    assertThat(search(out, space).status()).isZero();
    List<String> table = Files.readAllLines(out.resolve("results.csv"));
    assertThat(table).hasSize(5);
    assertThat(table.get(0))
        .isEqualTo(
            "trial,learning-rate,latent,schedule,hidden,end,validation,validation_metric,"
                + "best_epoch,epochs,seconds");
  }

  @Test
  void aGridSearchTrainsEveryCombination() {
    Outcome outcome =
        search(folder.resolve("out"), "--try=schedule=constant,cosine", "--try=epochs=1,2");
    assertThat(outcome.status()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("Best of 4 trials");
    assertThat(outcome.err()).contains("trial 4 of 4, 0004: done after epoch 2");
    assertThat(folder.resolve("out/report.html"))
        .content()
        .contains("each trial over schedule.", "each trial over epochs."); // words and numbers
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "learning-rate",
        "learning-rate=",
        "speed=1",
        "latent=x",
        "latent=1..x",
        "l2=3..1",
        "l2=0..1",
        "learning-rate=-1",
        "schedule=steep",
        "data=x"
      })
  void whatCannotBeTriedIsWrongUsage(String tried) {
    Outcome outcome = search(folder.resolve("out"), "--try", tried);
    assertThat(outcome.status()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("vaecf search: ");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void theMetricBelongsToTheSearchAndAnExperimentHasNoPlaceInItsFolder() throws IOException {
    Path out = folder.resolve("out");
    Outcome outcome = search(out, "--try=latent=2,3", "--validation-metric=recall@50");
    assertThat(outcome.status()).as(outcome.err()).isZero();
    String table = Files.readString(out.resolve("results.csv"));
    assertThat(table).contains(",recall@50,");
    Outcome again = search(out, "--try=latent=2,3");
    assertThat(again.status()).as(again.err()).isZero();
    assertThat(again.out()).as("without the option the search's").isEqualTo(outcome.out());

    assertThat(search(out, "--try=latent=2,3", "--validation-metric=precision@100").err())
        .contains("validation_metric: the search was begun with recall@50 and cannot go on with")
        .contains("precision@100");
    assertThat(search(out, "--try=latent=2,3,4").err())
        .contains("try latent: the search was begun with 2,3 and cannot go on with 2,3,4");
    Outcome experiment = Outcome.of("experiment", "--data", data, "--out", out, "--quick");
    assertThat(experiment.status()).isEqualTo(1);
    assertThat(experiment.err())
        .contains(out + ": was begun as 'search' and cannot go on as 'experiment'");
    assertThat(out.resolve("results.csv")).hasContent(table);
    assertThat(out.resolve("experiment.csv")).doesNotExist();
  }

  @Test
  void aSearchWithoutAnyResultSaysSoAndFails() {
    Path out = folder.resolve("out");
    Outcome outcome = search(out, "--try=learning-rate=1e38,2e38");
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err())
        .contains("none of 2 trials came to a validation", "the training diverged");
    assertThat(outcome.out()).contains("diverged").doesNotContain("NaN", "Best of");
    assertThat(out.resolve("report.html")).content().doesNotContain("NaN");
  }

  @Test
  void aSearchWithoutValidationUsersIsRefused() {
    Split split = PreparedFolder.read(data);
    CsrMatrix nobody = CsrMatrix.ofRows(split.items().size(), new long[] {0}, new int[0][]);
    Path blind = folder.resolve("blind");
    PreparedFolder.write(
        new Split(
            split.train(),
            new HeldOut(nobody, nobody, split.validation().firstUser()),
            new HeldOut(
                split.test().foldIn(), split.test().heldOut(), split.validation().firstUser()),
            IdIndex.of(
                Stream.concat(
                        split.users().ids().subList(0, split.validation().firstUser()).stream(),
                        split
                            .users()
                            .ids()
                            .subList(split.test().firstUser(), split.users().size())
                            .stream())
                    .toList()),
            split.items(),
            split.titles()),
        blind);
    Outcome outcome =
        Outcome.of(
            "search", "--data", blind, "--model=dae", "--out", folder.resolve("out"), "--try=l2=0");
    assertThat(outcome.status()).as(outcome.out()).isEqualTo(1);
    assertThat(outcome.err()).contains("there is nothing to measure");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void whatIsOfTheOtherModelIsWrongUsage() {
    Outcome outcome =
        Outcome.of(
            "search", "--data", data, "--model=dae", "--out", folder, "--try=beta-cap=0.1,0.2");
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).contains("beta-cap: no setting of dae, which has epochs");
  }
}
