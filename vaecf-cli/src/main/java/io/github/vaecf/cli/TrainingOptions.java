package io.github.vaecf.cli;

import io.github.vaecf.core.Device;
import io.github.vaecf.core.LearningRateSchedule;
import io.github.vaecf.core.TrainingConfig;
import picocli.CommandLine.Option;

/** The options that say how a network is trained; the defaults are the published settings. */
final class TrainingOptions {
  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "200",
      description = "How often each training user is seen; default ${DEFAULT-VALUE}.")
  private int epochs;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "500",
      description = "Users a step; default ${DEFAULT-VALUE}.")
  private int batchSize;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      defaultValue = "0.001",
      description = "Adam's learning rate; default ${DEFAULT-VALUE}.")
  private double learningRate;

  @Option(
      names = "--schedule",
      paramLabel = "SHAPE",
      defaultValue = "constant",
      description =
          "What the learning rate does: stay (constant) or fall to 0 (cosine); default"
              + " ${DEFAULT-VALUE}.")
  private LearningRateSchedule.Shape schedule;

  @Option(
      names = "--warm-up-share",
      paramLabel = "X",
      defaultValue = "0",
      description =
          "Share of all steps over which the learning rate rises from 0; default"
              + " ${DEFAULT-VALUE}.")
  private double warmUpShare;

  @Option(
      names = "--gradient-clip",
      paramLabel = "X",
      defaultValue = "0",
      description = "Largest norm of the gradient, 0 for no bound; default ${DEFAULT-VALUE}.")
  private double gradientClip;

  @Option(
      names = "--patience",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Stop after so many epochs without a better validation, 0 for never; default"
              + " ${DEFAULT-VALUE}.")
  private int patience;

  @Option(
      names = "--minimum-epochs",
      paramLabel = "N",
      defaultValue = "0",
      description = "Do not stop before so many epochs; default ${DEFAULT-VALUE}.")
  private int minimumEpochs;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "98765",
      description = "Where all random numbers start; default ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "auto",
      description = "cpu, gpu, or auto: the GPU where there is one; default ${DEFAULT-VALUE}.")
  private Device device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads on the CPU, 0 for one a core; default ${DEFAULT-VALUE}.")
  private int threads;

  /**
   * The settings.
   *
   * @throws IllegalArgumentException if a value is out of its range
   */
  TrainingConfig config() {
    return new TrainingConfig(
        epochs,
        batchSize,
        learningRate,
        new LearningRateSchedule(schedule, warmUpShare),
        gradientClip,
        patience,
        minimumEpochs,
        seed,
        device,
        threads);
  }
}
