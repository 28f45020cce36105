package io.github.vaecf.examples;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.eval.Estimate;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.Interval;
import io.github.vaecf.eval.RankingMetric;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;

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
    return of(evaluations, EvaluationTable::cell);
  }

  /** Models side by side: a row for each, means with their 95 % bootstrap intervals. */
  static TextTable withIntervals(Map<String, Evaluation> evaluations) {
    return of(evaluations, EvaluationTable::interval);
  }

  /** A mean with its 95 % bootstrap interval. */
  static String interval(Evaluation evaluation, RankingMetric metric) {
    Interval interval = evaluation.interval(metric);
    return number(evaluation.mean(metric))
        + " ["
        + number(interval.low())
        + ", "
        + number(interval.high())
        + "]";
  }

  private static TextTable of(
      Map<String, Evaluation> evaluations, BiFunction<Evaluation, RankingMetric, String> cell) {
    List<RankingMetric> metrics = evaluations.values().iterator().next().metrics();
    List<String> header = new ArrayList<>(List.of("model"));
    metrics.forEach(metric -> header.add(metric.name()));
    TextTable table = new TextTable(header.toArray(String[]::new));
    evaluations.forEach(
        (name, evaluation) -> {
          List<String> row = new ArrayList<>(List.of(name));
          metrics.forEach(metric -> row.add(cell.apply(evaluation, metric)));
          table.row(row);
        });
    return table;
  }

  /** Of each model its metrics: mean, standard error and number of users. */
  static ObjectNode toJson(Map<String, Evaluation> evaluations) {
    ObjectNode models = Subcommand.jsonObject();
    evaluations.forEach(
        (name, evaluation) -> {
          ObjectNode model = models.putObject(name);
          for (RankingMetric metric : evaluation.metrics()) {
            Estimate estimate = evaluation.estimate(metric);
            model
                .putObject(metric.name())
                .put("mean", estimate.mean())
                .put("standard_error", estimate.standardError())
                .put("users", estimate.users());
          }
        });
    return models;
  }

  /** A mean with its standard error. */
  static String cell(Evaluation evaluation, RankingMetric metric) {
    Estimate estimate = evaluation.estimate(metric);
    return number(estimate.mean()) + " ± " + number(estimate.standardError());
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }
}
