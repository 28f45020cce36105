package io.github.vaecf.cli;

import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.export.OnnxExporter;
import io.github.vaecf.eval.export.OnnxExporter.OnnxWeights;
import io.github.vaecf.eval.export.SavedModelExporter;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vaecf export}: a run to a version that serving code loads. */
@Command(
    name = "export",
    header = "Export a trained model for serving, with the raw ids inside.",
    description = {
      "",
      "Writes a SavedModel for TensorFlow Serving or the JVM, or one file for ONNX Runtime. It"
          + " appears whole or not at all and never replaces one that is there.",
      ""
    },
    footer = {"", "Example:", "  vaecf export --run run --out models/movies/1"})
final class ExportCommand extends Subcommand {
  enum Format {
    SAVEDMODEL,
    ONNX;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = "--run",
      required = true,
      paramLabel = "RUN",
      description = "A run folder with a trained model.")
  private Path run;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "PATH",
      description =
          "What to write: for savedmodel the folder BASE/VERSION, its name a number; for onnx a"
              + " file, its name ending in .onnx.")
  private Path out;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "savedmodel",
      description = "${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.")
  private Format format;

  @Option(
      names = "--weights",
      paramLabel = "TYPE",
      defaultValue = "float32",
      description =
          "How an ONNX file holds the weights: ${COMPLETION-CANDIDATES}; default"
              + " ${DEFAULT-VALUE}.")
  private OnnxWeights weights;

  @Option(
      names = "--exclude",
      description =
          "Give an ONNX file an input for what is to be left out beside the history; a SavedModel"
              + " has a signature for it.")
  private boolean exclude;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      defaultValue = "100",
      description = "Length of the rankings a SavedModel answers with; default ${DEFAULT-VALUE}.")
  private int topK;

  @Option(
      names = "--keep",
      paramLabel = "N",
      description = "Delete all but the newest N versions of the base folder afterwards.")
  private Integer keep;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "A prepared folder whose titles go into a SavedModel.")
  private Path data;

  @Override
  void run() {
    SavedModelExporter.Builder savedModel = SavedModelExporter.builder();
    fromOptions(() -> savedModel.topK(topK));
    if (keep != null) {
      fromOptions(() -> savedModel.keep(keep));
    }
    if (data != null) {
      savedModel.titles(PreparedFolder.read(data).titles());
    }
    try (TrainedModel model = TrainedModel.load(run)) {
      switch (format) {
        case SAVEDMODEL -> savedModel.export(model, out);
        case ONNX -> OnnxExporter.builder().weights(weights).exclude(exclude).export(model, out);
      }
    }
    out().println("Exported to " + out);
  }
}
