package io.github.vaecf.examples;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.eval.export.SavedModelExporter;
import io.github.vaecf.eval.export.ServedModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A trained model to a SavedModel, and recommendations from that alone. */
public final class ExportAndReload {
  private ExportAndReload() {}

  /**
   * Exports, reloads and prints ten recommendations.
   *
   * @param arguments a run folder, where to export to, such as {@code models/movies/1}, then raw
   *     ids of what the user likes
   */
  public static void main(String[] arguments) {
    Path export = Path.of(arguments[1]);
    List<String> likes = Arrays.asList(arguments).subList(2, arguments.length);
    try (TrainedModel model = TrainedModel.load(Path.of(arguments[0]))) {
      SavedModelExporter.export(model, export);
    }
    try (ServedModel served = ServedModel.load(export)) {
      for (Recommendation one : served.recommend(likes, 10)) {
        System.out.println(one.item() + " " + one.score());
      }
    }
  }
}
