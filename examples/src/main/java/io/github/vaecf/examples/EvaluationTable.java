package io.github.vaecf.examples;

import io.github.vaecf.eval.Estimate;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.RankingMetric;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Results of evaluations for a terminal. */
final class EvaluationTable {
  private EvaluationTable() {}

  /** One model: a row for each metric. */
  static TextTable of(Evaluation evaluation) {
    TextTable table = new TextTable("metric", "mean", "standard error");
    for (RankingMetric metric : evaluation.metrics()) {
      Estimate estimate = evaluation.estimate(metric);
      table.row(metric.name(), number(estimate.mean()), number(estimate.standardError()));
    }
    return table;
  }

  /** Models side by side: a row for each, means with their standard errors. */
  static TextTable of(Map<String, Evaluation> evaluations) {
    List<RankingMetric> metrics = evaluations.values().iterator().next().metrics();
    List<String> header = new ArrayList<>(List.of("model"));
    metrics.forEach(metric -> header.add(metric.name()));
    TextTable table = new TextTable(header.toArray(String[]::new));
    evaluations.forEach(
        (name, evaluation) -> {
          List<String> row = new ArrayList<>(List.of(name));
          for (RankingMetric metric : metrics) {
            Estimate estimate = evaluation.estimate(metric);
            row.add(number(estimate.mean()) + " ± " + number(estimate.standardError()));
          }
          table.row(row);
        });
    return table;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }
}
