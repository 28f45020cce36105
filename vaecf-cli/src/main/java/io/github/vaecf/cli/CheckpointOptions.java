package io.github.vaecf.cli;

import io.github.vaecf.core.training.Trainer.CheckpointPolicy;
import java.time.Duration;
import picocli.CommandLine.Option;

/** The options that say how often a training writes a checkpoint. */
final class CheckpointOptions {
  @Option(
      names = "--checkpoint-epochs",
      paramLabel = "N",
      defaultValue = "0",
      description = "Write a checkpoint every N epochs, 0 for not so; default ${DEFAULT-VALUE}.")
  private int epochs;

  @Option(
      names = "--checkpoint-minutes",
      paramLabel = "X",
      defaultValue = "10",
      description = "Write a checkpoint every X minutes, 0 for not so; default ${DEFAULT-VALUE}.")
  private double minutes;

  @Option(
      names = "--keep-checkpoints",
      paramLabel = "N",
      defaultValue = "2",
      description = "How many checkpoints stay; default ${DEFAULT-VALUE}.")
  private int keep;

  /**
   * The settings.
   *
   * @throws IllegalArgumentException if a value is out of its range
   */
  CheckpointPolicy policy() {
    require("--checkpoint-epochs", epochs, 0);
    require("--checkpoint-minutes", minutes, 0);
    require("--keep-checkpoints", keep, 1);
    return new CheckpointPolicy(epochs, minutes(minutes), keep);
  }

  private static void require(String option, Number value, int least) {
    if (!(value.doubleValue() >= least)) {
      throw new IllegalArgumentException(
          option + ": expected at least " + least + ", found " + value);
    }
  }

  static Duration minutes(double minutes) {
    return Duration.ofMillis(Math.round(minutes * 60_000));
  }
}
