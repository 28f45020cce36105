package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.cli.report.Differences;
import io.github.vaecf.cli.report.Page;
import io.github.vaecf.cli.report.Sections;
import io.github.vaecf.cli.report.TrialSections;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.training.RunFolder.TrainingCurve;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.eval.Comparison;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.TestResults;
import io.github.vaecf.eval.search.AutoTraining;
import io.github.vaecf.eval.search.Trials.TrialResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vaecf auto}: the best of the whole family, within a given time. */
@Command(
    name = "auto",
    header = "Train the whole family within a given time and blend the best of it.",
    description = {
      "",
      "Fits the models one after another, cheap and strong ones first, looks for good settings where"
          + " the time allows, blends the best of each, and leaves the outcome ready to export. All"
          + " is chosen on the validation users; the test users are measured on at the end only."
          + " However it was stopped: the same command again goes on where it was, with the time"
          + " that was left, or with more.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vaecf auto --data data --out auto --minutes 20",
      "  vaecf export --run auto/model --out models/movies/1"
    })
final class AutoCommand extends Subcommand {
  @Mixin private MeasuringOptions measuring;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description =
          "Where everything goes: the trials, and the outcome in DIR/model. New, empty, or one to go"
              + " on in.")
  private Path out;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      defaultValue = "20",
      description = "How long it may take; default ${DEFAULT-VALUE}.")
  private double minutes;

  @Option(
      names = "--validation-metric",
      paramLabel = "METRIC",
      defaultValue = MeasuringOptions.VALIDATION_METRIC,
      description = "What decides; default ${DEFAULT-VALUE}.")
  private String metricName;

  /** How the outcome is called in tables, and its test users' results, where there are any. */
  private record Measured(String name, TestResults results, List<Double> corrected) {
    Evaluation evaluation(String model) {
      return results.models().get(model);
    }
  }

  @Override
  void run() throws Exception {
    RankingMetric metric = fromOption("--validation-metric", () -> RankingMetric.parse(metricName));
    fromOption("--metrics", measuring::withoutData);
    if (!(minutes > 0)) {
      throw wrongUsage("--minutes: expected a number above 0, found " + minutes);
    }
    Split split = measuring.split(EvaluateCommand.Part.VALIDATION);
    AutoTraining.Outcome outcome;
    long start = System.nanoTime();
    try (Interruption interruption = Interruption.watch();
        TrialDisplay display = new TrialDisplay(err(), 0, metric)) {
      outcome =
          AutoTraining.builder()
              .folder(out)
              .split(split)
              .metric(metric)
              .time(CheckpointOptions.minutes(minutes))
              .listener(display)
              .stopWhen(interruption::isRequested)
              .build()
              .run();
    }
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    Measured measured = measure(outcome, split);
    List<String> header = header(metric, measured);
    List<List<String>> rows = rows(outcome, measured);
    TextTable table = new TextTable(header.toArray(String[]::new));
    rows.forEach(table::row);
    out().println(table);
    outcome
        .passedOver()
        .forEach((model, why) -> out().printf("%s was passed over: %s%n", model, why));
    out()
        .printf(
            Locale.ROOT,
            "%s: validation %s %.4f, in %s. Model: %s%n",
            measured.name(),
            metric.name(),
            outcome.validation(),
            TrainingDisplay.inWords(time),
            outcome.model());
    writeJson(measuring.json(), toJson(outcome, metric, measured));
    Path page = out.resolve("report.html");
    WholeFile.replace(page, page(outcome, split, metric, measured, header, rows).toHtml());
    out().println("Report: " + page);
    out()
        .printf(
            "To train it on everybody: vaecf train --like %s --data %s --everybody --out RUN%n",
            outcome.model(), measuring.data());
  }

  /** The best of each model, and the outcome last. */
  private Measured measure(AutoTraining.Outcome outcome, Split split) {
    String name =
        outcome.members().size() == 1
            ? "the best, " + title(outcome.members().get(0).trial())
            : "blend";
    if (split.test().isEmpty()) {
      return new Measured(name, null, List.of());
    }
    TestResults results = new TestResults(split, measuring.metrics(split.train()));
    for (TrialResult result : outcome.bestOfEach()) {
      try (Recommender model = result.model()) {
        results.measure(title(result), model);
      }
    }
    try (Recommender model = TrainedModel.load(outcome.model())) {
      results.measure(name, model);
    }
    double[] corrected =
        Comparison.holm(
            outcome.bestOfEach().stream()
                .mapToDouble(result -> comparison(results, name, title(result)).tTest())
                .toArray());
    return new Measured(name, results, Arrays.stream(corrected).boxed().toList());
  }

  private static Comparison comparison(TestResults results, String first, String second) {
    return Comparison.of(
        results.models().get(first), results.models().get(second), results.first());
  }

  private static String title(TrialResult result) {
    return result.trial().settings().model().title();
  }

  private static List<String> header(RankingMetric metric, Measured measured) {
    List<String> header =
        new ArrayList<>(
            List.of("model", "tries", "settings", "time", "validation " + metric.name(), "weight"));
    if (measured.results() != null) {
      measured.results().metrics().forEach(one -> header.add("test " + one.name()));
      header.add(measured.name() + " − it (p, Holm)");
    }
    return header;
  }

  private static List<List<String>> rows(AutoTraining.Outcome outcome, Measured measured) {
    List<List<String>> rows = new ArrayList<>();
    for (TrialResult best : outcome.bestOfEach()) {
      List<TrialResult> tries =
          outcome.trials().stream().filter(one -> title(one).equals(title(best))).toList();
      double seconds = tries.stream().mapToDouble(one -> one.curve().seconds()).sum();
      List<String> row = new ArrayList<>();
      row.add(title(best));
      row.add(Integer.toString(tries.size()));
      row.add(settings(best));
      row.add(TrainingDisplay.inWords(Duration.ofMillis((long) (1000 * seconds))));
      row.add(TrialSections.validation(best));
      row.add(
          outcome.members().stream()
              .filter(member -> member.trial().equals(best))
              .findFirst()
              .map(member -> String.format(Locale.ROOT, "%.3f", member.weight()))
              .orElse(""));
      if (measured.results() != null) {
        addTest(row, measured, title(best));
        Comparison comparison = comparison(measured.results(), measured.name(), title(best));
        row.add(
            String.format(
                Locale.ROOT,
                "%+.4f (%s)",
                comparison.difference().mean(),
                Differences.probability(measured.corrected().get(rows.size()))));
      }
      rows.add(row);
    }
    List<String> last = new ArrayList<>(List.of(measured.name(), "", "", ""));
    last.add(String.format(Locale.ROOT, "%.4f", outcome.validation()));
    last.add("");
    if (measured.results() != null) {
      addTest(last, measured, measured.name());
      last.add("");
    }
    rows.add(last);
    return rows;
  }

  private static void addTest(List<String> row, Measured measured, String model) {
    for (RankingMetric metric : measured.results().metrics()) {
      row.add(EvaluationTable.cell(measured.evaluation(model), metric));
    }
  }

  /** What its settings are, of those that were searched over. */
  private static String settings(TrialResult result) {
    return result.trial().varied().entrySet().stream()
        .filter(one -> !one.getKey().equals("model"))
        .map(Map.Entry::toString)
        .collect(Collectors.joining(" "));
  }

  private Page page(
      AutoTraining.Outcome outcome,
      Split split,
      RankingMetric metric,
      Measured measured,
      List<String> header,
      List<List<String>> rows) {
    Page page = new Page("The family on " + out.toAbsolutePath().normalize().getFileName());
    page.section("Outcome");
    page.numbers(
        "The best of each model, and what was made of them. Chosen on the validation users.",
        header,
        rows);
    if (measured.results() != null) {
      Sections.results(page, measured.results());
      Sections.groups(page, measured.results());
    }
    page.section("Trials");
    TrialSections.table(page, "In the order in which they were run.", outcome.trials(), metric);
    Map<String, TrainingCurve> curves = new LinkedHashMap<>();
    outcome.bestOfEach().forEach(one -> curves.put(title(one), one.curve()));
    Sections.learningCurves(page, curves);
    Sections.data(page, split);
    Map<String, Path> runs = new LinkedHashMap<>();
    outcome.bestOfEach().forEach(one -> runs.put(title(one), one.run()));
    Sections.settings(page, runs);
    return page;
  }

  private static ObjectNode toJson(
      AutoTraining.Outcome outcome, RankingMetric metric, Measured measured) {
    ObjectNode root = jsonObject();
    root.put("model", outcome.model().toString())
        .put("validation_metric", metric.name())
        .put("validation", orNull(outcome.validation()));
    ArrayNode members = root.putArray("members");
    for (AutoTraining.Member member : outcome.members()) {
      members
          .addObject()
          .put("model", member.trial().trial().settings().model().name())
          .put("run", member.trial().run().toString())
          .put("weight", member.weight());
    }
    ArrayNode trials = root.putArray("trials");
    for (TrialResult result : outcome.trials()) {
      ObjectNode one = trials.addObject();
      one.put("trial", result.trial().name())
          .put("model", result.trial().settings().model().name())
          .put("end", result.end().toString())
          .put("validation", orNull(result.validation()))
          .put("seconds", result.curve().seconds());
      ObjectNode settings = one.putObject("settings");
      result.trial().settings().toText().forEach(settings::put);
    }
    ObjectNode passedOver = root.putObject("passed_over");
    outcome.passedOver().forEach(passedOver::put);
    if (measured.results() != null) {
      root.set("test", EvaluationTable.toJson(measured.results()));
      ArrayNode comparisons = root.putArray("comparisons");
      for (TrialResult best : outcome.bestOfEach()) {
        Comparison comparison = comparison(measured.results(), measured.name(), title(best));
        comparisons
            .addObject()
            .put("first", measured.name())
            .put("second", title(best))
            .put("metric", comparison.metric().name())
            .put("difference", comparison.difference().mean())
            .put("standard_error", comparison.difference().standardError())
            .put("p_t_test", orNull(comparison.tTest()))
            .put("p_t_test_holm", orNull(measured.corrected().get(comparisons.size() - 1)));
      }
    }
    return root;
  }
}
