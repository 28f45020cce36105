package io.github.vaecf.cli;

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
import java.util.Map;
import java.util.function.BiFunction;

/** A model as the command line names it: a run folder, a model's file, an export or a baseline. */
final class OpenedModel implements AutoCloseable {
  private final Path path;
  private final Scorer scorer;
  private final IdIndex items;
  private final Map<String, String> titles;
  private final BiFunction<List<String>, Integer, List<Recommendation>> recommender;
  private final Runnable closing;

  private OpenedModel(
      Path path,
      Scorer scorer,
      IdIndex items,
      Map<String, String> titles,
      BiFunction<List<String>, Integer, List<Recommendation>> recommender,
      Runnable closing) {
    this.path = path;
    this.scorer = scorer;
    this.items = items;
    this.titles = titles;
    this.recommender = recommender;
    this.closing = closing;
  }

  /**
   * Opens whichever of the three lies at the path.
   *
   * @throws DataException if none does
   */
  static OpenedModel open(Path path) {
    if (Baseline.isRun(path)) {
      throw new DataException(
          path + ": a baseline is for evaluate and compare, expected a trained or exported model");
    }
    if (isRun(path)) {
      TrainedModel model = TrainedModel.load(path);
      return new OpenedModel(path, model, model.items(), Map.of(), model::recommend, model::close);
    }
    ServedModel model = ServedModel.load(path);
    return new OpenedModel(
        path, model, model.items(), model.titles(), model::recommend, model::close);
  }

  /**
   * Opens a model for users of a split: one that lies at a path, or a baseline, computed at once,
   * by its name or its run folder.
   *
   * @throws DataException if there is no such model, or its items are not those of the split
   */
  static OpenedModel open(String model, Split split, Path data) {
    if (Baseline.isNamed(model)) {
      return baseline(Baseline.parse(model), split);
    }
    Path path = Path.of(model);
    return Baseline.isRun(path)
        ? baseline(Baseline.load(path, split, data), split)
        : open(path).requireItemsOf(split, data);
  }

  private static OpenedModel baseline(Baseline baseline, Split split) {
    Scorer scorer = baseline.of(split.train());
    return new OpenedModel(
        Path.of(baseline.name()),
        scorer,
        split.items(),
        split.titles(),
        (history, k) -> {
          throw new IllegalStateException("baselines are for evaluation");
        },
        () -> Baseline.close(scorer));
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

  /** What to call an item when a person reads it, by raw id; may lack items. */
  Map<String, String> titles() {
    return titles;
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
