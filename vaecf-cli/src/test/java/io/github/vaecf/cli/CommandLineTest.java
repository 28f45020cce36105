package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
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
    assertThat(trained.err().lines().findFirst().orElseThrow())
        .matches("training needs [0-9]+ MB of memory \\(weights .*");
    assertThat(trained.err().lines().skip(1))
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
        "knows none of the items; it has ");
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
            + ": expected a pair to find, found none: there is nothing to measure");
    assertThat(search).doesNotExist();
    Path experiment = folder.resolve("experiment");
    assertFailure(
        Outcome.of("experiment", "--data", without, "--out", experiment),
        without.resolve("test_te.csv")
            + ": expected a pair to find, found none: there is nothing to measure");
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
        assertThat(help).contains(option);
        assertThat(help.substring(help.lastIndexOf(option)))
            .contains(setting.help().substring(0, 10));
      }
    }
    assertThat(help)
        .containsPattern(
            "Users a step \\(vae, dae[^)]*\\)\\. Published: 500 for vae and dae and recvae, 200 for vamp")
        .contains("Published: 600 for vae, none for dae, 600,600 for vamp and hvamp.")
        .contains("Published: 0 for vae, 0.00002 for dae.")
        .contains(
            "of all steps (vae, vamp, hvamp). Published: 0.855 for vae, 0.25 for vamp and hvamp.")
        .contains("0 for one a core. Published: 0.")
        .containsPattern("--factors=N Width of [^.]*\\(elsa\\)\\. Width of [^.]*\\(ials\\)\\.");
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
  void settingsOfARunThatAreCutShortAreSaidInPlainWords() throws IOException {
    Path cut = folder.resolve("cut");
    Files.createDirectory(cut);
    String settings = Files.readString(run.resolve("config.json"));
    Files.writeString(cut.resolve("config.json"), settings.substring(0, 40));
    assertThat(Outcome.of("report", "--run", cut).err())
        .matches(
            "vaecf report: .*config.json, line \\d: not the settings of a run, expected JSON to its"
                + " end\n");
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
    List<MatchResult> intervals =
        Pattern.compile("\\[(0\\.\\d{4}), (0\\.\\d{4})\\]")
            .matcher(outcome.out())
            .results()
            .toList();
    assertThat(intervals).hasSize(4 * 2);
    for (MatchResult interval : intervals) {
      assertThat(page).content().contains(interval.group(1) + " – " + interval.group(2));
    }
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
  void twoResultsHaveTwoPlaces() throws IOException {
    Path file = folder.resolve("x");
    Path link = Files.createSymbolicLink(folder.resolve("link-to-x"), file.getFileName());
    for (List<?> places :
        List.of(List.of("-", "/dev/stdout"), List.of(file, file), List.of(file, link))) {
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
        "generate --shape=100x20x600 --out",
        "generate --raw --shape=100x20x600 --out",
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
  void aRunKnowsTheTitlesOfItsDataAndSoDoItsExports() throws IOException {
    List<String> items = Files.readAllLines(data.resolve("unique_sid.txt"));
    Path titles = folder.resolve("titles.csv");
    Files.write(
        titles,
        Stream.concat(
                Stream.of("id,title"), items.stream().map(id -> id + ",\"The " + id + "th, “é”\""))
            .toList());
    Path titled = folder.resolve("titled");
    assertDone(
        Outcome.of(
            "prepare",
            "--format=csv",
            "--input",
            RATINGS,
            "--titles",
            titles,
            "--heldout-users=60",
            "--out",
            titled));
    Path ofTitled = folder.resolve("run");
    assertDone(Outcome.of("train", "--data", titled, "--model=popular", "--out", ofTitled));
    Path version = folder.resolve("models/1");
    assertDone(Outcome.of("export", "--run", ofTitled, "--out", version));
    for (Path model : List.of(ofTitled, ofTitled.resolve("model.safetensors"), version)) {
      assertThat(recommend(model, "--items", items.get(0)).out()).contains("th, “é”");
    }
    assertThat(recommend(run, "--items", items.get(0)).out()).doesNotContain("The ");
    assertFailure(
        Outcome.of("export", "--run", ofTitled, "--data", folder, "--out", folder.resolve("m/2")),
        folder.toString());
    Outcome onnx =
        Outcome.of(
            "export", "--run", ofTitled, "--data", titled, "--format=onnx", "--out", "x.onnx");
    assertThat(onnx.status()).isEqualTo(2);
    assertThat(onnx.err())
        .contains("--data has titles, and ")
        .contains(".onnx has no place for them");
    Files.writeString(ofTitled.resolve("titles.json"), "{\"a\": ");
    assertFailure(
        recommend(ofTitled, "--items", items.get(0)),
        ofTitled.resolve("titles.json") + ": not the titles of a run");
  }

  private static Outcome recommend(Path model, Object... more) {
    return Outcome.of(
        Stream.concat(Stream.of("recommend", "--model", model), Stream.of(more)).toArray());
  }

  @Test
  void anIdMayHaveCommasAndQuotesInIt() throws IOException {
    Path log = folder.resolve("log.csv");
    List<String> lines = new ArrayList<>(List.of("user,item"));
    for (int user = 0; user < 40; user++) {
      for (int item = 0; item < 8; item++) {
        String id = item == 0 ? "\"Dune, part \"\"two\"\"\"" : "plain" + (user + item) % 9;
        lines.add(user + "," + id);
      }
    }
    Files.write(log, lines);
    Path prepared = folder.resolve("prepared");
    assertDone(
        Outcome.of(
            "prepare",
            "--format=csv",
            "--value-column=none",
            "--input",
            log,
            "--heldout-users=5",
            "--out",
            prepared));
    Path popular = folder.resolve("popular");
    assertDone(Outcome.of("train", "--data", prepared, "--model=popular", "--out", popular));
    Path file = Files.writeString(folder.resolve("ids"), "Dune, part \"two\"\nplain1\n");
    for (List<?> items :
        List.of(
            List.of("--items", "\"Dune, part \"\"two\"\"\",plain1"),
            List.of("--items", "\"Dune, part \"\"two\"\"\"", "--items", "plain1"),
            List.of("--items-file", file))) {
      Outcome outcome = recommend(popular, items.toArray());
      assertDone(outcome);
      assertThat(outcome.err()).isEmpty();
      assertThat(outcome.out()).contains("plain2").doesNotContain("Dune", "plain1");
    }
    assertThat(recommend(popular, "--items=plain1,plain2").out()).contains("Dune, part \"two\"");
    Outcome wrong = recommend(popular, "--items=\"a\"b");
    assertThat(wrong.status()).isEqualTo(2);
    assertThat(wrong.err()).contains("--items: expected ids with commas between");
    assertThat(recommend(popular).err()).contains("expected at least one item, in --items or");
    assertFailure(recommend(popular, "--items=a,b"), "knows none of the items; it has 10 others");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "train --data=x --modle=vae --out=y | Unknown option: '--modle=vae' | Did you mean --model?",
        "prepare --format=csv --inptu x --out=y | Unknown option: '--inptu' | Did you mean --input?",
        "export --rnu x --oout y | Unknown options: '--rnu', '--oout' | Did you mean --run, --out?",
        "prepare --format=csv --input x --otu y | Unknown option: '--otu' | Did you mean --out?",
        "train --data --modle vae --out=y | Unknown option: '--modle' | Did you mean --model?",
        "compare --data=x --model a b --jsn=c | Unknown option: '--jsn=c' | Did you mean --json?",
      })
  void aSlipInTheNameOfAnOptionIsNamed(String line, String message, String suggestion) {
    Outcome outcome = Outcome.of((Object[]) line.strip().split(" ", -1));
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).contains(message, suggestion).doesNotContain("Missing required");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "train --model=ease --out=y --time-limit=3 | --time-limit is for models trained by",
        "search --model=ease --out=y --try=lambda=1,2 --no-pruning | --no-pruning is for models",
        "search --model=vae --out=y --try=latent=1,2 --search-seed=3 | --search-seed is for",
        "reproduce gowalla --input=x --out=y --heldout-users=3 | --heldout-users is not for gowalla",
        "generate --shape=100x20x600 --raw --heldout-users=2 --out=y | --heldout-users is for a",
        "benchmark --epochs=3 | --epochs has no effect here",
        "benchmark --patience=3 | --patience has no effect here",
        "prepare --format=movielens --input=x --out=y --separator=; | --separator goes with --format csv",
        "prepare --format=movielens --input=x --out=y --titles=x | --titles goes with --format csv or tsv",
        "prepare --format=csv --input=x --out=y --title-columns=1,2 | --title-columns is for the",
        "prepare --format=csv --input=x --out=y --split=weak --preset=ml-20m | --preset is for",
        "prepare --format=csv --input=x --out=y --split=last --heldout-users=3 | --heldout-users is",
        "prepare --format=csv --input=x --out=y --split=last --test-share=0.1 | --test-share is for",
        "prepare --format=csv --input=x --out=y --split=last --seed=1 | --seed is not for --split",
        "prepare --format=csv --input=x --out=y --heldout-users=3 --test-share=0.1 | --test-share",
        "prepare --format=csv --input=x --out=y --heldout-items=3 | --heldout-items is for --split last",
        "prepare --format=csv --input=x --out=y --split=weak --test-from=2024-01-31 | --test-from is for",
        "prepare --format=csv --input=x --out=y --split=time --seed=1 | --seed is not for --split time",
        "prepare --format=csv --input x z --out=y --split=given --repeated=sum | --repeated is not for",
        "prepare --format=csv --input x z --out=y --split=given --min-rating=3 | --min-rating is",
        "prepare --format=csv --input=x --out=y --value-column=none --min-rating=3 | --min-rating is",
        "prepare --format=lightgcn --input=x --out=y --min-rating=3 | --min-rating is for ratings",
      })
  void anOptionThatWouldDoNothingIsRefused(String line, String message) {
    String[] words = line.strip().split(" ", -1);
    boolean withData = List.of("train", "search", "benchmark").contains(words[0]);
    Outcome outcome =
        Outcome.of(
            Stream.concat(Stream.of(words), withData ? Stream.of("--data=x") : Stream.of())
                .toArray());
    assertThat(outcome.err()).startsWith("vaecf " + words[0] + ": " + message.strip());
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(Path.of("y")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "train --data=x --model=vae --out=y --time-limit=0 | --time-limit: expected",
        "train --data=x --model=vae --out=y --restarts=two | expected a whole number, found 'two'",
        "train --data=x --model=vae --out=y --time-limit=x | expected a number, found 'x'",
        "train --data=x --model=vae --out=y --validation-metric=auc@1 | --validation-metric: metric",
        "evaluate --data=x --model=y --metrics=ndcg | --metrics: ",
        "evaluate --data=x --model=y --split=train | expected test or validation, found 'train'",
        "export --run=x --out=y --format=pmml | --format: no form of exports",
        "export --run=x --out=y --top-k=0 | --top-k: expected a whole number",
        "generate --shape=3 --out=y | --shape: a shape must",
        "prepare --format=x --input=x --out=y | --format: a format must be one of csv",
        "prepare --format=csv --input=x --out=y --preset=ml-1m | --preset: expected one of ml-20m,",
        "train --data=x --model=vae --out=y --restarts=0 | --restarts: expected at least 1",
        "train --data=x --model=vae --out=y --checkpoint-epochs=-1 | --checkpoint-epochs: expected",
        "train --data=x --model=vae --out=y --checkpoint-minutes=-1 | --checkpoint-minutes: expect",
        "train --data=x --model=vae --out=y --keep-checkpoints=0 | --keep-checkpoints: expected",
        "prepare --format=csv --input=x --out=y --heldout-users=0 | --heldout-users: the number",
        "prepare --format=csv --input=x --out=y --heldout-users=9 --min-rating=NaN | --min-rating:",
        "prepare --format=csv --input=x --out=y --heldout-users=9 --min-user-items=-1 | --min-user-",
        "prepare --format=csv --input=x --out=y --heldout-users=9 --seed=-1 | --seed: the seed must",
        "prepare --format=csv --input=x --out=y --heldout-users=many | --heldout-users: expected a number",
        "prepare --format=csv --input=x --out=y --heldout-users=0.7 | --heldout-users: the share of",
        "prepare --format=csv --input=x --out=y --repeated=mean | --repeated: expected first, last,",
        "prepare --format=csv --input=x --out=y --split=last --heldout-items=0 | --heldout-items: the number",
        "prepare --format=csv --input=x --out=y --split=time --test-from=May | --test-from: expected a date",
        "prepare --format=csv --input=x --out=y --split=weak --test-share=2 | --test-share: the test",
      })
  void aRefusalCallsTheOptionAsThePersonDid(String line, String message) {
    Outcome outcome = Outcome.of((Object[]) line.strip().split(" ", -1));
    assertThat(outcome.err())
        .contains(": " + message.strip())
        .doesNotContainPattern("[a-z]{2}[A-Z]");
    assertThat(outcome.status()).isEqualTo(2);
  }

  @Test
  void modelsInTablesHaveShortNamesThatTellThemApart() {
    assertThat(NamedModel.inShort("--model", List.of("/a/b/vae", "c/dae", "ease:200", "m/x.onnx")))
        .containsExactly(
            entry("vae", "/a/b/vae"),
            entry("dae", "c/dae"),
            entry("ease:200", "ease:200"),
            entry("x.onnx", "m/x.onnx"));
    assertThat(NamedModel.inShort("--model", List.of("/a/one/run", "/a/two/run", "/b/two/run")))
        .containsOnlyKeys("one/run", "a/two/run", "b/two/run");
    assertThat(NamedModel.inShort("--model", List.of("models/movies/1", "/x/ease", "ease")))
        .containsOnlyKeys("movies/1", "x/ease", "ease");
    assertThatThrownBy(() -> NamedModel.inShort("--model", List.of("run", "./run")))
        .hasMessage("--model: './run' is named twice");
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
