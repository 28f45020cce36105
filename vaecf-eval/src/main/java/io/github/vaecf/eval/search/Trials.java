package io.github.vaecf.eval.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import io.github.vaecf.core.model.ClosedFormModel.Shared;
import io.github.vaecf.core.training.RunFolder;
import io.github.vaecf.core.training.RunFolder.TrainingCurve;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.core.training.Trainer.CheckpointPolicy;
import io.github.vaecf.core.training.Trainer.TrainingDivergedException;
import io.github.vaecf.core.training.Trainer.TrainingStoppedException;
import io.github.vaecf.core.training.TrainingListener;
import io.github.vaecf.core.training.TrainingListener.EpochReport;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.commons.math3.stat.StatUtils;

/**
 * Runs trials one after another, each in a run folder of its own, {@code trials/NAME}, and keeps a
 * table of those that have ended, {@code results.csv}. The trials' checkpoints are removed when
 * they have ended.
 *
 * <p>Run again on the same folder it goes on where it was, however it was stopped: a trial that has
 * ended is not trained again, one that was broken off goes on from its newest checkpoint, and the
 * outcome is the same. More trials may be added then.
 *
 * <p>If asked for, a trial is pruned once its best validation is below the median of the best that
 * the trials before it had by the same epoch; not in the first quarter of its epochs, and not
 * before four trials have ended. This is the median stopping rule of Golovin et al., Google Vizier:
 * A Service for Black-Box Optimization, KDD 2017, section 3.2.2, with best validations in place of
 * running means, since the weights of the best epoch are what a training keeps.
 *
 * <p>What is to be done, {@code plan.json}, belongs to the folder: it goes on with the same plan,
 * with more trials at most, and a folder of anything else is refused. One at a time writes into it,
 * and holds a lock meanwhile.
 *
 * <p>A training that diverges is a result like another. For one thread.
 */
public final class Trials {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final String RUNS = "trials";
  private static final String PLAN = "plan.json";
  private static final String PURPOSE = "purpose";
  private static final String METRIC = "validation_metric";
  private static final String TRIALS = "trials";
  private static final String OUTCOME = "trial.json";
  private static final String TABLE = "results.csv";
  private static final int OTHERS_BEFORE_STOPPING = 4;
  private static final int SHARE_BEFORE_STOPPING = 4;

  private final Path folder;
  private final Split split;
  private final RankingMetric metric;
  private final RankingEvaluator evaluator;
  private final boolean prune;
  private final CheckpointPolicy checkpoints;
  private final TrialListener listener;
  private final BooleanSupplier stop;
  private final BooleanSupplier endTrial;
  private final String purpose;
  private final Map<String, String> given;

  /** What is kept of a trial that has ended, besides its run folder. */
  private record Outcome(TrialResult.End end, String message) {}

  private Trials(Builder builder) {
    folder = Objects.requireNonNull(builder.folder, "trials need a folder");
    split = Objects.requireNonNull(builder.split, "trials need data");
    metric = Objects.requireNonNull(builder.metric, "trials need a metric");
    evaluator = RankingEvaluator.of(metric);
    prune = builder.prune;
    checkpoints = builder.checkpoints;
    listener = builder.listener;
    stop = builder.stop;
    endTrial = builder.endTrial;
    purpose = builder.purpose;
    given = builder.given;
  }

  /**
   * A builder; folder, split and metric must be given.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * What the trials of a folder are validated by.
   *
   * @param folder any path
   * @return a metric's name, such as {@code ndcg@100}; empty if the folder is none of trials, or
   *     does not say
   * @throws DataException if it cannot be read
   */
  public static Optional<String> metric(Path folder) {
    Path plan = folder.resolve(PLAN);
    return Files.isRegularFile(plan)
        ? Optional.of(read(plan).path(METRIC).asText()).filter(name -> !name.isEmpty())
        : Optional.empty();
  }

  /**
   * Runs the trials that have not ended yet.
   *
   * @param trials all trials, in the order in which they are to be run
   * @return what each came to, in the same order
   * @throws IllegalArgumentException if two trials have one name
   * @throws DataException if somebody else writes into the folder, it holds other files or the
   *     trials of another plan, a trial of this name with other settings or on other data, or
   *     cannot be written; nothing is left behind then if no trial had begun
   * @throws TrainingStoppedException if it was asked to stop
   */
  public List<TrialResult> run(List<Trial> trials) {
    Set<String> names = new HashSet<>();
    for (Trial trial : trials) {
      if (!names.add(trial.name())) {
        throw new IllegalArgumentException("two trials have the name " + trial.name());
      }
    }
    return run(
        trials,
        false,
        before ->
            before.size() < trials.size()
                ? Optional.of(trials.get(before.size()))
                : Optional.empty());
  }

  /**
   * Runs trials of which each is chosen when those before it have ended. Those that had begun when
   * the folder was left are gone on with first, whatever would be chosen now.
   *
   * @param chooser says which trial comes next
   * @return what each came to, in the order in which they were run
   * @throws DataException as {@link #run(List)}
   * @throws TrainingStoppedException if it was asked to stop
   */
  public List<TrialResult> run(TrialChooser chooser) {
    List<Trial> begun = begun();
    return run(
        begun,
        true,
        before ->
            before.size() < begun.size()
                ? Optional.of(begun.get(before.size()))
                : chooser.next(before));
  }

  private List<TrialResult> run(List<Trial> known, boolean chosen, TrialChooser chooser) {
    // That the file system knows no locks each trial's training says.
    RunFolder.Lock lock = RunFolder.lock(folder, unused -> {});
    try {
      boolean begun = requireOwnFolder(plan(known), chosen);
      try {
        return runAll(known, chooser);
      } finally {
        if (!begun && namesOfRuns().isEmpty()) {
          WholeFile.delete(folder.resolve(PLAN));
        }
      }
    } finally {
      lock.close();
    }
  }

  private List<TrialResult> runAll(List<Trial> known, TrialChooser chooser) {
    List<Trial> trials = new ArrayList<>(known);
    WholeFile.replace(folder.resolve(PLAN), plan(trials).toPrettyString() + "\n");
    List<TrialResult> results = new ArrayList<>();
    try (Shared shared = new Shared()) {
      Optional<Trial> next = chooser.next(results);
      while (next.isPresent()) {
        Trial trial = next.get();
        if (results.size() == trials.size()) {
          trials.add(trial);
          WholeFile.replace(folder.resolve(PLAN), plan(trials).toPrettyString() + "\n");
        }
        TrialResult result = run(trial, results, shared);
        results.add(result);
        WholeFile.replace(folder.resolve(TABLE), table(trials, results));
        listener.ended(result);
        next = chooser.next(List.copyOf(results));
      }
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be read or written (" + e + ")", e);
    }
    return List.copyOf(results);
  }

  /** The trials of the plan that have begun, in its order. */
  private List<Trial> begun() {
    Path file = folder.resolve(PLAN);
    if (!Files.exists(file)) {
      return List.of();
    }
    List<Trial> trials = new ArrayList<>();
    for (Map.Entry<String, JsonNode> trial : read(file).path(TRIALS).properties()) {
      Path run = folder.resolve(RUNS).resolve(trial.getKey());
      if (RunFolder.isRun(run)) {
        Map<String, String> varied = new LinkedHashMap<>();
        trial
            .getValue()
            .properties()
            .forEach(one -> varied.put(one.getKey(), one.getValue().asText()));
        trials.add(new Trial(trial.getKey(), varied, RunFolder.settings(run)));
      }
    }
    return trials;
  }

  /** All that decides what the trials come to, their settings and data apart, which they keep. */
  private ObjectNode plan(List<Trial> trials) {
    ObjectNode plan = JSON.createObjectNode();
    plan.put(PURPOSE, purpose);
    given.forEach(plan::put);
    plan.put(METRIC, metric.name()).put("pruning", prune);
    ObjectNode byName = plan.putObject(TRIALS);
    for (Trial trial : trials) {
      ObjectNode varied = byName.putObject(trial.name());
      trial.varied().forEach(varied::put);
    }
    return plan;
  }

  private static JsonNode read(Path plan) {
    try {
      JsonNode stored = JSON.readTree(plan.toFile());
      if (!stored.path(TRIALS).isObject()) {
        throw new DataException(plan + ": not the plan of trials; choose another folder");
      }
      return stored;
    } catch (JsonProcessingException e) {
      throw new DataException(
          plan
              + ": not the plan of trials (it is no JSON from line "
              + e.getLocation().getLineNr()
              + " on); choose another folder",
          e);
    } catch (IOException e) {
      throw new DataException(plan + ": cannot be read (" + e + ")", e);
    }
  }

  /**
   * Nothing of another kind may be overwritten.
   *
   * @param chosen whether a trial that was planned and had not begun may be left out
   * @return whether the folder holds trials of this plan already
   */
  private boolean requireOwnFolder(ObjectNode plan, boolean chosen) {
    Path file = folder.resolve(PLAN);
    List<String> runs = namesOfRuns();
    boolean begun = Files.exists(file);
    if (begun) {
      requireSame(read(file), plan, file, chosen);
    } else if (runs.isEmpty() && !isEmpty()) {
      throw new DataException(
          folder
              + ": expected a new folder or one of earlier trials, found other files in it and no "
              + PLAN);
    }
    for (String name : runs) {
      if (!plan.path(TRIALS).has(name)) {
        throw new DataException(
            folder.resolve(RUNS).resolve(name)
                + ": is none of the trials of this "
                + purpose
                + "; choose another folder");
      }
    }
    return begun || !runs.isEmpty();
  }

  private boolean isEmpty() {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.allMatch(RunFolder::isByTheWay);
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be read (" + e + ")", e);
    }
  }

  /** The trials that have begun; none where something else is called like their folder. */
  private List<String> namesOfRuns() {
    Path runs = folder.resolve(RUNS);
    if (!Files.isDirectory(runs)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(runs)) {
      return entries.filter(RunFolder::isRun).map(run -> run.getFileName().toString()).toList();
    } catch (IOException e) {
      throw new DataException(runs + ": cannot be read (" + e + ")", e);
    }
  }

  private static void requireSame(JsonNode stored, ObjectNode plan, Path file, boolean chosen) {
    String before = stored.path(PURPOSE).asText();
    String purpose = plan.path(PURPOSE).asText();
    if (!before.equals(purpose)) {
      throw new DataException(
          file.getParent()
              + ": was begun as '"
              + before
              + "' and cannot go on as '"
              + purpose
              + "'; choose another folder");
    }
    Set<String> names = new LinkedHashSet<>();
    stored.fieldNames().forEachRemaining(names::add);
    plan.fieldNames().forEachRemaining(names::add);
    names.remove(TRIALS);
    for (String name : names) {
      requireSame(name, stored.path(name), plan.path(name), purpose, file);
    }
    for (Map.Entry<String, JsonNode> trial : stored.path(TRIALS).properties()) {
      if (chosen && !plan.path(TRIALS).has(trial.getKey())) {
        continue; // it was planned and had not begun
      }
      requireSame(
          "trial " + trial.getKey(),
          trial.getValue(),
          plan.path(TRIALS).path(trial.getKey()),
          purpose,
          file);
    }
  }

  private static void requireSame(
      String name, JsonNode before, JsonNode now, String purpose, Path file) {
    if (!before.equals(now)) {
      throw new DataException(
          file
              + ", "
              + name
              + ": the "
              + purpose
              + " was begun with "
              + inWords(before)
              + " and cannot go on with "
              + inWords(now)
              + "; go on with what it was begun with, or choose another folder");
    }
  }

  private static String inWords(JsonNode value) {
    return value.isMissingNode() ? "none" : value.isValueNode() ? value.asText() : value.toString();
  }

  private TrialResult run(Trial trial, List<TrialResult> before, Shared shared) throws IOException {
    Path run = folder.resolve(RUNS).resolve(trial.name());
    Path file = run.resolve(OUTCOME);
    if (Files.exists(file)) {
      trainer(trial, run).build().requireRun(split.train(), split.items());
    } else {
      train(trial, run, before, shared);
    }
    RunFolder.removeCheckpoints(run); // nothing will go on from them
    Outcome outcome = JSON.readValue(file.toFile(), Outcome.class);
    return new TrialResult(trial, outcome.end(), outcome.message(), RunFolder.curve(run), run);
  }

  private Trainer.Builder trainer(Trial trial, Path run) {
    Trainer.Builder trainer =
        Trainer.builder().settings(trial.settings()).runFolder(run).checkpoints(checkpoints);
    if (!split.validation().isEmpty()) {
      trainer.validation(
          metric.name(),
          split.validation(),
          (model, users) -> evaluator.evaluate(model, users).mean(metric));
    }
    return trainer;
  }

  private void train(Trial trial, Path run, List<TrialResult> before, Shared shared)
      throws IOException {
    boolean begun = RunFolder.isRun(run);
    Follower follower = new Follower(run, before);
    Trainer.Builder trainer =
        trainer(trial, run)
            .titles(split.titles())
            .shared(shared)
            .resume(begun)
            .listener(follower)
            .listener(listener.training(trial))
            .stopWhen(() -> follower.ended || stop.getAsBoolean());
    try {
      trainer.build().train(split.train(), split.items()).close();
      if (!follower.ended) { // else it says so already
        keep(run, new Outcome(TrialResult.End.DONE, ""));
      }
    } catch (TrainingDivergedException e) {
      keep(run, new Outcome(TrialResult.End.DIVERGED, e.getMessage()));
    } catch (TrainingStoppedException e) {
      if (!follower.ended) {
        throw e;
      }
    }
  }

  /** Says when a trial is to be pruned. */
  private final class Follower implements TrainingListener {
    private final Path run;
    private final List<TrialResult> before;
    private boolean ended;

    Follower(Path run, List<TrialResult> before) {
      this.run = run;
      this.before = List.copyOf(before);
    }

    @Override
    public void onEpoch(EpochReport report) {
      if (report.epoch() < report.epochs() && endTrial.getAsBoolean()) {
        end(TrialResult.End.OUT_OF_TIME);
        return;
      }
      if (!prune
          || before.size() < OTHERS_BEFORE_STOPPING
          || SHARE_BEFORE_STOPPING * report.epoch() < report.epochs()
          || report.epoch() == report.epochs()) {
        return;
      }
      double[] others =
          before.stream().mapToDouble(one -> one.curve().bestUntil(report.epoch())).toArray();
      if (RunFolder.curve(run).bestUntil(report.epoch()) < StatUtils.percentile(others, 50)) {
        end(TrialResult.End.PRUNED);
      }
    }

    private void end(TrialResult.End why) {
      ended = true;
      try {
        // At once: a trial that goes on from the checkpoint of this stop would have one epoch
        // more.
        keep(run, new Outcome(why, ""));
      } catch (IOException e) {
        throw new DataException(run + ": cannot be written (" + e + ")", e);
      }
    }
  }

  private static void keep(Path run, Outcome outcome) throws IOException {
    WholeFile.replace(run.resolve(OUTCOME), JSON.writeValueAsString(outcome) + "\n");
  }

  private String table(List<Trial> trials, List<TrialResult> results) throws IOException {
    Set<String> settings = new LinkedHashSet<>();
    trials.forEach(trial -> settings.addAll(trial.varied().keySet()));
    StringWriter text = new StringWriter();
    CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text);
    List<String> row = new ArrayList<>(List.of("trial"));
    row.addAll(settings);
    row.addAll(List.of("end", "validation", METRIC, "best_epoch", "epochs", "seconds"));
    csv.writeRecord(row);
    for (TrialResult result : results) {
      row.clear();
      row.add(result.trial().name());
      settings.forEach(name -> row.add(result.trial().varied().getOrDefault(name, "")));
      row.add(result.end().toString());
      row.add(Double.isNaN(result.validation()) ? "" : Double.toString(result.validation()));
      row.add(Double.isNaN(result.validation()) ? "" : metric.name());
      row.add(Integer.toString(result.epoch()));
      row.add(Integer.toString(result.curve().epochs().size()));
      row.add(String.format(Locale.ROOT, "%.1f", result.curve().seconds()));
      csv.writeRecord(row);
    }
    csv.flush();
    return text.toString();
  }

  /** Collects what trials need. Not safe for use by several threads. */
  public static final class Builder {
    private Path folder;
    private Split split;
    private RankingMetric metric;
    private boolean prune;
    private CheckpointPolicy checkpoints = CheckpointPolicy.standard();
    private TrialListener listener = new TrialListener() {};
    private BooleanSupplier stop = () -> false;
    private BooleanSupplier endTrial = () -> false;
    private String purpose = "series of trials";
    private Map<String, String> given = Map.of();

    private Builder() {}

    /**
     * Where everything goes. Must be given.
     *
     * @param folder a new or empty folder, or one of earlier trials
     * @return this builder
     */
    public Builder folder(Path folder) {
      this.folder = folder;
      return this;
    }

    /**
     * What to train and to validate on. Must be given. Its test users are not looked at; without
     * validation users the last epoch's weights are kept.
     *
     * @param split the data
     * @return this builder
     */
    public Builder split(Split split) {
      this.split = split;
      return this;
    }

    /**
     * What says how good a trial is, on the validation users. Must be given.
     *
     * @param metric the larger, the better, and at least 0
     * @return this builder
     */
    public Builder metric(RankingMetric metric) {
      this.metric = metric;
      return this;
    }

    /**
     * What the trials are for: the folder is then of this purpose only, and goes on with these
     * values only.
     *
     * @param word such as search, for messages
     * @param values what else decides which trials there are, by what a person calls it; shown
     *     where it has changed
     * @return this builder
     */
    public Builder purpose(String word, Map<String, String> values) {
      purpose = Objects.requireNonNull(word, "word");
      given = Collections.unmodifiableMap(new LinkedHashMap<>(values));
      return this;
    }

    /**
     * Whether trials are pruned by the median rule; without this call they are not.
     *
     * @param on true to prune
     * @return this builder
     */
    public Builder prune(boolean on) {
      prune = on;
      return this;
    }

    /**
     * How often a trial writes a checkpoint.
     *
     * @param policy the policy, without this call {@link CheckpointPolicy#standard()}
     * @return this builder
     */
    public Builder checkpoints(CheckpointPolicy policy) {
      checkpoints = Objects.requireNonNull(policy, "policy");
      return this;
    }

    /**
     * Who is told how it goes.
     *
     * @param follower told of each trial
     * @return this builder
     */
    public Builder listener(TrialListener follower) {
      listener = Objects.requireNonNull(follower, "follower");
      return this;
    }

    /**
     * A question that is asked after each step. Once the answer is true {@link Trials#run(List)}
     * ends in good order with a {@link TrainingStoppedException}.
     *
     * @param question for example a flag that another thread sets when Ctrl-C is pressed
     * @return this builder
     */
    public Builder stopWhen(BooleanSupplier question) {
      stop = Objects.requireNonNull(question, "question");
      return this;
    }

    /**
     * A question that is asked after each epoch. Where the answer is true the trial ends there,
     * with the best weights until then, and the next one follows.
     *
     * @param question for example whether a trial's time is over
     * @return this builder
     */
    public Builder endTrialWhen(BooleanSupplier question) {
      endTrial = Objects.requireNonNull(question, "question");
      return this;
    }

    /**
     * The trials' runner.
     *
     * @return new trials
     * @throws NullPointerException if folder, split or metric were not given
     */
    public Trials build() {
      return new Trials(this);
    }
  }

  /** Chooses trials one after another. */
  @FunctionalInterface
  public interface TrialChooser {
    /**
     * The next trial.
     *
     * @param before what those before it came to, in their order
     * @return a trial of another name than those before; empty if there is no next one
     */
    Optional<Trial> next(List<TrialResult> before);
  }

  /**
   * Is told how trials go. Methods are called one after another, in the thread that runs the
   * trials.
   */
  public interface TrialListener {
    /**
     * Before a trial is trained, from its start or from where it was stopped.
     *
     * @param trial the trial
     * @return is told how its training goes
     */
    default TrainingListener training(Trial trial) {
      return new TrainingListener() {};
    }

    /**
     * When a trial has ended; also of each that had already ended when the trials were run again.
     *
     * @param result what it came to
     */
    default void ended(TrialResult result) {}
  }

  /**
   * What a trial came to.
   *
   * @param trial the trial
   * @param end why it ended
   * @param message what the training said when it diverged; else empty
   * @param curve what its epochs came to; none if it diverged before the first ended
   * @param run its run folder
   */
  public record TrialResult(Trial trial, End end, String message, TrainingCurve curve, Path run) {
    /** Why a trial ended. */
    public enum End {
      /** All its epochs were trained, or it stopped early by its own settings. */
      DONE,
      /** It was worse than half of the trials before it. */
      PRUNED,
      /** Its time was over. */
      OUT_OF_TIME,
      /** Its loss was no longer a number, or it has no solution. */
      DIVERGED;

      /**
       * The end for tables.
       *
       * @return in lower case
       */
      @Override
      public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
      }
    }

    /**
     * The best validation of its epochs.
     *
     * @return a number to compare trials by; NaN if no epoch ended or nothing was validated
     */
    public double validation() {
      return curve.epochs().isEmpty() ? Double.NaN : curve.best().validation();
    }

    /**
     * The epoch of the best validation, whose weights were kept.
     *
     * @return from 1; 0 if no epoch ended
     */
    public int epoch() {
      return curve.epochs().isEmpty() ? 0 : curve.best().number();
    }

    /**
     * The model with the weights of the best epoch.
     *
     * @return the model, to be closed
     * @throws DataException if no epoch ended
     */
    public TrainedModel model() {
      return TrainedModel.load(run);
    }
  }
}
