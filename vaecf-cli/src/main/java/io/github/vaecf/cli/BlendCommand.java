package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.EnsembleSelection;
import io.github.vaecf.eval.EnsembleSelection.Choice;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vaecf blend}: several trained models as one. */
@Command(
    name = "blend",
    header = "Make one model of several: the weighted sum of their standardised scores.",
    description = {
      "",
      "The weights are given, or chosen on the validation users, where a model that does not help"
          + " gets none. The blend is measured, exported and served like any model.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vaecf blend --data data --model runs/vae --model runs/rdlae --out blend"
    })
final class BlendCommand extends Subcommand {
  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The prepared folder that the models were trained on.")
  private Path data;

  @Option(
      names = "--model",
      required = true,
      arity = "1..*",
      paramLabel = "MODEL",
      completionCandidates = NamedModel.ClosedForms.class,
      description =
          "Run folders, or models in closed form, fitted at once: ${COMPLETION-CANDIDATES}, or with"
              + " a setting as in ease:200.")
  private List<String> models;

  @Option(
      names = "--weights",
      paramLabel = "X",
      split = ",",
      description =
          "A weight above 0 for each model, with commas between; default: chosen on the validation"
              + " users.")
  private List<Double> weights;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The folder of the blend; new or empty.")
  private Path out;

  @Option(
      names = "--validation-metric",
      paramLabel = "METRIC",
      defaultValue = MeasuringOptions.VALIDATION_METRIC,
      description = "What the weights are chosen by; default ${DEFAULT-VALUE}.")
  private String metricName;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the outcome as JSON too; - for standard output.")
  private OutputFile json;

  @Override
  void run() throws Exception {
    RankingMetric metric = fromOption("--validation-metric", () -> RankingMetric.parse(metricName));
    Map<String, String> named = fromOptions(() -> NamedModel.inShort("--model", models));
    if (weights != null && weights.size() != named.size()) {
      throw wrongUsage(
          "--weights: expected one for each of "
              + named.size()
              + " models, found "
              + weights.size());
    }
    if (weights != null && !weights.stream().allMatch(one -> one > 0 && Double.isFinite(one))) {
      throw wrongUsage("--weights: expected numbers above 0, found " + weights);
    }
    WholeFile.requireVacant(out);
    Split split = PreparedFolder.read(data);
    if (weights == null) {
      EvaluateCommand.Part.VALIDATION.requireHeldOut(split, data);
    }
    List<TrainedModel> opened = new ArrayList<>();
    try {
      for (String text : named.values()) {
        opened.add(trained(text, split));
      }
      Choice choice =
          weights == null
              ? EnsembleSelection.choose(opened, split.validation(), metric)
              : new Choice(weights);
      try (TrainedModel blend = choice.blend(opened, split.validation(), metric)) {
        blend.saveIn(out);
        show(List.copyOf(named.keySet()), choice, opened, metric, split, blend);
      }
    } finally {
      opened.forEach(TrainedModel::close);
    }
  }

  private TrainedModel trained(String text, Split split) {
    Recommender model = NamedModel.open(text, split, data);
    if (model instanceof TrainedModel trained) {
      return trained;
    }
    model.close();
    throw new DataException(
        text + ": is an export; a blend is made of what was trained, so name the run folder");
  }

  private void show(
      List<String> names,
      Choice choice,
      List<TrainedModel> opened,
      RankingMetric metric,
      Split split,
      TrainedModel blend)
      throws Exception {
    RankingEvaluator evaluator = RankingEvaluator.of(metric);
    TextTable table = new TextTable("model", "weight", "validation " + metric.name());
    ObjectNode outcome = jsonObject();
    outcome
        .put("folder", out.toString())
        .put("validation_metric", metric.name())
        .put("validation", orNull(blend.validation()));
    ArrayNode members = outcome.putArray("members");
    for (int i = 0; i < names.size(); i++) {
      double weight = choice.weights().get(i);
      double alone =
          split.validation().isEmpty()
              ? Double.NaN
              : evaluator.evaluate(opened.get(i), split.validation()).mean(metric);
      table.row(List.of(names.get(i), number("%.3f", weight), orNone(alone)));
      members
          .addObject()
          .put("model", names.get(i))
          .put("weight", weight)
          .put("validation", orNull(alone));
    }
    table.row(List.of("blend", "", orNone(blend.validation())));
    out().print(table);
    out().println("Model: " + out);
    writeJson(json, outcome);
  }

  private static String orNone(double validation) {
    return Double.isNaN(validation) ? "none" : number("%.4f", validation);
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
