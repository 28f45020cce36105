package io.github.vaecf.eval.serving;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.Scorer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A model reloaded from its export, without anything of the training: raw ids in, raw ids out. It
 * is also a {@link Scorer}, so that what was exported can be evaluated like what was trained.
 *
 * <p>Safe for use by many threads at once. Owns native memory until it is closed; a call that is
 * running when another thread closes the model ends properly, later ones are refused with an {@link
 * IllegalStateException}.
 */
public abstract sealed class ServedModel implements Scorer, AutoCloseable
    permits ServedSavedModel, ServedOnnxModel {
  /** Users in one run of the model: as many as a training batch has. */
  private static final int LARGEST_BATCH = 500;

  /** Places, padding included, in one run: bounds what a few very long histories may cost. */
  private static final int LARGEST_INPUT = 200_000;

  private final IdIndex items;
  private final Map<String, String> titles;

  ServedModel(IdIndex items, Map<String, String> titles) {
    this.items = items;
    this.titles = Map.copyOf(titles);
  }

  /**
   * Loads an export.
   *
   * @param path an ONNX file, or a SavedModel version's folder {@code BASE/<number>}, or the base
   *     folder, of which the newest version is loaded
   * @return the model, to be closed
   * @throws DataException if there is no export or it cannot be used; the message says why
   */
  public static ServedModel load(Path path) {
    if (!path.toString().endsWith(".onnx")) {
      return ServedSavedModel.open(path);
    }
    try {
      return ServedOnnxModel.open(path);
    } catch (NoClassDefFoundError e) {
      throw new DataException(
          path
              + ": to load an ONNX file, com.microsoft.onnxruntime:onnxruntime must be among the"
              + " program's dependencies",
          e);
    }
  }

  /**
   * The raw ids of the items, in the order of their indices.
   *
   * @return the index; {@link IdIndex#indexOf} tells whether an id is known
   */
  public final IdIndex items() {
    return items;
  }

  /**
   * What to call an item when a person reads it.
   *
   * @return titles by raw id, as they were exported; may lack items, and is empty for an ONNX file
   */
  public final Map<String, String> titles() {
    return titles;
  }

  /**
   * The functions by which servers call the model.
   *
   * @return signatures by name, in alphabetical order; empty for an ONNX file, which has none
   */
  public abstract Map<String, ServedSignature> signatures();

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

  @Override
  public final Rankings rank(CsrMatrix histories, int from, int to, int k) {
    if (histories.columns() != itemCount()) {
      throw new IllegalArgumentException(
          "histories must be over the model's " + itemCount() + " items, found " + histories);
    }
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, found " + k);
    }
    Objects.checkFromToIndex(from, to, histories.rows());
    int[] rankedItems = new int[Math.multiplyExact(to - from, k)];
    float[] rankedScores = new float[rankedItems.length];
    Arrays.fill(rankedItems, -1);
    int end;
    for (int start = from; start < to; start = end) {
      int longest = Math.max(1, histories.rowSize(start));
      end = start + 1;
      while (end < to && fits(end + 1 - start, Math.max(longest, histories.rowSize(end)))) {
        longest = Math.max(longest, histories.rowSize(end));
        end++;
      }
      long[] rows = padded(histories, start, end, longest);
      Best best = best(rows, end - start, longest, Math.min(k, itemCount()));
      best.copyTo(rankedItems, rankedScores, start - from, k);
    }
    return new Rankings(k, rankedItems, rankedScores);
  }

  /** Whether so many histories, padded to such a length, are not too much for one run. */
  private static boolean fits(int users, int length) {
    return users <= LARGEST_BATCH && (long) users * length <= LARGEST_INPUT;
  }

  /** The histories as rows of one length, the shorter ones filled up with −1. */
  private static long[] padded(CsrMatrix histories, int from, int to, int length) {
    long[] rows = new long[(to - from) * length];
    Arrays.fill(rows, -1);
    int[] history = new int[length];
    for (int row = from; row < to; row++) {
      int size = histories.copyRow(row, history, 0);
      int at = (row - from) * length;
      for (int i = 0; i < size; i++) {
        rows[at + i] = history[i];
      }
    }
    return rows;
  }

  /**
   * Runs the exported model.
   *
   * @param histories users × length item indices, row-major, −1 for padding
   * @param users at least 1
   * @param length at least 1
   * @param k 1 … {@link #itemCount()}
   * @return the best k items of each user
   */
  abstract Best best(long[] histories, int users, int length, int k);

  /**
   * The best items of some users.
   *
   * @param items users × k indices, row-major, −1 where no item is left
   * @param scores their scores
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Best(int k, long[] items, float[] scores) {
    void copyTo(int[] rankedItems, float[] rankedScores, int firstUser, int width) {
      for (int user = 0; user < items.length / k; user++) {
        int at = (firstUser + user) * width;
        for (int rank = 0; rank < k; rank++) {
          float score = scores[user * k + rank];
          if (Float.isNaN(score)) {
            throw new ArithmeticException(
                "the score of item " + items[user * k + rank] + " is not a number");
          }
          rankedItems[at + rank] = (int) items[user * k + rank];
          rankedScores[at + rank] = score;
        }
      }
    }
  }

  /** Gives the native memory back. */
  @Override
  public abstract void close();
}
