package io.github.vaecf.examples;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.CheckpointPolicy;
import io.github.vaecf.core.ModelConfig;
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
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vaecf train}: a prepared folder to a run folder with the best weights. */
@Command(
    name = "train",
    header = "Train Mult-VAE or Mult-DAE and keep the weights of the best validation.",
    description = {
      "",
      "Without further options everything is as published (Liang et al. 2018). Ctrl-C ends the"
          + " training in good order; --resume goes on from there.",
      ""
    },
    footer = {"", "Example:", "  vaecf train --data data --model vae --epochs 50 --out run"})
final class TrainCommand extends Subcommand {
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
      description = "${COMPLETION-CANDIDATES}.")
  private ModelKind model;

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

  @Option(
      names = "--checkpoint-epochs",
      paramLabel = "N",
      defaultValue = "0",
      description = "Write a checkpoint every N epochs, 0 for not so; default ${DEFAULT-VALUE}.")
  private int checkpointEpochs;

  @Option(
      names = "--checkpoint-minutes",
      paramLabel = "X",
      defaultValue = "10",
      description = "Write a checkpoint every X minutes, 0 for not so; default ${DEFAULT-VALUE}.")
  private double checkpointMinutes;

  @Option(
      names = "--keep-checkpoints",
      paramLabel = "N",
      defaultValue = "2",
      description = "How many checkpoints stay; default ${DEFAULT-VALUE}.")
  private int keepCheckpoints;

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
    ModelConfig modelConfig = fromOptions(() -> modelOptions.config(model));
    TrainingConfig trainingConfig = fromOptions(trainingOptions::config);
    RankingMetric metric = fromOptions(() -> RankingMetric.parse(metricName));
    RankingEvaluator evaluator = RankingEvaluator.of(metric);
    Trainer.Builder trainer =
        Trainer.builder().model(modelConfig).training(trainingConfig).runFolder(out).resume(resume);
    fromOptions(
        () ->
            trainer.checkpoints(
                new CheckpointPolicy(
                    checkpointEpochs, minutes(checkpointMinutes), keepCheckpoints)));
    fromOptions(() -> trainer.starts(starts));
    if (timeLimit != null) {
      fromOptions(() -> trainer.timeLimit(minutes(timeLimit)));
    }
    Split split = PreparedFolder.read(data);
    long start = System.nanoTime();
    try (Interruption interruption = Interruption.watch();
        TrainingDisplay display = new TrainingDisplay(err(), model.title(), metric.name());
        TrainedModel trained =
            trainer
                .validation(scorer -> evaluator.evaluate(scorer, split.validation()).mean(metric))
                .listener(display)
                .stopWhen(interruption::isRequested)
                .build()
                .train(split.train(), split.items())) {
      double seconds = (System.nanoTime() - start) / 1e9;
      display.finish();
      out()
          .printf(
              Locale.ROOT,
              "%s: best epoch %d with validation %s %.4f, in %s. Run folder: %s%n",
              model.title(),
              trained.epoch(),
              metric.name(),
              trained.validation(),
              TrainingDisplay.inWords(Duration.ofMillis((long) (seconds * 1000))),
              out);
      ObjectNode outcome = jsonObject();
      outcome
          .put("run", out.toString())
          .put("model", trained.config().name())
          .put("epoch", trained.epoch())
          .put("validation_metric", metric.name())
          .put("validation", trained.validation())
          .put("seconds", seconds);
      writeJson(json, outcome);
    }
  }

  private static Duration minutes(double minutes) {
    return Duration.ofMillis(Math.round(minutes * 60_000));
  }
}
