package io.github.vaecf.eval;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.Estimate.Interval;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What a {@link RankingEvaluator} measured: of each metric the value of every user, and the mean
 * with its standard error. Immutable and safe for use by many threads.
 */
public final class Evaluation {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final HeldOut heldOut;
  private final Map<RankingMetric, double[]> values;
  private final Map<RankingMetric, Estimate> estimates = new LinkedHashMap<>();
  private final Map<RankingMetric, Interval> intervals = new ConcurrentHashMap<>();
  private final SortedMap<Integer, Exposure> exposures;
  private final int users;
  private final double seconds;
  private final double scoringSeconds;
  private final double measuringSeconds;

  Evaluation(
      HeldOut heldOut,
      Map<RankingMetric, double[]> values,
      SortedMap<Integer, Exposure> exposures,
      double seconds,
      double scoringSeconds,
      double measuringSeconds) {
    this.heldOut = heldOut;
    this.values = values;
    values.forEach((metric, ofUsers) -> estimates.put(metric, Estimate.of(ofUsers)));
    this.exposures = exposures;
    int counting = 0;
    for (int user = 0; user < heldOut.users(); user++) {
      if (heldOut.heldOut().rowSize(user) > 0) {
        counting++;
      }
    }
    this.users = counting;
    this.seconds = seconds;
    this.scoringSeconds = scoringSeconds;
    this.measuringSeconds = measuringSeconds;
  }

  /**
   * What was measured, in the order in which it was asked for.
   *
   * @return the metrics, at least one
   */
  public List<RankingMetric> metrics() {
    return List.copyOf(estimates.keySet());
  }

  /**
   * The number of users that count: those with something held out.
   *
   * @return at least 1
   */
  public int users() {
    return users;
  }

  /**
   * The users that were measured on.
   *
   * @return the users, also those that do not count
   */
  public HeldOut heldOut() {
    return heldOut;
  }

  /**
   * A metric's mean and standard error.
   *
   * @param metric a metric that was measured
   * @return mean, standard error and number of users
   * @throws IllegalArgumentException if the metric was not measured
   */
  public Estimate estimate(RankingMetric metric) {
    requireMeasured(metric);
    return estimates.get(metric);
  }

  /**
   * A metric's mean and standard error over the users of a band.
   *
   * @param metric a metric that was measured
   * @param activity how many fold-in items a user of the band has
   * @return mean, standard error and number of users; NaN over 0 users if none is in the band
   * @throws IllegalArgumentException if the metric was not measured
   */
  public Estimate estimate(RankingMetric metric, Band activity) {
    double[] inside = values(metric);
    for (int user = 0; user < inside.length; user++) {
      if (!activity.contains(heldOut.foldIn().rowSize(user))) {
        inside[user] = Double.NaN;
      }
    }
    return Estimate.of(inside);
  }

  /**
   * A metric's mean.
   *
   * @param metric a metric that was measured
   * @return the mean over the users that count
   * @throws IllegalArgumentException if the metric was not measured
   */
  public double mean(RankingMetric metric) {
    return estimate(metric).mean();
  }

  /**
   * A metric's value for each user.
   *
   * @param metric a metric that was measured
   * @return a new array, one value for each row of {@link #heldOut()}; NaN for a user with nothing
   *     held out
   * @throws IllegalArgumentException if the metric was not measured
   */
  public double[] values(RankingMetric metric) {
    requireMeasured(metric);
    return values.get(metric).clone();
  }

  /**
   * A 95 % interval of a metric's mean, by resampling the users.
   *
   * @param metric a metric that was measured
   * @return the interval; NaN … NaN if fewer than two users have a value
   * @throws IllegalArgumentException if the metric was not measured
   */
  public Interval interval(RankingMetric metric) {
    requireMeasured(metric);
    return intervals.computeIfAbsent(metric, asked -> Interval.ofMean(values.get(asked)));
  }

  /**
   * How the best k items of all users that count are spread over the catalogue.
   *
   * @param k the k of a metric that was measured
   * @return the exposure of the items
   * @throws IllegalArgumentException if no metric with this k was measured
   */
  public Exposure exposure(int k) {
    Exposure exposure = exposures.get(k);
    if (exposure == null) {
      throw new IllegalArgumentException(
          "no metric looked at the best " + k + " items; measured were " + names());
    }
    return exposure;
  }

  /**
   * How long the evaluation took, from start to end.
   *
   * @return seconds
   */
  public double seconds() {
    return seconds;
  }

  /**
   * How long the model took to rank all users.
   *
   * @return seconds
   */
  public double scoringSeconds() {
    return scoringSeconds;
  }

  /**
   * How long the measuring took, added up over all threads; most of it passes while the model works
   * on the next users.
   *
   * @return seconds of processor time
   */
  public double measuringSeconds() {
    return measuringSeconds;
  }

  /**
   * The result as a JSON object: {@code {"model": …, "split": …, "users": n, "metrics":
   * {"ndcg@100": {"mean": …, "standard_error": …, "users": n}, …}, "exposure": {"100": {"coverage":
   * …, "gini": …}, …}, "seconds": …, "scoring_seconds": …, "measuring_seconds": …}}.
   *
   * @param model what was evaluated
   * @param split on which users, such as {@code test}
   * @return JSON text, indented
   */
  public String toJson(String model, String split) {
    ObjectNode root = JSON.createObjectNode();
    root.put("model", model).put("split", split).put("users", users);
    ObjectNode metrics = root.putObject("metrics");
    estimates.forEach(
        (metric, estimate) ->
            metrics
                .putObject(metric.name())
                .put("mean", estimate.mean())
                .put("standard_error", estimate.standardError())
                .put("users", estimate.users()));
    ObjectNode spread = root.putObject("exposure");
    exposures.forEach(
        (cutoff, exposure) ->
            spread
                .putObject(Integer.toString(cutoff))
                .put("coverage", exposure.coverage())
                .put("gini", exposure.gini()));
    root.put("seconds", seconds)
        .put("scoring_seconds", scoringSeconds)
        .put("measuring_seconds", measuringSeconds);
    try {
      return JSON.writeValueAsString(root);
    } catch (IOException e) {
      throw new UncheckedIOException("a tree of numbers could not be written as JSON", e);
    }
  }

  /**
   * Writes a table with a row for each user that counts: raw id, number of fold-in and of held-out
   * items, and the value of each metric. CSV with a header.
   *
   * @param target receives the text
   * @param userIds raw ids of all users of the split
   * @throws IOException if the target cannot be written
   */
  public void writeUsers(Writer target, IdIndex userIds) throws IOException {
    try {
      CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(target);
      List<String> row = new ArrayList<>(List.of("user", "fold_in", "held_out"));
      row.addAll(names());
      csv.writeRecord(row);
      for (int user = 0; user < heldOut.users(); user++) {
        if (heldOut.heldOut().rowSize(user) == 0) {
          continue;
        }
        row.clear();
        row.add(userIds.id(heldOut.firstUser() + user));
        row.add(Integer.toString(heldOut.foldIn().rowSize(user)));
        row.add(Integer.toString(heldOut.heldOut().rowSize(user)));
        for (double[] ofUsers : values.values()) {
          row.add(Double.toString(ofUsers[user]));
        }
        csv.writeRecord(row);
      }
      csv.flush();
    } catch (UncheckedIOException e) {
      throw e.getCause(); // as flushing throws it
    }
  }

  private void requireMeasured(RankingMetric metric) {
    if (!estimates.containsKey(metric)) {
      throw new IllegalArgumentException(
          "metric " + metric.name() + " was not measured; measured were " + names());
    }
  }

  private List<String> names() {
    return metrics().stream().map(RankingMetric::name).toList();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("Evaluation[").append(users).append(" users");
    estimates.forEach(
        (metric, estimate) ->
            text.append(
                String.format(
                    Locale.ROOT,
                    ", %s %.4f ± %.4f",
                    metric.name(),
                    estimate.mean(),
                    estimate.standardError())));
    return text.append(']').toString();
  }

  /**
   * How the recommendations are spread over the items: how often each item is among the best k of a
   * user that counts. Immutable and safe for use by many threads.
   */
  public static final class Exposure {
    private final int k;
    private final int[] counts;

    Exposure(int k, int[] counts) {
      this.k = k;
      this.counts = counts;
    }

    /**
     * How many of each user's best items are counted.
     *
     * @return at least 1
     */
    public int k() {
      return k;
    }

    /**
     * How often each item is recommended.
     *
     * @return a new array, a count for each item
     */
    public int[] counts() {
      return counts.clone();
    }

    /**
     * The share of the items that are recommended to anybody, in [0, 1].
     *
     * <p>Herlocker, Konstan, Terveen, Riedl: Evaluating collaborative filtering recommender
     * systems, ACM TOIS 22(1), 2004, section 4.3.1 (catalogue coverage).
     *
     * @return items recommended at least once, divided by all items
     */
    public double coverage() {
      int recommended = 0;
      for (int count : counts) {
        if (count > 0) {
          recommended++;
        }
      }
      return (double) recommended / counts.length;
    }

    /**
     * The Gini coefficient of the counts, from 0 (every item is recommended equally often) to (n −
     * 1) / n (one of n items gets all): with counts c₁ ≤ … ≤ cₙ, Σ (2i − n − 1) cᵢ / (n Σ cᵢ).
     *
     * <p>Gini: Variabilità e mutabilità, 1912; for recommendations Fleder, Hosanagar: Blockbuster
     * culture's next rise or fall, Management Science 55(5), 2009.
     *
     * @return the coefficient; 0 where nothing is recommended
     */
    public double gini() {
      int[] sorted = counts.clone();
      Arrays.sort(sorted);
      double weighted = 0;
      double sum = 0;
      for (int i = 0; i < sorted.length; i++) {
        weighted += (2.0 * (i + 1) - sorted.length - 1) * sorted[i];
        sum += sorted[i];
      }
      return sum == 0 ? 0 : weighted / (sorted.length * sum);
    }
  }
}
