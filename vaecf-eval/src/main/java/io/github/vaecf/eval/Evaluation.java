package io.github.vaecf.eval;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;

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
   * @return the interval
   * @throws IllegalArgumentException if the metric was not measured
   */
  public Interval interval(RankingMetric metric) {
    requireMeasured(metric);
    return Interval.ofMean(values.get(metric));
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
   * How long the measuring took, added up over all threads; most of it passes while the model
   * works on the next users.
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
}
