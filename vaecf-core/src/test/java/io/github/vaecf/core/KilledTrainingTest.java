package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short form of examples/scripts/kill-and-resume. */
class KilledTrainingTest {
  private static final int KILLS = 3;

  @TempDir Path folder;

  /** Trains in a process of its own: run folder, "resume" or "new". */
  public static void main(String[] arguments) {
    Path run = Path.of(arguments[0]);
    training(run, arguments[1].equals("resume")).close();
  }

  private static TrainedModel training(Path run, boolean resume) {
    Groups data = new Groups(2000, 4, 60, 1);
    return Trainer.builder()
        .model(MultVaeConfig.paper().withHidden(List.of(32)).withLatent(16))
        .training(
            TrainingConfig.paper().withEpochs(60).withBatchSize(100).withThreads(1).withSeed(3))
        .validation(data.hitRate())
        .runFolder(run)
        .resume(resume)
        .checkpoints(new CheckpointPolicy(1, Duration.ofMillis(50), 2))
        .build()
        .train(data.matrix(), data.ids());
  }

  private static Process start(Path run, String mode, Path log) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            KilledTrainingTest.class.getName(),
            run.toString(),
            mode)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  @Test
  void aTrainingKilledAtAnyMomentAndResumedGivesTheSameBytes() throws Exception {
    Path whole = folder.resolve("whole");
    training(whole, false).close();

    Path run = folder.resolve("killed");
    Path log = folder.resolve("log");
    Random random = new Random(5);
    int killed = 0;
    for (int attempt = 0; attempt < KILLS; attempt++) {
      boolean resume = Files.exists(run.resolve("config.json"));
      Process process = start(run, resume ? "resume" : "new", log);
      // Only the time after TensorFlow was loaded is of interest.
      long checkpointsBefore = checkpoints(run);
      while (process.isAlive() && checkpoints(run) == checkpointsBefore) {
        Thread.sleep(5);
      }
      Thread.sleep(random.nextInt(300));
      if (process.isAlive()) {
        killed++;
      }
      process.destroyForcibly().waitFor();
    }
    assertThat(killed).as("the training was long enough to be killed").isPositive();
    Process last = start(run, "resume", log);
    assertThat(last.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(last.exitValue()).as(Files.readString(log)).isZero();
    assertThat(Files.readAllBytes(run.resolve(TrainedModel.FILE_NAME)))
        .isEqualTo(Files.readAllBytes(whole.resolve(TrainedModel.FILE_NAME)));
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
        if (!file.toString().endsWith(".partial")) {
          names = 31 * names + file.getFileName().toString().hashCode();
        }
      }
    }
    return names;
  }
}
