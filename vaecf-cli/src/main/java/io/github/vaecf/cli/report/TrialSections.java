package io.github.vaecf.cli.report;

import io.github.vaecf.cli.report.Plot.Point;
import io.github.vaecf.cli.report.Plot.Scale;
import io.github.vaecf.cli.report.Plot.Series;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.RunFolder.TrainingCurve;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.search.Trials.TrialResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** Sections about trials: what each came to, and what each setting did. */
public final class TrialSections {
  /** More lines cannot be told apart. */
  private static final int MOST_CURVES = 8;

  /** Values that differ by such a factor are compared by factors. */
  private static final int FAR = 10;

  private TrialSections() {}

  /**
   * Trials by their validation; those without one come last.
   *
   * @param results what they came to
   * @return the same, the best first
   */
  public static List<TrialResult> bestFirst(List<TrialResult> results) {
    List<TrialResult> ranked = new ArrayList<>(results);
    ranked.sort(
        Comparator.comparing((TrialResult result) -> Double.isNaN(result.validation()))
            .thenComparing(Comparator.comparingDouble(TrialResult::validation).reversed()));
    return ranked;
  }

  /**
   * The header of a table of trials.
   *
   * @param results what they came to
   * @param metric what the validation measured
   * @return a cell a column
   */
  public static List<String> header(List<TrialResult> results, RankingMetric metric) {
    List<String> header = new ArrayList<>(List.of("trial"));
    header.addAll(names(results));
    header.addAll(List.of("validation " + metric.name(), "epoch", "end"));
    return header;
  }

  /**
   * The rows of a table of trials.
   *
   * @param results what they came to
   * @return a row a trial, in this order
   */
  public static List<List<String>> rows(List<TrialResult> results) {
    Set<String> names = names(results);
    List<List<String>> rows = new ArrayList<>();
    for (TrialResult result : results) {
      List<String> row = new ArrayList<>(List.of(result.trial().name()));
      names.forEach(name -> row.add(result.trial().varied().getOrDefault(name, "")));
      row.add(validation(result));
      row.add(result.epoch() + " of " + result.curve().epochs().size());
      row.add(result.end().toString());
      rows.add(row);
    }
    return rows;
  }

  /**
   * The best validation of a trial, for a table.
   *
   * @param result what it came to
   * @return four digits, or a dash if there is none
   */
  public static String validation(TrialResult result) {
    return Double.isNaN(result.validation())
        ? "–"
        : String.format(Locale.ROOT, "%.4f", result.validation());
  }

  private static Set<String> names(List<TrialResult> results) {
    return results.stream()
        .flatMap(result -> result.trial().varied().keySet().stream())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /**
   * A table of trials.
   *
   * @param page receives it
   * @param caption what it shows
   * @param results what the trials came to
   * @param metric what the validation measured
   */
  public static void table(
      Page page, String caption, List<TrialResult> results, RankingMetric metric) {
    page.numbers(caption, header(results, metric), rows(results));
  }

  /**
   * A plot for each setting that takes more than one value: the best validation over it, apart for
   * trials that were not trained to their end.
   *
   * @param page receives the section
   * @param results what the trials came to
   * @param metric what the validation measured
   */
  public static void settings(Page page, List<TrialResult> results, RankingMetric metric) {
    page.section("What each setting did");
    List<TrialResult> validated =
        results.stream().filter(result -> !Double.isNaN(result.validation())).toList();
    for (String setting : names(validated)) {
      List<String> values =
          validated.stream()
              .map(result -> result.trial().varied().getOrDefault(setting, ""))
              .distinct()
              .sorted()
              .toList();
      if (values.size() < 2) {
        continue;
      }
      boolean numbers = values.stream().noneMatch(value -> Double.isNaN(number(value)));
      ToDoubleFunction<String> place = numbers ? TrialSections::number : values::indexOf;
      List<Series> series = new ArrayList<>();
      addTo(series, "trained to the end", validated, true, setting, place);
      addTo(series, "pruned or diverged", validated, false, setting, place);
      DoubleSummaryStatistics range = values.stream().mapToDouble(place).summaryStatistics();
      boolean byFactors =
          range.getMin() > 0
              && (setting.equals(TrainingSettings.LEARNING_RATE.name())
                  || range.getMax() / range.getMin() >= FAR);
      page.plot(
          new Plot(
              "Best validation of each trial over " + setting + ".",
              setting,
              metric.name(),
              numbers && byFactors ? Scale.LOG_X : Scale.LINEAR,
              numbers ? List.of() : values,
              series));
    }
  }

  private static void addTo(
      List<Series> series,
      String name,
      List<TrialResult> results,
      boolean done,
      String setting,
      ToDoubleFunction<String> place) {
    List<Point> points =
        results.stream()
            .filter(result -> (result.end() == TrialResult.End.DONE) == done)
            .map(
                result ->
                    new Point(
                        place.applyAsDouble(result.trial().varied().getOrDefault(setting, "")),
                        result.validation()))
            .toList();
    if (!points.isEmpty()) {
      series.add(new Series(name, false, points));
    }
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  /**
   * A plot of the validation after each epoch, a line for each of the first eight trials.
   *
   * @param page receives the plot
   * @param caption what it shows
   * @param results what the trials came to
   * @param metric what the validation measured
   */
  public static void curves(
      Page page, String caption, List<TrialResult> results, RankingMetric metric) {
    List<Series> series = new ArrayList<>();
    for (TrialResult result : results) {
      List<Point> points = new ArrayList<>();
      for (TrainingCurve.Epoch epoch : result.curve().epochs()) {
        if (!Double.isNaN(epoch.validation())) {
          points.add(new Point(epoch.number(), epoch.validation()));
        }
      }
      if (!points.isEmpty()
          && Sections.isByGradient(result.curve())
          && series.size() < MOST_CURVES) {
        series.add(new Series(result.trial().name(), true, points));
      }
    }
    if (!series.isEmpty()) {
      page.plot(new Plot(caption, "epoch", metric.name(), Scale.LINEAR, series));
    }
  }
}
