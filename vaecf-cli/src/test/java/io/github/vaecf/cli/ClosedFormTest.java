package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models in closed form are trained, measured, exported and used like any other. */
class ClosedFormTest {
  /** With other threads two items with nearly equal scores may change places. */
  private static final Offset<Double> OTHER_THREADS = within(1e-3);

  @TempDir Path folder;
  private Path data;

  @BeforeEach
  void generate() {
    data = folder.resolve("data");
    Outcome.of("generate", "--shape=300x60x4000", "--heldout-users=50", "--out", data);
  }

  private Outcome train(String model, Path run, Object... more) {
    return Outcome.of(
        Stream.concat(
                Stream.of("train", "--data", data, "--model", model, "--out", run), Stream.of(more))
            .toArray());
  }

  @ParameterizedTest
  @CsvSource({
    "popular, most popular",
    "knn:20, item-kNN",
    "knn:neighbours=20, item-kNN",
    "ease:50, EASE",
    "ease, EASE"
  })
  void aRunFolderIsMeasuredAsTheNameIs(String model, String title) throws IOException {
    Path run = folder.resolve("run");
    Path json = folder.resolve("trained.json");
    Outcome trained = train(model, run, "--json", json);
    assertThat(trained.status()).as(trained.err()).isZero();
    assertThat(trained.out()).startsWith(title + ": validation ndcg@100 0.");
    assertThat(new ObjectMapper().readTree(json.toFile()).path("validation").asDouble())
        .isEqualTo(ndcg(run.toString(), "validation"));
    assertThat(ndcg(run.toString(), "test")).isEqualTo(ndcg(model, "test")).isPositive();
  }

  @Test
  void aSettingIsGivenByTheNameOrByItsOption() throws IOException {
    Path run = folder.resolve("run");
    assertThat(train("ease", run, "--lambda=50").status()).isZero();
    double ndcg = ndcg(run.toString(), "test");
    assertThat(ndcg)
        .isEqualTo(ndcg("ease:50", "test"))
        .isNotCloseTo(ndcg("ease:2000", "test"), OTHER_THREADS)
        .isCloseTo(ndcg("ease:lambda=50,threads=1", "test"), OTHER_THREADS);
  }

  private double ndcg(String model, String split) throws IOException {
    Path json = folder.resolve("result.json");
    Outcome outcome =
        Outcome.of("evaluate", "--data", data, "--model", model, "--split", split, "--json", json);
    assertThat(outcome.status()).as(outcome.err()).isZero();
    JsonNode result = new ObjectMapper().readTree(json.toFile());
    return result.path("metrics").path("ndcg@100").path("mean").asDouble();
  }

  @ParameterizedTest
  @ValueSource(strings = {"popular", "knn", "ease"})
  void itsRunAndItsExportRecommendTheSame(String model) throws IOException {
    Path run = folder.resolve("run");
    Path export = folder.resolve("models/closed/1");
    assertThat(train(model, run).status()).isZero();
    Outcome exported = Outcome.of("export", "--run", run, "--out", export);
    assertThat(exported.status()).as(exported.err()).isZero();
    List<Recommendation> ofRun = recommend(run);
    assertThat(ofRun).hasSize(7);
    assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(ofRun, recommend(export))).isEmpty();
  }

  private List<Recommendation> recommend(Path model) throws IOException {
    Path json = folder.resolve("list.json");
    Outcome outcome =
        Outcome.of("recommend", "--model", model, "--items=3,5", "-k=7", "--json", json);
    assertThat(outcome.status()).as(outcome.err()).isZero();
    List<Recommendation> list = new ArrayList<>();
    for (JsonNode one : new ObjectMapper().readTree(json.toFile()).path("recommendations")) {
      list.add(new Recommendation(one.path("item").asText(), (float) one.path("score").asDouble()));
    }
    return list;
  }

  @Test
  void aReportHasItBesideANetworkAndDrawsNoCurveOfIt() {
    Path run = folder.resolve("ease");
    Path network = folder.resolve("dae");
    Path page = folder.resolve("report.html");
    assertThat(train("ease", run).status()).isZero();
    assertThat(train("dae", network, "--epochs=2", "--latent=4").status()).isZero();
    Outcome both = Outcome.of("report", "--run", run, network, "--data", data, "--out", page);
    assertThat(both.status()).as(both.err()).isZero();
    assertThat(page)
        .content()
        .contains("Results on held-out users", "Validation after each epoch.", "settings lambda")
        .doesNotContain("NaN");
    assertThat(Outcome.of("report", "--run", run, "--out", page).status()).isZero();
    assertThat(page).content().contains("<h2>Training</h2>").doesNotContain("<svg", "NaN");
  }

  @Test
  void itsSettingsAreSearchedForLikeAnyOther() {
    Path out = folder.resolve("search");
    Outcome outcome =
        Outcome.of(
            "search", "--data", data, "--model=ease", "--out", out, "--try=lambda=10,100,1000");
    assertThat(outcome.status()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("Best of 3 trials: lambda=");
    assertThat(out.resolve("report.html"))
        .content()
        .contains("Best validation of each trial over lambda.")
        .doesNotContain("NaN");
  }

  @Test
  void aRunOfOtherItemsIsRefusedAndNoneIsOverwritten() {
    Path run = folder.resolve("run");
    Path other = folder.resolve("other");
    assertThat(train("popular", run).status()).isZero();
    Outcome.of("generate", "--shape=300x50x4000", "--heldout-users=50", "--out", other);
    Outcome outcome = Outcome.of("evaluate", "--data", other, "--model", run);
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err()).contains("name the data that it was trained on");
    assertThat(train("popular", run).err()).contains("already holds a run");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--model=popular:3 | popular: expected SETTING=VALUE after the colon",
        "--model=ease:strong | lambda: expected",
        "--model=ease:-1 | lambda: expected",
        "--model=knn:0.5 | neighbours: expected a whole number of at least 1, found '0.5'",
        "--model=knn:width=3 | width: no setting of knn, which has neighbours",
        "--model=knn:neighbours=3,neighbours=4 | neighbours: is given twice",
        "--model=knn --epochs=5 | --epochs: no setting of knn, which has neighbours, user-exponent,"
            + " history-exponent, popularity-exponent, device, threads",
        "--model=ease --lambda=0 | --lambda: expected",
        "--model=ease --restarts=3 | --restarts is for models trained by gradient, not for ease",
        "--model=knn --time-limit=5 | --time-limit is for models trained by gradient"
      })
  void whatItDoesNotHaveIsWrongUsage(String options, String message) {
    Outcome outcome = Outcome.of((Object[]) ("train --data=x --out=y " + options).split(" ", -1));
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("vaecf train: ").contains(message);
  }
}
