package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.cli.report.Page;
import io.github.vaecf.cli.report.Sections;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.RunFolder;
import io.github.vaecf.core.training.RunFolder.TrainingCurve;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.EnsembleSelection;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.Recall;
import io.github.vaecf.eval.TestResults;
import io.github.vaecf.eval.export.SavedModelExporter;
import io.github.vaecf.eval.export.ServedModel;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vaecf quickstart}: the whole way, on the bundled sample. */
@Command(
    name = "quickstart",
    header = "Go the whole way in minutes: from raw pairs to named recommendations.",
    description = {
      "",
      "Takes the bundled sample (which packages each Debian source package depends on), prepares"
          + " it, trains Mult-VAE and Mult-DAE, fits the models in closed form, blends them, measures"
          + " all, exports the best, reloads the export and recommends from it.",
      ""
    })
final class QuickstartCommand extends Subcommand {
  /** With settings that are good for the sample, by the validation sources. */
  private static final List<String> CLOSED_FORMS =
      List.of("rdlae:lambda=20", "ease:20", "ials:alpha=10,lambda=0.01", "knn", "popular");

  private static final int EXAMPLES = 5;
  private static final int SHOWN = 3;
  private static final int COMPARED = 100;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Where everything goes; must not exist. Default: quickstart, or the first of"
              + " quickstart-2, -3 … that is free.")
  private Path out;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "40",
      description = "Epochs of each training; default ${DEFAULT-VALUE}.")
  private int epochs;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the results as JSON too; - for standard output.")
  private OutputFile json;

  @Override
  void run() throws Exception {
    Settings ofVae = fromOptions(() -> settings(MultVae.published()));
    Settings ofDae = fromOptions(() -> settings(MultDae.published()));
    long start = System.nanoTime();
    Path folder = newFolder();

    out().println("Data: which packages each Debian 12 source package depends on");
    Split split = Sample.split(Sample.unpackInto(folder.resolve("raw")));
    PreparedFolder.write(split, folder.resolve("data"));
    out().println();
    out().print(SplitSummary.stages(split));
    out().println();
    out().print(SplitSummary.parts(split));
    out().println();

    TestResults results =
        new TestResults(split, List.of(Ndcg.at(100), Recall.at(20), Recall.at(50)));
    List<TrainedModel> family = new ArrayList<>();
    try {
      family.add(train(ofVae, split, folder));
      family.add(train(ofDae, split, folder));
      for (String named : CLOSED_FORMS) {
        family.add(train(NamedModel.settings(named), split, folder));
      }
      try (TrainedModel blend = blend(family, split, folder)) {
        for (TrainedModel model : family) {
          results.measure(title(model), model);
        }
        results.measure(title(blend), blend);
        out().println();
        out().printf("Test, %,d sources that training never saw:%n%n", split.test().users());
        out().print(EvaluationTable.of(results));
        out().println();
        List<TrainedModel> all = new ArrayList<>(family);
        all.add(blend);
        export(all, split, results, folder);
      }
    } finally {
      family.forEach(TrainedModel::close);
    }
    out()
        .printf(
            "Done in %s. Everything is in %s; report.html there shows it in a browser.%n",
            TrainingDisplay.inWords(Duration.ofNanos(System.nanoTime() - start)), folder);
    writeJson(json, toJson(folder, results));
  }

  private static String title(TrainedModel model) {
    return model.settings().model().title();
  }

  /** What is best of all, on the validation users: of equals the blend, which comes last. */
  private static TrainedModel blend(List<TrainedModel> family, Split split, Path folder) {
    Ndcg metric = Ndcg.at(100);
    TrainedModel blend =
        EnsembleSelection.choose(family, split.validation(), metric)
            .blend(family, split.validation(), metric);
    blend.saveIn(folder.resolve("blend"));
    return blend;
  }

  private void export(List<TrainedModel> models, Split split, TestResults results, Path folder) {
    TrainedModel best = models.get(0);
    for (TrainedModel model : models) {
      best = model.validation() >= best.validation() ? model : best;
    }
    Path version = folder.resolve("models/debian/1");
    SavedModelExporter.export(best, version);
    try (ServedModel served = ServedModel.load(version)) {
      requireSameRankings(best, served, split.test());
      out()
          .printf(
              "Exported the best on the validation sources, %s, to %s and reloaded it: all %,d test"
                  + " sources get the same top %d from the export.%n%n",
              title(best), version, split.test().users(), COMPARED);
      showExamples(served, split);
      writeReport(folder, split, results, models.subList(0, models.size() - 1), served);
    }
  }

  private static void writeReport(
      Path folder,
      Split split,
      TestResults results,
      List<TrainedModel> trained,
      Recommender served) {
    Map<String, Path> runs = new LinkedHashMap<>();
    for (TrainedModel one : trained) {
      Model model = one.settings().model();
      runs.put(model.title(), folder.resolve(model.name()));
    }
    Page page = new Page("vaecf quickstart: which packages Debian sources depend on");
    Sections.results(page, results);
    Sections.groups(page, results);
    Map<String, TrainingCurve> curves = new LinkedHashMap<>();
    runs.forEach((name, run) -> curves.put(name, RunFolder.curve(run)));
    Sections.learningCurves(page, curves);
    Sections.examples(page, split, served::recommend);
    Sections.data(page, split);
    Sections.settings(page, runs);
    WholeFile.replace(folder.resolve("report.html"), page.toHtml());
  }

  private Path newFolder() throws IOException {
    TensorFlowRuntime.prepare(); // where it cannot be loaded, nothing is to be left behind
    Path folder = Path.of("quickstart");
    if (out != null) {
      requireNew(out);
      return Files.createDirectories(out);
    }
    for (int n = 2; ; n++) {
      try {
        return Files.createDirectory(folder); // by one only, of two that are started at once
      } catch (FileAlreadyExistsException e) {
        folder = Path.of("quickstart-" + n);
      }
    }
  }

  /** The sample is small: fewer epochs do, with a larger learning rate that falls to 0. */
  private Settings settings(Settings published) {
    return published
        .with(TrainingSettings.EPOCHS, epochs)
        .with(TrainingSettings.LEARNING_RATE, 0.003)
        .with(TrainingSettings.SCHEDULE, TrainingSettings.Schedule.COSINE);
  }

  private TrainedModel train(Settings settings, Split split, Path folder) {
    Model model = settings.model();
    Ndcg metric = Ndcg.at(100);
    RankingEvaluator evaluator = RankingEvaluator.of(metric);
    try (Interruption interruption = Interruption.watch();
        TrainingDisplay display = new TrainingDisplay(err(), model.title(), metric.name())) {
      return Trainer.builder()
          .settings(settings)
          .titles(split.titles())
          .validation(
              metric.name(),
              split.validation(),
              (one, users) -> evaluator.evaluate(one, users).mean(metric))
          .listener(display)
          .runFolder(folder.resolve(model.name()))
          .stopWhen(interruption::isRequested)
          .build()
          .train(split.train(), split.items());
    }
  }

  /** Makes sure that the export ranks as the model does; items of one score may change places. */
  private static void requireSameRankings(Recommender model, Recommender export, HeldOut users) {
    Rankings expected = model.rank(users.foldIn(), 0, users.users(), COMPARED);
    Rankings found = export.rank(users.foldIn(), 0, users.users(), COMPARED);
    List<String> others = RankingAgreement.ACROSS_RUNTIMES.differences(expected, found);
    if (!others.isEmpty()) {
      throw new IllegalStateException(
          others.size()
              + " of "
              + users.users()
              + " test users get another ranking from the export, the first is "
              + others.get(0));
    }
  }

  private void showExamples(Recommender served, Split split) {
    out().println("Recommendations from the export, for sources that training never saw");
    out().println("(* marks a real dependency that was held out):");
    HeldOut test = split.test();
    int shown = 0;
    for (int user = 0; user < test.users() && shown < EXAMPLES; user++) {
      if (test.heldOut().rowSize(user) < 2) {
        continue;
      }
      shown++;
      List<String> history = split.items().ids(test.foldIn().row(user));
      List<String> heldOut = split.items().ids(test.heldOut().row(user));
      out().println();
      out()
          .printf(
              "%s depends on %s%n", split.users().id(test.firstUser() + user), inShort(history));
      for (Recommendation one : served.recommend(history, SHOWN)) {
        out()
            .printf(
                "  %s %s: %s%n",
                heldOut.contains(one.item()) ? "*" : " ",
                one.item(),
                split.titles().getOrDefault(one.item(), ""));
      }
    }
    out().println();
  }

  private static String inShort(List<String> ids) {
    return ids.size() <= 6
        ? String.join(", ", ids)
        : String.join(", ", ids.subList(0, 5)) + " and " + (ids.size() - 5) + " more";
  }

  private static ObjectNode toJson(Path folder, TestResults results) {
    ObjectNode root = jsonObject();
    root.put("folder", folder.toString());
    root.set("models", EvaluationTable.toJson(results));
    return root;
  }
}
