package io.github.vaecf.eval.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.model.ClosedFormModel;
import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.LinearAutoencoder;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.core.training.Trainer.TrainingDivergedException;
import io.github.vaecf.core.training.Trainer.TrainingStoppedException;
import io.github.vaecf.core.training.TrainingListener;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.eval.EnsembleSelection;
import io.github.vaecf.eval.EnsembleSelection.Choice;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.search.Trials.TrialListener;
import io.github.vaecf.eval.search.Trials.TrialResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Finds, within a given time, the best that this library can do on some data: fits the models one
 * after another, cheap and strong ones first, searches over their settings where the time allows
 * ({@link io.github.vaecf.core.model.Setting#tried}), and blends the best of each ({@link
 * EnsembleSelection}). All choices are made on the validation users; the test users are not looked
 * at.
 *
 * <p>Each model has a share of the time that is left when its turn comes; what it does not use goes
 * to those after it, and what is left at the end to better settings of the best. A model trained by
 * gradient is planned with as many epochs as its share allows, which a few steps tell. A single fit
 * of a model in closed form, and an epoch, are not broken off: the time is kept to within one of
 * these.
 *
 * <p>The folder holds every trial ({@link Trials}), and the outcome in {@code model}. Run again it
 * goes on where it was, with the time that was left, or with more. What is chosen depends on the
 * speed of the machine, as the time does; each trial by itself can be done again to the bit.
 *
 * <p>For one thread.
 */
public final class AutoTraining {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MODEL = "model";
  private static final String CLOCK = "clock.json";
  private static final String SECONDS = "seconds";

  /** Of the whole time, what is kept for choosing the blend. */
  private static final double FOR_THE_BLEND = 0.04;

  /** Of its share, what a model trained by gradient is planned to use. */
  private static final double PLANNED = 0.92;

  /** Of double precision, on one core, in a factorisation: a cautious figure. */
  private static final double OPERATIONS_PER_SECOND = 15e9;

  private static final double LARGEST_SHARE_OF_A_FIT = 0.4;

  /** A model that sees its users less often than this is not worth its time. */
  private static final int FEWEST_EPOCHS = 8;

  /** Nor one that takes fewer steps, unless it is published with fewer. */
  private static final int FEWEST_STEPS = 500;

  private static final double PROBE_SECONDS = 8;
  private static final int PROBE_STEPS = 40;

  /** Steps that an epoch should have at least: batches become smaller for it, down to 100 users. */
  private static final int STEPS_PER_EPOCH = 10;

  private static final int SMALLEST_BATCH = 100;

  /**
   * How much of the time a model gets beside the others, in the order of their turns. The models of
   * other authors come after these.
   */
  private static final Map<String, Double> SHARES = shares();

  private static final double SHARE_OF_OTHERS = 2;

  private final Path folder;
  private final Split split;
  private final RankingMetric metric;
  private final double limit;
  private final TrialListener listener;
  private final BooleanSupplier stop;

  private final List<Turn> turns = new ArrayList<>();
  private final Map<String, String> passedOver = new LinkedHashMap<>();
  private int turn;
  private long startNanos;
  private double secondsBefore;
  private double trialMayTakeUntil;

  private static Map<String, Double> shares() {
    Map<String, Double> shares = new LinkedHashMap<>();
    shares.put("popular", 0.2);
    shares.put("knn", 0.6);
    shares.put("ease", 1.0);
    shares.put("rdlae", 3.0);
    shares.put("ials", 3.0);
    shares.put("elsa", 1.5);
    shares.put("recvae", 6.0);
    shares.put("dae", 3.0);
    shares.put("vae", 3.5);
    shares.put("vamp", 2.5);
    return Collections.unmodifiableMap(shares);
  }

  /** A model's turn: its share beside others, and how its settings are searched. */
  private static final class Turn {
    final Model model;
    final double share;
    PatternSearch search; // null until its turn has come
    double until;

    Turn(Model model, double share) {
      this.model = model;
      this.share = share;
    }
  }

  private AutoTraining(Builder builder) {
    folder = Objects.requireNonNull(builder.folder, "a folder is needed");
    split = Objects.requireNonNull(builder.split, "data are needed");
    metric = Objects.requireNonNull(builder.metric, "a metric is needed");
    limit = builder.time.toMillis() / 1000.0;
    listener = builder.listener;
    stop = builder.stop;
    SHARES.forEach(
        (name, share) -> {
          if (Model.names().contains(name)) {
            turns.add(new Turn(Model.named(name), share));
          }
        });
    for (Model model : Model.all()) {
      boolean ours = model.getClass().getPackage().equals(Model.class.getPackage());
      if (!ours) {
        turns.add(new Turn(model, SHARE_OF_OTHERS));
      }
    }
  }

  /**
   * A builder; folder and split must be given.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * What came of it.
   *
   * @param trials every trial, in the order in which they were run
   * @param members what the model is made of, the heaviest first: several for a blend, one for a
   *     single model
   * @param validation the model's validation
   * @param model the folder that it lies in, for {@link TrainedModel#load}
   * @param passedOver models that were not fitted, and why
   */
  public record Outcome(
      List<TrialResult> trials,
      List<Member> members,
      double validation,
      Path model,
      Map<String, String> passedOver) {
    /**
     * Copies the lists.
     *
     * @param trials every trial
     * @param members what the model is made of
     * @param validation the model's validation
     * @param model the folder that it lies in
     * @param passedOver models that were not fitted
     */
    public Outcome {
      trials = List.copyOf(trials);
      members = List.copyOf(members);
      passedOver = Collections.unmodifiableMap(new LinkedHashMap<>(passedOver));
    }

    /**
     * The best trial of each model.
     *
     * @return the best first
     */
    public List<TrialResult> bestOfEach() {
      return AutoTraining.bestOfEach(trials);
    }
  }

  /**
   * A model that the outcome is made of.
   *
   * @param trial the trial that it is from
   * @param weight its share of the blend, above 0, at most 1
   */
  public record Member(TrialResult trial, double weight) {}

  /**
   * Runs, or goes on.
   *
   * @return what came of it
   * @throws DataException if there are no validation users to choose by, somebody else writes into
   *     the folder, it holds other files or trials on other data or by another metric, it cannot be
   *     written, or no model came to a validation
   * @throws TrainingStoppedException if it was asked to stop
   */
  public Outcome run() {
    if (split.validation().isEmpty()) {
      throw new DataException(
          "no validation users: nothing says which model is best; prepare data that hold some out");
    }
    secondsBefore = clock();
    startNanos = System.nanoTime();
    List<TrialResult> results =
        Trials.builder()
            .folder(folder)
            .purpose("automatic search", Map.of())
            .split(split)
            .metric(metric)
            .listener(new Clock())
            .endTrialWhen(() -> seconds() > trialMayTakeUntil)
            .stopWhen(stop)
            .build()
            .run(this::next);
    Outcome outcome = blend(results);
    keepClock();
    return outcome;
  }

  // The time.

  private double seconds() {
    return secondsBefore + (System.nanoTime() - startNanos) / 1e9;
  }

  private double left() {
    return (1 - FOR_THE_BLEND) * limit - seconds();
  }

  private double clock() {
    Path file = folder.resolve(CLOCK);
    if (!Files.exists(file)) {
      return 0;
    }
    try {
      JsonNode clock = JSON.readTree(file.toFile());
      if (!clock.path(SECONDS).isNumber()) {
        throw new DataException(
            file + ": expected how many seconds were used, found none; delete it to begin at 0");
      }
      return clock.path(SECONDS).asDouble();
    } catch (IOException e) {
      throw new DataException(
          file + ": cannot be read (" + e.getMessage() + "); delete it to begin at 0", e);
    }
  }

  private void keepClock() {
    WholeFile.replace(
        folder.resolve(CLOCK), JSON.createObjectNode().put(SECONDS, seconds()) + "\n");
  }

  /** Keeps how much time was used, so that whoever goes on has the rest. */
  private final class Clock implements TrialListener {
    @Override
    public TrainingListener training(Trial trial) {
      TrainingListener display = listener.training(trial);
      return new TrainingListener() {
        @Override
        public void onStep(StepReport report) {
          display.onStep(report);
        }

        @Override
        public void onEpoch(EpochReport report) {
          display.onEpoch(report);
          keepClock();
        }

        @Override
        public void onMessage(String message) {
          display.onMessage(message);
        }
      };
    }

    @Override
    public void ended(TrialResult result) {
      keepClock();
      listener.ended(result);
    }
  }

  // Which trial comes next.

  private Optional<Trial> next(List<TrialResult> before) {
    if (left() <= 0) {
      return Optional.empty();
    }
    while (turn < turns.size()) {
      Turn now = turns.get(turn);
      Optional<Trial> next = next(now, before);
      if (next.isPresent()) {
        return next;
      }
      turn++;
    }
    return better(before);
  }

  private Optional<Trial> next(Turn now, List<TrialResult> before) {
    List<TrialResult> own = of(now.model, before);
    if (now.search == null) {
      double shares = turns.stream().skip(turn).mapToDouble(one -> one.share).sum();
      double share = left() * now.share / shares;
      Optional<Settings> start = start(now.model, share, own, before);
      if (start.isEmpty()) {
        return Optional.empty();
      }
      now.search = new PatternSearch(start.get());
      now.until = seconds() + share;
    }
    if (!own.isEmpty() && seconds() + cost(own) > now.until) {
      return Optional.empty();
    }
    return trial(now, own, before, now.model instanceof GradientModel ? now.until : limit);
  }

  /** With what time is left: neighbours of what is best, the strongest model first. */
  private Optional<Trial> better(List<TrialResult> before) {
    List<Turn> byStrength = new ArrayList<>(turns);
    byStrength.removeIf(one -> one.search == null || of(one.model, before).isEmpty());
    byStrength.sort(
        Comparator.comparingDouble((Turn one) -> best(of(one.model, before))).reversed());
    for (Turn one : byStrength) {
      List<TrialResult> own = of(one.model, before);
      if (cost(own) < left()) {
        Optional<Trial> trial = trial(one, own, before, seconds() + left());
        if (trial.isPresent()) {
          return trial;
        }
      }
    }
    return Optional.empty();
  }

  private Optional<Trial> trial(
      Turn of, List<TrialResult> own, List<TrialResult> before, double until) {
    List<PatternSearch.Point> tried =
        own.stream()
            .map(
                result -> {
                  Map<String, String> point = new LinkedHashMap<>(result.trial().varied());
                  point.remove(MODEL);
                  return new PatternSearch.Point(point, result.validation());
                })
            .toList();
    Optional<Map<String, String>> point = of.search.next(tried);
    if (point.isEmpty()) {
      return Optional.empty();
    }
    // The last epochs of a training that is a little slower than was planned are worth waiting for.
    trialMayTakeUntil = until + 0.1 * (until - seconds());
    Map<String, String> varied = new LinkedHashMap<>(Map.of(MODEL, of.model.name()));
    varied.putAll(point.get());
    String name = String.format(Locale.ROOT, "%04d-%s", before.size() + 1, of.model.name());
    return Optional.of(new Trial(name, varied, of.search.settings(point.get())));
  }

  private static List<TrialResult> of(Model model, List<TrialResult> results) {
    return results.stream()
        .filter(result -> result.trial().settings().model().name().equals(model.name()))
        .toList();
  }

  private static double best(List<TrialResult> results) {
    return results.stream()
        .mapToDouble(TrialResult::validation)
        .filter(value -> !Double.isNaN(value))
        .max()
        .orElse(Double.NEGATIVE_INFINITY);
  }

  /** What the next trial is going to take: as much as the longest so far. */
  private static double cost(List<TrialResult> own) {
    return own.stream().mapToDouble(result -> result.curve().seconds()).max().orElse(0);
  }

  // With which settings a model starts.

  private Optional<Settings> start(
      Model model, double share, List<TrialResult> own, List<TrialResult> before) {
    if (!own.isEmpty()) {
      return Optional.of(own.get(0).trial().settings()); // it was planned before
    }
    Settings published = Settings.published(model);
    if (model instanceof ClosedFormModel closedForm) {
      try {
        closedForm.requireMemory(split.train(), published);
        if (model instanceof LinearAutoencoder) {
          requireTime(split.items().size(), before);
        }
        return Optional.of(
            model instanceof LinearAutoencoder ? likeTheBest(published, before) : published);
      } catch (DataException e) {
        passedOver.put(model.name(), e.getMessage());
        return Optional.empty();
      }
    }
    return planned(TrainingSettings.forCatalogue(published, split.items().size()), share);
  }

  /**
   * A factorisation takes all of its time before it can be told that it takes too long. The first
   * tells of those after it.
   */
  private void requireTime(int items, List<TrialResult> before) {
    double seconds =
        before.stream()
            .filter(result -> result.trial().settings().model() instanceof LinearAutoencoder)
            .mapToDouble(result -> result.curve().seconds())
            .max()
            .orElse(
                Math.pow(items, 3)
                    / (OPERATIONS_PER_SECOND * Runtime.getRuntime().availableProcessors()));
    if (seconds > LARGEST_SHARE_OF_A_FIT * left()) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "a fit over %d items takes about %.0f minutes of the %.0f that are left",
              items,
              Math.ceil(seconds / 60),
              left() / 60));
    }
  }

  /** A linear model starts with the λ that the linear models before it came to. */
  private static Settings likeTheBest(Settings published, List<TrialResult> before) {
    return before.stream()
        .filter(result -> result.trial().settings().model() instanceof LinearAutoencoder)
        .filter(result -> !Double.isNaN(result.validation()))
        .max(Comparator.comparingDouble(TrialResult::validation))
        .map(best -> best.trial().settings().get(LinearAutoencoder.LAMBDA))
        .map(lambda -> published.with(LinearAutoencoder.LAMBDA, lambda))
        .orElse(published);
  }

  /** With as many epochs as the time allows, at most as many as published. */
  private Optional<Settings> planned(Settings published, double share) {
    int users = split.train().rows();
    int batch =
        Math.min(
            published.get(TrainingSettings.BATCH_SIZE),
            Math.max(SMALLEST_BATCH, users / STEPS_PER_EPOCH));
    Settings settings =
        published
            .with(TrainingSettings.BATCH_SIZE, batch)
            .with(TrainingSettings.SCHEDULE, TrainingSettings.Schedule.COSINE);
    double began = seconds();
    double secondsPerEpoch;
    try {
      secondsPerEpoch = secondsPerEpoch(settings);
    } catch (TrainingDivergedException e) {
      passedOver.put(published.model().name(), e.getMessage());
      return Optional.empty();
    }
    double affordable = (PLANNED * share - (seconds() - began)) / secondsPerEpoch;
    int fewest = fewestEpochs(settings);
    if (affordable < fewest) {
      passedOver.put(
          published.model().name(),
          String.format(
              Locale.ROOT,
              "its share of the time is %.0f seconds, enough for %.1f epochs, and it needs %d",
              share,
              Math.max(0, affordable),
              fewest));
      return Optional.empty();
    }
    int epochs = (int) Math.min(published.get(TrainingSettings.EPOCHS), affordable);
    return Optional.of(settings.with(TrainingSettings.EPOCHS, epochs));
  }

  private int fewestEpochs(Settings settings) {
    int batch = settings.get(TrainingSettings.BATCH_SIZE);
    int steps = (split.train().rows() + batch - 1) / batch;
    int forSteps = (FEWEST_STEPS + steps - 1) / steps;
    return Math.min(settings.get(TrainingSettings.EPOCHS), Math.max(FEWEST_EPOCHS, forSteps));
  }

  /** As some steps and a validation of some users tell. */
  private double secondsPerEpoch(Settings settings) {
    CsrMatrix users = split.train();
    int batch = settings.get(TrainingSettings.BATCH_SIZE);
    int steps = (users.rows() + batch - 1) / batch;
    Probe probe = new Probe(steps);
    try {
      Trainer.builder()
          .settings(settings.with(TrainingSettings.EPOCHS, PROBE_STEPS))
          .listener(probe)
          .stopWhen(() -> probe.done() || stop.getAsBoolean())
          .build()
          .train(users, split.items())
          .close();
    } catch (TrainingStoppedException e) {
      if (!probe.done()) {
        throw e; // somebody else wants it to stop
      }
    }
    // A validation goes the way of a step once, and a step three times.
    double validations = split.validation().users() / (3.0 * batch);
    return probe.secondsPerStep() * (steps + validations);
  }

  /** Times steps, without the first ones, which are slower. */
  private static final class Probe implements TrainingListener {
    private static final int SLOW = 3;
    private final long began = System.nanoTime();
    private final int stepsOfEpoch;
    private long timed;
    private long last;
    private int steps;

    Probe(int stepsOfEpoch) {
      this.stepsOfEpoch = stepsOfEpoch;
    }

    @Override
    public void onStep(StepReport report) {
      last = System.nanoTime();
      if (steps == Math.min(SLOW, stepsOfEpoch)) {
        timed = last;
      }
      steps++;
    }

    boolean done() {
      int first = Math.min(SLOW, stepsOfEpoch);
      return steps > first + 1
          && (steps >= PROBE_STEPS || System.nanoTime() - began > 1e9 * PROBE_SECONDS);
    }

    double secondsPerStep() {
      return (last - timed) / 1e9 / Math.max(1, steps - 1 - Math.min(SLOW, stepsOfEpoch));
    }
  }

  // What comes of them.

  private Outcome blend(List<TrialResult> results) {
    List<TrialResult> best = bestOfEach(results);
    if (best.isEmpty()) {
      throw new DataException(
          folder
              + ": no model came to a validation within the time"
              + (passedOver.isEmpty() ? "" : ": " + passedOver)
              + "; give it more");
    }
    List<TrainedModel> models = new ArrayList<>();
    try {
      for (TrialResult result : best) {
        models.add(result.model());
      }
      Choice choice = EnsembleSelection.choose(models, split.validation(), metric);
      TrainedModel model = choice.blend(models, split.validation(), metric);
      try {
        if (model.validation() < best.get(0).validation()) {
          // Weights that are good for samples of the users need not be for all of them.
          List<Double> weights = new ArrayList<>(Collections.nCopies(best.size(), 0.0));
          weights.set(0, 1.0);
          choice = new Choice(weights);
          model.close();
          model = choice.blend(models, split.validation(), metric);
        }
        Path target = folder.resolve(MODEL);
        model.saveIn(target);
        return new Outcome(results, members(best, choice), model.validation(), target, passedOver);
      } finally {
        model.close();
      }
    } finally {
      models.forEach(TrainedModel::close);
    }
  }

  private static List<Member> members(List<TrialResult> best, Choice choice) {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < best.size(); i++) {
      if (choice.weights().get(i) > 0) {
        members.add(new Member(best.get(i), choice.weights().get(i)));
      }
    }
    members.sort(Comparator.comparingDouble(Member::weight).reversed()); // stable
    return members;
  }

  private static List<TrialResult> bestOfEach(List<TrialResult> trials) {
    Map<String, TrialResult> best = new LinkedHashMap<>();
    for (TrialResult result : trials) {
      if (!Double.isNaN(result.validation())) {
        best.merge(
            result.trial().settings().model().name(),
            result,
            (one, other) -> other.validation() > one.validation() ? other : one);
      }
    }
    return best.values().stream()
        .sorted(Comparator.comparingDouble(TrialResult::validation).reversed())
        .toList();
  }

  /** Collects what an automatic training needs. Not safe for use by several threads. */
  public static final class Builder {
    private Path folder;
    private Split split;
    private RankingMetric metric = Ndcg.at(100);
    private Duration time = Duration.ofMinutes(20);
    private TrialListener listener = new TrialListener() {};
    private BooleanSupplier stop = () -> false;

    private Builder() {}

    /**
     * Where everything goes. Must be given.
     *
     * @param place a new or empty folder, or one to go on in
     * @return this builder
     */
    public Builder folder(Path place) {
      folder = place;
      return this;
    }

    /**
     * What to train and to choose on. Must be given.
     *
     * @param data the data, with validation users
     * @return this builder
     */
    public Builder split(Split data) {
      split = data;
      return this;
    }

    /**
     * What says how good a model is, on the validation users.
     *
     * @param better the larger, the better; NDCG@100 without this call
     * @return this builder
     */
    public Builder metric(RankingMetric better) {
      metric = better;
      return this;
    }

    /**
     * How long it may take.
     *
     * @param limit above zero; 20 minutes without this call
     * @return this builder
     * @throws IllegalArgumentException if it is not above zero
     */
    public Builder time(Duration limit) {
      if (limit.isZero() || limit.isNegative()) {
        throw new IllegalArgumentException("the time must be above zero, found " + limit);
      }
      time = limit;
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
     * A question that is asked after each step. Once the answer is true {@link AutoTraining#run}
     * ends in good order with a {@link TrainingStoppedException}, to be gone on with later.
     *
     * @param question for example a flag that another thread sets when Ctrl-C is pressed
     * @return this builder
     */
    public Builder stopWhen(BooleanSupplier question) {
      stop = Objects.requireNonNull(question, "question");
      return this;
    }

    /**
     * The automatic training.
     *
     * @return a new one
     * @throws NullPointerException if folder or split were not given
     */
    public AutoTraining build() {
      return new AutoTraining(this);
    }
  }
}
