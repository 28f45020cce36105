package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From raw ratings to recommendations by the command line alone, and what can go wrong there. */
class CommandLineTest {
  private static final Path RATINGS =
      Path.of("../vaecf-data/src/test/resources/golden/split/ratings.csv");

  /** Made once: a prepared folder, a run on it and the run's export. */
  @TempDir static Path made;

  private static Path data;
  private static Path run;
  private static Path export;

  @TempDir Path folder;

  @BeforeAll
  static void prepareTrainAndExport() {
    data = made.resolve("data");
    run = made.resolve("run");
    export = made.resolve("models/movies/1");
    assertDone(
        Outcome.of(
            "prepare", "--format=csv", "--input", RATINGS, "--heldout-users=60", "--out", data));
    Outcome trained = train("vae", run, "--epochs=3", "--json", made.resolve("train.json"));
    assertDone(trained);
    assertThat(trained.out()).startsWith("Mult-VAE: best epoch ");
    assertThat(trained.err().lines())
        .hasSize(3)
        .allMatch(line -> line.startsWith("Mult-VAE epoch"));
    assertDone(Outcome.of("export", "--run", run, "--out", export, "--top-k=20"));
  }

  @Test
  void trainSaysAsJsonWhatCameOut() throws IOException {
    JsonNode outcome = json(made.resolve("train.json"));
    assertThat(outcome.path("model").asText()).isEqualTo("vae");
    assertThat(outcome.path("epoch").asInt()).isBetween(1, 3);
    assertThat(outcome.path("validation").asDouble()).isBetween(0.0, 1.0);
  }

  @Test
  void aRunAndItsExportGetTheSameNumbers() throws IOException {
    JsonNode ofRun = evaluate(run);
    JsonNode ofExport = evaluate(export);
    JsonNode ofBase = evaluate(export.getParent());
    for (String metric : List.of("ndcg@100", "recall@20", "recall@50")) {
      double expected = ofRun.path("metrics").path(metric).path("mean").asDouble();
      assertThat(expected).isBetween(0.01, 1.0);
      for (JsonNode other : List.of(ofExport, ofBase)) {
        assertThat(other.path("metrics").path(metric).path("mean").asDouble())
            .isCloseTo(expected, within(1e-6));
      }
    }
  }

  @Test
  void evaluateMeasuresWhatIsAskedForOnWhomIsAskedFor() throws IOException {
    Path json = folder.resolve("result.json");
    Path users = folder.resolve("users.csv");
    Outcome outcome =
        Outcome.of(
            "evaluate",
            "--data",
            data,
            "--model",
            run,
            "--split=validation",
            "--metrics=map@10,mrr@10",
            "--per-user",
            users,
            "--json",
            json);
    assertDone(outcome);
    assertThat(outcome.out()).contains("map@10", "mrr@10", "validation users");
    assertThat(json(json).path("split").asText()).isEqualTo("validation");
    assertThat(json(json).path("metrics").has("mrr@10")).isTrue();
    assertThat(Files.readAllLines(users))
        .hasSize(json(json).path("users").asInt() + 1)
        .first()
        .isEqualTo("user,fold_in,held_out,map@10,mrr@10");
  }

  @Test
  void recommendTakesRawIdsAndGivesRawIds() throws IOException {
    List<String> items = Files.readAllLines(data.resolve("unique_sid.txt"));
    Path json = folder.resolve("list.json");
    Outcome outcome =
        Outcome.of(
            "recommend",
            "--model",
            export,
            "--items",
            items.get(0) + "," + items.get(3),
            "-k=4",
            "--json",
            json);
    assertDone(outcome);
    assertThat(outcome.err()).isEmpty();
    assertThat(json(json).path("recommendations")).hasSize(4);
    for (JsonNode one : json(json).path("recommendations")) {
      assertThat(items).contains(one.path("item").asText());
      assertThat(one.path("item").asText()).isNotIn(items.get(0), items.get(3));
      assertThat(outcome.out()).contains(one.path("item").asText());
    }
  }

  @Test
  void anUnknownItemIsReportedAndIgnored() throws IOException {
    String known = Files.readAllLines(data.resolve("unique_sid.txt")).get(0);
    Outcome without = Outcome.of("recommend", "--model", export, "--items", known);
    Outcome with = Outcome.of("recommend", "--model", export, "--items", known + ",no-such-item");
    assertThat(with.status()).isZero();
    assertThat(with.err())
        .isEqualTo("vaecf recommend: the model knows no item 'no-such-item'; ignored\n");
    assertThat(with.out()).isEqualTo(without.out());
  }

  @Test
  void onlyUnknownItemsAreAFailure() {
    assertFailure(
        Outcome.of("recommend", "--model", export, "--items", "none,such"),
        "vaecf recommend: the model knows none of the items none, such; its ids are such as '");
  }

  @Test
  void aPartThatHoldsNothingOutFailsBeforeTheWork() throws IOException {
    Path without = folder.resolve("without");
    Files.createDirectory(without);
    try (var files = Files.list(data)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, without.resolve(file.getFileName()));
      }
    }
    for (String part : List.of("test", "validation")) {
      Files.writeString(without.resolve(part + "_te.csv"), "uid,sid\n");
      assertFailure(
          Outcome.of("evaluate", "--data", without, "--model", run, "--split", part),
          without.resolve(part + "_te.csv")
              + ": expected a pair to find, found none: there is nothing to measure; prepare the"
              + " data with pairs held out for "
              + part);
    }
    assertFailure(
        Outcome.of("compare", "--data", without, "--model", run, "--model", "popular"),
        without.resolve("test_te.csv") + ": expected a pair to find");
    Path search = folder.resolve("search");
    assertFailure(
        Outcome.of(
            "search", "--data", without, "--model=ease", "--try=lambda=1,2", "--out", search),
        without.resolve("validation_te.csv")
            + ": expected a pair to find, found none: there is"
            + " nothing to choose by");
    assertThat(search).doesNotExist();
    Path experiment = folder.resolve("experiment");
    assertFailure(
        Outcome.of("experiment", "--data", without, "--out", experiment),
        "users has a held-out item: there is nothing to measure");
    assertThat(experiment).doesNotExist();
  }

  @Test
  void anUnknownPartIsReportedWithEachNameOnce() {
    Outcome outcome = Outcome.of("evaluate", "--data", data, "--model", run, "--split", "tset");
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err())
        .startsWith(
            "vaecf evaluate: Invalid value for option '--split': expected test or validation, found"
                + " 'tset'\n");
  }

  @Test
  void aTrainingCanBeResumedButNotOverwritten() {
    Path again = folder.resolve("run");
    assertDone(train("dae", again, "--epochs=2"));
    assertFailure(train("dae", again, "--epochs=2"), again + ": already holds a run");
    assertDone(train("dae", again, "--epochs=2", "--resume"));
    assertFailure(train("dae", again, "--epochs=3", "--resume"), "epochs");
  }

  @Test
  void aFolderThatIsNoRunIsNamed() {
    assertFailure(
        Outcome.of("export", "--run", data, "--out", folder.resolve("m/1")),
        data + ": not a run folder with a trained model");
    assertThat(folder.resolve("m")).doesNotExist();
    assertFailure(
        Outcome.of("evaluate", "--data", data, "--model", folder.resolve("none")),
        folder.resolve("none").toString());
    assertFailure(Outcome.of("recommend", "--model", data, "--items=1"), data + ": not an export");
    assertFailure(train("vae", folder.resolve("none"), "--resume"), "holds no run to be resumed");
  }

  @Test
  void aModelOfOtherDataIsRefused() {
    Path other = folder.resolve("other");
    assertDone(
        Outcome.of(
            "prepare",
            "--format=csv",
            "--input",
            RATINGS,
            "--heldout-users=60",
            "--min-user-items=8",
            "--out",
            other));
    assertFailure(
        Outcome.of("evaluate", "--data", other, "--model", run),
        "name the data that it was trained");
  }

  @Test
  void aFolderThatIsNoPreparedFolderIsNamed() {
    assertFailure(
        Outcome.of("evaluate", "--data", folder, "--model", run),
        "unique_sid.txt: there is no such");
    assertFailure(
        Outcome.of("train", "--data", folder.resolve("x"), "--model=vae", "--out", run),
        folder.resolve("x") + ": there is no such folder");
  }

  @Test
  void anOnnxFileGetsTheSameNumbers() throws IOException {
    Path file = folder.resolve("model.onnx");
    assertDone(Outcome.of("export", "--run", run, "--out", file, "--format=onnx", "--exclude"));
    assertThat(evaluate(file).path("metrics").path("ndcg@100").path("mean").asDouble())
        .isCloseTo(
            evaluate(run).path("metrics").path("ndcg@100").path("mean").asDouble(), within(1e-6));
  }

  @Test
  void aVersionThatIsThereIsLeftAsItIs() throws IOException {
    long before = Files.getLastModifiedTime(export.resolve("saved_model.pb")).toMillis();
    assertFailure(
        Outcome.of("export", "--run", run, "--out", export),
        "already exists; choose another place");
    assertThat(Files.getLastModifiedTime(export.resolve("saved_model.pb")).toMillis())
        .isEqualTo(before);
    assertFailure(
        Outcome.of("export", "--run", run, "--out", folder.resolve("latest")), "version number");
  }

  @Test
  void anUnwritableOutputFails() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertFailure(train("vae", file.resolve("run")), file.toString());
    assertFailure(Outcome.of("export", "--run", run, "--out", file.resolve("1")), file.toString());
    assertFailure(
        Outcome.of("evaluate", "--data", data, "--model", run, "--json", file.resolve("x.json")),
        file.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "train --data=x --out=y",
        "train --data=x --model=svd --out=y",
        "train --data=x --model=vae --out=y --epochs=0",
        "train --data=x --model=vae --out=y --learning-rate=-1",
        "train --data=x --model=vae --out=y --batch-size=0",
        "train --data=x --model=vae --out=y --keep-probability=0",
        "train --data=x --model=vae --out=y --hidden=0,5",
        "train --data=x --model=vae --out=y --latent=-3",
        "train --data=x --model=vae --out=y --beta-cap=-1",
        "train --data=x --model=vae --out=y --anneal-share=2",
        "train --data=x --model=vae --out=y --anneal-steps=10 --anneal-share=0.5",
        "train --data=x --model=dae --out=y --beta-cap=0.2",
        "train --data=x --model=vae --out=y --lambda=3",
        "train --data=x --model=vae:5 --out=y",
        "train --data=x --model=vae --out=y --restarts=0",
        "experiment --data=x --out=y --models=vae,ease",
        "experiment --data=x --out=y --models=vae,vae",
        "experiment --data=x --out=y --models=dae --beta-cap=0.1",
        "reproduce ml-20m --input=x --out=y --models=svd",
        "benchmark --data=x --model=popular",
        "train --data=x --model=vae --out=y --keep-checkpoints=0",
        "train --data=x --model=vae --out=y --time-limit=0",
        "train --data=x --model=vae --out=y --device=tpu",
        "train --data=x --model=vae --out=y --validation-metric=accuracy",
        "evaluate --data=x --model=y --metrics=ndcg",
        "evaluate --data=x --model=y --metrics=ndcg@0",
        "evaluate --data=x --model=y --split=train",
        "recommend --model=x --items=1 -k=0",
        "recommend --model=x",
        "export --run=x --out=y --top-k=0",
        "quickstart --epochs=0",
        "quickstrat"
      })
  void wrongUsageIsExplained(String line) {
    Outcome outcome = Outcome.of((Object[]) line.split(" ", -1));
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("vaecf").contains("--help'.");
    assertThat(outcome.out()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--model=dae --beta-cap=0.2 | --beta-cap: no setting of dae, which has epochs, batch-size",
        "--model=vae --epochs=0 | --epochs: expected a whole number of at least 1, found '0'",
        "--model=vae --schedule=steep | --schedule: expected constant or cosine, found 'steep'",
        "--model=vae --anneal-steps=1 --anneal-share=1 | --anneal-steps and --anneal-share exclude",
        "--model=svd | --model: no model has the name 'svd', expected one of vae, dae, "
      })
  void aRefusalNamesTheOptionAndWhatWasExpected(String options, String message) {
    Outcome outcome = Outcome.of((Object[]) ("train --data=x --out=y " + options).split(" ", -1));
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("vaecf train: " + message);
  }

  @Test
  void everySettingOfEveryModelIsAnOptionWithItsPublishedValue() {
    String help = Outcome.of("train", "--help").out().replaceAll("\\s+", " ");
    for (Model model : Model.all()) {
      assertThat(help).contains(model.name());
      for (Setting<?> setting : model.settings()) {
        String option = "--" + setting.name() + "=" + setting.placeholder() + " ";
        assertThat(help).contains(option + setting.help().substring(0, 10));
      }
    }
    assertThat(help)
        .containsPattern("Users a step \\(vae, dae[^)]*\\)\\. Published: 500\\.")
        .contains("Published: 600 for vae, none for dae.")
        .contains("Published: 0 for vae, 0.00002 for dae.")
        .contains("of all steps (vae). Published: 0.855.")
        .contains("0 for one a core. Published: 0.");
  }

  @Test
  void aMillionTimesAThousandItemsAreNoMoreThanTheCatalogue() throws IOException {
    List<String> items = Files.readAllLines(data.resolve("unique_sid.txt"));
    for (Path model : List.of(run, export)) {
      Path json = folder.resolve("list.json");
      assertDone(
          Outcome.of(
              "recommend",
              "--model",
              model,
              "--items",
              items.get(0),
              "-k=1000000000",
              "--json",
              json));
      assertThat(json(json).path("recommendations")).hasSize(items.size() - 1);
    }
  }

  @Test
  void aReportShowsCurvesResultsDataExamplesAndSettings() throws IOException {
    Path page = folder.resolve("deep/report.html");
    Outcome outcome = Outcome.of("report", "--run", run, "--data", data, "--out", page);
    assertDone(outcome);
    assertThat(page)
        .content()
        .contains("<h1>run</h1>")
        .contains(
            "Results on held-out users",
            "By user activity and item",
            "Training",
            "Data",
            "Settings")
        .contains("Example recommendations", "settings learning-rate")
        .contains("<svg ");
  }

  @Test
  void aReportOfARunAloneNeedsNoData() {
    assertDone(Outcome.of("report", "--run", run));
    assertThat(run.resolve("report.html")).content().contains("Validation after each epoch");
    assertFailure(Outcome.of("report", "--run", folder), folder + ": not a run folder");
  }

  @Test
  void modelsAreComparedUserByUser() throws IOException {
    Path json = folder.resolve("comparison.json");
    Path page = folder.resolve("comparison.html");
    Outcome outcome =
        Outcome.of(
            "compare",
            "--data",
            data,
            "--model",
            run,
            "popular",
            "knn:20",
            "ease",
            "--metrics=ndcg@100,recall@20",
            "--json",
            json,
            "--report",
            page);
    assertDone(outcome);
    assertThat(outcome.out())
        .contains("popular − knn:20", "95 % interval", "p (Wilcoxon)")
        .containsPattern("ndcg@100 by user activity\nfold-in items .*knn:20 ")
        .containsPattern("recall@100 by item popularity\ntraining users .*knn:20 ");
    assertThat(json(json).path("comparisons")).hasSize(6 * 2);
    for (JsonNode comparison : json(json).path("comparisons")) {
      String metric = comparison.path("metric").asText();
      double first = mean(json(json), comparison.path("first").asText(), metric);
      double second = mean(json(json), comparison.path("second").asText(), metric);
      assertThat(comparison.path("difference").asDouble())
          .isCloseTo(first - second, within(1e-12))
          .isBetween(comparison.path("lower").asDouble(), comparison.path("upper").asDouble());
      double sum = 0;
      int users = 0;
      for (JsonNode group : comparison.path("by_activity")) {
        sum += group.path("difference").asDouble() * group.path("users").asInt();
        users += group.path("users").asInt();
      }
      assertThat(sum / users).isCloseTo(first - second, within(1e-12));
    }
    assertThat(page).content().contains("Differences, user by user", "By user activity and item");
    requireThatGroupsAreParts(json(json));
    assertThat(
            evaluate(Path.of("popular")).path("metrics").path("ndcg@100").path("mean").asDouble())
        .isEqualTo(mean(json(json), "popular", "ndcg@100"));
    assertFailure(
        Outcome.of("evaluate", "--data", data, "--model=ease:strong"), "expected a number");
    assertThat(Outcome.of("compare", "--data", data, "--model", run, "popular", "--markdown").out())
        .startsWith(
            "| model | ndcg@100 | recall@20 | recall@50 | ndcg@100 − popular |\n|---|--:|--:|")
        .containsPattern("\\| 0\\.[0-9]+ \\[0.* \\| [-+]0\\.[0-9]{4} \\(p [=<] 0");
    assertThat(Outcome.of("compare", "--data", data, "--model", run).status()).isEqualTo(2);
  }

  /** The groups of users have all users, and the weighted mean over them is that of all. */
  private static void requireThatGroupsAreParts(JsonNode comparison) {
    assertThat(comparison.path("by_activity").size()).isGreaterThan(1);
    for (String model : List.of("popular", "knn:20", "ease")) {
      double sum = 0;
      int users = 0;
      for (JsonNode group : comparison.path("by_activity")) {
        JsonNode one = group.path("models").path(model);
        sum += one.path("mean").asDouble() * one.path("users").asInt();
        users += one.path("users").asInt();
      }
      assertThat(sum / users).isCloseTo(mean(comparison, model, "ndcg@100"), within(1e-12));
    }
    assertThat(comparison.path("models").path("popular").fieldNames())
        .toIterable()
        .filteredOn(name -> name.startsWith("recall@100[popularity "))
        .hasSizeGreaterThan(1);
  }

  @Test
  void aResultOnStandardOutputStandsThereAlone() throws IOException {
    for (String standardOutput : List.of("-", "/dev/stdout", "/dev/fd/1")) {
      Outcome outcome =
          Outcome.of("evaluate", "--data", data, "--model=popular", "--json", standardOutput);
      assertDone(outcome);
      assertThat(new ObjectMapper().readTree(outcome.out()).path("model").asText())
          .isEqualTo("popular");
      assertThat(outcome.err()).contains("test users");
    }
    Outcome users = Outcome.of("evaluate", "--data", data, "--model=popular", "--per-user", "-");
    assertThat(users.out()).startsWith("user,fold_in,held_out,ndcg@100");
    assertThat(users.err()).contains("coverage@100");
    Outcome page =
        Outcome.of("compare", "--data", data, "--model", "popular", "ease", "--report=-");
    assertThat(page.out()).startsWith("<!doctype html>").endsWith("</html>\n");
    assertThat(Outcome.of("report", "--run", run, "--out=-").out()).startsWith("<!doctype html>");
  }

  @Test
  void twoResultsHaveTwoPlaces() {
    Path file = folder.resolve("x");
    for (List<?> places : List.of(List.of("-", "/dev/stdout"), List.of(file, file))) {
      Outcome outcome =
          Outcome.of(
              "evaluate",
              "--data=x",
              "--model=popular",
              "--json",
              places.get(0),
              "--per-user",
              places.get(1));
      assertThat(outcome.status()).isEqualTo(2);
      assertThat(outcome.err())
          .contains("--json and --per-user: expected two places, found " + places.get(1));
    }
    assertThat(file).doesNotExist();
  }

  /** The data is not there either, and would be missed were anything begun. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "evaluate --data=none --model=popular --json",
        "evaluate --data=none --model=popular --per-user",
        "compare --data=none --model popular ease --report",
        "compare --data=none --model popular ease --json",
        "recommend --model=none --items=1 --json",
        "report --run=none --out",
        "benchmark --data=none --json",
        "prepare --format=csv --input=none --heldout-users=1 --out=new --json",
        "train --data=none --model=vae --out=new --json",
        "search --data=none --model=vae --out=new --try=epochs=1,2 --json",
        "reproduce ml-20m --input=none --out=new --json",
        "quickstart --json"
      })
  void aResultThatCannotBeWrittenIsRefusedBeforeTheWork(String line) throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    for (Path target : List.of(folder, file.resolve("deep/x"))) {
      Outcome outcome =
          Outcome.of(Stream.concat(Stream.of(line.split(" ", -1)), Stream.of(target)).toArray());
      assertFailure(outcome, target + ": cannot be written (");
    }
    assertThat(Path.of("new")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "prepare --format=csv --input=none --heldout-users=1 --out",
        "generate --shape=10x10x60 --out",
        "generate --raw --shape=10x10x60 --out",
        "train --data=none --model=ease --out",
        "quickstart --out"
      })
  void aFolderThatCannotBeWrittenIsRefusedBeforeTheWork(String line) throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    Path target = file.resolve("deep/folder");
    Outcome outcome =
        Outcome.of(Stream.concat(Stream.of(line.split(" ", -1)), Stream.of(target)).toArray());
    assertFailure(outcome, target + ": cannot be written (" + file + " is no folder)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"train --data= --model=vae --out=x", "report --run=x --out="})
  void anEmptyPathIsASlip(String line) {
    Outcome outcome = Outcome.of((Object[]) line.split(" ", -1));
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).contains(": expected a path, found none\n");
  }

  @Test
  void evaluateTellsHowRecommendationsAreSpread() {
    Outcome outcome =
        Outcome.of(
            "evaluate", "--data", data, "--model=popular", "--metrics=novelty@10,popularity@10");

    assertDone(outcome);
    assertThat(outcome.out())
        .containsPattern("novelty@10 +[0-9]+\\.[0-9]{4} +0\\.[0-9]{4}\n")
        .containsPattern("popularity@10 +0\\.[0-9]{4} +0\\.[0-9]{4}\n")
        .containsPattern("coverage@10 +0\\.[0-9]{4}\n")
        .containsPattern("gini@10 +0\\.9[0-9]{3}\n");
    Outcome unknown = Outcome.of("evaluate", "--data", data, "--model=popular", "--metrics=auc@10");
    assertThat(unknown.status()).isEqualTo(2);
    assertThat(unknown.err())
        .contains("metric 'auc@10': expected one of ndcg,", "popularity, novelty");
  }

  private static double mean(JsonNode comparison, String model, String metric) {
    return comparison.path("models").path(model).path(metric).path("mean").asDouble();
  }

  @Test
  void withoutACommandTheCommandsAreListed() {
    Outcome outcome = Outcome.of();
    assertThat(outcome.status()).isZero();
    assertThat(outcome.out()).contains("quickstart", "prepare", "train", "evaluate", "recommend");
    assertThat(Outcome.of("--version").out()).startsWith("vaecf ");
  }

  @Test
  void debugShowsWhereAFailureComesFrom() {
    Outcome outcome = Outcome.of("export", "--run", data, "--out", folder.resolve("1"), "--debug");
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err()).contains("DataException", "\tat io.github.vaecf.");
  }

  private static Outcome train(String model, Path out, Object... more) {
    return Outcome.of(
        Stream.concat(
                Stream.of(
                    "train",
                    "--data",
                    data,
                    "--model",
                    model,
                    "--out",
                    out,
                    "--latent=8",
                    "--batch-size=100"),
                Stream.of(more))
            .toArray());
  }

  private JsonNode evaluate(Path model) throws IOException {
    Path json = folder.resolve("evaluation.json");
    assertDone(Outcome.of("evaluate", "--data", data, "--model", model, "--json", json));
    assertThat(json(json).path("model").asText()).isEqualTo(model.toString());
    return json(json);
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  private static void assertDone(Outcome outcome) {
    assertThat(outcome.status()).as(outcome.err()).isZero();
  }

  private static void assertFailure(Outcome outcome, String message) {
    assertThat(outcome.err()).startsWith("vaecf ").contains(message);
    assertThat(outcome.err().strip().lines()).hasSize(1);
    assertThat(outcome.status()).isEqualTo(1);
  }
}
