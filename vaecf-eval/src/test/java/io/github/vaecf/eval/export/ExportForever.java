package io.github.vaecf.eval.export;

import io.github.vaecf.core.training.TrainedModel;
import java.nio.file.Path;

/** Exports version after version, and says so of each, until it is killed. */
final class ExportForever {
  private ExportForever() {}

  public static void main(String[] arguments) {
    Path base = Path.of(arguments[1]);
    try (TrainedModel model = TrainedModel.load(Path.of(arguments[0]))) {
      for (int version = Integer.parseInt(arguments[2]); ; version++) {
        SavedModelExporter.export(model, base.resolve(Integer.toString(version)));
        System.out.println(version);
      }
    }
  }
}
