package io.github.vaecf.core.training;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.ToDoubleFunction;

/**
 * Trains a Mult-VAE or Mult-DAE: mini-batches of reshuffled users, annealed KL, dropout, L2 and
 * Adam (Liang et al. 2018, section 4.4), and keeps the weights of the epoch with the best
 * validation.
 *
 * <p>With the same settings, data, machine and number of threads the resulting weights are the
 * same, bit for bit, also when the training was stopped and resumed in between.
 *
 * <p>Immutable and safe for use by many threads, as far as the validation function and the
 * listeners are.
 */
public final class Trainer {
  final ModelConfig model;
  final TrainingConfig training;
  final ToDoubleFunction<Scorer> validation;
  final List<TrainingListener> listeners;
  final Path runFolder;
  final boolean resume;
  final CheckpointPolicy checkpoints;
  final Duration timeLimit;
  final BooleanSupplier stop;
  private final int starts;

  private Trainer(Builder builder) {
    model = Objects.requireNonNull(builder.model, "a trainer needs a model's settings");
    training = builder.training;
    validation = builder.validation;
    listeners = List.copyOf(builder.listeners);
    runFolder = builder.runFolder;
    resume = builder.resume;
    checkpoints = builder.checkpoints;
    timeLimit = builder.timeLimit;
    stop = builder.stop;
    starts = builder.starts;
    Require.that(
        training.patience() == 0 || validation != null,
        "patience",
        "0 where there is no validation",
        training.patience());
    Require.that(starts == 1 || validation != null, "starts", "1 without a validation", starts);
    Require.that(!resume || runFolder != null, "resume", "false without a run folder", true);
  }

  /**
   * A builder with the published settings of training, and no model chosen yet.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Trains, and returns the best model.
   *
   * @param users training users × items, at least one entry
   * @param items raw ids of the items, one for each column
   * @return the trained model, to be closed by the caller
   * @throws IllegalArgumentException if the number of ids is not that of the columns, or there is
   *     nothing to train on
   * @throws DataException if the run folder cannot be used: it holds a run and resume was not asked
   *     for, it holds none and resume was, the settings or the data have changed, or it cannot be
   *     written
   * @throws TrainingStoppedException if it was asked to stop ({@link Builder#stopWhen})
   * @throws TrainingDivergedException if the loss is no longer a number
   */
  public TrainedModel train(CsrMatrix users, IdIndex items) {
    Require.that(
        users.columns() == items.size(),
        "the number of item ids",
        "that of the columns, " + users.columns(),
        items.size());
    Require.that(users.entries() > 0, "the training matrix", "with at least one entry", users);
    return starts == 1 ? trainOnce(users, items) : trainFromSeveralStarts(users, items);
  }

  /**
   * Makes sure that the run folder holds a run of these settings and of this data, whether it has
   * ended or not.
   *
   * @param users training users × items
   * @param items raw ids of the items, one for each column
   * @throws DataException if it holds none, or one of other settings or data; the message names
   *     what differs
   * @throws IllegalArgumentException if this trainer has no run folder
   */
  public void requireRun(CsrMatrix users, IdIndex items) {
    Require.that(runFolder != null, "runFolder", "given", null);
    RunFolder.open(runFolder, true, model, training, DataFingerprint.of(users, items));
  }

  /**
   * Where the operations of a training step run: takes one step, on weights that are then thrown
   * away. On a GPU none that does arithmetic should be left on the CPU.
   *
   * @param users training users × items, at least one row
   * @return for each operation of the step, its name and kind, TensorFlow's name of the device
   * @throws IllegalStateException if the GPU was asked for and cannot be used
   */
  public Map<String, String> placement(CsrMatrix users) {
    Require.that(users.rows() > 0, "the training matrix", "with at least one row", users);
    try (AutoencoderSession session =
            AutoencoderSession.forTraining(
                model,
                users.columns(),
                training.device(),
                training.threads(),
                training.gradientClip(),
                training.seed());
        Batch batch = Batch.of(users, 0, Math.min(users.rows(), training.batchSize()))) {
      Map<String, String> devices = new TreeMap<>();
      session.train(
          batch,
          new AutoencoderSession.StepInput(0, training.learningRate(), 0, training.seed()),
          devices);
      return devices;
    }
  }

  private TrainedModel trainOnce(CsrMatrix users, IdIndex items) {
    try (TrainingRun run = new TrainingRun(this, users, items)) {
      return run.train();
    }
  }

  private TrainedModel trainFromSeveralStarts(CsrMatrix users, IdIndex items) {
    TrainedModel best = null;
    try {
      if (runFolder != null && !resume) {
        RunFolder.requireNewOrEmpty(runFolder);
      }
      for (int start = 0; start < starts; start++) {
        int number = start + 1;
        listeners.forEach(listener -> listener.onMessage("start " + number + " of " + starts));
        TrainedModel model = start(number).trainOnce(users, items);
        if (best == null || model.validation() > best.validation()) {
          if (best != null) {
            best.close();
          }
          best = model;
        } else {
          model.close();
        }
      }
      if (runFolder != null) {
        best.save(runFolder.resolve(TrainedModel.FILE_NAME));
      }
      return best;
    } catch (IOException e) {
      throw RunFolder.unwritable(runFolder, e);
    } catch (RuntimeException e) {
      if (best != null) {
        best.close();
      }
      throw e;
    }
  }

  /** The trainer of one of several starts: a seed and a run folder of its own. */
  private Trainer start(int number) {
    Builder one = new Builder();
    one.model(model)
        .training(training.withSeed(Streams.seed(training.seed(), Streams.START, number)));
    one.validation(validation).checkpoints(checkpoints).stopWhen(stop);
    one.timeLimit = timeLimit;
    listeners.forEach(one::listener);
    if (runFolder != null) {
      Path folder = runFolder.resolve("start-" + number);
      one.runFolder(folder).resume(resume && Files.exists(folder));
    }
    return one.build();
  }

  /** Collects what a trainer needs. Not safe for use by several threads. */
  public static final class Builder {
    private ModelConfig model;
    private TrainingConfig training = TrainingConfig.paper();
    private ToDoubleFunction<Scorer> validation;
    private final List<TrainingListener> listeners = new ArrayList<>();
    private Path runFolder;
    private boolean resume;
    private CheckpointPolicy checkpoints = CheckpointPolicy.standard();
    private Duration timeLimit;
    private BooleanSupplier stop = () -> false;
    private int starts = 1;

    private Builder() {}

    /**
     * Which network, on which loss. Must be given.
     *
     * @param config settings of Mult-VAE or Mult-DAE
     * @return this builder
     */
    public Builder model(ModelConfig config) {
      model = Objects.requireNonNull(config, "config");
      return this;
    }

    /**
     * How it is trained; without this as published.
     *
     * @param config settings of the training
     * @return this builder
     */
    public Builder training(TrainingConfig config) {
      training = Objects.requireNonNull(config, "config");
      return this;
    }

    /**
     * How good the model is, asked after each epoch; the weights of the epoch with the largest
     * answer are kept. Without this the weights of the last epoch are.
     *
     * @param function the larger its value, the better; the scorer is valid during the call only
     * @return this builder
     */
    public Builder validation(ToDoubleFunction<Scorer> function) {
      validation = Objects.requireNonNull(function, "function");
      return this;
    }

    /**
     * Adds someone who is told how it goes.
     *
     * @param listener told of each step and epoch
     * @return this builder
     */
    public Builder listener(TrainingListener listener) {
      listeners.add(Objects.requireNonNull(listener, "listener"));
      return this;
    }

    /**
     * A folder for settings, {@code metrics.csv}, TensorBoard events, checkpoints and the best
     * weights. It must not exist, be empty, or hold the run that is to be resumed.
     *
     * @param folder the folder
     * @return this builder
     */
    public Builder runFolder(Path folder) {
      runFolder = Objects.requireNonNull(folder, "folder");
      return this;
    }

    /**
     * Whether to go on from the newest whole checkpoint of the run folder; from the start if the
     * run had not come to its first one.
     *
     * @param goOn true to resume
     * @return this builder
     */
    public Builder resume(boolean goOn) {
      resume = goOn;
      return this;
    }

    /**
     * How often a checkpoint is written to the run folder and how many are kept.
     *
     * @param policy the policy
     * @return this builder
     */
    public Builder checkpoints(CheckpointPolicy policy) {
      checkpoints = Objects.requireNonNull(policy, "policy");
      return this;
    }

    /**
     * Time after which the training ends as if it had been its last step; with a run folder it can
     * be resumed.
     *
     * @param limit above zero
     * @return this builder
     */
    public Builder timeLimit(Duration limit) {
      Require.that(limit.compareTo(Duration.ZERO) > 0, "timeLimit", "above zero", limit);
      timeLimit = limit;
      return this;
    }

    /**
     * Trains several times from other first weights and keeps the model with the best validation.
     * In a run folder each start has a folder of its own, {@code start-1} and so on, and the best
     * model lies beside them; a time limit is each start's.
     *
     * @param number at least 1; 1 is the usual single training
     * @return this builder
     */
    public Builder starts(int number) {
      Require.that(number >= 1, "starts", "at least 1", number);
      starts = number;
      return this;
    }

    /**
     * A question that is asked after each step. Once the answer is true a checkpoint is written, if
     * there is a run folder, and {@link Trainer#train} throws {@link TrainingStoppedException}.
     *
     * @param question for example a flag that another thread sets when Ctrl-C is pressed
     * @return this builder
     */
    public Builder stopWhen(BooleanSupplier question) {
      stop = Objects.requireNonNull(question, "question");
      return this;
    }

    /**
     * The trainer.
     *
     * @return a new trainer
     * @throws NullPointerException if no model was given
     * @throws IllegalArgumentException if the settings do not go together
     */
    public Trainer build() {
      return new Trainer(this);
    }
  }
}
