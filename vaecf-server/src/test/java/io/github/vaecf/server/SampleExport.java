package io.github.vaecf.server;

import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.data.reading.DelimitedReader;
import io.github.vaecf.data.reading.ItemTitles;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.eval.export.OnnxExporter;
import io.github.vaecf.eval.export.SavedModelExporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A Mult-VAE of the bundled sample, trained for a few epochs and exported with titles: made once
 * for all tests that need something to serve. They must not change it.
 */
final class SampleExport {
  private static final Path SAMPLE =
      Path.of("../vaecf-cli/src/main/resources/io/github/vaecf/cli/debian-dependencies");
  private static final Path BASE = Path.of("target/sample/debian");
  private static final Path ONNX_BASE = Path.of("target/sample/onnx");
  private static boolean made;

  private SampleExport() {}

  /** The base folder with the model as version 1. */
  static synchronized Path base() {
    if (!made) {
      WholeFile.delete(BASE);
      WholeFile.delete(ONNX_BASE);
      Map<String, String> titles =
          ItemTitles.read(SAMPLE.resolve("packages.tsv.gz"), "\t", "package", "description");
      Split split =
          StrongGeneralizationSplitter.builder()
              .minUserItems(5)
              .minItemUsers(5)
              .untilStable(true)
              .heldOutUsers(1500)
              .build()
              .split(
                  DelimitedReader.builder()
                      .separator("\t")
                      .userColumn("source")
                      .itemColumn("dependency")
                      .build()
                      .read(SAMPLE.resolve("dependencies.tsv.gz"))
                      .withTitles(titles));
      Map<String, String> few = Map.of("epochs", "6", "learning-rate", "0.003");
      try (TrainedModel model =
          Trainer.builder()
              .settings(MultVae.published().with(few))
              .build()
              .train(split.train(), split.items())) {
        SavedModelExporter.builder().titles(split.titles()).export(model, BASE.resolve("1"));
        OnnxExporter.builder().titles(split.titles()).export(model, ONNX_BASE.resolve("1"));
      }
      made = true;
    }
    return BASE;
  }

  /** The base folder with the same model as version 1, an ONNX file. */
  static Path onnxBase() {
    base();
    return ONNX_BASE;
  }

  /** Copies the export as another version, which appears whole. */
  static void copyTo(Path version) {
    Path from = base().resolve("1");
    WholeFile.make(version, partial -> copy(from, partial));
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }
}
