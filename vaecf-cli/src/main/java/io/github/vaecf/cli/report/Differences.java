package io.github.vaecf.cli.report;

import io.github.vaecf.eval.Comparison;
import io.github.vaecf.eval.Estimate;
import io.github.vaecf.eval.Estimate.Interval;
import io.github.vaecf.eval.TestResults;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What tells models apart, user by user, as tables.
 *
 * @param results the models
 * @param pairs each metric's comparisons of each pair of models
 */
public record Differences(TestResults results, List<TestResults.Difference> pairs) {
  /** The header of the table. */
  public static final List<String> HEADER =
      List.of(
          "first − second",
          "metric",
          "difference",
          "95 % interval",
          "p (t)",
          "p (t, Holm)",
          "p (Wilcoxon)");

  /**
   * Compares each pair of models.
   *
   * @param results models on the same users
   * @return the comparisons, by metric, then in the order of the models
   */
  public static Differences of(TestResults results) {
    return new Differences(results, results.differences());
  }

  /**
   * The rows of the table.
   *
   * @return a row a pair, a cell for each of {@link #HEADER}
   */
  public List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>();
    double[] corrected =
        Comparison.holm(pairs.stream().mapToDouble(pair -> pair.comparison().tTest()).toArray());
    for (TestResults.Difference pair : pairs) {
      Comparison comparison = pair.comparison();
      Interval interval = comparison.interval();
      rows.add(
          List.of(
              pair.first() + " − " + pair.second(),
              comparison.metric().name(),
              String.format(Locale.ROOT, "%+.4f", comparison.difference().mean()),
              String.format(Locale.ROOT, "%+.4f … %+.4f", interval.low(), interval.high()),
              probability(comparison.tTest()),
              probability(corrected[rows.size()]),
              probability(comparison.wilcoxon())));
    }
    return rows;
  }

  /**
   * One pair by the first metric.
   *
   * @param first the first model's name
   * @param second the second model's name
   * @return the difference and the probability of the paired t-test; empty if they were not
   *     compared in this order
   */
  public String inShort(String first, String second) {
    for (TestResults.Difference pair : pairs) {
      if (pair.first().equals(first) && pair.second().equals(second)) {
        String p = probability(pair.comparison().tTest());
        return String.format(Locale.ROOT, "%+.4f", pair.comparison().difference().mean())
            + (p.startsWith("<") ? " (p " : " (p = ")
            + p
            + ")";
      }
    }
    return "";
  }

  private static String signed(Estimate difference) {
    if (difference.users() == 0) {
      return "–";
    }
    return String.format(
        Locale.ROOT, "%+.4f ± %.4f", difference.mean(), difference.standardError());
  }

  /**
   * A probability for a table.
   *
   * @param p in [0, 1], or NaN
   * @return four digits, or a dash if there is none
   */
  public static String probability(double p) {
    if (Double.isNaN(p)) {
      return "–";
    }
    return p < 0.0001 ? "< 0.0001" : String.format(Locale.ROOT, "%.4f", p);
  }

  /**
   * Adds a section to a page; nothing where there is one model only.
   *
   * @param page receives it
   */
  public void addTo(Page page) {
    if (pairs.isEmpty()) {
      return;
    }
    page.section("Differences, user by user");
    page.numbers(
        "Paired tests, two-sided; p (t, Holm) is corrected for the number of comparisons.",
        HEADER,
        rows());
    List<String> header = new ArrayList<>(List.of("first − second"));
    List<TestResults.Group> activity = results.activity();
    activity.forEach(group -> header.add(group.band() + " items"));
    List<List<String>> byActivity = new ArrayList<>();
    for (TestResults.Difference pair : pairs) {
      if (pair.comparison().metric().equals(results.first())) {
        List<String> row = new ArrayList<>(List.of(pair.first() + " − " + pair.second()));
        activity.forEach(group -> row.add(signed(pair.comparison().difference(group.band()))));
        byActivity.add(row);
      }
    }
    page.numbers(
        results.first().name() + " among users with so many fold-in items; ± standard errors.",
        header,
        byActivity);
  }
}
