package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Split;
import io.github.vaecf.eval.Comparison;
import io.github.vaecf.eval.Estimate;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.export.ExportForm;
import io.github.vaecf.eval.export.SavedModelExporter;
import io.github.vaecf.eval.export.ServedModel;
import io.github.vaecf.eval.export.ServedVersions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vaecf publish}: a run becomes the version in service, unless it is worse. */
@Command(
    name = "publish",
    header = "Export a run as the next version, unless it is worse than the one in service.",
    description = {
      "",
      "Measures the run and the newest version of BASE on the same held-out users, and exports the"
          + " run as BASE/<next number> unless it is significantly worse by the first of the"
          + " metrics (paired t-test). Items that are new to the version in service, or gone since,"
          + " count as what they are: items that it cannot find. Exit status 3: it is worse, and"
          + " nothing was exported.",
      ""
    },
    footer = {"", "Example:", "  vaecf publish --data data --run run --base models/movies"})
final class PublishCommand extends Subcommand {
  private static final int WORSE = 3;
  private static final ExportForm FORM = ExportForm.named("savedmodel");

  private CommandSpec command;

  @Mixin private MeasuringOptions measuring;

  @Option(
      names = "--run",
      required = true,
      paramLabel = "RUN",
      description = "A run folder with a trained model.")
  private Path run;

  @Option(
      names = "--base",
      required = true,
      paramLabel = "BASE",
      description = "The folder of the model's versions, as servers know it; may be missing yet.")
  private Path base;

  @Option(
      names = "--split",
      paramLabel = "PART",
      defaultValue = "test",
      description = "Whose users: ${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.")
  private EvaluateCommand.Part part;

  @Option(
      names = "--significance",
      paramLabel = "P",
      defaultValue = "0.05",
      description =
          "The largest p-value that counts as a difference, 0 to 1; default ${DEFAULT-VALUE}.")
  private double significance;

  private boolean worse;

  /** Adds an option for each setting of the export. */
  @Spec
  void setCommand(CommandSpec spec) {
    command = spec;
    for (Setting<?> setting : FORM.settings()) {
      spec.addOption(ExportCommand.option(setting, List.of(FORM)));
    }
  }

  @Override
  int status() {
    return worse ? WORSE : super.status();
  }

  @Override
  void run() throws Exception {
    if (!(significance >= 0 && significance <= 1)) {
      throw wrongUsage("--significance must lie within 0 and 1, found " + significance);
    }
    fromOption("--metrics", measuring::withoutData);
    Map<String, String> values = fromOptions(() -> ExportCommand.values(command, FORM));
    Path next = SavedModelExporter.nextVersion(base);
    Split split = measuring.split(part);
    ObjectNode result = jsonObject();
    List<RankingMetric> metrics = measuring.metrics(split.train());
    try (Recommender opened = measuring.open(run.toString(), split)) {
      if (!(opened instanceof TrainedModel candidate)) {
        throw new DataException(run + ": expected a run folder, found an export");
      }
      if (hasVersion()) {
        compare(candidate, split, metrics, result);
      } else {
        out().println(base + ": there is no version in service yet");
      }
      if (!worse) {
        Map<String, String> titles = split.titles().isEmpty() ? candidate.titles() : split.titles();
        FORM.export(candidate, next, values, titles);
      }
    }
    out().println(worse ? "Not exported: it is significantly worse" : "Exported to " + next);
    result.put("exported", !worse).put("version", worse ? null : next.toString());
    writeJson(measuring.json(), result);
  }

  private boolean hasVersion() throws IOException {
    if (!Files.isDirectory(base)) {
      return false;
    }
    try (Stream<Path> children = Files.list(base)) {
      return children.anyMatch(
          child -> ServedVersions.number(child.getFileName().toString()).isPresent());
    }
  }

  private void compare(
      TrainedModel candidate, Split split, List<RankingMetric> metrics, ObjectNode result) {
    RankingEvaluator evaluator = RankingEvaluator.of(metrics);
    Evaluation ofCandidate = evaluator.evaluate(candidate, part.of(split));
    Evaluation ofServed;
    try (Recommender served = ServedModel.load(base)) {
      tellItems(served.items(), split.items());
      try (Recommender today = served.over(split.items())) {
        ofServed = evaluator.evaluate(today, part.of(split));
      }
    }
    TextTable table = new TextTable(part + " users", "run", "in service", "difference", "p");
    for (RankingMetric metric : metrics) {
      Comparison comparison = Comparison.of(ofCandidate, ofServed, metric);
      Estimate difference = comparison.difference();
      table.row(
          metric.name(),
          number("%.4f", comparison.first().mean()),
          number("%.4f", comparison.second().mean()),
          number("%+.4f", difference.mean()) + number(" ± %.4f", difference.standardError()),
          number("%.3g", comparison.tTest()));
      result
          .putObject(metric.name())
          .put("run", comparison.first().mean())
          .put("in_service", comparison.second().mean())
          .put("difference", difference.mean())
          .put("standard_error", orNull(difference.standardError()))
          .put("p_t_test", orNull(comparison.tTest()));
    }
    out().println(table);
    worse = Comparison.of(ofCandidate, ofServed, metrics.get(0)).isWorse(significance);
  }

  private void tellItems(IdIndex served, IdIndex today) {
    long unknown =
        IntStream.range(0, today.size()).filter(item -> served.indexOf(today.id(item)) < 0).count();
    long gone = served.size() - (today.size() - unknown);
    if (unknown > 0 || gone > 0) {
      out()
          .printf(
              Locale.ROOT,
              "%,d of %,d items are new to the version in service, %,d of its are gone%n%n",
              unknown,
              today.size(),
              gone);
    }
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
