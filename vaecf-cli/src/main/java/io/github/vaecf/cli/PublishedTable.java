package io.github.vaecf.cli;

import io.github.vaecf.cli.report.Page;
import io.github.vaecf.core.model.ClosedFormModel;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.eval.Estimate;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.published.PublishedResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** Measured results beside published ones, with the difference in standard errors. */
final class PublishedTable {
  static final List<String> HEADER =
      List.of("model", "metric", "measured", "published", "difference", "in standard errors");

  private PublishedTable() {}

  /**
   * A row for each model and metric.
   *
   * @param published what was published
   * @param models evaluations by the models' titles; a closed form of which nothing was published
   *     is passed over
   */
  static List<List<String>> rows(PublishedResult published, Map<String, Evaluation> models) {
    List<List<String>> rows = new ArrayList<>();
    for (Model model : Model.all()) {
      Evaluation evaluation = models.get(model.title());
      boolean known = published.values().containsKey(model.name());
      if (evaluation == null || (model instanceof ClosedFormModel && !known)) {
        continue;
      }
      for (RankingMetric metric : published.metrics()) {
        Estimate estimate = evaluation.estimate(metric);
        OptionalDouble value = published.value(model.name(), metric);
        double difference = estimate.mean() - value.orElse(Double.NaN);
        rows.add(
            List.of(
                model.title(),
                metric.name(),
                EvaluationTable.cell(evaluation, metric),
                value.isPresent() ? Double.toString(value.getAsDouble()) : "–",
                number("%+.4f", difference),
                number("%+.1f", difference / estimate.standardError())));
      }
    }
    return rows;
  }

  private static String number(String format, double value) {
    return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, format, value);
  }

  /** Adds the table to a page. */
  static void add(Page page, PublishedResult published, Map<String, Evaluation> models) {
    page.section("Beside the published results on " + published.dataSet().title());
    page.numbers("Published: " + published.citation() + ".", HEADER, rows(published, models));
  }
}
