package io.github.vaecf.examples;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Scorer;
import io.github.vaecf.core.TrainedModel;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Split;
import io.github.vaecf.eval.serving.ServedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiFunction;

/** A model as the command line names it: a run folder, a model's file, or an export. */
final class OpenedModel implements AutoCloseable {
  private final Path path;
  private final Scorer scorer;
  private final IdIndex items;
  private final BiFunction<List<String>, Integer, List<Recommendation>> recommender;
  private final Runnable closing;

  private OpenedModel(
      Path path,
      Scorer scorer,
      IdIndex items,
      BiFunction<List<String>, Integer, List<Recommendation>> recommender,
      Runnable closing) {
    this.path = path;
    this.scorer = scorer;
    this.items = items;
    this.recommender = recommender;
    this.closing = closing;
  }

  /**
   * Opens whichever of the three lies at the path.
   *
   * @throws DataException if none does
   */
  static OpenedModel open(Path path) {
    if (isRun(path)) {
      TrainedModel model = TrainedModel.load(path);
      return new OpenedModel(path, model, model.items(), model::recommend, model::close);
    }
    ServedModel model = ServedModel.load(path);
    return new OpenedModel(path, model, model.items(), model::recommend, model::close);
  }

  private static boolean isRun(Path path) {
    return Files.exists(path.resolve("config.json"))
        || Files.exists(path.resolve(TrainedModel.FILE_NAME))
        || path.toString().endsWith(".safetensors");
  }

  Scorer scorer() {
    return scorer;
  }

  IdIndex items() {
    return items;
  }

  List<Recommendation> recommend(List<String> history, int k) {
    return recommender.apply(history, k);
  }

  /**
   * Makes sure that the model's items are those of the data.
   *
   * @throws DataException if they are not
   */
  OpenedModel requireItemsOf(Split split, Path data) {
    if (!items.equals(split.items())) {
      throw new DataException(
          path
              + ": the model's "
              + items.size()
              + " items are not the "
              + split.items().size()
              + " items of "
              + data
              + "; name the data that it was trained on");
    }
    return this;
  }

  @Override
  public void close() {
    closing.run();
  }
}
