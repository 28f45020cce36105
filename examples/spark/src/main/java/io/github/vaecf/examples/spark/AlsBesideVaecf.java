package io.github.vaecf.examples.spark;

import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.Recall;
import io.github.vaecf.spark.VaecfEstimator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.spark.ml.recommendation.ALS;
import org.apache.spark.ml.recommendation.ALSModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * MLlib's implicit ALS and models of this library, fitted to the same table of training pairs of a
 * prepared folder and measured on its held-out users, whom none of them saw. The settings of each
 * are searched over in the same way: from where the search starts to the neighbours of the best
 * point so far on a grid, by NDCG@100 of the validation users, with as many tries for each model.
 * What is found best is measured on the test users once.
 */
public final class AlsBesideVaecf {
  private static final List<RankingMetric> METRICS =
      List.of(Ndcg.at(100), Recall.at(20), Recall.at(50));

  /** A search's axes: the values that are worth trying, by the settings' names. */
  private static final Map<String, List<String>> ALS_AXES =
      new TreeMap<>(
          Map.of(
              "rank", List.of("16", "32", "64", "128"),
              "regParam", List.of("0.003", "0.01", "0.03", "0.1", "0.3", "1"),
              "alpha", List.of("0.3", "1", "3", "10", "40")));

  private final Dataset<Row> pairs;
  private final Split split;
  private final IdIndex columns; // the items by their numbers, as ALS wants them
  private final int tries;

  private AlsBesideVaecf(Dataset<Row> pairs, Split split, int tries) {
    this.pairs = pairs;
    this.split = split;
    this.tries = tries;
    columns =
        IdIndex.of(IntStream.range(0, split.items().size()).mapToObj(Integer::toString).toList());
  }

  /**
   * Compares.
   *
   * @param arguments a prepared folder, how many settings of each model are tried, and names of
   *     models, each with settings that are fixed if any: {@code vae:epochs=50}
   * @throws IOException as closing a session of Spark 4 may
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length < 3) {
      System.err.println("usage: AlsBesideVaecf DATA TRIES MODEL…");
      System.exit(2);
    }
    Split split = PreparedFolder.read(Path.of(arguments[0]));
    try (SparkSession spark = SparkSession.builder().appName("als").getOrCreate()) {
      List<Row> rows = new ArrayList<>();
      split.train().pairs().forEach((user, item) -> rows.add(RowFactory.create(user, item, 1f)));
      Dataset<Row> pairs =
          spark
              .createDataFrame(
                  rows,
                  new StructType()
                      .add("user", DataTypes.IntegerType)
                      .add("item", DataTypes.IntegerType)
                      .add("rating", DataTypes.FloatType))
              .cache();
      System.out.printf(
          Locale.ROOT,
          "%d training users, %d items, %d pairs, %d test users%n",
          split.train().rows(),
          split.items().size(),
          pairs.count(),
          split.test().users());
      AlsBesideVaecf comparison = new AlsBesideVaecf(pairs, split, Integer.parseInt(arguments[1]));
      comparison.search(
          "MLlib ALS",
          ALS_AXES,
          new TreeMap<>(Map.of("rank", "64", "regParam", "0.1", "alpha", "1")),
          comparison::als);
      for (String name : Arrays.asList(arguments).subList(2, arguments.length)) {
        comparison.searchOurs(name);
      }
    }
  }

  private void searchOurs(String argument) {
    List<String> parts = List.of(argument.split("[:,]"));
    Model model = Model.named(parts.get(0));
    Map<String, String> fixed = new LinkedHashMap<>();
    for (String part : parts.subList(1, parts.size())) {
      fixed.put(part.substring(0, part.indexOf('=')), part.substring(part.indexOf('=') + 1));
    }
    Map<String, List<String>> axes = new LinkedHashMap<>();
    Map<String, String> first = new LinkedHashMap<>();
    for (Setting<?> setting : model.settings()) {
      if (!setting.tried().isEmpty() && !fixed.containsKey(setting.name())) {
        axes.put(setting.name(), tried(setting));
        first.put(setting.name(), format(setting));
      }
    }
    search(model.title(), axes, first, values -> ours(model, fixed, values));
  }

  private static <T> List<String> tried(Setting<T> setting) {
    List<String> values = new ArrayList<>(setting.tried().stream().map(setting::format).toList());
    if (!values.contains(format(setting))) {
      values.add(format(setting));
    }
    return values;
  }

  private static <T> String format(Setting<T> setting) {
    return setting.format(setting.published());
  }

  private Recommender als(Map<String, String> values) {
    double regularization = Double.parseDouble(values.get("regParam"));
    double alpha = Double.parseDouble(values.get("alpha"));
    ALSModel model =
        new ALS()
            .setImplicitPrefs(true)
            .setRank(Integer.parseInt(values.get("rank")))
            .setRegParam(regularization)
            .setAlpha(alpha)
            .setMaxIter(10)
            .setSeed(1)
            .fit(pairs);
    return new FoldedInAls(model, regularization, alpha, columns);
  }

  private Recommender ours(Model model, Map<String, String> fixed, Map<String, String> values) {
    Settings settings = Settings.published(model).with(fixed).with(values);
    VaecfEstimator estimator =
        new VaecfEstimator().setSettings(settings).setSplit("none").setMinUserItems(0);
    return estimator.fit(pairs).recommender().over(columns);
  }

  private void search(
      String title,
      Map<String, List<String>> axes,
      Map<String, String> first,
      Function<Map<String, String>, Recommender> fit) {
    long start = System.nanoTime();
    Map<Map<String, String>, Double> tried = new LinkedHashMap<>();
    Map<String, String> best = first;
    while (best != null && tried.size() < tries) {
      try (Recommender model = fit.apply(best)) {
        double validation = measure(model, split.validation()).mean(METRICS.get(0));
        tried.put(best, validation);
        System.out.printf(Locale.ROOT, "  %s %s: %.4f%n", title, best, validation);
      }
      best = neighbour(axes, tried);
    }
    Map<String, String> chosen = best(tried);
    long searched = System.nanoTime();
    try (Recommender model = fit.apply(chosen)) {
      long fitted = System.nanoTime();
      Evaluation test = measure(model, split.test());
      StringBuilder line = new StringBuilder();
      for (RankingMetric metric : METRICS) {
        line.append(
            String.format(
                Locale.ROOT,
                " | %.4f ± %.4f",
                test.mean(metric),
                test.estimate(metric).standardError()));
      }
      System.out.printf(
          Locale.ROOT,
          "| %s, %s%s | %.4f | %d tries, %.0f s | fit %.0f s |%n",
          title,
          chosen,
          line,
          tried.get(chosen),
          tried.size(),
          (searched - start) / 1e9,
          (fitted - searched) / 1e9);
    }
  }

  private static Evaluation measure(Recommender model, HeldOut users) {
    return RankingEvaluator.of(METRICS).evaluate(model, users);
  }

  private static Map<String, String> best(Map<Map<String, String>, Double> tried) {
    Map<String, String> best = null;
    for (Map<String, String> one : tried.keySet()) {
      if (best == null || tried.get(one) > tried.get(best)) {
        best = one;
      }
    }
    return best;
  }

  /** A neighbour of the best point that was not tried yet; null where there is none. */
  private static Map<String, String> neighbour(
      Map<String, List<String>> axes, Map<Map<String, String>, Double> tried) {
    Map<String, String> best = best(tried);
    for (Map.Entry<String, List<String>> axis : axes.entrySet()) {
      int place = axis.getValue().indexOf(best.get(axis.getKey()));
      for (int step : new int[] {1, -1}) {
        if (place + step >= 0 && place + step < axis.getValue().size()) {
          Map<String, String> next = new LinkedHashMap<>(best);
          next.put(axis.getKey(), axis.getValue().get(place + step));
          if (!tried.containsKey(next)) {
            return next;
          }
        }
      }
    }
    return null;
  }
}
