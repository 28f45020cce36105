package io.github.vaecf.core.training;

import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.model.Blend;
import io.github.vaecf.core.model.ClosedFormModel;
import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.Objective;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import java.io.Serial;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToDoubleBiFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.tensorflow.proto.DeviceStepStats;
import org.tensorflow.proto.NodeExecStats;
import org.tensorflow.proto.RunMetadata;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;

/**
 * Fits a model. One that is trained by gradient sees mini-batches of reshuffled users and is
 * updated by Adam (Liang et al. 2018, section 4.4); the weights of the epoch with the best
 * validation are kept. One in closed form is fitted in one go and validated once. The members of a
 * blend are fitted one after another, in a run folder each ({@code member-1} and so on) within that
 * of the blend; the blend has the weights that its settings say.
 *
 * <p>With the same settings, data, machine and number of threads the resulting weights are the
 * same, bit for bit, also when the training was stopped and resumed in between.
 *
 * <p>Immutable and safe for use by many threads, as far as the validation function and the
 * listeners are.
 */
public final class Trainer {
  /** Before a step is watched. */
  private static final int WARM_UP_STEPS = 5;

  final Settings settings;
  final ToDoubleFunction<Recommender> validation; // null without one
  final String metric; // null where the validation has no name
  final HeldOut validationUsers; // likewise
  final List<TrainingListener> listeners;
  final Path runFolder;
  final boolean resume;
  final CheckpointPolicy checkpoints;
  final Duration timeLimit;
  final BooleanSupplier stop;
  final int restarts;
  final TrainedModel from; // null where the first weights are drawn
  final TrainingGroup group; // null where one process trains alone
  private final ClosedFormModel.Shared shared; // null where nothing is
  private final Runnable beforeBegin;
  private final Map<String, String> titles;

  private Trainer(Builder builder) {
    settings = Objects.requireNonNull(builder.settings, "a trainer needs a model's settings");
    validation = builder.validation;
    metric = builder.metric;
    validationUsers = builder.validationUsers;
    listeners = List.copyOf(builder.listeners);
    runFolder = builder.runFolder;
    resume = builder.resume;
    checkpoints = builder.checkpoints;
    timeLimit = builder.timeLimit;
    stop = builder.stop;
    restarts = builder.restarts;
    from = builder.from;
    group = builder.group;
    shared = builder.shared;
    beforeBegin = builder.beforeBegin;
    titles = builder.titles;
    Require.that(
        validation != null
            || !settings.has(TrainingSettings.PATIENCE)
            || settings.get(TrainingSettings.PATIENCE) == 0,
        "patience",
        "0 where there is no validation",
        "a patience");
    Require.that(
        restarts == 1 || validation != null, "restarts", "1 without a validation", restarts);
    Require.that(
        restarts == 1 || settings.has(TrainingSettings.SEED),
        "restarts",
        "1 for a model in closed form",
        restarts);
    Require.that(
        from == null || (settings.model() instanceof GradientModel && restarts == 1),
        "from",
        "given to one training of a model that is trained by gradient",
        settings.model().name() + (restarts == 1 ? "" : " with restarts"));
    Require.that(
        from == null || from.settings().model().name().equals(settings.model().name()),
        "from",
        "a " + settings.model().name(),
        from == null ? "none" : from.settings().model().name());
    Require.that(
        group == null
            || (settings.model() instanceof GradientModel
                && restarts == 1
                && settings.get(TrainingSettings.ITEMS_PER_STEP) == 0),
        "group",
        "given to one training of a model that is trained by gradient, on all items in each step",
        settings.model().name()
            + (restarts == 1 ? "" : " with restarts")
            + (settings.has(TrainingSettings.ITEMS_PER_STEP)
                    && settings.get(TrainingSettings.ITEMS_PER_STEP) > 0
                ? " with " + TrainingSettings.ITEMS_PER_STEP.name()
                : ""));
    Require.that(!resume || runFolder != null, "resume", "false without a run folder", true);
  }

  /**
   * A builder, with no model chosen yet.
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
   * @throws DataException if the run folder cannot be used: another training writes into it, it
   *     holds a run and resume was not asked for, it holds none and resume was, the settings, the
   *     validation or the data have changed, or it cannot be written
   * @throws TrainingStoppedException if it was asked to stop ({@link Builder#stopWhen})
   * @throws TrainingDivergedException if the loss is no longer a number, or the equations of a
   *     model in closed form have no solution
   */
  public TrainedModel train(CsrMatrix users, IdIndex items) {
    Require.that(
        users.columns() == items.size(),
        "the number of item ids",
        "that of the columns, " + users.columns(),
        items.size());
    Require.that(users.entries() > 0, "the training matrix", "with at least one entry", users);
    if (runFolder != null) {
      TrainedModel.requireStorable(items);
    }
    TrainedModel model =
        restarts == 1
            ? trainOnce(users, items)
            : inRunFolder(users, items, folder -> trainWithRestarts(users, items, folder));
    return titles.isEmpty() ? model : model.withTitles(titles);
  }

  /**
   * Makes sure that the run folder holds a run of these settings, of this validation and of this
   * data, whether it has ended or not.
   *
   * @param users training users × items
   * @param items raw ids of the items, one for each column
   * @throws DataException if it holds none, or one of other settings or data; the message names
   *     what differs
   * @throws IllegalArgumentException if this trainer has no run folder
   */
  public void requireRun(CsrMatrix users, IdIndex items) {
    Require.that(runFolder != null, "runFolder", "given", null);
    RunFolder.require(this, DataFingerprint.of(users, items));
  }

  void tell(String message) {
    listeners.forEach(listener -> listener.onMessage(message));
  }

  /** Writes what makes the run folder that of a run. */
  void begin(RunFolder folder) {
    beforeBegin.run();
    folder.begin();
    folder.keepTitles(titles);
  }

  /**
   * Where the operations of a training step run: takes one step, on weights that are then thrown
   * away. On a GPU none that does arithmetic should be left on the CPU.
   *
   * @param users training users × items, at least one row
   * @return for each operation of the step, its name and kind, TensorFlow's name of the device
   * @throws DataException if the GPU was chosen and cannot be used
   */
  public Map<String, String> placement(CsrMatrix users) {
    Map<String, String> devices = new TreeMap<>();
    takeStep(
        users,
        0,
        RunOptions.newBuilder().setOutputPartitionGraphs(true).build(),
        metadata ->
            metadata.getPartitionGraphsList().stream()
                .flatMap(partition -> partition.getNodeList().stream())
                .forEach(
                    node ->
                        devices.put(node.getName() + " (" + node.getOp() + ")", node.getDevice())));
    return devices;
  }

  /**
   * How long the operations of a training step take: takes some steps to warm up and one that is
   * watched, on weights that are then thrown away. Operations may run side by side, so that the sum
   * may be more than the step. Of a GPU there is a device for the starting of its kernels and one,
   * {@code …/stream:all}, for the kernels themselves.
   *
   * @param users training users × items, at least one row
   * @return milliseconds, by TensorFlow's name of the device and the operation's name and kind
   * @throws DataException if the GPU was chosen and cannot be used
   */
  public Map<String, Map<String, Double>> operationMillis(CsrMatrix users) {
    Map<String, Map<String, Double>> devices = new TreeMap<>();
    takeStep(
        users,
        WARM_UP_STEPS,
        RunOptions.newBuilder().setTraceLevel(RunOptions.TraceLevel.FULL_TRACE).build(),
        metadata -> {
          for (DeviceStepStats device : metadata.getStepStats().getDevStatsList()) {
            Map<String, Double> operations =
                devices.computeIfAbsent(device.getDevice(), name -> new TreeMap<>());
            for (NodeExecStats node : device.getNodeStatsList()) {
              operations.merge(
                  node.getTimelineLabel().isEmpty() ? node.getNodeName() : node.getTimelineLabel(),
                  (node.getOpEndRelMicros() - node.getOpStartRelMicros()) / 1e3,
                  Double::sum);
            }
          }
        });
    return devices;
  }

  private void takeStep(
      CsrMatrix users, int warmUp, RunOptions told, Consumer<RunMetadata> metadata) {
    Require.that(users.rows() > 0, "the training matrix", "with at least one row", users);
    Require.that(
        settings.model() instanceof GradientModel,
        "the model",
        "one that is trained by gradient",
        settings.model().name());
    IdIndex items =
        IdIndex.of(IntStream.range(0, users.columns()).mapToObj(Integer::toString).toList());
    int batchSize = Math.min(users.rows(), settings.get(TrainingSettings.BATCH_SIZE));
    try (NetworkSession session = NetworkSession.forTraining(settings, items);
        BatchSource batches =
            new BatchSource(
                users,
                batchSize,
                settings.get(TrainingSettings.ITEMS_PER_STEP),
                settings.get(TrainingSettings.SEED),
                0,
                1,
                null);
        Batch batch = batches.take()) {
      NetworkSession.StepInput input =
          new NetworkSession.StepInput(
              new Objective.Step(0, 1, 0),
              settings.get(TrainingSettings.LEARNING_RATE),
              settings.get(TrainingSettings.SEED),
              0,
              Collections.nCopies(session.step.counters().size(), 0L),
              NetworkSession.Wishes.NONE);
      for (int step = 0; step < warmUp; step++) {
        session.train(batch, input);
      }
      session.train(batch, input, told, metadata);
    }
  }

  private TrainedModel trainOnce(CsrMatrix users, IdIndex items) {
    if (settings.model() instanceof ClosedFormModel model) {
      return inRunFolder(users, items, folder -> fit(model, users, items, folder));
    }
    if (settings.model() instanceof Blend) {
      return inRunFolder(users, items, folder -> trainMembers(users, items, folder));
    }
    if (shared != null) {
      shared.close(); // a network needs the memory
    }
    try (TrainingRun run = new TrainingRun(this, users, items)) {
      return run.train();
    }
  }

  private Map<String, TFloat32> fit(ClosedFormModel model, CsrMatrix users, RunFolder folder) {
    try {
      return shared == null ? model.fit(users, settings) : model.fit(users, settings, shared);
    } catch (ArithmeticException e) {
      TrainingDivergedException none =
          new TrainingDivergedException(model.title() + " has no solution: " + e.getMessage());
      none.initCause(e);
      if (folder != null) {
        begin(folder); // a run that says with which settings
      }
      throw none;
    }
  }

  /** Does what needs the run folder, if there is one, while it is locked. */
  private TrainedModel inRunFolder(
      CsrMatrix users, IdIndex items, Function<RunFolder, TrainedModel> training) {
    if (runFolder == null) {
      return training.apply(null);
    }
    RunFolder folder = RunFolder.open(this, DataFingerprint.of(users, items));
    try {
      return training.apply(folder);
    } finally {
      folder.close();
    }
  }

  /** What a training that leaves its model at its very end has left already. */
  private Optional<TrainedModel> ended(RunFolder folder) {
    if (folder == null || !resume || TrainedModel.epochOf(folder.modelFile(), this::tell) == 0) {
      return Optional.empty();
    }
    folder.keepTitles(titles);
    return Optional.of(TrainedModel.load(folder.modelFile()));
  }

  private TrainedModel fit(
      ClosedFormModel model, CsrMatrix users, IdIndex items, RunFolder folder) {
    long start = System.nanoTime();
    Optional<TrainedModel> before = ended(folder);
    if (before.isPresent()) {
      return before.get();
    }
    if (stop.getAsBoolean()) {
      throw new TrainingStoppedException("the training was stopped before it began");
    }
    NetworkSession session = NetworkSession.forInference(settings, items);
    try {
      Map<String, TFloat32> weights = fit(model, users, folder);
      try {
        Set<String> expected =
            session.modelWeights().stream()
                .map(Variables.Variable::name)
                .collect(Collectors.toSet());
        Require.that(
            weights.keySet().equals(expected),
            "the weights that " + model.name() + " gives",
            "those that its scores take, " + expected,
            weights.keySet());
        weights.forEach(session::set);
      } finally {
        weights.values().forEach(TFloat32::close);
      }
      double measured = validation == null ? Double.NaN : validation.applyAsDouble(session);
      TrainedModel.Description description =
          new TrainedModel.Description(
              settings, items, 1, measured, folder == null ? "" : folder.metric());
      if (folder != null) {
        begin(folder);
        // The model last: where it is there, all of the run is.
        folder.addMetrics(measured, (System.nanoTime() - start) / 1e9);
        TrainedModel.write(folder.modelFile(), description, session);
      }
      return new TrainedModel(description, session);
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  private TrainedModel trainWithRestarts(CsrMatrix users, IdIndex items, RunFolder folder) {
    TrainedModel best = null;
    int numberOfBest = 0;
    try {
      for (int restart = 0; restart < restarts; restart++) {
        int number = restart + 1;
        tell("restart " + number + " of " + restarts);
        TrainedModel model = restart(number, folder).trainOnce(users, items);
        if (best == null || isBetter(model.validation(), best.validation())) {
          if (best != null) {
            best.close();
          }
          best = model;
          numberOfBest = number;
        } else {
          model.close();
        }
      }
      if (folder != null) {
        folder.copyMetrics(restartFolder(numberOfBest));
        best.save(folder.modelFile());
      }
      return best;
    } catch (RuntimeException e) {
      if (best != null) {
        best.close();
      }
      throw e;
    }
  }

  /** Trains the members of a blend one after another, and makes it of them. */
  private TrainedModel trainMembers(CsrMatrix users, IdIndex items, RunFolder folder) {
    long start = System.nanoTime();
    Optional<TrainedModel> before = ended(folder);
    if (before.isPresent()) {
      return before.get();
    }
    List<Blend.Member> members = settings.get(Blend.MEMBERS).list();
    List<TrainedModel> trained = new ArrayList<>();
    try {
      try (ClosedFormModel.Shared among = new ClosedFormModel.Shared()) {
        for (Blend.Member member : members) {
          Settings own = member.settings();
          int number = trained.size() + 1;
          tell("member " + number + " of " + members.size() + ": " + own.model().title());
          Builder one = part(own, "member-" + number, folder);
          one.shared = among;
          trained.add(one.build().trainOnce(users, items));
        }
      }
      TrainedModel blend =
          TrainedModel.blend(
              trained,
              members.stream().map(Blend.Member::weight).toList(),
              folder == null ? "" : folder.metric(),
              model -> validation == null ? Double.NaN : validation.applyAsDouble(model));
      if (folder != null) {
        folder.addMetrics(blend.validation(), (System.nanoTime() - start) / 1e9);
        blend.save(folder.modelFile());
      }
      return blend;
    } finally {
      trained.forEach(TrainedModel::close);
    }
  }

  /** No number is worse than any number. */
  private static boolean isBetter(double validation, double than) {
    return !Double.isNaN(validation) && (Double.isNaN(than) || validation > than);
  }

  Path restartFolder(int number) {
    return runFolder.resolve(restartName(number));
  }

  private static String restartName(int number) {
    return "restart-" + number;
  }

  /** The trainer of one of several restarts: a seed and a run folder of its own. */
  private Trainer restart(int number, RunFolder folderOfAll) {
    long seed = Streams.seed(settings.get(TrainingSettings.SEED), Streams.RESTART, number);
    return part(settings.with(TrainingSettings.SEED, seed), restartName(number), folderOfAll)
        .build();
  }

  /** The trainer of a part of this training, with a run folder in this one's if it has one. */
  private Builder part(Settings own, String name, RunFolder folderOfAll) {
    Builder one = new Builder().settings(own).checkpoints(checkpoints).stopWhen(stop);
    one.validation = validation;
    one.metric = metric;
    one.validationUsers = validationUsers;
    one.timeLimit = timeLimit;
    one.titles = titles;
    listeners.forEach(one::listener);
    if (folderOfAll != null) {
      Path folder = runFolder.resolve(name);
      one.beforeBegin =
          () -> begin(folderOfAll); // not before one part has been found able to begin
      one.runFolder(folder).resume(resume && RunFolder.isRun(folder));
    }
    return one;
  }

  /** Collects what a trainer needs. Not safe for use by several threads. */
  public static final class Builder {
    private Settings settings;
    private ToDoubleFunction<Recommender> validation;
    private String metric;
    private HeldOut validationUsers;
    private final List<TrainingListener> listeners = new ArrayList<>();
    private Path runFolder;
    private boolean resume;
    private CheckpointPolicy checkpoints = CheckpointPolicy.standard();
    private Duration timeLimit;
    private BooleanSupplier stop = () -> false;
    private int restarts = 1;
    private TrainedModel from;
    private TrainingGroup group;
    private ClosedFormModel.Shared shared;
    private Runnable beforeBegin = () -> {};
    private Map<String, String> titles = Map.of();

    private Builder() {}

    /**
     * Which model, and how it is fitted. Must be given.
     *
     * @param chosen such as {@code MultVae.published().with(TrainingSettings.EPOCHS, 20)}
     * @return this builder
     */
    public Builder settings(Settings chosen) {
      settings = Objects.requireNonNull(chosen, "chosen");
      return this;
    }

    /**
     * How good the model is for some users, asked after each epoch; the weights of the epoch with
     * the largest answer are kept. Without this the weights of the last epoch are. The name and the
     * users belong to the run: it is not resumed with others.
     *
     * @param name tells the function from others, such as {@code ndcg@100}: of one line, without
     *     commas, and not empty
     * @param users whom it is measured on
     * @param function the larger its value, the better; what it is given is valid during the call
     *     only
     * @return this builder
     * @throws IllegalArgumentException if the name is not such a one
     */
    public Builder validation(
        String name, HeldOut users, ToDoubleBiFunction<Recommender, HeldOut> function) {
      Require.that(
          !name.isBlank() && !name.matches("(?s).*[,\"\\v].*"),
          "name",
          "a word on one line without commas",
          name);
      Objects.requireNonNull(users, "users");
      Objects.requireNonNull(function, "function");
      metric = name;
      validationUsers = users;
      validation = model -> function.applyAsDouble(model, users);
      return this;
    }

    /**
     * How good the model is, as {@link #validation(String, HeldOut, ToDoubleBiFunction)}, by
     * something that is no measure on held-out users. Whether a run is resumed with the same
     * function cannot be told then.
     *
     * @param function the larger its value, the better; what it is given is valid during the call
     *     only
     * @return this builder
     */
    public Builder validation(ToDoubleFunction<Recommender> function) {
      metric = null;
      validationUsers = null;
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
     * be resumed. Where it ends before the first epoch, the weights that there are then are
     * validated and kept.
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
     * In a run folder each restart has a folder of its own, {@code restart-1} and so on, and the
     * best model and its {@code metrics.csv} lie beside them; a time limit is each restart's, as it
     * is each member's of a blend.
     *
     * @param number at least 1; 1 is the usual single training
     * @return this builder
     */
    public Builder restarts(int number) {
      Require.that(number >= 1, "restarts", "at least 1", number);
      restarts = number;
      return this;
    }

    /**
     * Begins with the weights of a model in place of drawn ones: on from yesterday's model on
     * today's data. Items are matched by their raw ids; new ones begin at what is known of the
     * items that users have beside them, those that are gone leave. {@link
     * TrainedModel#settingsToContinue} has settings for a short training. The model is read when
     * the training begins, and by its weights belongs to the run: it is not resumed with another.
     *
     * @param model one of the same model and widths, trained by gradient
     * @return this builder
     */
    public Builder from(TrainedModel model) {
      from = Objects.requireNonNull(model, "model");
      return this;
    }

    /**
     * Trains in several processes together. Each makes the same trainer and gives it the same data;
     * each gets the model. The first validates, tells its listeners of validations, and writes the
     * run folder, which must lie in a file system that all have, under the same path; a training
     * that was broken off is resumed by a new group, of any size. Where one is asked to stop or
     * comes to its time limit, all end after the same step. {@link TrainingGroup.BrokenException}
     * is thrown where the others do not answer in time.
     *
     * @param processes the group that this process has joined; it stays the caller's
     * @return this builder
     */
    public Builder group(TrainingGroup processes) {
      group = Objects.requireNonNull(processes, "processes");
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
     * What this fit has in common with others to the same matrix, for models in closed form; it
     * changes no bit of the weights. A model that is trained by gradient gives back what it holds.
     *
     * @param among whom several trainers are given one after another, closed by who made it
     * @return this builder
     */
    public Builder shared(ClosedFormModel.Shared among) {
      shared = Objects.requireNonNull(among, "among");
      return this;
    }

    /**
     * What to call the items when a person reads them. They change nothing of the training; the
     * model, its run folder and its exports have them.
     *
     * @param byId titles by raw id; may lack items; copied
     * @return this builder
     */
    public Builder titles(Map<String, String> byId) {
      titles = Map.copyOf(byId);
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

  /**
   * How often a training writes a checkpoint, from which it can be resumed, and how many stay. One
   * is also written when a training is stopped and when it ends.
   *
   * @param everyEpochs write one after this many epochs; 0 for not by epochs
   * @param every write one, between two steps, when this much time has passed since the last; zero
   *     for not by time
   * @param keep how many of the newest stay, at least 1
   */
  public record CheckpointPolicy(int everyEpochs, Duration every, int keep) {
    /**
     * Checks the numbers.
     *
     * @param everyEpochs epochs between two
     * @param every time between two
     * @param keep how many stay
     * @throws IllegalArgumentException if a number is out of its range
     */
    public CheckpointPolicy {
      Require.that(everyEpochs >= 0, "everyEpochs", "at least 0", everyEpochs);
      Objects.requireNonNull(every, "every");
      Require.that(!every.isNegative(), "every", "at least zero", every);
      Require.that(keep >= 1, "keep", "at least 1", keep);
    }

    /**
     * One every ten minutes, the last two kept: a crash costs at most ten minutes.
     *
     * @return the policy used where none is given
     */
    public static CheckpointPolicy standard() {
      return new CheckpointPolicy(0, Duration.ofMinutes(10), 2);
    }
  }

  /**
   * The loss of a training is no longer a number; the message says at which step and setting. The
   * best weights until then are still in the run folder, if there is one. Or a model in closed form
   * has no solution with these settings; the message says why.
   */
  public static final class TrainingDivergedException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    TrainingDivergedException(String message) {
      super(message);
    }
  }

  /**
   * A training was interrupted and ended in good order; the message says where and how to go on.
   */
  public static final class TrainingStoppedException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    TrainingStoppedException(String message) {
      super(message);
    }
  }
}
