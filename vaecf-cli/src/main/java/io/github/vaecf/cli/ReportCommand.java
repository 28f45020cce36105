package io.github.vaecf.cli;

import io.github.vaecf.cli.report.Page;
import io.github.vaecf.cli.report.Sections;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.training.RunFolder;
import io.github.vaecf.core.training.RunFolder.TrainingCurve;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.Recall;
import io.github.vaecf.eval.TestResults;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vaecf report}: runs as a page for a browser. */
@Command(
    name = "report",
    header = "Make one self-contained HTML page of one run or several side by side.",
    description = {
      "",
      "Learning curves and settings; with --data also test results, results by user activity, a"
          + " summary of the data and example recommendations. The page needs no network.",
      ""
    },
    footer = {"", "Example:", "  vaecf report --run vae --run dae --data data --out report.html"})
final class ReportCommand extends Subcommand {
  @Option(
      names = "--run",
      required = true,
      arity = "1..*",
      paramLabel = "RUN",
      description = "Run folders.")
  private List<Path> runs;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "The prepared folder that they were trained on.")
  private Path data;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "The page, - for standard output; default: report.html in the first run folder.")
  private OutputFile out;

  @Override
  void run() throws Exception {
    OutputFile target = out == null ? new OutputFile(runs.get(0).resolve("report.html")) : out;
    target.requireWritable();
    Map<String, Path> named = new LinkedHashMap<>();
    List<String> texts = runs.stream().map(Path::toString).toList();
    fromOptions(() -> NamedModel.inShort("--run", texts))
        .forEach((name, run) -> named.put(name, Path.of(run)));
    Page page = new Page(String.join(", ", named.keySet()));
    Split split = data == null ? null : PreparedFolder.read(data);
    if (split != null) {
      TestResults results =
          new TestResults(split, List.of(Ndcg.at(100), Recall.at(20), Recall.at(50)));
      for (Map.Entry<String, Path> run : named.entrySet()) {
        try (Recommender model = NamedModel.open(run.getValue(), split, data)) {
          results.measure(run.getKey(), model);
        }
      }
      Sections.results(page, results);
      Sections.groups(page, results);
    }
    Map<String, TrainingCurve> curves = new LinkedHashMap<>();
    named.forEach((name, run) -> curves.put(name, curve(run)));
    Sections.learningCurves(page, curves);
    if (split != null) {
      try (TrainedModel model = TrainedModel.load(runs.get(0))) {
        Sections.examples(page, split, model::recommend);
      }
      Sections.data(page, split);
    }
    Sections.settings(page, named);
    write(target, page.toHtml());
    out().println("Written to " + target);
  }

  private static TrainingCurve curve(Path run) {
    TrainingCurve curve = RunFolder.curve(run);
    if (curve.epochs().isEmpty()) {
      throw new DataException(run + ": the run has not come to the end of its first epoch");
    }
    return curve;
  }
}
