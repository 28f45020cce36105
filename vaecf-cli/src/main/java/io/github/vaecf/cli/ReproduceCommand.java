package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.cli.report.Differences;
import io.github.vaecf.cli.report.Page;
import io.github.vaecf.cli.report.Sections;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.RunFolder;
import io.github.vaecf.core.training.RunFolder.TrainingCurve;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer.CheckpointPolicy;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.TestResults;
import io.github.vaecf.eval.published.PublishedResult;
import io.github.vaecf.eval.search.Trial;
import io.github.vaecf.eval.search.Trials;
import io.github.vaecf.eval.search.Trials.TrialResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vaecf reproduce}: a published table, from raw data to the difference. */
@Command(
    name = "reproduce",
    header = "Reproduce a published table: from raw data to the difference in standard errors.",
    description = {
      "",
      "Prepares and splits the data set as published, trains Mult-VAE and Mult-DAE with the"
          + " published settings, measures both by the published protocol and shows the result"
          + " beside the published one. Takes hours; however it was stopped, the same command again"
          + " goes on where it was. Options that change a setting are named in the result.",
      ""
    },
    footer = {"", "Example:", "  vaecf reproduce ml-20m --input ml-20m.zip --out reproduced"})
final class ReproduceCommand extends Subcommand {
  private static final String REQUEST = "reproduction.json";

  @Parameters(
      paramLabel = "NAME",
      completionCandidates = Names.class,
      description = "Which: ${COMPLETION-CANDIDATES}.")
  private String name;

  @Option(
      names = "--input",
      required = true,
      paramLabel = "PATH",
      description =
          "The data set as published; for gowalla the folder of train.txt and test.txt of"
              + " LightGCN.")
  private Path input;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Where prepared data, run folders and report.html go; new, or of this one.")
  private Path out;

  @Option(
      names = "--models",
      split = ",",
      paramLabel = "MODEL",
      defaultValue = "vae,dae",
      completionCandidates = NamedModel.All.class,
      description = "Which models, of ${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.")
  private List<String> models;

  @Option(
      names = "--heldout-users",
      paramLabel = "N",
      description =
          "Hold out N users for validation, and again for test, in place of the published number;"
              + " for data smaller than the published.")
  private Integer heldOutUsers;

  @Mixin private CheckpointOptions checkpointOptions;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the results as JSON too; - for standard output.")
  private OutputFile json;

  @Mixin private SettingOptions settingOptions;

  private PublishedResult published;

  private TestResults tested;

  /** The trainings that were validated. */
  private final Map<String, TrialResult> validated = new LinkedHashMap<>();

  /** The trainings that are tested; the same, but where the last is on all training pairs. */
  private final Map<String, TrialResult> results = new LinkedHashMap<>();

  /** The names of the data sets that results were published on. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return PublishedResult.all().stream().map(PublishedResult::name).iterator();
    }
  }

  @Override
  void run() throws Exception {
    published = fromOptions(() -> PublishedResult.of(name));
    if (published.testsTrainingUsers()) {
      refuse("is not for " + published.name() + ", whose test is published", "--heldout-users");
    }
    CheckpointPolicy checkpoints = fromOptions(checkpointOptions::policy);
    List<Trial> trials = fromOptions(this::trials);
    for (Trial trial : trials) { // before hours of preparing
      if (trial.settings().get(TrainingSettings.DEVICE) == TrainingSettings.Device.GPU) {
        TensorFlowRuntime.requireGpu();
      }
    }
    RunFolder.Lock lock = RunFolder.lock(out, err()::println);
    try {
      reproduce(trials, checkpoints);
    } finally {
      lock.close();
    }
  }

  private void reproduce(List<Trial> trials, CheckpointPolicy checkpoints) throws IOException {
    Split split = data();
    out().print(SplitSummary.parts(split));
    out().println();
    train(split, trials, checkpoints);
    tested = new TestResults(split, published.metrics());
    for (Map.Entry<String, TrialResult> result : results.entrySet()) {
      try (TrainedModel model = result.getValue().model()) {
        tested.measure(result.getKey(), model);
      }
    }
    out().println(title(split));
    caveats(split).forEach(out()::println);
    out().println();
    TextTable table = new TextTable(PublishedTable.HEADER.toArray(String[]::new));
    PublishedTable.rows(published, tested.models()).forEach(table::row);
    out().print(table);
    out().println();
    out().println("Published: " + published.citation());
    Path page = out.resolve("report.html");
    WholeFile.replace(page, page(split).toHtml());
    out().println("Report: " + page);
    ObjectNode root = jsonObject();
    root.put("published", published.name()).put("synthetic", Synthetic.is(split));
    root.set("models", EvaluationTable.toJson(tested));
    writeJson(json, root);
  }

  /** The published settings, with what was given in their place. */
  private List<Trial> trials() {
    List<Settings> published = new ArrayList<>();
    for (String model : models) {
      Settings settings = NamedModel.settings(model);
      published.add(settings.with(this.published.settings(settings.model().name())));
    }
    return settingOptions.appliedTo(published).stream()
        .map(settings -> new Trial(settings.model().name(), Map.of(), settings))
        .toList();
  }

  /** Prepares the data, or reads what an earlier call prepared. */
  private Split data() throws IOException {
    ObjectNode request = jsonObject();
    request.put("published", published.name());
    request.put("input", input.toAbsolutePath().normalize().toString());
    request.put("heldout_users", heldOutUsers);
    Path file = out.resolve(REQUEST);
    Path folder = out.resolve("data");
    if (Files.exists(file)) {
      JsonNode before = new ObjectMapper().readTree(file.toFile());
      if (!before.equals(request)) {
        throw new DataException(file + ": begun with " + before + ", cannot go on with " + request);
      }
    } else {
      try (Stream<Path> entries = Files.list(out)) {
        if (!entries.allMatch(RunFolder::isByTheWay)) {
          throw new DataException(
              out + ": already exists and holds no reproduction; choose another place");
        }
      }
      WholeFile.replace(file, json(request));
    }
    if (!Files.exists(folder)) {
      try {
        prepare(folder);
      } finally {
        if (!Files.exists(folder)) { // an input that is refused must not stand in another's way
          WholeFile.delete(file);
        }
      }
    }
    return PreparedFolder.read(folder);
  }

  private void prepare(Path folder) {
    Split split =
        published.prepare(
            input, heldOutUsers == null ? OptionalInt.empty() : OptionalInt.of(heldOutUsers));
    if (split.test().isEmpty()) {
      throw new DataException(
          input + ": no test user has held-out items: there is nothing to measure");
    }
    PreparedFolder.write(
        Synthetic.isRaw(input) ? Synthetic.marked(split, "made by vaecf generate") : split, folder);
  }

  private void train(Split split, List<Trial> trials, CheckpointPolicy checkpoints) {
    try (Interruption interruption = Interruption.watch();
        TrialDisplay display =
            new TrialDisplay(
                err(),
                published.testsTrainingUsers() ? 2 * trials.size() : trials.size(),
                published.validation())) {
      Trials.Builder builder =
          Trials.builder()
              .metric(published.validation())
              .purpose("reproduction", Map.of("published", published.name()))
              .checkpoints(checkpoints)
              .listener(display)
              .stopWhen(interruption::isRequested);
      Trials onTraining = builder.folder(out.resolve("training")).split(split).build();
      put(validated, onTraining.run(trials));
      if (published.testsTrainingUsers()) {
        Trials onEverything =
            builder.folder(out.resolve("training-on-everything")).split(everything(split)).build();
        put(
            results,
            onEverything.run(
                validated.values().stream().map(ReproduceCommand::onEverything).toList()));
      } else {
        results.putAll(validated);
      }
    }
  }

  private static void put(Map<String, TrialResult> target, List<TrialResult> ended) {
    for (TrialResult result : ended) {
      target.put(result.trial().settings().model().title(), requireDone(result));
    }
  }

  private static TrialResult requireDone(TrialResult result) {
    if (result.end() != TrialResult.End.DONE) {
      throw new DataException(result.run() + ": " + result.message());
    }
    return result;
  }

  /** The same training for the number of epochs that was found best. */
  private static Trial onEverything(TrialResult found) {
    Trial trial = found.trial();
    return new Trial(trial.name(), trial.varied(), TrainedModel.settingsToRefit(found.run()));
  }

  /** All pairs of the test's fold-in are for training, none for validation. */
  private static Split everything(Split split) {
    CsrMatrix nobody = CsrMatrix.ofRows(split.items().size(), new long[] {0}, new int[0][]);
    return new Split(
        split.test().foldIn(),
        new HeldOut(nobody, nobody, 0),
        split.test(),
        split.users(),
        split.items(),
        split.titles(),
        split.stages());
  }

  private String title(Split split) {
    return Synthetic.is(split)
        ? "SYNTHETIC data in the form of " + published.dataSet().title()
        : published.dataSet().title();
  }

  /** What sets this apart from the published experiment. */
  private List<String> caveats(Split split) {
    List<String> caveats = new ArrayList<>();
    if (Synthetic.is(split)) {
      caveats.add(
          "The data is made up: what was measured says nothing about the published result.");
    }
    List<String> changes = new ArrayList<>();
    Map<String, String> given = settingOptions.given();
    given
        .keySet()
        .removeAll(
            List.of(
                TrainingSettings.DEVICE.name(),
                TrainingSettings.THREADS.name())); // where, not what
    given.forEach((name, value) -> changes.add("--" + name + "=" + value));
    if (heldOutUsers != null) {
      changes.add("--heldout-users=" + heldOutUsers);
    }
    if (!changes.isEmpty()) {
      caveats.add("Other than published: " + String.join(" ", changes) + ".");
    }
    if (published.testsTrainingUsers()) {
      caveats.add(
          "The epoch was found on a fifth of each user's training pairs; the model is trained on"
              + " all of them for as many epochs.");
    }
    return caveats;
  }

  private Page page(Split split) {
    Page page = new Page("Reproduced: " + title(split));
    caveats(split).forEach(page::paragraph);
    PublishedTable.add(page, published, tested.models());
    Sections.results(page, tested);
    Differences.of(tested).addTo(page);
    Map<String, TrainingCurve> curves = new LinkedHashMap<>();
    Map<String, Path> runs = new LinkedHashMap<>();
    validated.forEach((name, result) -> curves.put(name, result.curve()));
    results.forEach((name, result) -> runs.put(name, result.run()));
    Sections.learningCurves(page, curves);
    Sections.groups(page, tested);
    try (TrainedModel model = results.values().iterator().next().model()) {
      Sections.examples(page, split, model::recommend);
    }
    Sections.data(page, split);
    Sections.settings(page, runs);
    return page;
  }
}
