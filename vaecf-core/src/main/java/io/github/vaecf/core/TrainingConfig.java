package io.github.vaecf.core;

import java.util.Objects;

/**
 * How a model is trained, whichever it is. Together with the model's settings, the data and the
 * machine this decides every bit of the result.
 *
 * @param epochs number of times that every training user is seen, at least 1
 * @param batchSize users a step, at least 1; the last batch of an epoch may be smaller
 * @param learningRate Adam's learning rate, above 0
 * @param schedule how the learning rate goes over the steps
 * @param gradientClip largest global norm of the gradient; 0 for no bound
 * @param patience number of epochs without a better validation after which the training stops; 0
 *     for never
 * @param minimumEpochs number of epochs before which it does not stop early
 * @param seed of first weights, shuffles, dropout and noise
 * @param device where the graph runs
 * @param threads threads of an operation on the CPU; 0 for one a core
 */
public record TrainingConfig(
    int epochs,
    int batchSize,
    double learningRate,
    LearningRateSchedule schedule,
    double gradientClip,
    int patience,
    int minimumEpochs,
    long seed,
    Device device,
    int threads) {
  /**
   * Checks every setting.
   *
   * @param epochs number of epochs
   * @param batchSize users a step
   * @param learningRate Adam's learning rate
   * @param schedule how the learning rate goes
   * @param gradientClip largest global norm of the gradient
   * @param patience epochs without a better validation before an early stop
   * @param minimumEpochs epochs before which there is no early stop
   * @param seed of everything random
   * @param device where the graph runs
   * @param threads threads of an operation
   * @throws IllegalArgumentException if a setting is out of its range
   */
  public TrainingConfig {
    Require.that(epochs >= 1, "epochs", "at least 1", epochs);
    Require.that(batchSize >= 1, "batchSize", "at least 1", batchSize);
    Require.that(
        learningRate > 0 && Double.isFinite(learningRate),
        "learningRate",
        "above 0 and finite",
        learningRate);
    Objects.requireNonNull(schedule, "schedule");
    Require.that(
        gradientClip >= 0 && Double.isFinite(gradientClip),
        "gradientClip",
        "at least 0 and finite",
        gradientClip);
    Require.that(patience >= 0, "patience", "at least 0", patience);
    Require.that(minimumEpochs >= 0, "minimumEpochs", "at least 0", minimumEpochs);
    Objects.requireNonNull(device, "device");
    Require.that(threads >= 0, "threads", "at least 0", threads);
  }

  /**
   * The published settings: 200 epochs, batches of 500 users, Adam with learning rate 0.001. The
   * seed is 98765, the one of the published split.
   *
   * @return the settings of Liang et al. 2018
   */
  public static TrainingConfig paper() {
    return new TrainingConfig(
        200, 500, 1e-3, LearningRateSchedule.constant(), 0, 0, 0, 98765, Device.AUTO, 0);
  }

  /**
   * The same settings with another number of epochs.
   *
   * @param value number of epochs, at least 1
   * @return new settings
   * @throws IllegalArgumentException if the value is out of its range
   */
  public TrainingConfig withEpochs(int value) {
    return new TrainingConfig(
        value,
        batchSize,
        learningRate,
        schedule,
        gradientClip,
        patience,
        minimumEpochs,
        seed,
        device,
        threads);
  }

  /**
   * The same settings with another batch size.
   *
   * @param value users a step, at least 1
   * @return new settings
   * @throws IllegalArgumentException if the value is out of its range
   */
  public TrainingConfig withBatchSize(int value) {
    return new TrainingConfig(
        epochs,
        value,
        learningRate,
        schedule,
        gradientClip,
        patience,
        minimumEpochs,
        seed,
        device,
        threads);
  }

  /**
   * The same settings with another learning rate.
   *
   * @param value Adam's learning rate, above 0
   * @return new settings
   * @throws IllegalArgumentException if the value is out of its range
   */
  public TrainingConfig withLearningRate(double value) {
    return new TrainingConfig(
        epochs,
        batchSize,
        value,
        schedule,
        gradientClip,
        patience,
        minimumEpochs,
        seed,
        device,
        threads);
  }

  /**
   * The same settings with another learning-rate schedule.
   *
   * @param value how the learning rate goes
   * @return new settings
   * @throws IllegalArgumentException if the value is out of its range
   */
  public TrainingConfig withSchedule(LearningRateSchedule value) {
    return new TrainingConfig(
        epochs,
        batchSize,
        learningRate,
        value,
        gradientClip,
        patience,
        minimumEpochs,
        seed,
        device,
        threads);
  }

  /**
   * The same settings with another bound on the gradient.
   *
   * @param value largest global norm, 0 for no bound
   * @return new settings
   * @throws IllegalArgumentException if the value is out of its range
   */
  public TrainingConfig withGradientClip(double value) {
    return new TrainingConfig(
        epochs,
        batchSize,
        learningRate,
        schedule,
        value,
        patience,
        minimumEpochs,
        seed,
        device,
        threads);
  }

  /**
   * The same settings with another patience.
   *
   * @param value epochs without a better validation, 0 for no early stop
   * @return new settings
   * @throws IllegalArgumentException if the value is out of its range
   */
  public TrainingConfig withPatience(int value) {
    return new TrainingConfig(
        epochs,
        batchSize,
        learningRate,
        schedule,
        gradientClip,
        value,
        minimumEpochs,
        seed,
        device,
        threads);
  }

  /**
   * The same settings with another minimum of epochs.
   *
   * @param value epochs before which there is no early stop
   * @return new settings
   * @throws IllegalArgumentException if the value is out of its range
   */
  public TrainingConfig withMinimumEpochs(int value) {
    return new TrainingConfig(
        epochs,
        batchSize,
        learningRate,
        schedule,
        gradientClip,
        patience,
        value,
        seed,
        device,
        threads);
  }

  /**
   * The same settings with another seed.
   *
   * @param value of everything random
   * @return new settings
   * @throws IllegalArgumentException if the value is out of its range
   */
  public TrainingConfig withSeed(long value) {
    return new TrainingConfig(
        epochs,
        batchSize,
        learningRate,
        schedule,
        gradientClip,
        patience,
        minimumEpochs,
        value,
        device,
        threads);
  }

  /**
   * The same settings with another device.
   *
   * @param value where the graph runs
   * @return new settings
   * @throws IllegalArgumentException if the value is out of its range
   */
  public TrainingConfig withDevice(Device value) {
    return new TrainingConfig(
        epochs,
        batchSize,
        learningRate,
        schedule,
        gradientClip,
        patience,
        minimumEpochs,
        seed,
        value,
        threads);
  }

  /**
   * The same settings with another number of threads.
   *
   * @param value threads of an operation, 0 for one a core
   * @return new settings
   * @throws IllegalArgumentException if the value is out of its range
   */
  public TrainingConfig withThreads(int value) {
    return new TrainingConfig(
        epochs,
        batchSize,
        learningRate,
        schedule,
        gradientClip,
        patience,
        minimumEpochs,
        seed,
        device,
        value);
  }
}
