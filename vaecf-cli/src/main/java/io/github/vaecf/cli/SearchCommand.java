package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.cli.report.Page;
import io.github.vaecf.cli.report.Sections;
import io.github.vaecf.cli.report.TrialSections;
import io.github.vaecf.core.model.ClosedFormModel;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.Trainer.CheckpointPolicy;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.search.SearchSpace;
import io.github.vaecf.eval.search.Trial;
import io.github.vaecf.eval.search.Trials;
import io.github.vaecf.eval.search.Trials.TrialResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vaecf search}: many trainings, to find good settings. */
@Command(
    name = "search",
    header = "Look for good settings: a grid, or combinations drawn at random.",
    description = {
      "",
      "Trains each combination and ranks them by validation; one that is worse than half of those"
          + " before it is pruned: not trained to its end. However the search was stopped: the same"
          + " command again goes on where it was. Any setting of the model can be varied; those"
          + " given plainly hold for all trials.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vaecf search --data data --model vae --out search --trials 20 --epochs 40 \\",
      "    --try learning-rate=0.0003..0.01 --try beta-cap=0..1 \\",
      "    --try hidden=300,600,600x300"
    })
final class SearchCommand extends Subcommand {
  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The prepared folder to train and to validate on.")
  private Path data;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      completionCandidates = NamedModel.All.class,
      description =
          "Which model: ${COMPLETION-CANDIDATES}. One in closed form may be followed by a value for"
              + " its own setting, as in ease:200, any by settings, as in knn:neighbours=50.")
  private String modelName;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description =
          "Where the trials' run folders, results.csv and report.html go; new, or of this search.")
  private Path out;

  @Option(
      names = "--try",
      required = true,
      paramLabel = "SETTING=VALUES",
      description =
          "What to vary, by the setting's name: values with commas between, or with --trials a"
              + " range as in 0.001..0.01, drawn from evenly by factors if both ends are above 0.")
  private List<String> tried;

  @Option(
      names = "--trials",
      paramLabel = "N",
      description = "Draw N combinations at random; default: all combinations, a grid.")
  private Integer trialCount;

  @Option(
      names = "--search-seed",
      paramLabel = "N",
      defaultValue = "98765",
      description = "Where the drawing of combinations starts; default ${DEFAULT-VALUE}.")
  private long searchSeed;

  @Option(names = "--no-pruning", description = "Train every trial to its end.")
  private boolean noPruning;

  @Option(
      names = "--validation-metric",
      paramLabel = "METRIC",
      description =
          "What decides; default "
              + MeasuringOptions.VALIDATION_METRIC
              + ", or that of the search that goes on.")
  private String metricName;

  @Mixin private CheckpointOptions checkpointOptions;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the results as JSON too; - for standard output.")
  private OutputFile json;

  @Mixin private SettingOptions settingOptions;

  @Override
  void run() throws Exception {
    if (metricName == null) {
      metricName = Trials.metric(out).orElse(MeasuringOptions.VALIDATION_METRIC);
    }
    RankingMetric metric = fromOption("--validation-metric", () -> RankingMetric.parse(metricName));
    CheckpointPolicy checkpoints = fromOptions(checkpointOptions::policy);
    Settings settings = fromOptions(() -> settingOptions.appliedTo(NamedModel.settings(modelName)));
    if (settings.model() instanceof ClosedFormModel) {
      refuse(
          "is for models trained by gradient, not for " + settings.model().name(),
          "--checkpoint-epochs",
          "--checkpoint-minutes",
          "--keep-checkpoints",
          "--no-pruning");
    }
    if (trialCount == null) {
      refuse("is for combinations drawn at random, of --trials", "--search-seed");
    }
    List<Trial> trials = fromOptions(() -> trials(settings));
    Split split = PreparedFolder.read(data);
    EvaluateCommand.Part.VALIDATION.requireHeldOut(split, data);
    List<TrialResult> results;
    try (Interruption interruption = Interruption.watch();
        TrialDisplay display = new TrialDisplay(err(), trials.size(), metric)) {
      results =
          Trials.builder()
              .folder(out)
              .purpose("search", space(settings))
              .split(split)
              .metric(metric)
              .prune(!noPruning)
              .checkpoints(checkpoints)
              .listener(display)
              .stopWhen(interruption::isRequested)
              .build()
              .run(trials);
    }
    List<TrialResult> ranked = TrialSections.bestFirst(results);
    out().print(table(ranked, metric));
    out().println();
    TrialResult best = ranked.get(0);
    boolean found = !Double.isNaN(best.validation());
    if (found) {
      out()
          .printf(
              "Best of %d trials: %s in %s%n",
              results.size(), TrialDisplay.settings(best.trial()), best.run());
    }
    writeJson(json, toJson(ranked, metric));
    Path page = out.resolve("report.html");
    WholeFile.replace(page, page(split, ranked, metric).toHtml());
    out().println("Report: " + page);
    if (!found) {
      throw new DataException(
          out
              + ": none of "
              + results.size()
              + " trials came to a validation, so there is no best one; the first: "
              + best.message());
    }
  }

  /** What decides which trials there are, besides how many are drawn. */
  private Map<String, String> space(Settings settings) {
    Map<String, String> space = new LinkedHashMap<>();
    space.put("model", settings.model().name());
    for (String text : tried) {
      String[] sides = text.split("=", 2);
      space.put("try " + sides[0], sides[1]);
    }
    space.put("search-seed", trialCount == null ? "none, a grid" : Long.toString(searchSeed));
    return space;
  }

  private List<Trial> trials(Settings settings) {
    SearchSpace space = SearchSpace.empty();
    for (String text : tried) {
      space = SettingOptions.add(space, text, settings);
    }
    List<Map<String, String>> combinations =
        trialCount == null ? space.grid() : space.random(trialCount, searchSeed);
    List<Trial> trials = new ArrayList<>();
    for (Map<String, String> combination : combinations) {
      String name = String.format(Locale.ROOT, "%04d", trials.size() + 1);
      trials.add(new Trial(name, combination, settings.with(combination)));
    }
    return trials;
  }

  private static TextTable table(List<TrialResult> ranked, RankingMetric metric) {
    List<List<String>> rows = TrialSections.rows(ranked);
    TextTable table = new TextTable(TrialSections.header(ranked, metric).toArray(String[]::new));
    rows.forEach(table::row);
    return table;
  }

  private Page page(Split split, List<TrialResult> ranked, RankingMetric metric) {
    Page page =
        new Page("Search over the settings of " + ranked.get(0).trial().settings().model().title());
    page.section("Trials, the best first");
    TrialSections.table(page, "Best validation of each trial.", ranked, metric);
    TrialSections.settings(page, ranked, metric);
    TrialSections.curves(page, "Validation after each epoch of the best trials.", ranked, metric);
    Sections.data(page, split);
    Sections.settings(
        page, Map.of("trial " + ranked.get(0).trial().name() + ", the best", ranked.get(0).run()));
    return page;
  }

  private ObjectNode toJson(List<TrialResult> ranked, RankingMetric metric) {
    ObjectNode root = jsonObject();
    root.put("folder", out.toString()).put("validation_metric", metric.name());
    ArrayNode trials = root.putArray("trials");
    for (TrialResult result : ranked) {
      ObjectNode one = trials.addObject();
      one.put("trial", result.trial().name())
          .put("run", result.run().toString())
          .put("end", result.end().toString())
          .put("validation", orNull(result.validation()))
          .put("epoch", result.epoch());
      ObjectNode settings = one.putObject("settings");
      result.trial().varied().forEach(settings::put);
    }
    return root;
  }
}
