package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.cli.report.Differences;
import io.github.vaecf.cli.report.Page;
import io.github.vaecf.cli.report.Sections;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.Split;
import io.github.vaecf.eval.Band;
import io.github.vaecf.eval.Comparison;
import io.github.vaecf.eval.Estimate;
import io.github.vaecf.eval.Estimate.Interval;
import io.github.vaecf.eval.TestResults;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vaecf compare}: models on the same users, differences user by user. */
@Command(
    name = "compare",
    header = "Compare models on the same users: differences with intervals and tests.",
    description = {
      "",
      "Evaluates each model, then takes the differences of each pair user by user: mean, 95 %%"
          + " bootstrap interval, and the probabilities of the paired t-test and of Wilcoxon's"
          + " signed-rank test, and of the former corrected for the number of pairs (Holm). Then the models among users"
          + " with few or many fold-in items, and at finding items that few or many users have.",
      ""
    },
    footer = {"", "Example:", "  vaecf compare --data data --model vae --model dae --model ease"})
final class CompareCommand extends Subcommand {
  @Mixin private MeasuringOptions measuring;

  @Option(
      names = "--model",
      required = true,
      arity = "1..*",
      paramLabel = "MODEL",
      completionCandidates = NamedModel.ClosedForms.class,
      description =
          "Run folders, exports, or models in closed form, fitted at once:"
              + " ${COMPLETION-CANDIDATES}, or with a setting as in ease:200.")
  private List<String> models;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write a self-contained HTML page too; - for standard output.")
  private OutputFile report;

  @Option(names = "--markdown", description = "Print one table, as Markdown.")
  private boolean markdown;

  @Override
  void run() throws Exception {
    if (models.size() < 2) {
      throw wrongUsage("--model: expected at least two models, found " + models.size());
    }
    Map<String, String> named = fromOptions(() -> NamedModel.inShort("--model", models));
    fromOption("--metrics", measuring::withoutData);
    Split split = measuring.split(EvaluateCommand.Part.TEST);
    TestResults results = new TestResults(split, measuring.metrics(split.train()));
    for (Map.Entry<String, String> model : named.entrySet()) {
      try (Recommender opened = measuring.open(model.getValue(), split)) {
        results.measure(model.getKey(), opened);
      }
    }
    Differences differences = Differences.of(results);
    if (markdown) {
      out().print(markdown(results, differences));
    } else {
      out().println(EvaluationTable.withIntervals(results));
      TextTable table = new TextTable(Differences.HEADER.toArray(String[]::new));
      differences.rows().forEach(table::row);
      out().println(table);
      out().println(results.first().name() + " by user activity");
      out().println(EvaluationTable.ofGroups("fold-in items", results.activity(), results));
      out().println("recall@" + results.first().k() + " by item popularity");
      out().print(EvaluationTable.ofGroups("training users", results.popularity(), results));
    }
    if (measuring.json() != null) { // the intervals take their time
      writeJson(measuring.json(), toJson(named, results, differences));
    }
    if (report != null) {
      Page page = new Page("Comparison of " + String.join(", ", results.models().keySet()));
      Sections.results(page, results);
      differences.addTo(page);
      Sections.groups(page, results);
      Sections.data(page, split);
      write(report, page.toHtml());
    }
  }

  /** A row a model: its results, then its differences from the models below it. */
  private static String markdown(TestResults results, Differences differences) {
    List<String> names = List.copyOf(results.models().keySet());
    List<String> header = EvaluationTable.header(results);
    names.stream().skip(1).forEach(name -> header.add(results.first().name() + " − " + name));
    TextTable table = new TextTable(header.toArray(String[]::new));
    results
        .models()
        .forEach(
            (name, evaluation) -> {
              List<String> row = new ArrayList<>(List.of(name));
              results
                  .metrics()
                  .forEach(metric -> row.add(EvaluationTable.interval(evaluation, metric)));
              names.stream().skip(1).forEach(other -> row.add(differences.inShort(name, other)));
              table.row(row);
            });
    return table.toMarkdown();
  }

  private static ObjectNode toJson(
      Map<String, String> named, TestResults results, Differences differences) {
    ObjectNode root = jsonObject();
    ObjectNode given = root.putObject("given");
    named.forEach(given::put);
    root.set("models", EvaluationTable.toJson(results));
    root.set("by_activity", EvaluationTable.activityToJson(results));
    ArrayNode comparisons = root.putArray("comparisons");
    double[] corrected =
        Comparison.holm(
            differences.pairs().stream().mapToDouble(pair -> pair.comparison().tTest()).toArray());
    for (TestResults.Difference pair : differences.pairs()) {
      add(comparisons, pair, corrected[comparisons.size()], results.activity());
    }
    return root;
  }

  private static void add(
      ArrayNode target,
      TestResults.Difference pair,
      double corrected,
      List<TestResults.Group> activity) {
    Comparison comparison = pair.comparison();
    Interval interval = comparison.interval();
    ObjectNode one = target.addObject();
    one.put("first", pair.first())
        .put("second", pair.second())
        .put("metric", comparison.metric().name())
        .put("difference", comparison.difference().mean())
        .put("standard_error", comparison.difference().standardError())
        .put("lower", interval.low())
        .put("upper", interval.high())
        .put("p_t_test", orNull(comparison.tTest()))
        .put("p_t_test_holm", orNull(corrected))
        .put("p_wilcoxon", comparison.wilcoxon());
    ArrayNode groups = one.putArray("by_activity");
    for (TestResults.Group group : activity) {
      Band band = group.band();
      Estimate difference = comparison.difference(band);
      groups
          .addObject()
          .put("fewest_fold_in", band.low())
          .put("most_fold_in", band.high())
          .put("difference", orNull(difference.mean()))
          .put("standard_error", orNull(difference.standardError()))
          .put("users", difference.users());
    }
  }
}
