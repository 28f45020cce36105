package io.github.vaecf.eval;

import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Models measured on the test users of one split: what tables and reports are made from. Beside the
 * given metrics, recall is measured in bands of item popularity. Not safe for use by many threads.
 */
public final class TestResults {
  private static final int BANDS = 5;

  /**
   * Users or items that are much alike, and what a model's results among them are.
   *
   * @param band counts that they have in common: fold-in items, or training users
   * @param estimate gives a model's result: the first metric among these users, recall of these
   *     items
   */
  public record Group(Band band, Function<Evaluation, Estimate> estimate) {}

  /**
   * What tells two models apart, user by user.
   *
   * @param first the first model's name
   * @param second the second model's name
   * @param comparison the first minus the second
   */
  public record Difference(String first, String second, Comparison comparison) {}

  private final Split split;
  private final List<RankingMetric> metrics;
  private final List<Group> activity;
  private final List<Group> popularity;
  private final RankingEvaluator evaluator;
  private final Map<String, Evaluation> models = new LinkedHashMap<>();

  /**
   * No model yet.
   *
   * @param split whose test users to measure on
   * @param metrics what to measure, at least one, each once; the first is the one that groups of
   *     users are compared by, and its k that of recall by popularity
   * @throws IllegalArgumentException if there is no metric, or two have one name
   * @throws DataException if no test user has anything held out
   */
  public TestResults(Split split, List<RankingMetric> metrics) {
    this.split = split;
    this.metrics = List.copyOf(metrics);
    RankingEvaluator.of(metrics); // refuses none at all
    RankingEvaluator.requireHeldOut(split.test());
    RankingMetric first = metrics.get(0);
    this.activity =
        Band.ofActivity(split.test(), BANDS).stream()
            .map(band -> new Group(band, evaluation -> evaluation.estimate(first, band)))
            .toList();
    List<RankingMetric> all = new ArrayList<>(metrics);
    List<Group> items = new ArrayList<>();
    Popularity counts = Popularity.of(split.train());
    for (Band band : Band.ofPopularity(split.test(), counts, BANDS)) {
      RankingMetric recall = RecallInBand.at(first.k(), counts, band);
      all.add(recall);
      items.add(new Group(band, evaluation -> evaluation.estimate(recall)));
    }
    this.popularity = List.copyOf(items);
    this.evaluator = RankingEvaluator.of(all);
  }

  /**
   * Measures a model without adding it.
   *
   * @param model what to measure
   * @return its results
   */
  public Evaluation evaluate(Recommender model) {
    return evaluator.evaluate(model, split.test());
  }

  /**
   * Measures a model and adds it.
   *
   * @param name the model's name
   * @param model what to measure
   */
  public void measure(String name, Recommender model) {
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
   * What is measured.
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
   * Groups of users with about equally many fold-in items.
   *
   * @return from the least active users to the most active
   */
  public List<Group> activity() {
    return activity;
  }

  /**
   * Groups of items that about equally many training users have.
   *
   * @return from the least popular items to the most popular
   */
  public List<Group> popularity() {
    return popularity;
  }

  /**
   * The models.
   *
   * @return their evaluations by their names, in the order in which they were added; a view
   */
  public Map<String, Evaluation> models() {
    return Collections.unmodifiableMap(models);
  }

  /**
   * Compares each pair of models by each metric.
   *
   * @return the differences, by metric, then in the order of the models; none of one model
   */
  public List<Difference> differences() {
    List<String> names = List.copyOf(models.keySet());
    List<Difference> differences = new ArrayList<>();
    for (RankingMetric metric : metrics) {
      for (int i = 0; i < names.size(); i++) {
        for (int j = i + 1; j < names.size(); j++) {
          Evaluation first = models.get(names.get(i));
          Evaluation second = models.get(names.get(j));
          differences.add(
              new Difference(names.get(i), names.get(j), Comparison.of(first, second, metric)));
        }
      }
    }
    return differences;
  }
}
