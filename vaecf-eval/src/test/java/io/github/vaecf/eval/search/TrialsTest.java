package io.github.vaecf.eval.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.core.model.LinearAutoencoder.Rdlae;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.RunFolder;
import io.github.vaecf.core.training.RunFolder.TrainingCurve;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer.CheckpointPolicy;
import io.github.vaecf.core.training.Trainer.TrainingStoppedException;
import io.github.vaecf.core.training.TrainingListener;
import io.github.vaecf.core.training.TrainingListener.StepReport;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.synthetic.Shape;
import io.github.vaecf.data.synthetic.SyntheticLog;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.search.Trials.TrialListener;
import io.github.vaecf.eval.search.Trials.TrialResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrialsTest {
  private static final Settings SETTINGS =
      MultDae.published()
          .with(MultDae.LATENT, 8)
          .with(TrainingSettings.BATCH_SIZE, 50)
          .with(TrainingSettings.THREADS, 1);
  private static final Split SPLIT = split(1);

  @TempDir Path folder;

  private static Split split(long seed) {
    return StrongGeneralizationSplitter.builder()
        .heldOutUsers(50)
        .build()
        .split(SyntheticLog.generate(new Shape(300, 60, 4000), seed));
  }

  private static Trial trial(String name, double learningRate, int epochs) {
    return new Trial(
        name,
        Map.of("learning-rate", Double.toString(learningRate)),
        SETTINGS
            .with(TrainingSettings.LEARNING_RATE, learningRate)
            .with(TrainingSettings.EPOCHS, epochs));
  }

  private static List<Trial> three() {
    return List.of(trial("a", 0.001, 4), trial("b", 0.01, 4), trial("c", 0.03, 4));
  }

  private static Trials.Builder trials(Path folder) {
    return Trials.builder()
        .folder(folder)
        .split(SPLIT)
        .metric(Ndcg.at(20))
        .checkpoints(new CheckpointPolicy(0, Duration.ofMillis(1), 2));
  }

  @Test
  void trialsOfClosedFormsThatShareTheirWorkGiveTheBitsOfEachAlone() throws IOException {
    List<Trial> tried = new ArrayList<>();
    for (String relaxation : List.of("0.2", "0.4", "0.8")) {
      tried.add(
          new Trial(
              relaxation,
              Map.of("relaxation", relaxation),
              Settings.published(new Rdlae()).with(Map.of("relaxation", relaxation))));
    }
    trials(folder.resolve("together")).build().run(tried);
    for (Trial trial : tried) {
      Path alone = folder.resolve("alone-" + trial.name());
      trials(alone).build().run(List.of(trial));
      assertThat(modelOf(folder.resolve("together"), trial)).isEqualTo(modelOf(alone, trial));
    }
  }

  private static byte[] modelOf(Path folder, Trial trial) throws IOException {
    return Files.readAllBytes(RunFolder.modelFile(folder.resolve("trials").resolve(trial.name())));
  }

  /** Runs trials in a process of its own, to be killed: the folder. */
  public static void main(String[] arguments) {
    trials(Path.of(arguments[0])).build().run(many());
  }

  /** Long enough to be killed a few times. */
  private static List<Trial> many() {
    List<Trial> trials = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      trials.add(trial("t" + i, 0.001 * (i + 1), 30));
    }
    return trials;
  }

  @Test
  void everyTrialIsMeasuredOnTheValidationUsersAndKeepsItsBestWeights() throws IOException {
    List<TrialResult> results = trials(folder).build().run(three());
    for (TrialResult result : results) {
      assertThat(result.end()).isEqualTo(TrialResult.End.DONE);
      assertThat(result.curve().epochs()).hasSize(4);
      try (TrainedModel model = result.model()) {
        assertThat(model.epoch()).isEqualTo(result.epoch());
        assertThat(
                RankingEvaluator.of(Ndcg.at(20))
                    .evaluate(model, SPLIT.validation())
                    .mean(Ndcg.at(20)))
            .isEqualTo(result.validation());
      }
      assertThat(result.run().resolve("checkpoints")).isEmptyDirectory();
    }
    List<String> table = Files.readAllLines(folder.resolve("results.csv"));
    assertThat(table).hasSize(4);
    assertThat(table.get(0))
        .isEqualTo(
            "trial,learning-rate,end,validation,validation_metric,best_epoch,epochs,seconds");
    assertThat(table.get(2)).startsWith("b,0.01,done," + results.get(1).validation() + ",ndcg@20,");
  }

  @Test
  void trialsThatWereStoppedGoOnToTheSameResults() throws IOException {
    List<TrialResult> whole = trials(folder.resolve("whole")).build().run(three());

    Path stopped = folder.resolve("stopped");
    AtomicInteger steps = new AtomicInteger();
    TrialListener counting =
        new TrialListener() {
          @Override
          public TrainingListener training(Trial trial) {
            return new TrainingListener() {
              @Override
              public void onStep(StepReport report) {
                steps.incrementAndGet();
              }
            };
          }
        };
    // 200 training users in batches of 50, four epochs: 16 steps a trial.
    Trials interrupted =
        trials(stopped).listener(counting).stopWhen(() -> steps.get() == 22).build();
    assertThatThrownBy(() -> interrupted.run(three())).isInstanceOf(TrainingStoppedException.class);
    assertThat(Files.readAllLines(stopped.resolve("results.csv"))).hasSize(2);

    FileTime first = Files.getLastModifiedTime(stopped.resolve("trials/a/model.safetensors"));
    steps.set(100);
    List<TrialResult> resumed = trials(stopped).listener(counting).build().run(three());
    assertThat(steps.get()).as("only what was missing is trained").isEqualTo(100 + 10 + 16);
    assertThat(Files.getLastModifiedTime(stopped.resolve("trials/a/model.safetensors")))
        .isEqualTo(first);
    assertSame(resumed, whole);
  }

  @Test
  void trialsThatWereKilledGoOnToTheSameResults() throws Exception {
    Path killed = folder.resolve("killed");
    Path log = folder.resolve("log");
    int kills = 0;
    for (int attempt = 0; attempt < 2; attempt++) {
      Process process = start(killed, log);
      long before = progress(killed);
      while (process.isAlive() && progress(killed) < before + 20) {
        Thread.sleep(5);
      }
      kills += process.isAlive() ? 1 : 0;
      process.destroyForcibly().waitFor(); // SIGKILL
    }
    assertThat(kills).as("the trials were long enough to be killed").isPositive();
    Process last = start(killed, log);
    assertThat(last.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(last.exitValue()).as(Files.readString(log)).isZero();
    assertSame(
        trials(killed).build().run(many()), trials(folder.resolve("whole")).build().run(many()));
  }

  private static Process start(Path folder, Path log) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            TrialsTest.class.getName(),
            folder.toString())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  /** How many epochs have ended, over all trials. */
  private static long progress(Path folder) throws IOException {
    long rows = 0;
    for (Trial trial : many()) {
      Path metrics = folder.resolve("trials").resolve(trial.name()).resolve("metrics.csv");
      rows += Files.exists(metrics) ? Files.readAllLines(metrics).size() : 0;
    }
    return rows;
  }

  private static void assertSame(List<TrialResult> found, List<TrialResult> expected)
      throws IOException {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.size(); i++) {
      assertThat(found.get(i).end()).isEqualTo(expected.get(i).end());
      assertThat(validations(found.get(i))).isEqualTo(validations(expected.get(i)));
      assertThat(found.get(i).run().resolve("model.safetensors"))
          .hasSameBinaryContentAs(expected.get(i).run().resolve("model.safetensors"));
    }
  }

  private static List<Double> validations(TrialResult result) {
    return result.curve().epochs().stream().map(TrainingCurve.Epoch::validation).toList();
  }

  @Test
  void aTrialWorseThanTheMedianIsPrunedAndOnlyIfAskedFor() throws IOException {
    List<Trial> trials = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      trials.add(trial("good" + i, 0.01, 8));
    }
    trials.add(trial("bad", 1e-9, 8));
    trials.add(trial("good5", 0.01, 8));
    List<TrialResult> results = trials(folder.resolve("early")).prune(true).build().run(trials);
    assertThat(results.subList(0, 4)).allMatch(one -> one.end() == TrialResult.End.DONE);
    assertThat(results.get(4).end()).isEqualTo(TrialResult.End.PRUNED);
    assertThat(results.get(4).curve().epochs()).as("a quarter of eight").hasSize(2);
    assertThat(results.get(5).end()).isEqualTo(TrialResult.End.DONE);
    assertSame(trials(folder.resolve("early")).prune(true).build().run(trials), results);

    assertThat(trials(folder.resolve("all")).build().run(trials))
        .allMatch(one -> one.end() == TrialResult.End.DONE && one.curve().epochs().size() == 8);
  }

  @Test
  void aTrialThatDivergesIsAResultAndTheOthersGoOn() throws IOException {
    List<TrialResult> results =
        trials(folder).build().run(List.of(trial("wild", 1e38, 4), trial("tame", 0.01, 4)));
    assertThat(results.get(0).end()).isEqualTo(TrialResult.End.DIVERGED);
    assertThat(results.get(0).message()).contains("diverged", "learning rate");
    assertThat(results.get(0).validation()).isNaN();
    assertThat(results.get(0).epoch()).isZero();
    assertThat(results.get(1).end()).isEqualTo(TrialResult.End.DONE);
    assertThat(Files.readAllLines(folder.resolve("results.csv")).get(1))
        .startsWith("wild,1.0E38,diverged,,,0,0,");
  }

  @Test
  void aClosedFormWithoutASolutionIsAResultAndTheOthersGoOn() {
    // Two items that the same users have: without a penalty there is more than one solution.
    Split twins =
        new Split(
            CsrMatrix.ofRows(
                SPLIT.items().size(),
                new long[] {0, 2, 4, 6, 8, 9},
                new int[][] {{0, 1, 0, 1, 0, 1, 0, 1, 2}}),
            SPLIT.validation(),
            SPLIT.test(),
            SPLIT.users(),
            SPLIT.items(),
            Map.of());
    Settings ease = Settings.published(Model.named("ease"));
    List<Trial> both =
        List.of(
            new Trial("none", Map.of("lambda", "1.0E-30"), ease.with(Map.of("lambda", "1e-30"))),
            new Trial("some", Map.of("lambda", "1.0"), ease.with(Map.of("lambda", "1"))));
    for (int run = 0; run < 2; run++) { // the second time it is read again
      List<TrialResult> results = trials(folder).split(twins).build().run(both);
      assertThat(results.get(0).end()).isEqualTo(TrialResult.End.DIVERGED);
      assertThat(results.get(0).message()).contains("not positive definite", "larger lambda");
      assertThat(results.get(0).validation()).isNaN();
      assertThat(results.get(1).end()).isEqualTo(TrialResult.End.DONE);
    }
  }

  @Test
  void withoutValidationUsersTheLastEpochCounts() {
    CsrMatrix nobody = CsrMatrix.ofRows(SPLIT.items().size(), new long[] {0}, new int[0][]);
    Split blind =
        new Split(
            SPLIT.train(),
            new HeldOut(nobody, nobody, 0),
            SPLIT.test(),
            SPLIT.users(),
            SPLIT.items(),
            Map.of());
    TrialResult result =
        trials(folder).split(blind).build().run(List.of(trial("a", 0.01, 3))).get(0);
    assertThat(result.validation()).isNaN();
    assertThat(result.epoch()).isEqualTo(3);
    try (TrainedModel model = result.model()) {
      assertThat(model.epoch()).isEqualTo(3);
    }
  }

  @Test
  void trialsOfOtherSettingsOrDataAreRefused() {
    trials(folder).build().run(three().subList(0, 1));
    assertThatThrownBy(() -> trials(folder).build().run(List.of(trial("a", 0.002, 4))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("learning-rate");
    assertThatThrownBy(() -> trials(folder).split(split(2)).build().run(three()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("it has changed since");
    assertThat(trials(folder).build().run(three())).as("more trials may be added").hasSize(3);
  }

  private void refused(Trials.Builder trials, List<Trial> asked, String... words)
      throws IOException {
    List<String> before = contents();
    assertThatThrownBy(() -> trials.build().run(asked))
        .isInstanceOf(DataException.class)
        .hasMessageContainingAll(words);
    assertThat(contents()).isEqualTo(before);
  }

  /** All files and folders, with the contents of those that are not large. */
  private List<String> contents() throws IOException {
    List<String> contents = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted().toList()) {
        boolean text = file.toString().matches(".*\\.(json|csv)");
        contents.add(file + (text ? Files.readString(file) : ""));
      }
    }
    return contents;
  }

  @Test
  void whatDecidesTheResultBelongsToTheFolderAndIsNamedWhereItDiffers() throws IOException {
    Map<String, String> space = Map.of("try learning-rate", "0.001,0.01");
    List<Trial> two = three().subList(0, 2);
    trials(folder).purpose("search", space).build().run(two);
    assertThat(Trials.metric(folder)).contains("ndcg@20");
    refused(
        trials(folder).purpose("search", space).metric(Ndcg.at(10)),
        two,
        folder.resolve("plan.json") + ", validation_metric: the search was begun with ndcg@20 and",
        "cannot go on with ndcg@10",
        "another folder");
    refused(trials(folder).purpose("search", space).prune(true), two, "pruning", "false", "true");
    refused(
        trials(folder).purpose("search", Map.of("try learning-rate", "0.001..0.01")),
        two,
        "try learning-rate: the search was begun with 0.001,0.01");
    refused(trials(folder).purpose("search", Map.of()), two, "and cannot go on with none");
    refused(
        trials(folder).purpose("experiment", space),
        two,
        ": was begun as 'search' and cannot go on as 'experiment'");
    refused(trials(folder).purpose("search", space), two.subList(0, 1), "trial b");
    refused(
        trials(folder).purpose("search", space),
        List.of(trial("a", 0.002, 4), two.get(1)),
        "trial a: the search was begun with {\"learning-rate\":\"0.001\"}");
    assertThat(trials(folder).purpose("search", space).build().run(three())).hasSize(3);
  }

  @Test
  void trialsFromBeforeThereWerePlansGoOnAndGetOne() throws IOException {
    trials(folder).build().run(three().subList(0, 2));
    Files.delete(folder.resolve("plan.json"));
    refused(trials(folder), List.of(trial("x", 0.01, 4)), "trials/", "is none of the trials of");
    assertThat(trials(folder).build().run(three())).hasSize(3);
    assertThat(folder.resolve("plan.json")).content().contains("ndcg@20", "\"c\"");
  }

  @Test
  void aStartThatIsRefusedLeavesNothingBehind() throws IOException {
    Trial onGpu =
        new Trial(
            "a",
            Map.of(),
            SETTINGS.with(TrainingSettings.DEVICE, TrainingSettings.Device.GPU)); // there is none
    refused(trials(folder.resolve("new")), List.of(onGpu), "the GPU cannot be used");
    Path foreign = Files.createDirectories(folder.resolve("foreign/trials"));
    Files.writeString(foreign.resolve("of patience"), "");
    refused(trials(foreign.getParent()), three(), "found other files");
    refused(trials(foreign.resolve("of patience")), three(), "found a file");
    assertThat(trials(folder.resolve("new")).build().run(three())).hasSize(3);
  }

  @Test
  void theSecondOfTwoSearchesInOneFolderIsToldWhoIsFirst() {
    List<String> ended = new ArrayList<>();
    TrialListener second =
        new TrialListener() {
          @Override
          public void ended(TrialResult result) {
            assertThatThrownBy(() -> trials(folder).build().run(three()))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(folder + ": is being written by process ")
                .hasMessageContaining("" + ProcessHandle.current().pid());
            ended.add(result.trial().name());
          }
        };
    trials(folder).listener(second).build().run(three());
    assertThat(ended).containsExactly("a", "b", "c");
    assertThat(trials(folder).build().run(three())).hasSize(3);
  }

  @Test
  void aFolderOfOtherThingsIsLeftAsItIs() throws IOException {
    Path mine = Files.writeString(folder.resolve("results.csv"), "precious");
    assertThatThrownBy(() -> trials(folder).build().run(three()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("found other files");
    assertThat(mine).hasContent("precious");
  }

  @Test
  void whatIsNoTrialIsRefused() {
    assertThatThrownBy(() -> trial("../up", 0.1, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> trials(folder).build().run(List.of(trial("a", 0.1, 1), trial("a", 0.2, 1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("two trials have the name a");
  }
}
