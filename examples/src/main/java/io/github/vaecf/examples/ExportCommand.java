package io.github.vaecf.examples;

import io.github.vaecf.core.TrainedModel;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.export.ExportOptions;
import io.github.vaecf.eval.export.SavedModelExporter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vaecf export}: a run to a version that serving code loads. */
@Command(
    name = "export",
    header = "Export a trained model for serving, with the raw ids inside.",
    description = {
      "",
      "Writes a SavedModel for TensorFlow Serving or the JVM. The version appears whole or not at"
          + " all and never replaces one that is there.",
      ""
    },
    footer = {"", "Example:", "  vaecf export --run run --out models/movies/1"})
final class ExportCommand extends Subcommand {
  @Option(
      names = "--run",
      required = true,
      paramLabel = "RUN",
      description = "A run folder with a trained model.")
  private Path run;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "BASE/VERSION",
      description = "The version's folder to write; its name is a number.")
  private Path out;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      defaultValue = "100",
      description = "Length of the rankings it answers with; default ${DEFAULT-VALUE}.")
  private int topK;

  @Option(
      names = "--keep",
      paramLabel = "N",
      description = "Delete all but the newest N versions of the base folder afterwards.")
  private Integer keep;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "A prepared folder whose titles go into the export.")
  private Path data;

  @Override
  void run() {
    ExportOptions options =
        fromOptions(
            () -> {
              ExportOptions chosen = ExportOptions.defaults().withTopK(topK);
              return keep == null ? chosen : chosen.withKeep(keep);
            });
    if (data != null) {
      options = options.withTitles(PreparedFolder.read(data).titles());
    }
    try (TrainedModel model = TrainedModel.load(run)) {
      SavedModelExporter.export(model, out, options);
    }
    out().println("Exported to " + out);
  }
}
