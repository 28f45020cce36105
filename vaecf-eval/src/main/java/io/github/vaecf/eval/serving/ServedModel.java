package io.github.vaecf.eval.serving;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Scorer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A model reloaded from its export, without anything of the training: raw ids in, raw ids out. It
 * is also a {@link Scorer}, so that what was exported can be evaluated like what was trained.
 *
 * <p>Safe for use by many threads at once. Owns native memory until it is closed; a call that is
 * running when another thread closes the model ends properly, later ones are refused with an {@link
 * IllegalStateException}.
 */
public abstract sealed class ServedModel implements Scorer, AutoCloseable permits ServedSavedModel {
  private final IdIndex items;

  ServedModel(IdIndex items) {
    this.items = items;
  }

  /**
   * Loads an export.
   *
   * @param path a version's folder {@code BASE/<number>}, or the base folder, of which the newest
   *     version is loaded
   * @return the model, to be closed
   * @throws DataException if there is no export or it cannot be used; the message says why
   */
  public static ServedModel load(Path path) {
    return ServedSavedModel.open(path);
  }

  /**
   * The raw ids of the items, in the order of their indices.
   *
   * @return the index; {@link IdIndex#indexOf} tells whether an id is known
   */
  public final IdIndex items() {
    return items;
  }

  @Override
  public final int itemCount() {
    return items.size();
  }

  /**
   * The best items for one user, without those of the user's own history.
   *
   * @param history raw ids of items that the user touched, in any order; repeated ones count once,
   *     unknown ones are ignored ({@link #items()} tells which are known); may be empty
   * @param k largest number of items to recommend, at least 1
   * @return at most k recommendations, best first
   * @throws IllegalArgumentException if k is below 1
   */
  public final List<Recommendation> recommend(List<String> history, int k) {
    return recommendAll(List.of(history), k).get(0);
  }

  /**
   * The best items for each of many users: faster than one user after the other, because the
   * weights are read once for all of them.
   *
   * @param histories the users' histories, as in {@link #recommend}
   * @param k largest number of items to recommend to each, at least 1
   * @return a list for each user, in the order of the histories
   * @throws IllegalArgumentException if k is below 1
   */
  public final List<List<Recommendation>> recommendAll(List<List<String>> histories, int k) {
    CsrMatrix rows =
        CsrMatrix.of(
            histories.size(),
            itemCount(),
            pairs -> {
              for (int row = 0; row < histories.size(); row++) {
                for (String id : histories.get(row)) {
                  int index = items.indexOf(id);
                  if (index >= 0) {
                    pairs.accept(row, index);
                  }
                }
              }
            });
    // No list is longer than the catalogue, so no more need be ranked.
    Rankings rankings = rank(rows, 0, rows.rows(), Math.min(k, itemCount()));
    List<List<Recommendation>> lists = new ArrayList<>(rankings.users());
    for (int user = 0; user < rankings.users(); user++) {
      List<Recommendation> list = new ArrayList<>(rankings.k());
      for (int rank = 0; rank < rankings.k() && rankings.item(user, rank) >= 0; rank++) {
        list.add(
            new Recommendation(items.id(rankings.item(user, rank)), rankings.score(user, rank)));
      }
      lists.add(list);
    }
    return lists;
  }

  /** Gives the native memory back. */
  @Override
  public abstract void close();
}
