package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.model.Blend;
import io.github.vaecf.core.model.ClosedFormModel;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.RunFolder;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vaecf train}: a prepared folder to a run folder with the best weights. */
@Command(
    name = "train",
    header = "Train a model and keep the weights of the best validation.",
    description = {
      "",
      "Without further options everything is as published. Ctrl-C ends the training in good order;"
          + " --resume goes on from there. A model in closed form, such as ease, is fitted in one"
          + " go.",
      "",
      "For production, once validation has shown what is good: --like a run, a blend or what auto"
          + " left, and --everybody.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  vaecf train --data data --model vae --epochs 50 --out run",
      "  vaecf train --data data --like auto/model --everybody --out production"
    })
final class TrainCommand extends Subcommand {
  /** What a model that is fitted in one go has no use for. */
  private static final String[] OF_GRADIENT_MODELS = {
    "--checkpoint-epochs",
    "--checkpoint-minutes",
    "--keep-checkpoints",
    "--time-limit",
    "--restarts"
  };

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "A prepared folder, from 'vaecf prepare' or another program.")
  private Path data;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      completionCandidates = NamedModel.All.class,
      description =
          "Which model: ${COMPLETION-CANDIDATES}. One in closed form may be followed by a value for"
              + " its own setting, as in ease:200, any by settings, as in knn:neighbours=50.")
  private String modelName;

  @Option(
      names = "--like",
      paramLabel = "RUN",
      description =
          "In place of --model: the model and the settings of another run, for as many epochs as"
              + " its validation found best; of a blend each member, and the same weights.")
  private Path like;

  @Option(
      names = "--from",
      paramLabel = "RUN",
      description =
          "In place of --model: go on from the weights of another run, as on from yesterday's model"
              + " on today's data. Items are matched by their ids; new ones begin at what is known"
              + " of those that users have beside them. Default: its settings, for a quarter of its"
              + " epochs, with a learning rate that falls to 0; of a run that went on itself just"
              + " its settings.")
  private Path from;

  @Option(
      names = "--everybody",
      description =
          "Train on all users with all that is known of them, the held-out ones too; there is no"
              + " validation then, and the last epoch is kept.")
  private boolean everybody;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "RUN",
      description = "The run folder: settings, metrics, checkpoints, best weights.")
  private Path out;

  @Option(
      names = "--resume",
      description =
          "Go on from the newest whole checkpoint of the run folder, with all that it was started"
              + " with; an option that says otherwise is refused.")
  private boolean resume;

  @Option(
      names = "--validation-metric",
      paramLabel = "METRIC",
      description =
          "What the best epoch is chosen by; default "
              + MeasuringOptions.VALIDATION_METRIC
              + ", with --resume that of the run.")
  private String metricName;

  @Mixin private CheckpointOptions checkpointOptions;

  @Option(
      names = "--time-limit",
      paramLabel = "MINUTES",
      description = "End after so many minutes as if that had been the last step.")
  private Double timeLimit;

  @Option(
      names = "--restarts",
      paramLabel = "N",
      description =
          "Train N times from other first weights, keep the best; default 1, with --resume as many"
              + " as the run was started with.")
  private Integer restarts;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the outcome as JSON too; - for standard output.")
  private OutputFile json;

  @Mixin private SettingOptions settingOptions;

  @Override
  void run() throws Exception {
    Optional<Settings> resumed =
        resume && RunFolder.isRun(out) ? Optional.of(RunFolder.settings(out)) : Optional.empty();
    long given = Stream.of(modelName, like, from).filter(Objects::nonNull).count();
    if (given != 1) {
      throw wrongUsage(
          "expected one of --model, --like and --from, found "
              + (given == 0 ? "none" : given == 2 ? "two" : "all"));
    }
    Settings base = base(resumed);
    Settings settings = fromOptions(() -> settingOptions.appliedTo(base));
    if (from == null) {
      train(settings, resumed, null);
    } else {
      try (TrainedModel before = TrainedModel.load(from)) {
        train(settings, resumed, before);
      }
    }
  }

  private Settings base(Optional<Settings> resumed) {
    if (from != null) {
      return resumed.orElseGet(this::settingsToContinue);
    }
    return like == null
        ? fromOptions(() -> NamedModel.settings(modelName, resumed))
        : TrainedModel.settingsToRefit(like);
  }

  /** What a file has is no option of this command: wrong of the data, not of the usage. */
  private Settings settingsToContinue() {
    try {
      return TrainedModel.settingsToContinue(from);
    } catch (IllegalArgumentException e) {
      throw new DataException(from + ": " + e.getMessage() + " (--like fits it anew)", e);
    }
  }

  /** Of a run that is like another, or goes on from one, all is said. */
  private Settings forCatalogue(Settings settings, int items) {
    if (modelName == null || isGiven("--" + TrainingSettings.ITEMS_PER_STEP.name())) {
      return settings;
    }
    Settings chosen = TrainingSettings.forCatalogue(settings, items);
    if (!chosen.equals(settings)) {
      err()
          .printf(
              Locale.ROOT,
              "%,d items: a step takes those of its users and %,d drawn ones"
                  + " (--items-per-step N, 0 for all as published)%n",
              items,
              chosen.get(TrainingSettings.ITEMS_PER_STEP));
    }
    return chosen;
  }

  private void train(Settings settings, Optional<Settings> resumed, TrainedModel before)
      throws Exception {
    boolean hasEpochs = settings.has(TrainingSettings.EPOCHS);
    if (settings.model() instanceof Blend) {
      refuse("is for a single model, not for a blend", "--restarts");
    }
    if (settings.model() instanceof ClosedFormModel) {
      refuse(
          "is for models trained by gradient, not for " + settings.model().name(),
          OF_GRADIENT_MODELS);
    }
    if (metricName == null) {
      metricName =
          resumed
              .flatMap(unused -> RunFolder.validationMetric(out))
              .orElse(MeasuringOptions.VALIDATION_METRIC);
    }
    if (restarts == null) {
      restarts = resumed.isPresent() ? RunFolder.restarts(out) : 1;
    }
    RankingMetric metric = fromOption("--validation-metric", () -> RankingMetric.parse(metricName));
    RankingEvaluator evaluator = RankingEvaluator.of(metric);
    Trainer.Builder trainer = Trainer.builder().settings(settings).runFolder(out).resume(resume);
    fromOptions(() -> trainer.checkpoints(checkpointOptions.policy()));
    if (restarts < 1) {
      throw wrongUsage("--restarts: expected at least 1, found " + restarts);
    }
    trainer.restarts(restarts);
    if (before != null) {
      refuse("is for trainings that begin with drawn weights, not for --from", "--restarts");
      trainer.from(before);
    }
    if (timeLimit != null) {
      if (!(timeLimit > 0)) {
        throw wrongUsage("--time-limit: expected a number above 0, found " + timeLimit);
      }
      trainer.timeLimit(CheckpointOptions.minutes(timeLimit));
    }
    WholeFile.requireWritable(out);
    Split split = PreparedFolder.read(data);
    if (resumed.isEmpty()) {
      trainer.settings(forCatalogue(settings, split.items().size()));
    }
    CsrMatrix histories = everybody ? split.histories() : split.train();
    System.gc(); // reading takes several times what is kept, and a training lasts
    boolean validated = !everybody && !split.validation().isEmpty();
    trainer.titles(split.titles());
    if (validated) {
      trainer.validation(
          metric.name(),
          split.validation(),
          (model, users) -> evaluator.evaluate(model, users).mean(metric));
    } else {
      String none = everybody ? "--everybody leaves none" : data + " has none";
      refuse("is for validation users, and " + none, "--validation-metric");
      if (!everybody && hasEpochs) {
        err().println(data + " has no validation users: the last epoch is kept");
      }
    }
    String title = settings.model().title();
    long start = System.nanoTime();
    try (Interruption interruption = Interruption.watch();
        TrainingDisplay display = new TrainingDisplay(err(), title, metric.name());
        TrainedModel trained =
            trainer
                .listener(display)
                .stopWhen(interruption::isRequested)
                .build()
                .train(histories, split.items())) {
      double seconds = (System.nanoTime() - start) / 1e9;
      display.finish();
      out()
          .printf(
              Locale.ROOT,
              "%s: %s, in %s. Run folder: %s%n",
              title,
              inWords(trained, metric, hasEpochs),
              TrainingDisplay.inWords(Duration.ofMillis((long) (seconds * 1000))),
              out);
      ObjectNode outcome = jsonObject();
      outcome
          .put("run", out.toString())
          .put("model", settings.model().name())
          .put("epoch", trained.epoch())
          .put("validation_metric", metric.name())
          .put("validation", orNull(trained.validation()))
          .put("seconds", seconds);
      writeJson(json, outcome);
    }
  }

  private static String inWords(TrainedModel trained, RankingMetric metric, boolean hasEpochs) {
    boolean validated = !Double.isNaN(trained.validation());
    String validation =
        validated
            ? String.format(Locale.ROOT, "validation %s %.4f", metric.name(), trained.validation())
            : "no validation users";
    if (!hasEpochs) {
      return validation;
    }
    if (trained.epoch() == 0) {
      return "ended before the first epoch, " + validation;
    }
    return validated
        ? "best epoch " + trained.epoch() + " with " + validation
        : "epoch " + trained.epoch();
  }
}
