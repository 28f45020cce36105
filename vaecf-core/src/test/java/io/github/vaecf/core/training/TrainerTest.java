package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.ClosedFormModel;
import io.github.vaecf.core.model.Elsa;
import io.github.vaecf.core.model.LinearAutoencoder;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Device;
import io.github.vaecf.core.training.RunFolder.TrainingCurve;
import io.github.vaecf.core.training.Trainer.CheckpointPolicy;
import io.github.vaecf.core.training.Trainer.TrainingDivergedException;
import io.github.vaecf.core.training.Trainer.TrainingStoppedException;
import io.github.vaecf.core.training.TrainingListener.EpochReport;
import io.github.vaecf.core.training.TrainingListener.StepReport;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.Summary;

class TrainerTest {
  private static final Groups DATA = Groups.small();

  @TempDir Path folder;

  private static Settings vae() {
    return quick(MultVae.published().with(MultVae.HIDDEN, List.of(16)).with(MultVae.LATENT, 8));
  }

  private static Settings dae() {
    return quick(MultDae.published().with(MultDae.LATENT, 12));
  }

  private static Settings elsa() {
    return quick(Settings.published(new Elsa()).with(Elsa.FACTORS, 12));
  }

  static List<Settings> models() {
    return List.of(vae(), dae(), elsa());
  }

  private static Settings quick(Settings settings) {
    return settings
        .with(TrainingSettings.EPOCHS, 6)
        .with(TrainingSettings.BATCH_SIZE, 32)
        .with(TrainingSettings.LEARNING_RATE, 0.01)
        .with(TrainingSettings.THREADS, 1)
        .with(TrainingSettings.SEED, 7L);
  }

  private static Trainer.Builder trainer(Settings settings) {
    return Trainer.builder().settings(settings).validation(DATA.hitRate());
  }

  private static TrainedModel train(Trainer.Builder trainer) {
    return trainer.build().train(DATA.matrix(), DATA.ids());
  }

  private byte[] modelOf(Path run) throws IOException {
    return Files.readAllBytes(RunFolder.modelFile(run));
  }

  @Test
  void bothModelsLearnTheGroups() {
    for (Settings model : List.of(vae(), dae())) {
      try (TrainedModel trained = train(trainer(model.with(TrainingSettings.EPOCHS, 30)))) {
        assertThat(DATA.hitRate().applyAsDouble(trained)).as(model.toString()).isGreaterThan(0.9);
        List<Recommendation> top = trained.recommend(List.of("item-20", "item-23", "no such"), 3);
        assertThat(top)
            .extracting(Recommendation::item)
            .allMatch(id -> id.startsWith("item-2") && id.length() == 7)
            .doesNotContain("item-20", "item-23");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void twoEqualRunsGiveTheSameBytes(Settings model) throws IOException {
    Path first = folder.resolve("1");
    Path second = folder.resolve("2");
    train(trainer(model).runFolder(first)).close();
    train(trainer(model).runFolder(second)).close();
    assertThat(modelOf(first)).isEqualTo(modelOf(second));
  }

  @Test
  void anotherSeedGivesOtherWeights() {
    try (TrainedModel one = train(trainer(dae()));
        TrainedModel other = train(trainer(dae().with(TrainingSettings.SEED, 8L)))) {
      assertThat(one.weights().get(0).name()).isEqualTo("encoder/0/kernel");
      assertThat(one.weights().get(0).values()).isNotEqualTo(other.weights().get(0).values());
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void aTrainingStoppedAtAnyStepAndResumedGivesTheSameBytes(Settings model) throws IOException {
    Path whole = folder.resolve("whole");
    train(trainer(model).runFolder(whole)).close();
    for (int stopAfter : new int[] {1, 7, 13, 41}) {
      Path run = folder.resolve("stopped-" + stopAfter);
      int[] steps = {0};
      assertThatThrownBy(
              () -> train(trainer(model).runFolder(run).stopWhen(() -> steps[0]++ == stopAfter)))
          .isInstanceOf(TrainingStoppedException.class)
          .hasMessageContaining("after step " + stopAfter)
          .hasMessageContaining("resumed");
      train(trainer(model).runFolder(run).resume(true)).close();
      assertThat(modelOf(run)).isEqualTo(modelOf(whole));
      assertThat(epochsAndLosses(run)).isEqualTo(epochsAndLosses(whole));
    }
  }

  @Test
  void aTrainingStoppedBetweenEpochsWithCheckpointsByTimeGivesTheSameBytes() throws IOException {
    Path whole = folder.resolve("whole");
    train(trainer(vae()).runFolder(whole)).close();
    Path run = folder.resolve("run");
    CheckpointPolicy afterEachStep = new CheckpointPolicy(0, Duration.ofNanos(1), 2);
    int stepsPerEpoch = BatchSource.stepsPerEpoch(DATA.matrix().rows(), 32);
    int[] steps = {0};
    assertThatThrownBy(
            () ->
                train(
                    trainer(vae())
                        .runFolder(run)
                        .checkpoints(afterEachStep)
                        .stopWhen(() -> steps[0]++ == 2 * stepsPerEpoch)))
        .isInstanceOf(TrainingStoppedException.class)
        .hasMessageContaining("after step " + 2 * stepsPerEpoch);
    train(trainer(vae()).runFolder(run).checkpoints(afterEachStep).resume(true)).close();
    assertThat(modelOf(run)).isEqualTo(modelOf(whole));
    assertThat(epochsAndLosses(run)).isEqualTo(epochsAndLosses(whole));
  }

  @Test
  void aStartThatIsRefusedStandsInNobodysWay() throws IOException {
    Path run = folder.resolve("run");
    int items = 300_000;
    CsrMatrix wide = CsrMatrix.of(1, items, pairs -> pairs.accept(0, 5));
    Trainer ease =
        Trainer.builder()
            .settings(Settings.published(new LinearAutoencoder.Ease()))
            .runFolder(run)
            .build();
    assertThatThrownBy(() -> ease.train(wide, Rows.ids(items)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("needs");
    assertThat(run).doesNotExist();
    Settings onGpu = dae().with(TrainingSettings.DEVICE, Device.GPU); // of which there is none
    Path above = folder.resolve("above");
    assertThatThrownBy(() -> train(trainer(onGpu).runFolder(above.resolve("run"))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("the GPU cannot be used");
    assertThatThrownBy(() -> train(trainer(onGpu).restarts(2).runFolder(above.resolve("run"))))
        .hasMessageContaining("the GPU cannot be used");
    assertThatThrownBy(() -> train(trainer(dae()).runFolder(above.resolve("run")).resume(true)))
        .hasMessageContaining("no run to be resumed");
    assertThat(above).doesNotExist();
    Path mine = Files.createDirectory(folder.resolve("mine"));
    assertThatThrownBy(() -> train(trainer(onGpu).runFolder(mine)))
        .hasMessageContaining("the GPU cannot be used");
    assertThat(mine).as("it was there before").isEmptyDirectory();
    train(trainer(dae()).runFolder(run)).close();
    assertThat(RunFolder.isRun(run)).isTrue();
  }

  @Test
  void theSecondOfTwoTrainingsIntoOneFolderIsToldWhoIsFirstAndChangesNothing() throws IOException {
    Path whole = folder.resolve("whole");
    train(trainer(dae()).runFolder(whole)).close();
    Path run = folder.resolve("run");
    Path link = Files.createSymbolicLink(folder.resolve("link"), run);
    List<Integer> readable = new ArrayList<>();
    TrainingListener second =
        new TrainingListener() {
          @Override
          public void onEpoch(EpochReport report) {
            for (Path path : List.of(run, link, folder.resolve("run/../link/."))) {
              for (boolean resume : new boolean[] {false, true}) {
                assertThatThrownBy(() -> train(trainer(dae()).runFolder(path).resume(resume)))
                    .isInstanceOf(DataException.class)
                    .hasMessageStartingWith(path + ": is being written by process ")
                    .hasMessageContaining(ProcessHandle.current().pid() + " on ")
                    .hasMessageContaining(" since 2");
              }
            }
            // Who only reads is not kept out.
            try (TrainedModel model = TrainedModel.load(run)) {
              assertThat(model.epoch()).isPositive();
            }
            readable.add(RunFolder.curve(run).epochs().size());
          }
        };
    train(trainer(dae()).runFolder(run).listener(second)).close();
    assertThat(readable).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(modelOf(run)).isEqualTo(modelOf(whole));
    assertThat(epochsAndLosses(run)).isEqualTo(epochsAndLosses(whole));
    assertThat(run.resolve(".writer.lock")).doesNotExist();
    train(trainer(dae()).runFolder(link).resume(true)).close();
  }

  @Test
  void aLockThatAKilledTrainingLeftIsInNobodysWay() throws IOException {
    Path run = Files.createDirectory(folder.resolve("run"));
    Files.writeString(run.resolve(".writer.lock"), "process 1 on earth since 2026-01-01T00:00:00Z");
    train(trainer(dae()).runFolder(run)).close();
    Files.writeString(run.resolve(".writer.lock"), "");
    train(trainer(dae()).runFolder(run).resume(true)).close();
    assertThat(RunFolder.curve(run).epochs()).hasSize(6);
  }

  /** Two of the small data's users, to validate on. */
  private static HeldOut users(int heldOutItem) {
    CsrMatrix foldIn = CsrMatrix.of(2, DATA.items(), to -> to.accept(0, 1));
    return new HeldOut(
        foldIn, CsrMatrix.of(2, DATA.items(), to -> to.accept(1, heldOutItem)), DATA.users());
  }

  private static Trainer.Builder validated(String metric, HeldOut users) {
    return Trainer.builder()
        .settings(dae())
        .validation(metric, users, (model, same) -> DATA.hitRate().applyAsDouble(model));
  }

  private static void refusedToResume(Trainer.Builder trainer, Path run, String message) {
    assertThatThrownBy(() -> train(trainer.runFolder(run).resume(true)))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(run.resolve("config.json") + ", ")
        .hasMessageContaining(message)
        .hasMessageContaining("another folder");
  }

  @Test
  void theValidationIsPartOfTheRun() throws IOException {
    Path run = folder.resolve("run");
    try (TrainedModel model = train(validated("recall@50", users(2)).runFolder(run));
        TrainedModel loaded = TrainedModel.load(run)) {
      assertThat(model.validationMetric()).contains("recall@50");
      assertThat(loaded.validationMetric()).contains("recall@50");
    }
    assertThat(RunFolder.validationMetric(run)).contains("recall@50");
    assertThat(RunFolder.curve(run).metric()).isEqualTo("recall@50");
    assertThat(RunFolder.settings(run)).isEqualTo(dae());
    List<String> rows = Files.readAllLines(run.resolve("metrics.csv"));
    assertThat(rows.get(0)).contains(",validation,validation_metric,best,");
    assertThat(rows.subList(1, 7)).allMatch(row -> row.contains(",recall@50,"));
    byte[] before = modelOf(run);

    refusedToResume(
        validated("precision@100", users(2)),
        run,
        "validation.metric: the run was started with recall@50 and cannot be resumed with"
            + " precision@100; resume it with what it was started with");
    refusedToResume(validated("recall@50", users(3)), run, "validation.sha256");
    refusedToResume(trainer(dae()), run, "started with recall@50 and cannot be resumed with unnam");
    refusedToResume(Trainer.builder().settings(dae()), run, "cannot be resumed with none");
    assertThat(modelOf(run)).isEqualTo(before);
    train(validated("recall@50", users(2)).runFolder(run).resume(true)).close();
    validated("recall@50", users(2)).runFolder(run).build().requireRun(DATA.matrix(), DATA.ids());
    Trainer other = validated("map@5", users(2)).runFolder(run).build();
    assertThatThrownBy(() -> other.requireRun(DATA.matrix(), DATA.ids()))
        .hasMessageContaining("map@5");
  }

  @Test
  void aRunFromBeforeTakesTheValidationThatItIsResumedWithAndKeepsToIt() throws IOException {
    Path whole = folder.resolve("whole");
    train(validated("recall@50", users(2)).runFolder(whole)).close();
    Path run = folder.resolve("run");
    int[] steps = {0};
    assertThatThrownBy(
            () ->
                train(
                    validated("recall@50", users(2))
                        .runFolder(run)
                        .stopWhen(() -> steps[0]++ == 17)))
        .isInstanceOf(TrainingStoppedException.class);
    Path config = run.resolve("config.json");
    ObjectMapper json = new ObjectMapper();
    ObjectNode stored = (ObjectNode) json.readTree(config.toFile());
    stored.remove(List.of("validation", "restarts"));
    json.writeValue(config.toFile(), stored);
    Path metrics = run.resolve("metrics.csv");
    Files.writeString(
        metrics, Files.readString(metrics).replaceAll(",validation_metric|,recall@50", ""));
    assertThat(RunFolder.curve(run).epochs()).hasSize(2);
    assertThat(RunFolder.validationMetric(run)).isEmpty();

    train(validated("recall@50", users(2)).runFolder(run).resume(true)).close();
    assertThat(modelOf(run)).isEqualTo(modelOf(whole));
    assertThat(epochsAndLosses(run)).isEqualTo(epochsAndLosses(whole));
    refusedToResume(validated("map@5", users(2)), run, "recall@50");
  }

  @Test
  void bestWeightsThatAreDamagedAreTrainedAgainAndNotReplacedByTheLast() throws IOException {
    double[] answers = {0.1, 0.5, 0.3, 0.4, 0.2, 0.4};
    int[] epochs = {0};
    Path whole = folder.resolve("whole");
    train(
            Trainer.builder()
                .settings(dae())
                .validation(model -> answers[epochs[0]++])
                .runFolder(whole))
        .close();
    byte[] best = modelOf(whole);
    List<String> messages = new ArrayList<>();
    Trainer.Builder again =
        Trainer.builder()
            .settings(dae())
            .validation(model -> answers[epochs[0]++])
            .runFolder(whole)
            .resume(true)
            .listener(
                new TrainingListener() {
                  @Override
                  public void onMessage(String message) {
                    messages.add(message);
                  }
                });
    byte[] damaged = best.clone();
    damaged[damaged.length / 2] ^= 1;
    Files.write(RunFolder.modelFile(whole), damaged);
    epochs[0] = 0;
    try (TrainedModel model = train(again)) {
      assertThat(model.epoch()).isEqualTo(2);
      assertThat(model.validation()).isEqualTo(0.5);
    }
    assertThat(modelOf(whole)).isEqualTo(best);
    assertThat(epochs[0]).isEqualTo(6);
    assertThat(messages.get(1)).contains("model.safetensors", "checksum");
    assertThat(messages.get(2)).contains("those of epoch 2", "are not in");
    assertThat(messages).anyMatch(message -> message.endsWith("begins anew"));
  }

  @Test
  void bestWeightsThatAreTheLastAreTakenFromTheCheckpoint() throws IOException {
    int[] epochs = {0};
    Path run = folder.resolve("run");
    Trainer.Builder trainer =
        Trainer.builder().settings(dae()).validation(model -> ++epochs[0]).runFolder(run);
    train(trainer).close();
    byte[] best = modelOf(run);
    Files.delete(RunFolder.modelFile(run));
    try (TrainedModel model = train(trainer.resume(true))) {
      assertThat(model.validation()).isEqualTo(6);
    }
    assertThat(modelOf(run)).isEqualTo(best);
    assertThat(epochs[0]).as("nothing is trained again").isEqualTo(6);
  }

  @Test
  void aTimeLimitBeforeTheFirstEpochGivesTheWeightsOfThenAndTheirValidation() {
    Path run = folder.resolve("run");
    Duration atOnce = Duration.ofNanos(1);
    try (TrainedModel onDisk = train(trainer(vae()).runFolder(run).timeLimit(atOnce));
        TrainedModel inMemory = train(trainer(vae()).timeLimit(atOnce))) {
      for (TrainedModel model : List.of(onDisk, inMemory)) {
        assertThat(model.epoch()).isZero();
        assertThat(model.validation()).isEqualTo(DATA.hitRate().applyAsDouble(model));
      }
    }
    assertThat(RunFolder.curve(run).epochs()).isEmpty();
  }

  @Test
  void weightsThatDivergeInTheLastStepAreNotKept() {
    Settings last =
        dae()
            .with(TrainingSettings.EPOCHS, 1)
            .with(TrainingSettings.BATCH_SIZE, 200)
            .with(TrainingSettings.LEARNING_RATE, 1e39); // no float
    Path run = folder.resolve("run");
    for (Trainer.Builder trainer :
        List.of(
            Trainer.builder().settings(last), Trainer.builder().settings(last).runFolder(run))) {
      assertThatThrownBy(() -> train(trainer))
          .isInstanceOf(TrainingDivergedException.class)
          .hasMessageContaining("where a number is expected at step 1");
    }
    assertThat(RunFolder.modelFile(run)).doesNotExist();
  }

  @Test
  void aRowThatIsBeingWrittenIsNotReadYet() throws IOException {
    Path run = folder.resolve("run");
    train(trainer(dae()).runFolder(run)).close();
    Path metrics = run.resolve("metrics.csv");
    String whole = Files.readString(metrics);
    Files.writeString(metrics, whole.substring(0, whole.length() - 1));
    assertThat(RunFolder.curve(run).epochs()).hasSize(5);
    Files.delete(metrics);
    assertThat(RunFolder.curve(run).epochs()).isEmpty();
  }

  /** metrics.csv without the columns of time. */
  private static List<String> epochsAndLosses(Path run) throws IOException {
    List<String> rows = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.csv"))) {
      rows.add(line.replaceFirst(",[^,]*,[^,]*$", ""));
    }
    return rows;
  }

  @Test
  void aDamagedCheckpointIsPassedOverForTheOneBefore() throws IOException {
    Path whole = folder.resolve("whole");
    train(trainer(vae()).runFolder(whole)).close();
    Path run = folder.resolve("run");
    CheckpointPolicy everyEpoch = new CheckpointPolicy(1, Duration.ZERO, 2);
    int[] steps = {0};
    assertThatThrownBy(
            () ->
                train(
                    trainer(vae())
                        .runFolder(run)
                        .checkpoints(everyEpoch)
                        .stopWhen(() -> steps[0]++ == 30)))
        .isInstanceOf(TrainingStoppedException.class);
    List<Path> checkpoints;
    try (Stream<Path> files = Files.list(run.resolve("checkpoints"))) {
      checkpoints = files.sorted().toList();
    }
    assertThat(checkpoints).hasSize(2);
    Path newest = checkpoints.get(1);
    byte[] content = Files.readAllBytes(newest);
    content[content.length / 2] ^= 1;
    Files.write(newest, content);

    List<String> messages = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onMessage(String message) {
            messages.add(message);
          }
        };
    train(trainer(vae()).runFolder(run).resume(true).listener(listener)).close();
    assertThat(messages.get(1))
        .contains(newest.toString())
        .contains("checksum")
        .contains("going back to the checkpoint before");
    assertThat(messages.get(2)).contains("resumed after step 28");
    assertThat(modelOf(run)).isEqualTo(modelOf(whole));
  }

  @Test
  void aRunThatWasKilledInItsFirstMomentsCanBeBegunOrResumed() throws IOException {
    Path run = Files.createDirectory(folder.resolve("run"));
    String partial = ".config.json." + UUID.randomUUID() + ".partial";
    Files.writeString(run.resolve(partial), "{");
    Files.writeString(run.resolve(partial + ".lock"), "");
    train(trainer(vae()).runFolder(run)).close();
    byte[] whole = modelOf(run);

    Path settingsOnly = Files.createDirectory(folder.resolve("settings-only"));
    Files.copy(run.resolve("config.json"), settingsOnly.resolve("config.json"));
    train(trainer(vae()).runFolder(settingsOnly).resume(true)).close();
    assertThat(modelOf(settingsOnly)).isEqualTo(whole);
  }

  @Test
  void theWeightsOfTheBestEpochAreKept() {
    double[] answers = {0.1, 0.5, 0.3, 0.5, 0.2, 0.4};
    List<float[]> seen = new ArrayList<>();
    try (TrainedModel model =
        train(
            Trainer.builder()
                .settings(dae())
                .validation(
                    recommender -> {
                      CsrMatrix matrix = DATA.matrix();
                      seen.add(((NetworkSession) recommender).scores(matrix, 0, 3));
                      return answers[seen.size() - 1];
                    }))) {
      assertThat(model.epoch()).isEqualTo(2);
      assertThat(model.validation()).isEqualTo(0.5);
      assertThat(model.scores(DATA.matrix(), 0, 3)).isEqualTo(seen.get(1));
    }
  }

  @Test
  void withoutValidationTheLastEpochsWeightsAreKept() throws IOException {
    Path run = folder.resolve("run");
    try (TrainedModel inMemory = train(Trainer.builder().settings(dae()));
        TrainedModel onDisk = train(Trainer.builder().settings(dae()).runFolder(run))) {
      assertThat(inMemory.epoch()).isEqualTo(6);
      assertThat(onDisk.epoch()).isEqualTo(6);
      assertThat(inMemory.validation()).isNaN();
      assertThat(inMemory.scores(DATA.matrix(), 0, 200))
          .isEqualTo(onDisk.scores(DATA.matrix(), 0, 200));
    }
  }

  @Test
  void trainingStopsEarlyWhenPatienceIsOver() {
    List<EpochReport> epochs = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onEpoch(EpochReport report) {
            epochs.add(report);
          }
        };
    double[] answers = {0.1, 0.5, 0.3, 0.4, 0.9, 0.9};
    try (TrainedModel model =
        train(
            Trainer.builder()
                .settings(vae().with(TrainingSettings.PATIENCE, 2))
                .validation(recommender -> answers[epochs.size()])
                .listener(listener))) {
      assertThat(epochs).hasSize(4);
      assertThat(model.epoch()).isEqualTo(2);
      double betaAtStop = epochs.get(3).beta();
      assertThat(betaAtStop)
          .as("β goes by the planned number of steps, not by those taken")
          .isEqualTo(0.2 * (4 * 7 - 1) / (40_000.0 / 46_800 * (6 * 7)));
    }
  }

  @Test
  void aTimeLimitEndsTheTrainingAndLeavesItResumable() throws IOException {
    Path whole = folder.resolve("whole");
    train(trainer(dae()).runFolder(whole)).close();
    Path run = folder.resolve("run");
    train(trainer(dae()).runFolder(run).timeLimit(Duration.ofNanos(1))).close();
    assertThat(Files.readAllLines(run.resolve("metrics.csv"))).hasSizeLessThan(7);
    train(trainer(dae()).runFolder(run).resume(true)).close();
    assertThat(modelOf(run)).isEqualTo(modelOf(whole));
  }

  @Test
  void aDivergingTrainingSaysAtWhichStepAndSetting() {
    Path run = folder.resolve("run");
    assertThatThrownBy(
            () -> train(trainer(vae().with(TrainingSettings.LEARNING_RATE, 1e6)).runFolder(run)))
        .isInstanceOf(TrainingDivergedException.class)
        .hasMessageContaining("at step")
        .hasMessageContaining("learning rate 1000000.0");
  }

  @Test
  void aRunFolderIsNeverOverwritten() throws IOException {
    Path run = folder.resolve("run");
    train(trainer(dae()).runFolder(run)).close();
    byte[] before = modelOf(run);
    assertThatThrownBy(() -> train(trainer(dae()).runFolder(run)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("already holds a run");
    assertThat(modelOf(run)).isEqualTo(before);

    Path occupied = Files.createDirectory(folder.resolve("occupied"));
    Files.writeString(occupied.resolve("letter.txt"), "dear");
    assertThatThrownBy(() -> train(trainer(dae()).runFolder(occupied)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("empty or a new folder");
    assertThatThrownBy(() -> train(trainer(dae()).runFolder(occupied.resolve("letter.txt"))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("letter.txt");
    assertThatThrownBy(() -> train(trainer(dae()).runFolder(folder.resolve("new")).resume(true)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no run to be resumed");
  }

  @Test
  void aRunIsNotResumedWithOtherSettingsOrData() {
    Path run = folder.resolve("run");
    train(trainer(dae()).runFolder(run)).close();
    assertThatThrownBy(
            () ->
                train(
                    trainer(dae().with(TrainingSettings.BATCH_SIZE, 33))
                        .runFolder(run)
                        .resume(true)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("settings.batch-size")
        .hasMessageContaining("32")
        .hasMessageContaining("33");
    assertThatThrownBy(
            () ->
                train(
                    trainer(dae().with(MultDae.HIDDEN, List.of(9, 8))).runFolder(run).resume(true)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("settings.hidden")
        .hasMessageContaining("started with [] and cannot be resumed with [9,8]");
    Groups other = new Groups(200, 4, 10, 2);
    assertThatThrownBy(
            () ->
                trainer(dae())
                    .runFolder(run)
                    .resume(true)
                    .build()
                    .train(other.matrix(), other.ids()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("data.")
        .hasMessageContaining("changed");
  }

  @Test
  void aFinishedRunIsResumedToItsModelAtOnce() throws IOException {
    Path run = folder.resolve("run");
    train(trainer(vae()).runFolder(run)).close();
    byte[] before = modelOf(run);
    List<StepReport> steps = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onStep(StepReport report) {
            steps.add(report);
          }
        };
    train(trainer(vae()).runFolder(run).resume(true).listener(listener)).close();
    assertThat(steps).isEmpty();
    assertThat(modelOf(run)).isEqualTo(before);
  }

  @Test
  void aModelInClosedFormHasARunFolderLikeTheOthers() throws IOException {
    Settings ease =
        Settings.published(new LinearAutoencoder.Ease()).with(LinearAutoencoder.LAMBDA, 20.0);
    Path run = folder.resolve("run");
    byte[] whole;
    float[] scores;
    try (TrainedModel fitted = train(trainer(ease).runFolder(run));
        TrainedModel loaded = TrainedModel.load(run)) {
      whole = modelOf(run);
      scores = fitted.scores(DATA.matrix(), 0, 20);
      assertThat(fitted.epoch()).isEqualTo(1);
      assertThat(fitted.validation()).isEqualTo(DATA.hitRate().applyAsDouble(fitted));
      assertThat(loaded.settings()).isEqualTo(ease);
      assertThat(loaded.validation()).isEqualTo(fitted.validation());
      assertThat(loaded.scores(DATA.matrix(), 0, 20)).isEqualTo(scores);
      assertThatThrownBy(() -> loaded.encode(DATA.matrix(), 0, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("EASE has no latent vector");
      TrainingCurve curve = RunFolder.curve(run);
      assertThat(curve.epochs()).hasSize(1);
      assertThat(curve.best().validation()).isEqualTo(fitted.validation());
      assertThat(curve.best().loss()).isNaN();
    }
    assertThat(RunFolder.configuration(run))
        .containsEntry("model", "ease")
        .containsEntry("settings lambda", "20.0")
        .containsEntry("data users", "200");
    train(trainer(ease).runFolder(run).resume(true).validation(never -> -1)).close();
    assertThat(modelOf(run)).as("it is not fitted again").isEqualTo(whole);

    // Killed before the model was there.
    Files.delete(RunFolder.modelFile(run));
    train(trainer(ease).runFolder(run).resume(true)).close();
    assertThat(modelOf(run)).isEqualTo(whole);
    assertThat(RunFolder.curve(run).epochs()).hasSize(1);

    Trainer trainer = trainer(ease).build();
    assertThatThrownBy(() -> trainer.placement(DATA.matrix()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("trained by gradient");
    refused("restarts", () -> trainer(ease).restarts(2).build());
  }

  @Test
  void aModelInClosedFormOfAnEarlierVersionIsLoaded() throws Exception {
    // Written by version 0.1 before the closed form was computed in float64: λ = 20, DATA.
    Path file = Path.of(TrainerTest.class.getResource("/earlier/ease.safetensors").toURI());
    Settings ease =
        Settings.published(new LinearAutoencoder.Ease()).with(LinearAutoencoder.LAMBDA, 20.0);
    try (TrainedModel earlier = TrainedModel.load(file);
        TrainedModel now = train(trainer(ease))) {
      assertThat(earlier.settings()).isEqualTo(ease);
      assertThat(earlier.scores(DATA.matrix(), 0, 20))
          .containsExactly(now.scores(DATA.matrix(), 0, 20), within(1e-5f));
    }
  }

  @Test
  void aModelThatEarlierVersionsKeptOtherwiseIsRefusedWithAWayOut() throws Exception {
    Path file = Path.of(TrainerTest.class.getResource("/earlier/knn.safetensors").toURI());
    assertThatThrownBy(() -> TrainedModel.load(file))
        .isInstanceOf(DataException.class)
        .hasMessage(
            file
                + ": item-kNN of an earlier version, which has no weights nearest/lengths; train it"
                + " again");
  }

  @Test
  void aNetworkGivesBackWhatFitsInClosedFormShare() {
    AtomicInteger given = new AtomicInteger();
    try (ClosedFormModel.Shared shared = new ClosedFormModel.Shared()) {
      shared.get(DATA.matrix(), ClosedFormModel.Shared.Part.class, () -> given::incrementAndGet);
      train(trainer(dae()).shared(shared)).close();
      assertThat(given).hasValue(1);
    }
    assertThat(given).hasValue(1);
  }

  @Test
  void aRunKeepsWhatToCallItsItemsAndOneFromBeforeIsToldWhenItIsResumed() throws IOException {
    Map<String, String> titles = Map.of("0", "Zürich, \"first\"", "1", "a\tb\nc");
    Path run = folder.resolve("run");
    Path without = folder.resolve("without");
    try (TrainedModel model = train(trainer(dae()).runFolder(run).restarts(2).titles(titles))) {
      assertThat(model.titles()).isEqualTo(titles);
    }
    train(trainer(dae()).runFolder(without).restarts(2)).close();
    assertThat(modelOf(run)).as("titles change nothing").isEqualTo(modelOf(without));
    for (Path place : List.of(run, run.resolve("model.safetensors"), run.resolve("restart-2"))) {
      try (TrainedModel model = TrainedModel.load(place)) {
        assertThat(model.titles()).as(place.toString()).isEqualTo(titles);
      }
    }
    try (TrainedModel model = TrainedModel.load(without)) {
      assertThat(model.titles()).isEmpty();
    }
    train(trainer(dae()).runFolder(without).restarts(2).resume(true).titles(titles)).close();
    assertThat(RunFolder.titles(without)).isEqualTo(titles);
    assertThat(RunFolder.titles(folder.resolve("none"))).isEmpty();
  }

  @Test
  void theCurveOfARunIsWhatItsEpochsCameTo() {
    Path run = folder.resolve("run");
    List<EpochReport> reports = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onEpoch(EpochReport report) {
            reports.add(report);
          }
        };
    train(trainer(vae()).runFolder(run).listener(listener)).close();
    TrainingCurve curve = RunFolder.curve(run);
    assertThat(curve.epochs()).hasSize(6);
    EpochReport best = reports.get(0);
    for (int epoch = 0; epoch < 6; epoch++) {
      EpochReport report = reports.get(epoch);
      TrainingCurve.Epoch row = curve.epochs().get(epoch);
      assertThat(row.number()).isEqualTo(epoch + 1);
      assertThat(row.loss()).isEqualTo(report.loss());
      assertThat(row.reconstruction()).isEqualTo(report.reconstruction());
      assertThat(row.kl()).isEqualTo(report.kl());
      assertThat(row.beta()).isEqualTo(report.beta());
      assertThat(row.validation()).isEqualTo(report.validation());
      best = report.best() ? report : best;
      assertThat(curve.bestUntil(epoch + 1)).isEqualTo(best.validation());
    }
    assertThat(curve.best().number()).isEqualTo(best.epoch());
    assertThat(curve.seconds()).isPositive();
    RunFolder.removeCheckpoints(run);
    assertThat(run.resolve("checkpoints")).isEmptyDirectory();
  }

  @Test
  void usersWithoutItemsDoNoHarmWhereverTheyStand() {
    CsrMatrix matrix =
        CsrMatrix.of(
            DATA.users() + 40,
            DATA.items(),
            to -> DATA.matrix().pairs().forEach((user, item) -> to.accept(user + 35, item)));
    for (Settings model : List.of(vae(), dae())) {
      Path run = folder.resolve(model.model().name());
      Trainer trainer = trainer(model).runFolder(run).build();
      try (TrainedModel trained = trainer.train(matrix, DATA.ids())) {
        assertThat(DATA.hitRate().applyAsDouble(trained)).isGreaterThan(0.9);
      }
    }
  }

  @Test
  void nothingToTrainOnIsRefused() {
    CsrMatrix empty = CsrMatrix.of(3, 40, consumer -> {});
    assertThatThrownBy(() -> trainer(dae()).build().train(empty, DATA.ids()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one entry");
    assertThatThrownBy(
            () -> trainer(dae()).build().train(DATA.matrix(), new Groups(1, 1, 3, 1).ids()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("item ids");
  }

  @Test
  void severalRestartsKeepTheModelWithTheBestValidation() throws IOException {
    double[] answers = {0.1, 0.7, 0.3};
    Path run = folder.resolve("run");
    int[] calls = {0};
    try (TrainedModel model =
        train(
            Trainer.builder()
                .settings(dae().with(TrainingSettings.EPOCHS, 1))
                .validation(recommender -> answers[calls[0]++])
                .restarts(3)
                .runFolder(run))) {
      assertThat(calls[0]).isEqualTo(3);
      assertThat(model.validation()).isEqualTo(0.7);
      assertThat(modelOf(run)).isEqualTo(modelOf(run.resolve("restart-2")));
      assertThat(modelOf(run)).isNotEqualTo(modelOf(run.resolve("restart-1")));
    }
    assertThat(run.resolve("metrics.csv"))
        .hasSameTextualContentAs(run.resolve("restart-2/metrics.csv"));
    assertThat(RunFolder.curve(run).best().validation()).isEqualTo(0.7);
    Settings oneEpoch = dae().with(TrainingSettings.EPOCHS, 1);
    assertThatThrownBy(() -> train(trainer(oneEpoch).restarts(2).runFolder(run)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("already holds a run");
    refusedToResume(trainer(oneEpoch).restarts(2), run, "restarts: the run was started with 3");
    refusedToResume(trainer(oneEpoch), run, "restarts");
    refusedToResume(
        trainer(oneEpoch.with(TrainingSettings.SEED, 8L)).restarts(3), run, "settings.seed");
    train(trainer(dae().with(TrainingSettings.EPOCHS, 1)).restarts(3).runFolder(run).resume(true))
        .close();
    assertThat(calls[0]).as("finished restarts are not trained again").isEqualTo(3);
  }

  @Test
  void aRunFolderHasTensorBoardsEventsOfEveryEpoch() throws IOException {
    Path run = folder.resolve("run");
    train(trainer(vae()).runFolder(run)).close();
    Path file;
    try (Stream<Path> files = Files.list(run.resolve("events"))) {
      file = files.findFirst().orElseThrow();
    }
    List<Double> losses = new ArrayList<>();
    List<Double> validations = new ArrayList<>();
    // A TFRecord is a length, its checksum, the record, its checksum.
    ByteBuffer records = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    while (records.hasRemaining()) {
      byte[] record = new byte[(int) records.getLong()];
      records.getInt();
      records.get(record);
      records.getInt();
      for (Summary.Value value : Event.parseFrom(record).getSummary().getValueList()) {
        if (value.getTag().equals("loss/total")) {
          losses.add((double) number(value));
        } else if (value.getTag().equals("validation/score")) {
          validations.add((double) number(value));
        }
      }
    }
    List<String> rows = Files.readAllLines(run.resolve("metrics.csv"));
    assertThat(losses).hasSize(6);
    for (int epoch = 1; epoch <= 6; epoch++) {
      String[] fields = rows.get(epoch).split(",", -1);
      assertThat(losses.get(epoch - 1))
          .isCloseTo(Double.parseDouble(fields[2]), Percentage.withPercentage(1e-4));
      assertThat(validations.get(epoch - 1))
          .isCloseTo(Double.parseDouble(fields[8]), Percentage.withPercentage(1e-4));
    }
  }

  private static float number(Summary.Value value) {
    return value.hasTensor() ? value.getTensor().getFloatVal(0) : value.getSimpleValue();
  }

  @Test
  void aGpuThatIsAskedForAndNotThereIsReportedWithWhatIsMissing() {
    assertThatThrownBy(() -> train(trainer(dae().with(TrainingSettings.DEVICE, Device.GPU))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("the GPU cannot be used")
        .hasMessageMatching(
            "(?s).*(classifier linux-x86_64-gpu|driver is not installed|was not found|no GPU).*");
  }

  @Test
  void everyOperationOfAStepHasADevice() {
    Map<String, String> devices =
        trainer(vae().with(TrainingSettings.DEVICE, Device.CPU)).build().placement(DATA.matrix());
    assertThat(devices.keySet()).anyMatch(name -> name.contains("ResourceApplyAdam"));
    assertThat(devices.keySet()).anyMatch(name -> name.contains("MatMul"));
    assertThat(devices.values()).allMatch(device -> device.contains("CPU:0"));
  }

  @Test
  void theTimesOfAStepsOperationsAreToldByDevice() {
    Map<String, Map<String, Double>> devices =
        trainer(vae().with(TrainingSettings.DEVICE, Device.CPU))
            .build()
            .operationMillis(DATA.matrix());
    assertThat(devices.keySet()).singleElement().asString().contains("CPU:0");
    Map<String, Double> operations = devices.values().iterator().next();
    assertThat(operations.keySet()).anyMatch(name -> name.contains("MatMul"));
    assertThat(operations.values()).allMatch(millis -> millis >= 0).anyMatch(millis -> millis > 0);
  }

  @Test
  void whatATrainerCannotDoIsRefusedByName() {
    refused("keep", () -> new CheckpointPolicy(1, Duration.ZERO, 0));
    refused("everyEpochs", () -> new CheckpointPolicy(-1, Duration.ZERO, 1));
    refused(
        "patience",
        () -> Trainer.builder().settings(vae().with(TrainingSettings.PATIENCE, 3)).build());
    refused("resume", () -> Trainer.builder().settings(vae()).resume(true).build());
    refused("timeLimit", () -> Trainer.builder().timeLimit(Duration.ZERO));
    assertThatThrownBy(() -> Trainer.builder().build()).hasMessageContaining("model's settings");
  }

  private static void refused(String name, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("found");
  }
}
