package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.ModelConfig;
import io.github.vaecf.core.Scorer;
import io.github.vaecf.core.TrainedModel;
import io.github.vaecf.core.Trainer;
import io.github.vaecf.core.TrainingConfig;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** {@code vaecf train}: a prepared folder to a run folder with the best weights. */
@Command(
    name = "train",
    header = "Train a model and keep the weights of the best validation.",
    description = {
      "",
      "Mult-VAE or Mult-DAE; without further options everything is as published (Liang et al."
          + " 2018). Ctrl-C ends the training in good order; --resume goes on from there.",
      ""
    },
    footer = {"", "Example:", "  vaecf train --data data --model vae --epochs 50 --out run"})
final class TrainCommand extends Subcommand {
  private static final Set<String> OPTIONS_OF_BASELINES =
      Set.of("--data", "--model", "--out", "--validation-metric", "--json", "--debug");

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "A prepared folder, from 'vaecf prepare' or another program.")
  private Path data;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description =
          "vae or dae; or a baseline, which has no other options of training: "
              + Baseline.NAMES
              + " (default knn:100, ease:200).")
  private String modelName;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "RUN",
      description = "The run folder: settings, metrics, checkpoints, best weights.")
  private Path out;

  @Option(
      names = "--resume",
      description = "Go on from the newest whole checkpoint of the run folder.")
  private boolean resume;

  @Mixin private TrainingOptions trainingOptions;

  @Mixin private ModelOptions modelOptions;

  @Option(
      names = "--validation-metric",
      paramLabel = "METRIC",
      defaultValue = "ndcg@100",
      description = "What the best epoch is chosen by; default ${DEFAULT-VALUE}.")
  private String metricName;

  @Mixin private CheckpointOptions checkpointOptions;

  @Option(
      names = "--time-limit",
      paramLabel = "MINUTES",
      description = "End after so many minutes as if that had been the last step.")
  private Double timeLimit;

  @Option(
      names = "--starts",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Train N times from other first weights, keep the best; default ${DEFAULT-VALUE}.")
  private int starts;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the outcome as JSON too.")
  private Path json;

  @Override
  void run() throws Exception {
    if (Baseline.isNamed(modelName)) {
      trainBaseline(fromOptions(() -> Baseline.parse(modelName)));
    } else {
      trainAutoencoder(fromOptions(() -> ModelKind.of(modelName)));
    }
  }

  private void trainBaseline(Baseline baseline) throws Exception {
    for (OptionSpec option : givenOptions()) {
      if (!OPTIONS_OF_BASELINES.contains(option.longestName())) {
        throw wrongUsage(option.longestName() + " is for vae and dae, not for " + baseline.name());
      }
    }
    RankingMetric metric = fromOptions(() -> RankingMetric.parse(metricName));
    Split split = PreparedFolder.read(data);
    long start = System.nanoTime();
    Scorer scorer = baseline.of(split.train());
    boolean validated = !split.validation().isEmpty();
    double validation = Double.NaN;
    try {
      if (validated) {
        validation = RankingEvaluator.of(metric).evaluate(scorer, split.validation()).mean(metric);
      }
    } finally {
      Baseline.close(scorer);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    baseline.save(out, split);
    out()
        .printf(
            Locale.ROOT,
            "%s: %s, in %s. Run folder: %s%n",
            baseline.name(),
            validated
                ? String.format(Locale.ROOT, "validation %s %.4f", metric.name(), validation)
                : "no validation users",
            TrainingDisplay.inWords(Duration.ofMillis((long) (seconds * 1000))),
            out);
    ObjectNode outcome = jsonObject();
    outcome
        .put("run", out.toString())
        .put("model", baseline.name())
        .put("validation_metric", metric.name())
        .put("validation", orNull(validation))
        .put("seconds", seconds);
    writeJson(json, outcome);
  }

  private void trainAutoencoder(ModelKind model) throws Exception {
    ModelConfig modelConfig = fromOptions(() -> modelOptions.config(model));
    TrainingConfig trainingConfig = fromOptions(trainingOptions::config);
    RankingMetric metric = fromOptions(() -> RankingMetric.parse(metricName));
    RankingEvaluator evaluator = RankingEvaluator.of(metric);
    Trainer.Builder trainer =
        Trainer.builder().model(modelConfig).training(trainingConfig).runFolder(out).resume(resume);
    fromOptions(() -> trainer.checkpoints(checkpointOptions.policy()));
    fromOptions(() -> trainer.starts(starts));
    if (timeLimit != null) {
      fromOptions(() -> trainer.timeLimit(CheckpointOptions.minutes(timeLimit)));
    }
    Split split = PreparedFolder.read(data);
    boolean validated = !split.validation().isEmpty();
    if (validated) {
      trainer.validation(scorer -> evaluator.evaluate(scorer, split.validation()).mean(metric));
    } else {
      err().println(data + " has no validation users: the last epoch is kept");
    }
    long start = System.nanoTime();
    try (Interruption interruption = Interruption.watch();
        TrainingDisplay display = new TrainingDisplay(err(), model.title(), metric.name());
        TrainedModel trained =
            trainer
                .listener(display)
                .stopWhen(interruption::isRequested)
                .build()
                .train(split.train(), split.items())) {
      double seconds = (System.nanoTime() - start) / 1e9;
      display.finish();
      out()
          .printf(
              Locale.ROOT,
              "%s: %s, in %s. Run folder: %s%n",
              model.title(),
              validated
                  ? String.format(
                      Locale.ROOT,
                      "best epoch %d with validation %s %.4f",
                      trained.epoch(),
                      metric.name(),
                      trained.validation())
                  : "epoch " + trained.epoch(),
              TrainingDisplay.inWords(Duration.ofMillis((long) (seconds * 1000))),
              out);
      ObjectNode outcome = jsonObject();
      outcome
          .put("run", out.toString())
          .put("model", trained.config().name())
          .put("epoch", trained.epoch())
          .put("validation_metric", metric.name())
          .put("validation", orNull(trained.validation()))
          .put("seconds", seconds);
      writeJson(json, outcome);
    }
  }
}
