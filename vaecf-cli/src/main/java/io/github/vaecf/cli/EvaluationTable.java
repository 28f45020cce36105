package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.eval.Estimate;
import io.github.vaecf.eval.Estimate.Interval;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.Evaluation.Exposure;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.TestResults;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.BiFunction;

/** Results of evaluations for a terminal. */
final class EvaluationTable {
  private EvaluationTable() {}

  /** One model: a row for each metric, and for each k how what is recommended is spread. */
  static TextTable of(Evaluation evaluation) {
    TextTable table = new TextTable("metric", "mean", "standard error");
    SortedSet<Integer> cutoffs = new TreeSet<>();
    for (RankingMetric metric : evaluation.metrics()) {
      Estimate estimate = evaluation.estimate(metric);
      table.row(metric.name(), number(estimate.mean()), number(estimate.standardError()));
      cutoffs.add(metric.k());
    }
    for (int k : cutoffs) {
      Exposure exposure = evaluation.exposure(k);
      table.row("coverage@" + k, number(exposure.coverage()), "");
      table.row("gini@" + k, number(exposure.gini()), "");
    }
    return table;
  }

  /** Models side by side: a row for each, means with their standard errors. */
  static TextTable of(TestResults results) {
    return of(results, EvaluationTable::cell);
  }

  /** Models side by side: a row for each, means with their 95 % bootstrap intervals. */
  static TextTable withIntervals(TestResults results) {
    return of(results, EvaluationTable::interval);
  }

  /** The models in groups of users or items: a row for each group. */
  static TextTable ofGroups(String counted, List<TestResults.Group> groups, TestResults results) {
    List<String> header = new ArrayList<>(List.of(counted));
    header.addAll(results.models().keySet());
    TextTable table = new TextTable(header.toArray(String[]::new));
    for (TestResults.Group group : groups) {
      List<String> row = new ArrayList<>(List.of(group.band().toString()));
      results
          .models()
          .values()
          .forEach(evaluation -> row.add(cell(group.estimate().apply(evaluation))));
      table.row(row);
    }
    return table;
  }

  /** A mean with its 95 % bootstrap interval. */
  static String interval(Evaluation evaluation, RankingMetric metric) {
    if (evaluation.estimate(metric).users() == 0) {
      return "–";
    }
    Interval interval = evaluation.interval(metric);
    return number(evaluation.mean(metric))
        + " ["
        + number(interval.low())
        + ", "
        + number(interval.high())
        + "]";
  }

  private static TextTable of(
      TestResults results, BiFunction<Evaluation, RankingMetric, String> cell) {
    TextTable table = new TextTable(header(results).toArray(String[]::new));
    results
        .models()
        .forEach(
            (name, evaluation) -> {
              List<String> row = new ArrayList<>(List.of(name));
              results.metrics().forEach(metric -> row.add(cell.apply(evaluation, metric)));
              table.row(row);
            });
    return table;
  }

  /** "model", then the metrics' names; a new list. */
  static List<String> header(TestResults results) {
    List<String> header = new ArrayList<>(List.of("model"));
    results.metrics().forEach(metric -> header.add(metric.name()));
    return header;
  }

  /**
   * Of each model its metrics, recall by item popularity among them: mean, standard error and
   * number of users.
   */
  static ObjectNode toJson(TestResults results) {
    ObjectNode models = Subcommand.jsonObject();
    results
        .models()
        .forEach(
            (name, evaluation) -> {
              ObjectNode model = models.putObject(name);
              for (RankingMetric metric : evaluation.metrics()) {
                add(model.putObject(metric.name()), evaluation.estimate(metric));
              }
            });
    return models;
  }

  /** The models by the first metric in groups of users. */
  static ArrayNode activityToJson(TestResults results) {
    ArrayNode groups = Subcommand.jsonObject().putArray("by_activity");
    for (TestResults.Group one : results.activity()) {
      ObjectNode group = groups.addObject();
      group.put("fewest_fold_in", one.band().low()).put("most_fold_in", one.band().high());
      ObjectNode models = group.putObject("models");
      results
          .models()
          .forEach(
              (name, evaluation) -> add(models.putObject(name), one.estimate().apply(evaluation)));
    }
    return groups;
  }

  private static void add(ObjectNode target, Estimate estimate) {
    target
        .put("mean", Subcommand.orNull(estimate.mean()))
        .put("standard_error", Subcommand.orNull(estimate.standardError()))
        .put("users", estimate.users());
  }

  /** A mean with its standard error. */
  static String cell(Evaluation evaluation, RankingMetric metric) {
    return cell(evaluation.estimate(metric));
  }

  private static String cell(Estimate estimate) {
    return estimate.users() == 0
        ? "–"
        : number(estimate.mean()) + " ± " + number(estimate.standardError());
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, "%.4f", value);
  }
}
