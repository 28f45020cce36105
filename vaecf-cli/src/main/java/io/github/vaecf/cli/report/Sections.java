package io.github.vaecf.cli.report;

import io.github.vaecf.cli.report.Plot.Point;
import io.github.vaecf.cli.report.Plot.Scale;
import io.github.vaecf.cli.report.Plot.Series;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.training.RunFolder;
import io.github.vaecf.core.training.RunFolder.TrainingCurve;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.Split;
import io.github.vaecf.eval.Estimate;
import io.github.vaecf.eval.Evaluation.Exposure;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.TestResults;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.ToDoubleFunction;

/** What reports are made of: each method adds a section to a page. */
public final class Sections {
  /** Of a normal distribution, 95 % lies within so many standard errors. */
  private static final double NORMAL_95 = 1.96;

  private static final int EXAMPLES = 5;
  private static final int SHOWN = 5;

  private Sections() {}

  /**
   * Measured results, with standard errors and 95 % intervals, and how the recommendations are
   * spread over the items.
   *
   * @param page receives the section
   * @param results at least one model's
   */
  public static void results(Page page, TestResults results) {
    page.section("Results on held-out users");
    List<String> header = new ArrayList<>(List.of("model"));
    for (RankingMetric metric : results.metrics()) {
      header.addAll(List.of(metric.name(), "95 % interval"));
    }
    SortedSet<Integer> cutoffs = new TreeSet<>();
    results.metrics().forEach(metric -> cutoffs.add(metric.k()));
    List<String> spreadHeader = new ArrayList<>(List.of("model"));
    cutoffs.forEach(k -> spreadHeader.addAll(List.of("coverage@" + k, "gini@" + k)));
    List<List<String>> rows = new ArrayList<>();
    List<List<String>> spreadRows = new ArrayList<>();
    results
        .models()
        .forEach(
            (name, evaluation) -> {
              List<String> row = new ArrayList<>(List.of(name));
              for (RankingMetric metric : results.metrics()) {
                Estimate estimate = evaluation.estimate(metric);
                double half = NORMAL_95 * estimate.standardError();
                row.add(number(estimate.mean()) + " ± " + number(estimate.standardError()));
                row.add(number(estimate.mean() - half) + " – " + number(estimate.mean() + half));
              }
              rows.add(row);
              List<String> spread = new ArrayList<>(List.of(name));
              for (int k : cutoffs) {
                Exposure exposure = evaluation.exposure(k);
                spread.addAll(List.of(number(exposure.coverage()), number(exposure.gini())));
              }
              spreadRows.add(spread);
            });
    int users = results.models().values().iterator().next().users();
    page.numbers(
        "Means over "
            + grouped(users)
            + " users, each ± its standard error; intervals by the normal approximation.",
        header,
        rows);
    page.numbers(
        "Share of the items that are recommended to anybody, and the Gini coefficient of how often:"
            + " 0 if all alike.",
        spreadHeader,
        spreadRows);
  }

  /**
   * How good the models are for users with few or many fold-in items, and at finding items that few
   * have or many.
   *
   * @param page receives the section
   * @param results at least one model's
   */
  public static void groups(Page page, TestResults results) {
    page.section("By user activity and item popularity");
    RankingMetric metric = results.first();
    page.plot(
        groups(
            results,
            metric.name() + " for users, by how many fold-in items they have.",
            "fold-in items",
            metric.name(),
            results.activity()));
    page.plot(
        groups(
            results,
            "Recall@" + metric.k() + " of held-out items, by how many training users have them.",
            "training users of the item",
            "recall@" + metric.k(),
            results.popularity()));
  }

  private static Plot groups(
      TestResults results,
      String caption,
      String xAxis,
      String yAxis,
      List<TestResults.Group> groups) {
    List<Series> series = new ArrayList<>();
    results
        .models()
        .forEach(
            (name, evaluation) -> {
              List<Point> points = new ArrayList<>();
              for (int i = 0; i < groups.size(); i++) {
                Estimate estimate = groups.get(i).estimate().apply(evaluation);
                if (estimate.users() > 0) {
                  points.add(new Point(i, estimate.mean(), estimate.standardError()));
                }
              }
              series.add(new Series(name, true, points));
            });
    return new Plot(
        caption + " Groups of about as many each; bars are standard errors.",
        xAxis,
        yAxis,
        Scale.LINEAR,
        groups.stream().map(group -> group.band().toString()).toList(),
        series);
  }

  /**
   * How the trainings went.
   *
   * @param page receives the section
   * @param curves the curves, by the runs' names; of each at least one epoch has ended
   */
  public static void learningCurves(Page page, Map<String, TrainingCurve> curves) {
    page.section("Training");
    List<List<String>> rows = new ArrayList<>();
    Map<String, TrainingCurve> trained = new LinkedHashMap<>();
    curves.forEach(
        (name, curve) -> {
          TrainingCurve.Epoch best = curve.best();
          boolean byGradient = isByGradient(curve);
          if (byGradient) {
            trained.put(name, curve);
          }
          rows.add(
              List.of(
                  name,
                  byGradient ? Integer.toString(curve.epochs().size()) : "–",
                  byGradient ? Integer.toString(best.number()) : "–",
                  number(best.validation()),
                  Double.isNaN(best.validation()) ? "–" : orDash(curve.metric())));
        });
    page.numbers("", List.of("run", "epochs", "best epoch", "its validation", "by"), rows);
    Map<String, Map<String, TrainingCurve>> byMetric = new LinkedHashMap<>();
    trained.forEach(
        (name, curve) ->
            byMetric
                .computeIfAbsent(curve.metric(), metric -> new LinkedHashMap<>())
                .put(name, curve));
    byMetric.forEach(
        (metric, alike) -> // numbers of different metrics do not belong in one plot
        curve(
                page,
                alike,
                "Validation after each epoch.",
                metric.isEmpty() ? "validation" : metric,
                epoch -> epoch.validation()));
    curve(
        page,
        trained,
        "Loss: reconstruction and, weighted, the other parts.",
        "loss",
        epoch -> epoch.loss());
    curve(
        page,
        trained,
        "Reconstruction, the loss without its other parts: of Mult-VAE and Mult-DAE the negative"
            + " log-likelihood.",
        "reconstruction",
        epoch -> epoch.reconstruction());
    Map<String, TrainingCurve> variational = new LinkedHashMap<>();
    trained.forEach(
        (name, one) -> {
          if (one.epochs().stream().anyMatch(epoch -> epoch.kl() != 0)) {
            variational.put(name, one);
          }
        });
    if (!variational.isEmpty()) {
      curve(page, variational, "KL divergence, not weighted.", "KL", epoch -> epoch.kl());
      curve(page, variational, "Weight β of the KL divergence.", "β", epoch -> epoch.beta());
    }
  }

  private static String orDash(String text) {
    return text.isEmpty() ? "–" : text;
  }

  /** Whether there were epochs, and losses: a model in closed form is fitted in one go. */
  static boolean isByGradient(TrainingCurve curve) {
    return curve.epochs().stream().anyMatch(epoch -> !Double.isNaN(epoch.loss()));
  }

  private static void curve(
      Page page,
      Map<String, TrainingCurve> curves,
      String caption,
      String axis,
      ToDoubleFunction<TrainingCurve.Epoch> value) {
    List<Series> series = new ArrayList<>();
    curves.forEach(
        (name, curve) -> {
          List<Point> points = new ArrayList<>();
          for (TrainingCurve.Epoch epoch : curve.epochs()) {
            double y = value.applyAsDouble(epoch);
            if (Double.isFinite(y)) {
              points.add(new Point(epoch.number(), y));
            }
          }
          if (!points.isEmpty()) {
            series.add(new Series(name, true, points));
          }
        });
    if (!series.isEmpty()) {
      page.plot(new Plot(caption, "epoch", axis, Scale.LINEAR, series));
    }
  }

  /**
   * The settings of runs side by side: all that is needed to do them again.
   *
   * @param page receives the section
   * @param runFolders run folders, by the runs' names
   * @throws DataException if a folder holds no run, or it cannot be read
   */
  public static void settings(Page page, Map<String, Path> runFolders) {
    List<Map<String, String>> runs =
        runFolders.values().stream().map(RunFolder::configuration).toList();
    Map<String, Set<String>> names = new LinkedHashMap<>(); // by their first word
    for (Map<String, String> run : runs) {
      for (String name : run.keySet()) {
        names.computeIfAbsent(name.split(" ", 2)[0], word -> new LinkedHashSet<>()).add(name);
      }
    }
    List<String> header = new ArrayList<>(List.of("setting"));
    header.addAll(runFolders.keySet());
    List<List<String>> rows = new ArrayList<>();
    for (Set<String> group : names.values()) {
      for (String name : group) {
        List<String> row = new ArrayList<>(List.of(name));
        runs.forEach(run -> row.add(inShort(run.getOrDefault(name, ""))));
        rows.add(row);
      }
    }
    page.section("Settings");
    page.words("All that is needed to do the runs again.", header, rows);
  }

  /** Long values are fingerprints, which tell apart also by their beginnings. */
  private static String inShort(String value) {
    return value.length() > 16 ? value.substring(0, 12) + "…" : value;
  }

  /**
   * What the data is like: how it came about, how active users and how popular items are.
   *
   * @param page receives the section
   * @param split the data
   */
  public static void data(Page page, Split split) {
    page.section("Data");
    if (!split.stages().isEmpty()) {
      List<List<String>> rows = new ArrayList<>();
      for (Split.Stage stage : split.stages()) {
        rows.add(
            List.of(
                stage.name(),
                grouped(stage.users()),
                grouped(stage.items()),
                grouped(stage.events())));
      }
      page.numbers(
          "From the log to the split.", List.of("stage", "users", "items", "events"), rows);
    }
    CsrMatrix train = split.train();
    page.numbers(
        "",
        List.of("part", "users", "fold-in", "held-out"),
        List.of(
            List.of("training", grouped(train.rows()), grouped(train.entries()), ""),
            part("validation", split.validation()),
            part("test", split.test())));
    int[] sizes = new int[train.rows()];
    for (int user = 0; user < sizes.length; user++) {
      sizes[user] = train.rowSize(user);
    }
    page.plot(
        ranked("Items of each training user, the most active first.", "users", "items", sizes));
    page.plot(
        ranked(
            "Training users of each item, the most popular first.",
            "items",
            "users",
            train.columnCounts()));
  }

  private static List<String> part(String name, HeldOut part) {
    return List.of(
        name,
        grouped(part.users()),
        grouped(part.foldIn().entries()),
        grouped(part.heldOut().entries()));
  }

  /** Counts in falling order over their ranks, thinned out evenly on the logarithmic axis. */
  private static Plot ranked(String caption, String xAxis, String yAxis, int[] counts) {
    int[] sorted = counts.clone();
    Arrays.sort(sorted);
    List<Point> points = new ArrayList<>();
    int last = -1;
    for (int step = 0; step <= 200; step++) {
      int rank = (int) Math.round(Math.pow(sorted.length, step / 200.0)) - 1;
      if (rank > last && rank < sorted.length && sorted[sorted.length - 1 - rank] > 0) {
        points.add(new Point(rank + 1, sorted[sorted.length - 1 - rank]));
        last = rank;
      }
    }
    return new Plot(caption, xAxis, yAxis, Scale.LOG, List.of(new Series(yAxis, true, points)));
  }

  /**
   * Recommendations for the first test users, with titles where they are known.
   *
   * @param page receives the section
   * @param split the data
   * @param recommender gives the best k items for a history of raw ids
   */
  public static void examples(
      Page page, Split split, BiFunction<List<String>, Integer, List<Recommendation>> recommender) {
    page.section("Example recommendations");
    page.paragraph(
        "For test users, whom training never saw: their fold-in items, and what the model"
            + " recommends. ✓ marks an item that was held out.");
    List<List<String>> rows = new ArrayList<>();
    HeldOut test = split.test();
    for (int user = 0; user < test.users() && rows.size() < EXAMPLES; user++) {
      if (test.heldOut().rowSize(user) == 0) {
        continue;
      }
      List<String> history = split.items().ids(test.foldIn().row(user));
      List<String> heldOut = split.items().ids(test.heldOut().row(user));
      List<String> names = new ArrayList<>();
      for (Recommendation one : recommender.apply(history, SHOWN)) {
        names.add((heldOut.contains(one.item()) ? "✓ " : "") + name(split, one.item()));
      }
      rows.add(
          List.of(
              split.users().id(test.firstUser() + user),
              String.join("; ", history.stream().limit(6).map(id -> name(split, id)).toList())
                  + (history.size() > 6 ? "; and " + (history.size() - 6) + " more" : ""),
              String.join("; ", names)));
    }
    page.words("", List.of("user", "fold-in", "recommended"), rows);
  }

  private static String name(Split split, String id) {
    String title = split.titles().get(id);
    return title == null || title.isEmpty() ? id : id + " (" + title + ")";
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, "%.4f", value);
  }

  private static String grouped(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }
}
