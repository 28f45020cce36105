package io.github.vaecf.examples.report;

import io.github.vaecf.eval.Comparison;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.Interval;
import io.github.vaecf.eval.RankingMetric;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What tells models apart, user by user.
 *
 * @param pairs each metric's comparisons of each pair of models
 */
public record Differences(List<Pair> pairs) {
  /** The header of the table. */
  public static final List<String> HEADER =
      List.of("first − second", "metric", "difference", "95 % interval", "p (t)", "p (Wilcoxon)");

  /**
   * Two models.
   *
   * @param first the first model's name
   * @param second the second model's name
   * @param comparison the first minus the second
   */
  public record Pair(String first, String second, Comparison comparison) {}

  /**
   * Copies the list.
   *
   * @param pairs comparisons of pairs
   */
  public Differences {
    pairs = List.copyOf(pairs);
  }

  /**
   * Compares each pair of models.
   *
   * @param models evaluations on the same users, by the models' names
   * @param metrics metrics measured by all
   * @return the comparisons, by metric, then in the order of the models
   */
  public static Differences of(Map<String, Evaluation> models, List<RankingMetric> metrics) {
    List<String> names = List.copyOf(models.keySet());
    List<Pair> pairs = new ArrayList<>();
    for (RankingMetric metric : metrics) {
      for (int i = 0; i < names.size(); i++) {
        for (int j = i + 1; j < names.size(); j++) {
          String first = names.get(i);
          String second = names.get(j);
          pairs.add(
              new Pair(
                  first, second, Comparison.of(models.get(first), models.get(second), metric)));
        }
      }
    }
    return new Differences(pairs);
  }

  /**
   * The rows of the table.
   *
   * @return a row a pair, a cell for each of {@link #HEADER}
   */
  public List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>();
    for (Pair pair : pairs) {
      Comparison comparison = pair.comparison();
      Interval interval = comparison.interval();
      rows.add(
          List.of(
              pair.first() + " − " + pair.second(),
              comparison.metric().name(),
              String.format(Locale.ROOT, "%+.4f", comparison.difference().mean()),
              String.format(Locale.ROOT, "%+.4f … %+.4f", interval.low(), interval.high()),
              probability(comparison.tTest()),
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
    for (Pair pair : pairs) {
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

  private static String probability(double p) {
    return p < 0.0001 ? "< 0.0001" : String.format(Locale.ROOT, "%.4f", p);
  }

  /**
   * Adds a section to a page.
   *
   * @param page receives it
   */
  public void addTo(Page page) {
    page.section("Differences, user by user");
    page.numbers(
        "Paired tests, two-sided, not corrected for the number of comparisons.", HEADER, rows());
  }
}
