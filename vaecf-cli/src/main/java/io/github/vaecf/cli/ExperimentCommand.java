package io.github.vaecf.cli;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import io.github.vaecf.cli.report.Differences;
import io.github.vaecf.cli.report.Page;
import io.github.vaecf.cli.report.Sections;
import io.github.vaecf.cli.report.TrialSections;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.MostPopular;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.RunFolder.TrainingCurve;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer.CheckpointPolicy;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.data.splitting.Undersampling;
import io.github.vaecf.eval.Estimate;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.Recall;
import io.github.vaecf.eval.TestResults;
import io.github.vaecf.eval.published.PublishedResult;
import io.github.vaecf.eval.search.ExperimentPlan;
import io.github.vaecf.eval.search.Trial;
import io.github.vaecf.eval.search.Trials;
import io.github.vaecf.eval.search.Trials.TrialResult;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vaecf experiment}: what each setting does, in one report. */
@Command(
    name = "experiment",
    header = "Compare models and what each setting does, in one report.",
    description = {
      "",
      "Trains each model with the same settings, then with other learning rates, caps of the"
          + " annealing, numbers of epochs and L2 penalties, and with undersampled training data;"
          + " measures all on the test users, beside the published table where the data is a"
          + " published set. However it was stopped: the same command again goes on where it was.",
      ""
    },
    footer = {"", "Example:", "  vaecf experiment --data data --out experiment --quick"})
final class ExperimentCommand extends Subcommand {
  private static final RankingMetric VALIDATION = Ndcg.at(100);
  private static final List<RankingMetric> METRICS =
      List.of(Recall.at(20), Recall.at(50), VALIDATION);
  private static final int QUICK_EPOCHS = 20;

  /** Items that count as very popular: one in so many. */
  private static final int POPULAR = 20;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The prepared folder to train and to measure on.")
  private Path data;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Where run folders, experiment.csv and report.html go; new, or of this one.")
  private Path out;

  @Option(
      names = "--quick",
      description = "Try fewer values, and train 20 epochs unless --epochs says another number.")
  private boolean quick;

  @Option(
      names = "--undersample-to",
      paramLabel = "N",
      description =
          "In the trials with undersampling an item keeps N training users at most; default: as"
              + " many as the item has that one in 20 items are more popular than.")
  private Integer undersampleTo;

  @Option(
      names = "--models",
      split = ",",
      paramLabel = "MODEL",
      defaultValue = "vae,dae",
      completionCandidates = NamedModel.Gradient.class,
      description =
          "Which models, of ${COMPLETION-CANDIDATES}; a setting is varied for those that have it;"
              + " default ${DEFAULT-VALUE}.")
  private List<String> models;

  @Mixin private CheckpointOptions checkpointOptions;

  @Mixin private SettingOptions settingOptions;

  private Split split;
  private Split undersampled;
  private ExperimentPlan plan;
  private final Map<Trial, TrialResult> results = new LinkedHashMap<>();
  private final Map<Trial, Evaluation> evaluations = new LinkedHashMap<>();

  @Override
  void run() throws Exception {
    CheckpointPolicy checkpoints = fromOptions(checkpointOptions::policy);
    plan = fromOptions(this::plan);
    split = PreparedFolder.read(data);
    EvaluateCommand.Part.TEST.requireHeldOut(split, data);
    if (split.validation().isEmpty()) {
      err().println(data + " has no validation users: of each trial the last epoch is kept");
    }
    undersampled = fromOptions(this::undersampled);
    TestResults tested = new TestResults(split, METRICS); // refuses a split without a test
    train(checkpoints);
    for (TrialResult result : results.values()) {
      if (result.end() == TrialResult.End.DONE) {
        try (TrainedModel model = result.model()) {
          evaluations.put(result.trial(), tested.evaluate(model));
        }
      }
    }
    for (ExperimentPlan.Series series : plan.series()) {
      out().println(series.title());
      TextTable table = new TextTable(header(series).toArray(String[]::new));
      rows(series).forEach(table::row);
      out().println(table);
    }
    WholeFile.replace(out.resolve("experiment.csv"), table());
    Path page = out.resolve("report.html");
    WholeFile.replace(page, page(tested).toHtml());
    out().println("Report: " + page);
  }

  private ExperimentPlan plan() {
    List<Settings> settings = new ArrayList<>();
    for (String model : models) {
      Settings published = NamedModel.gradientSettings(model);
      settings.add(quick ? published.with(TrainingSettings.EPOCHS, QUICK_EPOCHS) : published);
    }
    return ExperimentPlan.of(settingOptions.appliedTo(settings), quick);
  }

  private Split undersampled() {
    int[] counts = split.train().columnCounts();
    Arrays.sort(counts);
    int users =
        undersampleTo == null
            ? Math.max(1, counts[counts.length - 1 - counts.length / POPULAR])
            : undersampleTo;
    long seed = plan.base().get(0).settings().get(TrainingSettings.SEED);
    return new Undersampling(Integer.MAX_VALUE, users, 0, seed & 0xffff_ffffL).apply(split);
  }

  private void train(CheckpointPolicy checkpoints) {
    int count = plan.whole().size() + plan.undersampled().size();
    try (Interruption interruption = Interruption.watch();
        TrialDisplay display = new TrialDisplay(err(), count, VALIDATION)) {
      Trials.Builder trials =
          Trials.builder()
              .metric(VALIDATION)
              .purpose(
                  "experiment",
                  Map.of(
                      "undersample-to",
                      undersampleTo == null ? "default" : undersampleTo.toString()))
              .checkpoints(checkpoints)
              .listener(display)
              .stopWhen(interruption::isRequested);
      List<TrialResult> all =
          new ArrayList<>(trials.folder(out).split(split).build().run(plan.whole()));
      all.addAll(
          trials
              .folder(out.resolve("undersampled"))
              .split(undersampled)
              .build()
              .run(plan.undersampled()));
      all.forEach(result -> results.put(result.trial(), result));
    }
  }

  private static List<String> header(ExperimentPlan.Series series) {
    List<String> header =
        new ArrayList<>(List.of("model", series.title().toLowerCase(Locale.ROOT)));
    header.add("validation " + VALIDATION.name());
    METRICS.forEach(metric -> header.add("test " + metric.name()));
    header.addAll(List.of("best epoch", "end"));
    return header;
  }

  private List<List<String>> rows(ExperimentPlan.Series series) {
    List<List<String>> rows = new ArrayList<>();
    for (ExperimentPlan.Row one : series.rows()) {
      TrialResult result = results.get(one.trial());
      Evaluation evaluation = evaluations.get(one.trial());
      List<String> row = new ArrayList<>(List.of(one.model().title(), one.value()));
      row.add(TrialSections.validation(result));
      METRICS.forEach(
          metric -> row.add(evaluation == null ? "–" : EvaluationTable.cell(evaluation, metric)));
      row.add(result.epoch() + " of " + result.curve().epochs().size());
      row.add(result.end().toString());
      rows.add(row);
    }
    return rows;
  }

  private String table() throws IOException {
    StringWriter text = new StringWriter();
    CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text);
    List<String> row = new ArrayList<>(List.of("series", "model", "value", "trial", "end"));
    row.addAll(List.of("best_epoch", "epochs", "seconds", "validation", "validation_metric"));
    METRICS.forEach(
        metric -> row.addAll(List.of(metric.name(), metric.name() + "_standard_error")));
    csv.writeRecord(row);
    for (ExperimentPlan.Series series : plan.series()) {
      for (ExperimentPlan.Row one : series.rows()) {
        TrialResult result = results.get(one.trial());
        row.clear();
        row.addAll(List.of(series.title(), one.model().name(), one.value()));
        row.addAll(List.of(one.trial().name(), result.end().toString()));
        row.add(Integer.toString(result.epoch()));
        row.add(Integer.toString(result.curve().epochs().size()));
        row.add(String.format(Locale.ROOT, "%.1f", result.curve().seconds()));
        row.add(Double.isNaN(result.validation()) ? "" : Double.toString(result.validation()));
        row.add(Double.isNaN(result.validation()) ? "" : VALIDATION.name());
        Evaluation evaluation = evaluations.get(one.trial());
        for (RankingMetric metric : METRICS) {
          Estimate estimate = evaluation == null ? null : evaluation.estimate(metric);
          row.add(estimate == null ? "" : Double.toString(estimate.mean()));
          row.add(estimate == null ? "" : Double.toString(estimate.standardError()));
        }
        csv.writeRecord(row);
      }
    }
    csv.flush();
    return text.toString();
  }

  private Page page(TestResults tested) {
    Page page = new Page("Experiment on " + data);
    Map<String, Path> runs = new LinkedHashMap<>();
    Map<String, TrainingCurve> curves = new LinkedHashMap<>();
    for (Trial trial : plan.base()) {
      String title = trial.settings().model().title();
      TrialResult result = results.get(trial);
      if (evaluations.containsKey(trial)) {
        tested.add(title, evaluations.get(trial));
        curves.put(title, result.curve());
      }
      runs.put(title, result.run());
    }
    Settings popular = Settings.published(new MostPopular());
    try (TrainedModel model = NamedModel.fit(popular, split)) {
      tested.measure(popular.model().title(), model);
    }
    Sections.results(page, tested);
    if (!Synthetic.is(split)) {
      PublishedResult.of(split)
          .ifPresent(published -> PublishedTable.add(page, published, tested.models()));
    }
    Differences.of(tested).addTo(page);
    for (ExperimentPlan.Series series : plan.series()) {
      page.section(series.title());
      page.paragraph(series.question());
      page.numbers(
          "Validation decides, test reports; ± standard errors.", header(series), rows(series));
      best(series).ifPresent(page::paragraph);
      List<TrialResult> shown =
          series.rows().stream().map(row -> results.get(row.trial())).distinct().toList();
      TrialSections.curves(page, "Validation after each epoch.", shown, VALIDATION);
    }
    page.section("Undersampled data");
    Split.Stage stage = undersampled.stages().get(undersampled.stages().size() - 1);
    page.paragraph(
        String.format(
            Locale.ROOT,
            "In these trials %s: %,d of %,d training events are left.",
            stage.name(),
            undersampled.train().entries(),
            split.train().entries()));
    Sections.groups(page, tested);
    if (!curves.isEmpty()) {
      Sections.learningCurves(page, curves);
    }
    TrialResult first = results.get(plan.base().get(0));
    if (first.end() == TrialResult.End.DONE) {
      try (TrainedModel model = first.model()) {
        Sections.examples(page, split, model::recommend);
      }
    }
    Sections.data(page, split);
    Sections.settings(page, runs);
    return page;
  }

  /** A sentence on the row of the best validation of each model. */
  private Optional<String> best(ExperimentPlan.Series series) {
    List<String> parts = new ArrayList<>();
    for (Trial base : plan.base()) {
      Model model = base.settings().model();
      series.rows().stream()
          .filter(row -> row.model().name().equals(model.name()))
          .filter(row -> evaluations.containsKey(row.trial()))
          .filter(row -> !Double.isNaN(results.get(row.trial()).validation()))
          .max(
              (a, b) ->
                  Double.compare(
                      results.get(a.trial()).validation(), results.get(b.trial()).validation()))
          .ifPresent(row -> parts.add(model.title() + ": " + row.value()));
    }
    return parts.isEmpty()
        ? Optional.empty()
        : Optional.of("Best by validation: " + String.join("; ", parts) + ".");
  }
}
