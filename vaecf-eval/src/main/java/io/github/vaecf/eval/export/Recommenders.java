package io.github.vaecf.eval.export;

import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Opens a model from wherever it lies: what a training left, or what was exported of it. For
 * programs that take either; others load a {@link TrainedModel} or a {@link ServedModel}.
 */
public final class Recommenders {
  private Recommenders() {}

  /**
   * Opens a model.
   *
   * @param path a run folder, a model's file, an ONNX file, a SavedModel version's folder {@code
   *     BASE/<number>}, or a base folder, of which the newest version is opened
   * @return the model, to be closed
   * @throws DataException if there is none of these or it cannot be used; the message says why
   */
  public static Recommender open(Path path) {
    return TrainedModel.isAt(path) ? TrainedModel.load(path) : ServedModel.load(path);
  }

  /**
   * What to call a model's items when a person reads them.
   *
   * @param model any model
   * @return titles by raw id, as they were exported or as the training was told; may lack items,
   *     and is empty where the model's form has none
   */
  public static Map<String, String> titles(Recommender model) {
    if (model instanceof TrainedModel trained) {
      return trained.titles();
    }
    return model instanceof ServedModel served ? served.titles() : Map.of();
  }
}
