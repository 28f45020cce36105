package io.github.vaecf.examples;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.Comparison;
import io.github.vaecf.eval.Estimate;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.Interval;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.examples.report.Page;
import io.github.vaecf.examples.report.Sections;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vaecf compare}: models on the same users, differences user by user. */
@Command(
    name = "compare",
    header = "Compare models on the same users: differences with intervals and tests.",
    description = {
      "",
      "Evaluates each model, then takes the differences of each pair user by user: mean, 95 %%"
          + " bootstrap interval, and the probabilities of the paired t-test and of Wilcoxon's"
          + " signed-rank test, not corrected for the number of pairs.",
      ""
    },
    footer = {"", "Example:", "  vaecf compare --data data --model vae --model dae --model ease"})
final class CompareCommand extends Subcommand {
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
      description = "Run folders, exports, or baselines: popular, knn[:NEIGHBOURS], ease[:LAMBDA].")
  private List<String> models;

  @Option(
      names = "--metrics",
      paramLabel = "METRIC",
      split = ",",
      defaultValue = "ndcg@100,recall@20,recall@50",
      description = "What to measure; pairs are compared by each; default ${DEFAULT-VALUE}.")
  private List<String> metricNames;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write a self-contained HTML page too, with results by user activity.")
  private Path report;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result as JSON too.")
  private Path json;

  @Override
  void run() throws Exception {
    List<RankingMetric> metrics =
        fromOptions(() -> metricNames.stream().map(RankingMetric::parse).toList());
    RankingEvaluator evaluator = fromOptions(() -> RankingEvaluator.of(metrics));
    if (models.size() < 2) {
      throw wrongUsage("--model: expected at least two models, found " + models.size());
    }
    Split split = PreparedFolder.read(data);
    Map<String, Evaluation> results = new LinkedHashMap<>();
    for (String model : models) {
      try (OpenedModel opened = OpenedModel.open(model, split, data)) {
        results.put(model, evaluator.evaluate(opened.scorer(), split.test()));
      }
    }
    List<List<String>> rows = new ArrayList<>();
    ObjectNode root = jsonObject();
    addModels(root.putObject("models"), results);
    ArrayNode comparisons = root.putArray("comparisons");
    List<String> names = List.copyOf(results.keySet());
    for (RankingMetric metric : metrics) {
      for (int first = 0; first < names.size(); first++) {
        for (int second = first + 1; second < names.size(); second++) {
          Comparison comparison =
              Comparison.of(results.get(names.get(first)), results.get(names.get(second)), metric);
          rows.add(row(names.get(first), names.get(second), comparison));
          addComparison(comparisons, names.get(first), names.get(second), comparison);
        }
      }
    }
    out().print(EvaluationTable.of(results));
    out().println();
    List<String> header =
        List.of("first − second", "metric", "difference", "95 % interval", "p (t)", "p (Wilcoxon)");
    TextTable table = new TextTable(header.toArray(String[]::new));
    rows.forEach(table::row);
    out().print(table);
    writeJson(json, root);
    if (report != null) {
      Page page = new Page("Comparison of " + String.join(", ", names));
      Sections.results(page, results);
      page.section("Differences, user by user");
      page.numbers(
          "Paired tests, two-sided, not corrected for the number of comparisons.", header, rows);
      Sections.activity(page, results, metrics.get(0));
      Sections.data(page, split);
      writeWhole(report, page.toHtml());
    }
  }

  private static List<String> row(String first, String second, Comparison comparison) {
    Interval interval = comparison.interval();
    return List.of(
        first + " − " + second,
        comparison.metric().name(),
        String.format(Locale.ROOT, "%+.4f", comparison.difference().mean()),
        String.format(Locale.ROOT, "%+.4f … %+.4f", interval.low(), interval.high()),
        probability(comparison.tTest()),
        probability(comparison.wilcoxon()));
  }

  private static String probability(double p) {
    return p < 0.0001 ? "< 0.0001" : String.format(Locale.ROOT, "%.4f", p);
  }

  private static void addModels(ObjectNode target, Map<String, Evaluation> results) {
    results.forEach(
        (name, evaluation) -> {
          ObjectNode model = target.putObject(name);
          for (RankingMetric metric : evaluation.metrics()) {
            Estimate estimate = evaluation.estimate(metric);
            model
                .putObject(metric.name())
                .put("mean", estimate.mean())
                .put("standard_error", estimate.standardError())
                .put("users", estimate.users());
          }
        });
  }

  private static void addComparison(
      ArrayNode target, String first, String second, Comparison comparison) {
    target
        .addObject()
        .put("first", first)
        .put("second", second)
        .put("metric", comparison.metric().name())
        .put("difference", comparison.difference().mean())
        .put("standard_error", comparison.difference().standardError())
        .put("lower", comparison.interval().low())
        .put("upper", comparison.interval().high())
        .put("p_t_test", comparison.tTest())
        .put("p_wilcoxon", comparison.wilcoxon());
  }
}
