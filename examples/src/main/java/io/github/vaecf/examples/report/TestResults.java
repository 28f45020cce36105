package io.github.vaecf.examples.report;

import io.github.vaecf.core.Scorer;
import io.github.vaecf.data.Split;
import io.github.vaecf.eval.Band;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.Popularity;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.RecallInBand;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Models measured on the test users of one split: what tables and reports are made from. Beside the
 * metrics that were asked for, recall is measured in bands of item popularity. Not safe for use by
 * many threads.
 */
public final class TestResults {
  private static final int BANDS = 5;

  private final Split split;
  private final List<RankingMetric> metrics;
  private final List<RecallInBand> byPopularity;
  private final RankingEvaluator evaluator;
  private final Map<String, Evaluation> models = new LinkedHashMap<>();

  /**
   * No model yet.
   *
   * @param split whose test users to measure on
   * @param metrics what to measure, at least one, each once; the first is the one that groups of
   *     users are compared by, and its k that of recall by popularity
   * @throws IllegalArgumentException if there is no metric, or two have one name
   */
  public TestResults(Split split, List<RankingMetric> metrics) {
    this.split = split;
    this.metrics = List.copyOf(metrics);
    RankingEvaluator.of(metrics); // refuses none at all
    Popularity popularity = Popularity.of(split.train());
    this.byPopularity =
        Band.ofPopularity(split.test(), popularity, BANDS).stream()
            .map(band -> RecallInBand.at(first().k(), popularity, band))
            .toList();
    List<RankingMetric> all = new ArrayList<>(metrics);
    all.addAll(byPopularity);
    this.evaluator = RankingEvaluator.of(all);
  }

  /**
   * Measures a model without adding it.
   *
   * @param model what to measure
   * @return its results
   */
  public Evaluation evaluate(Scorer model) {
    return evaluator.evaluate(model, split.test());
  }

  /**
   * Measures a model and adds it.
   *
   * @param name the model's name
   * @param model what to measure
   */
  public void measure(String name, Scorer model) {
    add(name, evaluate(model));
  }

  /**
   * Adds a model.
   *
   * @param name the model's name
   * @param evaluation what {@link #evaluate} gave for it
   */
  public void add(String name, Evaluation evaluation) {
    models.put(name, evaluation);
  }

  /**
   * What was asked for.
   *
   * @return at least one metric
   */
  public List<RankingMetric> metrics() {
    return metrics;
  }

  /**
   * The metric that groups of users are compared by.
   *
   * @return the first of the metrics
   */
  public RankingMetric first() {
    return metrics.get(0);
  }

  /**
   * Recall of items of about equal popularity.
   *
   * @return metrics that all models are measured by, from the least popular items to the most
   *     popular
   */
  public List<RecallInBand> byPopularity() {
    return byPopularity;
  }

  /**
   * Groups of users of whom the models are told about equally much.
   *
   * @return bands of the number of fold-in items, from the least active users to the most active
   */
  public List<Band> activity() {
    return Band.ofActivity(split.test(), BANDS);
  }

  /**
   * The models.
   *
   * @return their evaluations by their names, in the order in which they were added; a view
   */
  public Map<String, Evaluation> models() {
    return Collections.unmodifiableMap(models);
  }
}
