package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.RunFolder;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainCommandTest {
  @TempDir static Path made;
  private static Path data;

  @TempDir Path folder;

  @BeforeAll
  static void generate() {
    data = made.resolve("data");
    Outcome.of("generate", "--shape=300x60x4000", "--heldout-users=50", "--out", data);
  }

  private static Outcome train(Path run, Object... more) {
    return Outcome.of(
        Stream.concat(
                Stream.of("train", "--data", data, "--model=dae", "--out", run), Stream.of(more))
            .toArray());
  }

  @Test
  void aRunIsResumedWithWhatItWasStartedWithAndWithNothingElse() throws IOException {
    Path run = folder.resolve("run");
    Path json = folder.resolve("outcome.json");
    Outcome started = train(run, "--epochs=2", "--latent=4", "--validation-metric=recall@5");
    assertThat(started.status()).as(started.err()).isZero();
    byte[] weights = Files.readAllBytes(run.resolve("model.safetensors"));

    Outcome resumed = train(run, "--resume", "--json", json);
    assertThat(resumed.status()).as(resumed.err()).isZero();
    assertThat(resumed.out()).contains("with validation recall@5 0.");
    JsonNode outcome = new ObjectMapper().readTree(json.toFile());
    assertThat(outcome.path("validation_metric").asText()).isEqualTo("recall@5");

    Path by = folder.resolve("by-ndcg");
    assertThat(train(by, "--epochs=2", "--latent=4").status()).isZero();
    Outcome report = Outcome.of("report", "--run", run, by);
    assertThat(report.status()).as(report.err()).isZero();
    assertThat(Files.readString(run.resolve("report.html")).split("<figcaption>Validation after"))
        .as("a plot for each metric")
        .hasSize(1 + 2);
    assertThat(run.resolve("report.html")).content().contains("recall@5", "ndcg@100");

    Outcome otherMetric = train(run, "--resume", "--validation-metric=precision@100");
    assertThat(otherMetric.status()).isEqualTo(1);
    assertThat(otherMetric.err())
        .contains("config.json, validation.metric: the run was started with recall@5 and cannot")
        .contains("be resumed with precision@100");
    assertThat(train(run, "--resume", "--epochs=3").err())
        .contains("settings.epochs: the run was started with 2 and cannot be resumed with 3");
    assertThat(train(run, "--resume", "--restarts=2").err())
        .contains("restarts: the run was started with 1 and cannot be resumed with 2");
    assertThat(Files.readAllBytes(run.resolve("model.safetensors"))).isEqualTo(weights);
  }

  @Test
  void aStepOverALargeCatalogueDrawsItemsUnlessItIsToldNotTo() throws IOException {
    StringBuilder log = new StringBuilder("user,item\n");
    for (int user = 0; user < 520; user++) {
      for (int item = 0; item < 110; item++) { // each user's last are the next one's first
        log.append(user).append(',').append(100 * user + item).append('\n');
      }
    }
    Path events = Files.writeString(folder.resolve("events.csv"), log);
    Path large = folder.resolve("large");
    Outcome prepared =
        Outcome.of("prepare", "--input", events, "--heldout-users=5", "--out", large);
    assertThat(prepared.status()).as(prepared.err()).isZero();
    Path drawn = folder.resolve("drawn");
    Object[] options = {"train", "--data", large, "--model=dae", "--epochs=1", "--latent=2"};
    Outcome told = Outcome.of(with(options, "--out", drawn));
    assertThat(told.status()).as(told.err()).isZero();
    assertThat(told.err())
        .contains(
            " items: a step takes those of its users and 2,000 drawn ones (--items-per-step"
                + " N, 0 for all as published)\n");
    assertThat(RunFolder.settings(drawn).get(TrainingSettings.ITEMS_PER_STEP)).isEqualTo(2000);
    assertThat(Outcome.of(with(options, "--resume", "--out", drawn)).status()).isZero();

    Path all = folder.resolve("all");
    Outcome silent = Outcome.of(with(options, "--items-per-step=0", "--out", all));
    assertThat(silent.status()).as(silent.err()).isZero();
    assertThat(silent.err()).doesNotContain("drawn");
    assertThat(RunFolder.settings(all).get(TrainingSettings.ITEMS_PER_STEP)).isZero();
    Path like = folder.resolve("like");
    assertThat(Outcome.of("train", "--data", large, "--like", all, "--out", like).status())
        .isZero();
    assertThat(RunFolder.settings(like).get(TrainingSettings.ITEMS_PER_STEP)).isZero();
  }

  private static Object[] with(Object[] options, Object... more) {
    return Stream.concat(Stream.of(options), Stream.of(more)).toArray();
  }

  @Test
  void restartsAreResumedAsManyAsTheyWereAndReportedLikeAnyRun() {
    Path run = folder.resolve("run");
    assertThat(train(run, "--epochs=1", "--latent=4", "--restarts=2").status()).isZero();
    Outcome resumed = train(run, "--resume");
    assertThat(resumed.status()).as(resumed.err()).isZero();
    assertThat(resumed.err()).contains("restart 2 of 2").doesNotContain("loss");
    Outcome report = Outcome.of("report", "--run", run, "--data", data);
    assertThat(report.status()).as(report.err()).isZero();
    assertThat(run.resolve("report.html")).content().contains("validation metric");
  }

  @Test
  void everybodyIsTrainedLikeARunWasAndItsFiguresAreNotTakenForOnesOfStrangers()
      throws IOException {
    Path run = folder.resolve("run");
    assertThat(train(run, "--epochs=4", "--latent=4", "--patience=1").status()).isZero();
    Path blend = folder.resolve("blend");
    Outcome blended =
        Outcome.of(
            "blend", "--data", data, "--model", run, "ease", "--weights=1,1", "--out", blend);
    assertThat(blended.status()).as(blended.err()).isZero();
    Split split = PreparedFolder.read(data);
    for (Path like : List.of(run, blend)) {
      Path everybody = folder.resolve("everybody-like-" + like.getFileName());
      Outcome outcome =
          Outcome.of("train", "--data", data, "--like", like, "--everybody", "--out", everybody);
      assertThat(outcome.status()).as(outcome.err()).isZero();
      assertThat(RunFolder.settings(everybody)).isEqualTo(TrainedModel.settingsToRefit(like));
      assertThat(RunFolder.isOf(everybody, split.histories(), split.items())).isTrue();
      assertThat(RunFolder.validationMetric(everybody)).isEmpty();

      Outcome measured = Outcome.of("evaluate", "--data", data, "--model", everybody);
      assertThat(measured.status()).as(measured.err()).isZero();
      assertThat(measured.err())
          .isEqualTo(
              everybody
                  + ": was trained on other histories than the training part of "
                  + data
                  + "; if what is held out was among them, its figures are too good\n");
    }
    assertThat(Outcome.of("evaluate", "--data", data, "--model", run).err()).isEmpty();
  }

  @Test
  void aTimeLimitBeforeTheFirstEpochIsSaidAndWhatItLeavesIsMeasured() throws IOException {
    Path json = folder.resolve("outcome.json");
    Outcome outcome =
        train(folder.resolve("run"), "--batch-size=1", "--time-limit=0.00002", "--json", json);
    assertThat(outcome.status()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("ended before the first epoch, validation ndcg@100 0.");
    assertThat(new ObjectMapper().readTree(json.toFile()).path("validation").isNumber()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "train --data DATA --model vae --out OUT --device gpu", // there is none
        "train --data DATA --model vae --out OUT --device gpu --restarts 2",
        "train --data DATA --model vae --out OUT --resume",
        "train --data NONE --model vae --out OUT",
        "train --data DATA --model svd --out OUT",
        "train --data DATA --out OUT",
        "train --data DATA --model ease --like DATA --out OUT",
        "train --data DATA --like NONE --out OUT",
        "train --data DATA --like DATA --out OUT",
        "train --data DATA --model ease --everybody --validation-metric ndcg@5 --out OUT",
        "search --data DATA --model vae --out OUT --try latent=2,3 --device gpu",
        "search --data NONE --model vae --out OUT --try latent=2,3",
        "experiment --data DATA --out OUT --device gpu",
        "experiment --data DATA --out OUT --undersample-to 0",
        "experiment --data NONE --out OUT",
        "reproduce ml-20m --input NONE --out OUT",
        "reproduce ml-20m --input DATA --out OUT",
        "reproduce ml-20m --input DATA --out OUT --device gpu",
        "quickstart --epochs 0 --out OUT",
        "compare --data DATA --model ease --model NONE --report OUT",
        "export --run NONE --out OUT",
        "export --run DATA --out OUT"
      })
  void aStartThatIsRefusedLeavesNothingBehind(String line) {
    Path out = folder.resolve("above/out");
    Map<String, Path> places = Map.of("DATA", data, "NONE", folder.resolve("none"), "OUT", out);
    Outcome outcome =
        Outcome.of(
            Stream.of(line.split(" ", -1))
                .map(word -> places.containsKey(word) ? places.get(word) : word)
                .toArray());
    assertThat(outcome.status()).as(outcome.out()).isNotZero();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aRunGoesOnFromAnotherOnOtherItemsAndNamesNoOtherModel() {
    Path today = folder.resolve("today");
    Outcome.of("generate", "--shape=300x65x4000", "--heldout-users=50", "--out", today);
    Path before = folder.resolve("before");
    assertThat(train(before, "--epochs=10", "--latent=4").status()).isZero();
    Path next = folder.resolve("next");
    String from = "--from=" + before;
    Outcome outcome = Outcome.of("train", "--data", today, from, "--out", next);
    assertThat(outcome.status()).as(outcome.err()).isZero();
    assertThat(RunFolder.settings(next).get(MultDae.LATENT)).isEqualTo(4);
    assertThat(RunFolder.configuration(next)).containsKey("from_weights_sha256");
    try (TrainedModel trained = TrainedModel.load(next)) {
      assertThat(trained.itemCount()).isEqualTo(PreparedFolder.read(today).items().size());
    }

    Path third = folder.resolve("third");
    assertThat(
            Outcome.of("train", "--data", today, "--from", next, "--epochs=4", "--out", third)
                .status())
        .isZero();
    assertThat(TrainedModel.settingsToContinue(third)).isEqualTo(RunFolder.settings(third));

    Outcome two =
        Outcome.of("train", "--data", today, from, "--model=dae", "--out", folder.resolve("x"));
    assertThat(two.status()).isEqualTo(2);
    assertThat(two.err()).contains("expected one of --model, --like and --from, found two");

    Path ease = folder.resolve("ease");
    Outcome.of("train", "--data", data, "--model=ease", "--out", ease);
    Outcome closed =
        Outcome.of("train", "--data", today, "--from", ease, "--out", folder.resolve("x"));
    assertThat(closed.status()).isEqualTo(1);
    assertThat(closed.err()).contains("others are fitted anew, found ease (--like fits it anew)");
    assertThat(folder.resolve("x")).doesNotExist();
  }
}
