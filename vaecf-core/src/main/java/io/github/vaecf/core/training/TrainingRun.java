package io.github.vaecf.core.training;

import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.Objective;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.NetworkSession.Wishes;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.core.training.Trainer.TrainingDivergedException;
import io.github.vaecf.core.training.Trainer.TrainingStoppedException;
import io.github.vaecf.core.training.TrainingListener.EpochReport;
import io.github.vaecf.core.training.TrainingListener.StepReport;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.zip.CRC32C;

/** One training, from its first or resumed step to the trained model. */
final class TrainingRun implements AutoCloseable {
  private static final double NANOS = 1e9;

  /** Weights that are digested at a time. */
  private static final int DIGESTED = 1 << 14;

  private final Trainer trainer;
  private final Settings settings;
  private final GradientModel model;
  private final int epochs;
  private final IdIndex items;
  private final int stepsPerEpoch;
  private final long totalSteps;
  private final TrainingGroup group; // null where one process trains alone
  private final boolean first; // of the group; it writes
  private final RunFolder folder; // null without one
  private final EventFile events; // null where nothing is written
  private final NetworkSession session;
  private final BatchSource batches;
  private final long startNanos = System.nanoTime();
  private final long firstStep;

  private TrainingState state;
  private List<Weight> bestWeights; // without a run folder only: else they are on the disk
  private int epochOnDisk; // epoch of the weights in the run folder; 0 for none
  private long lastCheckpointNanos = startNanos;
  private long lastCheckpointStep = -1;
  private StepReport last; // null before the first step
  private Wishes wishesOfAll = Wishes.NONE; // of the group, at the last step

  TrainingRun(Trainer trainer, CsrMatrix users, IdIndex items) {
    this.trainer = trainer;
    this.settings = trainer.settings;
    this.model = (GradientModel) settings.model();
    this.items = items;
    group = trainer.group;
    first = group == null || group.isFirst();
    epochs = settings.get(TrainingSettings.EPOCHS);
    int batchSize = settings.get(TrainingSettings.BATCH_SIZE);
    long seed = settings.get(TrainingSettings.SEED);
    stepsPerEpoch = BatchSource.stepsPerEpoch(users.rows(), batchSize);
    totalSteps = (long) stepsPerEpoch * epochs;
    folder = trainer.runFolder == null ? null : folder(DataFingerprint.of(users, items));
    NetworkSession opened = null;
    boolean ready = false;
    try {
      opened =
          NetworkSession.forTraining(
              settings, items, group, untrained -> sayMemory(untrained, users));
      session = opened;
      state = TrainingState.start();
      if (trainer.from != null) {
        session.set(FirstWeights.of(trainer.from, settings, users, items));
        session.refreshFrozen();
      }
      if (writes()) {
        trainer.begin(folder);
      }
      if (group != null) {
        requireSame(users);
      }
      if (trainer.resume) {
        resume();
      }
      requireSameWeights();
      firstStep = state.step();
      events = writes() ? new EventFile(folder.eventsFolder()) : null;
      batches =
          new BatchSource(
              users,
              batchSize,
              settings.get(TrainingSettings.ITEMS_PER_STEP),
              seed,
              firstStep,
              totalSteps,
              group);
      ready = true;
    } finally { // also where TensorFlow cannot be loaded, which is an Error
      if (!ready && opened != null) {
        opened.close();
      }
      if (!ready && folder != null) {
        folder.close();
      }
    }
  }

  private RunFolder folder(DataFingerprint data) {
    return first ? RunFolder.open(trainer, data) : RunFolder.follow(trainer, data);
  }

  /** Whether this process writes the run folder. */
  private boolean writes() {
    return folder != null && first;
  }

  /** A group must agree on what it trains, or its processes wait for each other in vain. */
  private void requireSame(CsrMatrix users) {
    group.requireSame(
        settings.toText().hashCode(), "the settings are not those of the first process");
    group.requireSame(
        DataFingerprint.of(users, items).sha256().hashCode(),
        "the training data is not that of the first process");
    group.requireSame(
        Objects.hash(folder == null, trainer.resume, trainer.validation == null),
        "there is a run folder, a run to be resumed or a validation where the first process has"
            + " none, or the other way round");
  }

  /**
   * Other processors may round otherwise; sums of gradients of unequal weights are no gradients.
   */
  private void requireSameWeights() {
    if (group == null) {
      return;
    }
    CRC32C digest = new CRC32C();
    session.read(
        session.network.variables.weights(),
        some -> some.forEach(weight -> update(digest, weight.values())));
    group.requireSame(
        (int) digest.getValue(),
        "the weights are not those of the first process; all must have the same kind of processor,"
            + " and their version of vaecf must be the same");
  }

  private static void update(CRC32C digest, float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(DIGESTED * Float.BYTES);
    for (int from = 0; from < values.length; from += DIGESTED) {
      int length = Math.min(DIGESTED, values.length - from);
      bytes.clear().limit(length * Float.BYTES);
      bytes.asFloatBuffer().put(values, from, length);
      digest.update(bytes);
    }
  }

  /** Says what memory the training needs, and refuses one that this machine cannot have. */
  private void sayMemory(NetworkSession untrained, CsrMatrix users) {
    Settings own =
        group == null
            ? settings
            : settings.with(
                TrainingSettings.BATCH_SIZE,
                (settings.get(TrainingSettings.BATCH_SIZE) + group.size() - 1) / group.size());
    TrainingMemory memory = TrainingMemory.of(untrained.network, untrained.step, own, users);
    if (!untrained.onGpu()) {
      memory.requireWithin(TrainingMemory.ofThisMachine(), settings, users);
    }
    tell("training needs " + memory);
    if (settings.get(TrainingSettings.PRODUCTS) == TrainingSettings.Products.BFLOAT16) {
      tell("a step's products with all items are taken in bfloat16");
    }
  }

  private void resume() {
    if (first) {
      epochOnDisk = TrainedModel.epochOf(folder.modelFile(), this::tell);
      state = folder.restore(session, this::hasBestWeights, trainer::tell).orElse(state);
      folder.keepMetricsUntil(completedEpochs());
    }
    if (group != null) {
      epochOnDisk = (int) group.fromFirst(epochOnDisk);
      long step = (long) group.fromFirst((double) state.step());
      if (!first && step > 0) {
        state = folder.restore(session, step);
      }
    }
    lastCheckpointStep = state.step();
    tell(
        state.step() == 0
            ? "there is no checkpoint to go on from: begins anew"
            : "resumed after step " + state.step() + " of " + totalSteps);
    if (trainer.validation != null && state.bestEpoch() > epochOnDisk) {
      writeBest(state.bestEpoch(), state.bestValidation()); // they are the checkpoint's own
    }
  }

  /**
   * Whether the best weights until a checkpoint are to be had: they are in the run folder, or are
   * those of the checkpoint itself. If they are lost they must be trained again.
   */
  private boolean hasBestWeights(TrainingState checkpoint) {
    return trainer.validation == null
        || checkpoint.bestEpoch() <= epochOnDisk
        || checkpoint.step() == checkpoint.bestEpoch() * (long) stepsPerEpoch;
  }

  private int completedEpochs() {
    return (int) (state.step() / stepsPerEpoch);
  }

  private void tell(String message) {
    trainer.tell(message);
  }

  TrainedModel train() {
    boolean outOfTime = false;
    while (state.step() < totalSteps && !state.stopped() && !outOfTime) {
      trainEpoch();
      outOfTime = mustEnd();
    }
    if (outOfTime && state.step() < totalSteps && !state.stopped()) {
      tell("the time limit was reached after step " + state.step() + " of " + totalSteps);
    }
    if (writes() && state.step() > lastCheckpointStep) {
      checkpoint();
    }
    return best();
  }

  /** From the current step to the end of its epoch, or to the time limit. */
  private void trainEpoch() {
    int epoch = completedEpochs() + 1;
    long epochStart = System.nanoTime();
    long usersBefore = state.users();
    long end = (long) epoch * stepsPerEpoch;
    boolean begun = false;
    while (state.step() < end) {
      if (mustStop()) {
        stopInGoodOrder();
      }
      if (begun && mustEnd()) {
        return;
      }
      last = step(epoch);
      begun = true;
      // Not at the end of the epoch, before it is closed: a resume from there would never validate
      // it.
      if (state.step() < end && checkpointIsDue()) {
        checkpoint();
      }
    }
    long users = state.users();
    double trainSeconds = (System.nanoTime() - epochStart) / NANOS;
    double usersPerSecond = (users - usersBefore) / trainSeconds;
    requireSameWeights();
    double validation = validate();
    boolean better = trainer.validation == null || validation > state.bestValidation();
    EpochReport report = report(validation, better, usersPerSecond, epochStart);
    state = state.afterEpoch();
    if (better) {
      keepBest(epoch, validation);
    } else if (patience() > 0
        && epoch >= settings.get(TrainingSettings.MINIMUM_EPOCHS)
        && epoch - state.bestEpoch() >= patience()) {
      state = state.asStopped();
    }
    if (writes()) {
      folder.addMetrics(report);
      events.write(report);
      int every = trainer.checkpoints.everyEpochs();
      if ((every > 0 && epoch % every == 0) || checkpointIsDue()) {
        checkpoint();
      }
    }
    trainer.listeners.forEach(listener -> listener.onEpoch(report));
    if (state.stopped()) {
      tell(
          "stopped early after epoch "
              + epoch
              + ": no better validation than that of epoch "
              + state.bestEpoch()
              + " for "
              + patience()
              + " epochs");
    }
  }

  private int patience() {
    return settings.get(TrainingSettings.PATIENCE);
  }

  private StepReport step(int epoch) {
    Objective.Step moment = new Objective.Step(state.step(), totalSteps, epoch - 1);
    double beta = session.step.regulariserWeight().at(moment);
    double learningRate =
        settings.get(TrainingSettings.LEARNING_RATE) * LearningRate.factor(settings, moment);
    if (state.step() == (epoch - 1) * (long) stepsPerEpoch
        && model.refreshesFrozen(settings, epoch - 1)) {
      session.refreshFrozen();
    }
    int users;
    NetworkSession.StepLoss loss;
    try (Batch batch = batches.take()) {
      users = batch.part == null ? batch.users : batch.part.users();
      loss =
          session.train(
              batch,
              new NetworkSession.StepInput(
                  moment,
                  learningRate,
                  settings.get(TrainingSettings.SEED),
                  model.phase(settings, epoch - 1),
                  updatesBefore(epoch - 1),
                  group == null
                      ? Wishes.NONE
                      : new Wishes(trainer.stop.getAsBoolean(), outOfTime())));
    }
    wishesOfAll = loss.wishes();
    StepReport report =
        new StepReport(
            state.step() + 1,
            totalSteps,
            epoch,
            epochs,
            users,
            loss.reconstruction(),
            loss.regulariser(),
            loss.penalty(),
            beta,
            learningRate);
    if (!Double.isFinite(report.loss())) {
      throw diverged(report, "the loss is " + report.loss());
    }
    state = state.afterStep(users, loss);
    trainer.listeners.forEach(listener -> listener.onStep(report));
    return report;
  }

  /** How often the weights of each counter have been updated: in the epochs of their phases. */
  private List<Long> updatesBefore(int epoch) {
    List<Long> updates = new ArrayList<>();
    for (TrainingStep.Counter counter : session.step.counters()) {
      long count = 0;
      for (int before = 0; before <= epoch; before++) {
        if (counter.phases().get(model.phase(settings, before))) {
          count += before < epoch ? stepsPerEpoch : state.step() - epoch * (long) stepsPerEpoch;
        }
      }
      updates.add(count);
    }
    return updates;
  }

  private TrainingDivergedException diverged(StepReport at, String how) {
    return new TrainingDivergedException(
        "the training diverged: "
            + how
            + " at step "
            + (at == null ? state.step() : at.step())
            + (at == null
                ? ""
                : " (epoch "
                    + at.epoch()
                    + ", learning rate "
                    + at.learningRate()
                    + ", β "
                    + at.beta()
                    + ")")
            + "; try a smaller learning rate or a bound on the gradient"
            + (state.bestEpoch() > 0 && folder != null
                ? "; the weights of epoch " + state.bestEpoch() + " are in " + folder.modelFile()
                : ""));
  }

  private double validate() {
    if (trainer.validation == null) {
      return Double.NaN;
    }
    session.readInPlace();
    double value =
        first ? unlessDiverged(() -> trainer.validation.applyAsDouble(session)) : Double.NaN;
    if (group != null) {
      value = group.fromFirst(value);
    }
    if (Double.isNaN(value)) {
      throw diverged(last, "the validation is not a number");
    }
    return value;
  }

  /** Weights that are no numbers mean that the training diverged, wherever that is found. */
  private <T> T unlessDiverged(Supplier<T> work) {
    try {
      return work.get();
    } catch (ArithmeticException e) {
      TrainingDivergedException diverged = diverged(last, e.getMessage());
      diverged.initCause(e);
      throw diverged;
    }
  }

  private EpochReport report(
      double validation, boolean best, double usersPerSecond, long epochStart) {
    double users = state.users();
    double reconstruction = state.reconstruction() / users;
    double kl = state.kl() / users;
    double penalty = state.penalty() / users;
    double now = System.nanoTime();
    double secondsPerStep = (now - startNanos) / NANOS / (state.step() - firstStep);
    return new EpochReport(
        last.epoch(),
        epochs,
        last.step(),
        reconstruction + last.beta() * kl + penalty,
        reconstruction,
        kl,
        penalty,
        last.beta(),
        last.learningRate(),
        validation,
        best,
        usersPerSecond,
        (now - epochStart) / NANOS,
        Duration.ofMillis((long) (1000 * secondsPerStep * (totalSteps - state.step()))));
  }

  private TrainedModel.Description description(int epoch, double validation) {
    String metric = trainer.metric == null ? "" : trainer.metric;
    return new TrainedModel.Description(settings, items, epoch, validation, metric);
  }

  /** Keeps the present weights as the best so far. */
  private void keepBest(int epoch, double validation) {
    state = state.withBest(epoch, validation);
    if (trainer.validation == null && epoch < epochs) {
      return; // the last epoch's weights are the ones to keep; train() keeps them when it ends
    }
    if (folder == null) {
      bestWeights = weights();
    } else if (epoch > epochOnDisk) {
      // After a resume from before it a later, better one is there: this training will come to it
      // again, and until then that one stays.
      writeBest(epoch, validation);
    }
  }

  private List<Weight> weights() {
    List<Weight> weights = session.weights();
    unlessDiverged(
        () -> {
          weights.forEach(weight -> TrainedModel.finite(weight.name(), weight.values()));
          return weights;
        });
    return weights;
  }

  private void writeBest(int epoch, double validation) {
    if (first) {
      unlessDiverged(
          () -> {
            TrainedModel.write(folder.modelFile(), description(epoch, validation), session);
            return epoch;
          });
    }
    epochOnDisk = epoch;
  }

  private TrainedModel best() {
    boolean kept = folder == null ? bestWeights != null : epochOnDisk > 0;
    if (trainer.validation == null || !kept) {
      // The present weights, which a time limit may have left unmeasured before the first epoch.
      double validation = validate();
      if (folder == null) {
        return TrainedModel.of(description(completedEpochs(), validation), weights());
      }
      writeBest(completedEpochs(), validation);
    } else if (folder == null) {
      return TrainedModel.of(description(state.bestEpoch(), state.bestValidation()), bestWeights);
    }
    if (group != null) {
      group.fromFirst(0); // it has written by now
    }
    session.close(); // the model takes its memory
    return TrainedModel.load(folder.modelFile());
  }

  /** All processes of a group come to the same answer after the same step. */
  private boolean mustStop() {
    return group == null ? trainer.stop.getAsBoolean() : wishesOfAll.stop();
  }

  private boolean mustEnd() {
    return group == null ? outOfTime() : wishesOfAll.end();
  }

  private boolean outOfTime() {
    return trainer.timeLimit != null
        && System.nanoTime() - startNanos > trainer.timeLimit.toNanos();
  }

  private boolean checkpointIsDue() {
    Duration every = trainer.checkpoints.every();
    return writes() && !every.isZero() && System.nanoTime() - lastCheckpointNanos > every.toNanos();
  }

  private void checkpoint() {
    folder.save(state, session, trainer.checkpoints.keep());
    lastCheckpointNanos = System.nanoTime();
    lastCheckpointStep = state.step();
  }

  private void stopInGoodOrder() {
    String where = "the training was stopped after step " + state.step() + " of " + totalSteps;
    if (folder == null) {
      throw new TrainingStoppedException(where + "; without a run folder nothing of it is kept");
    }
    if (writes() && state.step() > lastCheckpointStep) {
      checkpoint();
    }
    throw new TrainingStoppedException(
        where + "; a checkpoint is in " + trainer.runFolder + ", from which it can be resumed");
  }

  @Override
  public void close() {
    try {
      batches.close();
    } finally {
      session.close();
      if (events != null) {
        events.close();
      }
      if (folder != null) {
        folder.close();
      }
    }
  }
}
