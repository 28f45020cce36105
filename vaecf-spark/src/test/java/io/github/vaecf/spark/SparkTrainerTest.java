package io.github.vaecf.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.RunFolder;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.synthetic.Shape;
import io.github.vaecf.data.synthetic.SyntheticLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A driver and two executors, each a process, with a worker beside it. */
class SparkTrainerTest {
  private static final int EPOCHS = 120;
  private static final String METRIC = "ndcg@10";

  @TempDir private Path folder;

  @Test
  void anExecutorKilledInTheMiddleChangesNoBitOfWhatTwoWorkersTrain() throws Exception {
    Path data = folder.resolve("data");
    PreparedFolder.write(split(), data);
    LocalSpark.session().stop();
    List<Weight> undisturbed;
    List<Weight> disturbed;
    try (SparkSession cluster = LocalSpark.cluster()) {
      ProcessHandle executor = executor(cluster);
      undisturbed = train(cluster, data, folder.resolve("undisturbed"), EPOCHS);

      Path run = folder.resolve("disturbed");
      CompletableFuture<List<Weight>> training =
          CompletableFuture.supplyAsync(() -> train(cluster, data, run, EPOCHS));
      awaitCheckpoint(run, training);
      executor.destroyForcibly();
      disturbed = training.get(120, TimeUnit.SECONDS);
      assertThat(executor.isAlive()).isFalse();

      assertThatExceptionOfType(DataException.class)
          .isThrownBy(() -> train(cluster, data, run, EPOCHS))
          .withMessageContaining("already holds a run");
    }
    assertSame(disturbed, undisturbed);
    try (TrainedModel kept = TrainedModel.load(RunFolder.modelFile(folder.resolve("disturbed")))) {
      assertSame(kept.weights(), undisturbed);
    }
    assertThat(RunFolder.curve(folder.resolve("disturbed")).epochs()).hasSize(EPOCHS);
    LocalSpark.session();
  }

  @Test
  void whatOneWorkerCannotTrainNoneIsAskedAgainAndWhereOneWasLostAllAre() {
    assertThat(WorkerTask.decide("done", "done")).isEmpty();
    assertThat(WorkerTask.decide("broken 0 of 2 waited", "refused no such folder"))
        .isEqualTo("no such folder");
    assertThatIllegalStateException()
        .isThrownBy(() -> WorkerTask.decide("broken 0 of 2 waited", "worker 1 ended with status 9"))
        .withMessage("worker 1 ended with status 9");
    assertThatIllegalStateException()
        .isThrownBy(() -> WorkerTask.decide("done", "broken 1 of 2 waited"))
        .withMessage("1 of 2 waited");
  }

  @Test
  void whatCannotBeTrainedByWorkersIsSaid() {
    SparkSession spark = LocalSpark.session();
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> train(spark, folder.resolve("none"), folder.resolve("run"), 5))
        .withMessage(folder.resolve("none") + ": expected a prepared folder, found none");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> trainer(spark, folder, settings(5).with(Map.of("items-per-step", "100"))))
        .withMessageContaining("found vae with items-per-step");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> trainer(spark, folder, Settings.published(Model.named("ease"))))
        .withMessageContaining("expected a model that is trained by gradient");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SparkTrainer.builder(spark).workers(1))
        .withMessage("workers: expected at least 2, found 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VaecfEstimator().setNumWorkers(2).fit(Likes.table(spark, 1, 1)))
        .withMessageContaining("sharedDir: expected a folder");
  }

  private static List<Weight> train(SparkSession spark, Path data, Path run, int epochs) {
    try (TrainedModel model = trainer(spark, run, settings(epochs)).train(data)) {
      return model.weights();
    }
  }

  private static SparkTrainer trainer(SparkSession spark, Path run, Settings settings) {
    return SparkTrainer.builder(spark)
        .workers(2)
        .settings(settings)
        .validation(METRIC)
        .runFolder(run)
        .checkpointEvery(Duration.ofMillis(500))
        .limit(Duration.ofSeconds(60))
        .javaOptions(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"))
        .build();
  }

  private static Settings settings(int epochs) {
    return Settings.published(Model.named("vae"))
        .with(
            Map.of(
                "epochs", Integer.toString(epochs),
                "batch-size", "50",
                "hidden", "24",
                "latent", "8"));
  }

  private static Split split() {
    return StrongGeneralizationSplitter.builder()
        .heldOutUsers(40)
        .build()
        .split(SyntheticLog.generate(new Shape(400, 60, 6000), 5));
  }

  private static void assertSame(List<Weight> found, List<Weight> expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.size(); i++) {
      assertThat(found.get(i).values())
          .as(expected.get(i).name())
          .isEqualTo(expected.get(i).values());
    }
  }

  private static void awaitCheckpoint(Path run, CompletableFuture<?> training)
      throws InterruptedException, IOException {
    Path checkpoints = run.resolve("checkpoints");
    while (!Files.isDirectory(checkpoints) || isEmpty(checkpoints)) {
      assertThat(training.isDone()).as("trained before it could be killed").isFalse();
      Thread.sleep(20);
    }
  }

  private static boolean isEmpty(Path checkpoints) throws IOException {
    try (Stream<Path> files = Files.list(checkpoints)) {
      return files.noneMatch(file -> file.toString().endsWith(".safetensors"));
    }
  }

  /** One of the two, once both are there: a barrier stage asks for all of its workers at once. */
  private static ProcessHandle executor(SparkSession cluster) {
    while (true) {
      List<Long> processes =
          cluster
              .range(0, 2, 1, 2)
              .mapPartitions(
                  (MapPartitionsFunction<Long, Long>)
                      rows -> List.of(ProcessHandle.current().pid()).iterator(),
                  Encoders.LONG())
              .distinct()
              .collectAsList();
      if (processes.size() == 2) {
        return ProcessHandle.of(processes.get(0)).orElseThrow();
      }
    }
  }
}
