package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.Trainer.CheckpointPolicy;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The short form of examples/scripts/kill-and-resume. Its trainings have a thread each. */
@Execution(ExecutionMode.CONCURRENT)
class KilledTrainingTest {
  private static final int KILLS = Integer.getInteger("vaecf.kills", 1);

  @TempDir Path folder;

  /** Trains in a process of its own: model, run folder, "resume" or "new". */
  public static void main(String[] arguments) {
    training(arguments[0], Path.of(arguments[1]), arguments[2].equals("resume")).close();
  }

  /** Small for any model: what it has of these. */
  private static final Map<String, String> SMALL =
      Map.of(
          "hidden",
          "24",
          "width",
          "24",
          "latent",
          "8",
          "pseudo-inputs",
          "20",
          "factors",
          "16",
          "epochs",
          "50");

  private static Stream<String> trainedByGradient() {
    return Model.all().stream()
        .filter(GradientModel.class::isInstance)
        .filter(model -> model.getClass().getPackage().equals(Model.class.getPackage()))
        .map(Model::name);
  }

  private static Settings small(String model) {
    Settings published = Settings.published(Model.named(model));
    Map<String, String> small = new HashMap<>(SMALL);
    small.keySet().retainAll(published.toText().keySet());
    // Their epochs take longer.
    if (small.containsKey("pseudo-inputs") || published.toText().containsKey("encoder-epochs")) {
      small.put("epochs", "15");
    }
    return published.with(small);
  }

  private static TrainedModel training(String model, Path run, boolean resume) {
    Groups data = new Groups(2000, 4, 60, 1);
    return Trainer.builder()
        .settings(
            small(model)
                .with(TrainingSettings.BATCH_SIZE, 100)
                .with(TrainingSettings.THREADS, 1)
                .with(TrainingSettings.SEED, 3L))
        .validation(data.hitRate())
        .runFolder(run)
        .resume(resume)
        .checkpoints(new CheckpointPolicy(1, Duration.ofMillis(50), 2))
        .build()
        .train(data.matrix(), data.ids());
  }

  private static Process start(String model, Path run, String mode, Path log) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1", // it is there for a second
            "-cp",
            System.getProperty("java.class.path"),
            KilledTrainingTest.class.getName(),
            model,
            run.toString(),
            mode)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  @ParameterizedTest
  @MethodSource("trainedByGradient")
  void aTrainingKilledAtAnyMomentAndResumedGivesTheSameBytes(String model) throws Exception {
    Path whole = folder.resolve("whole");
    training(model, whole, false).close();

    Path run = folder.resolve("killed");
    Path log = folder.resolve("log");
    Random random = new Random(5);
    int killed = 0;
    for (int attempt = 0; attempt < KILLS; attempt++) {
      boolean resume = Files.exists(run.resolve("config.json"));
      Process process = start(model, run, resume ? "resume" : "new", log);
      // Only the time after TensorFlow was loaded is of interest.
      long checkpointsBefore = checkpoints(run);
      while (process.isAlive() && checkpoints(run) == checkpointsBefore) {
        Thread.sleep(5);
      }
      Thread.sleep(random.nextInt(300));
      if (process.isAlive()) {
        killed++;
        requireRefused(run, process);
      }
      process.destroyForcibly().waitFor();
    }
    assertThat(killed).as("the training was long enough to be killed").isPositive();
    Process last = start(model, run, "resume", log);
    assertThat(last.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(last.exitValue()).as(Files.readString(log)).isZero();
    assertThat(Files.readAllBytes(RunFolder.modelFile(run)))
        .isEqualTo(Files.readAllBytes(RunFolder.modelFile(whole)));
  }

  /** A training beside one of another process is told whose it is, unless that has just ended. */
  private static void requireRefused(Path run, Process process) throws InterruptedException {
    try (RunFolder.Lock lock = RunFolder.lock(run, message -> {})) {
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("nobody wrote, %s", lock).isTrue();
    } catch (DataException e) {
      assertThat(e)
          .hasMessageStartingWith(run + ": is being written by process " + process.pid() + " on ");
    }
  }

  /** Changes whenever a checkpoint is written. */
  private static long checkpoints(Path run) throws IOException {
    Path checkpoints = run.resolve("checkpoints");
    if (!Files.isDirectory(checkpoints)) {
      return 0;
    }
    long names = 0;
    try (var files = Files.list(checkpoints)) {
      for (Path file : files.toList()) {
        if (!WholeFile.isPartial(file)) {
          names = 31 * names + file.getFileName().toString().hashCode();
        }
      }
    }
    return names;
  }
}
