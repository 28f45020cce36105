package io.github.vaecf.eval.export;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.ItemVectors;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

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
   * The items that are most like an item, by the cosine of the model's embeddings of the items: of
   * an export what its signature {@code similar_items} answers.
   *
   * @param model a trained model or an export of one
   * @param item the raw id of an item that the model knows
   * @param k how many, at least 1; an export has no more than it was made for
   * @return at most k others, the most like it first, with the cosines; equal ones in the order of
   *     the items
   * @throws IllegalArgumentException if the model has no such item or no embeddings of its items,
   *     as most popular and item-kNN have none and older ONNX files cannot say
   */
  public static List<Recommendation> similar(Recommender model, String item, int k) {
    int index = model.items().indexOf(item);
    if (index < 0) {
      throw new IllegalArgumentException("the model knows no item '" + item + "'");
    }
    if (model instanceof TrainedModel trained) {
      ItemVectors vectors = ItemVectors.of(trained);
      return IntStream.range(0, model.itemCount())
          .filter(other -> other != index)
          .mapToObj(
              other ->
                  new Recommendation(model.items().id(other), (float) vectors.cosine(index, other)))
          .sorted(Comparator.comparingDouble(one -> -one.score()))
          .limit(k)
          .toList();
    }
    ServedSignature signature =
        model instanceof ServedModel served
            ? served.signatures().get(ExportFormat.SIMILAR_ITEMS)
            : null;
    if (signature == null) {
      throw new IllegalArgumentException(
          "has no embeddings of its items to compare; an export by this version of an autoencoder, a"
              + " factorization or a linear model has them");
    }
    Map<String, TensorRows> answer =
        signature.call(Map.of(ExportFormat.ITEM, new TensorRows(1, 1, new String[] {item})));
    String[] items = (String[]) answer.get(ExportFormat.ITEMS).values();
    float[] scores = (float[]) answer.get(ExportFormat.SCORES).values();
    return IntStream.range(0, Math.min(k, items.length))
        .filter(rank -> !items[rank].equals(ExportFormat.NO_ID))
        .mapToObj(rank -> new Recommendation(items[rank], scores[rank]))
        .toList();
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
