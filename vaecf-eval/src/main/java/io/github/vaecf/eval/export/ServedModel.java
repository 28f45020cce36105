package io.github.vaecf.eval.export;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * A model reloaded from its export, without anything of the training: raw ids in, raw ids out. It
 * can be evaluated like what was trained. Owns native memory until it is closed.
 */
public abstract class ServedModel extends Recommender {
  /** Places, padding included, in one run: bounds what a few very long histories may cost. */
  private static final int LARGEST_INPUT = 200_000;

  private volatile Map<String, String> titles;
  private final Optional<String> titlesProblem;

  ServedModel(IdIndex items, Titles.Known titles) {
    super(items);
    this.titles = Map.copyOf(titles.byId());
    this.titlesProblem = titles.problem();
  }

  /**
   * Loads an export.
   *
   * @param path an ONNX file, or a version's folder {@code BASE/<number>}, be it a SavedModel or an
   *     ONNX file in a folder, or the base folder, of which the newest version is loaded; a version
   *     has answered its warm-up requests before it is returned
   * @return the model, to be closed
   * @throws DataException if there is no export or it cannot be used; the message says why
   */
  public static ServedModel load(Path path) {
    for (ExportForm form : ExportForm.all()) {
      if (form.isAt(path)) {
        return form.load(path);
      }
    }
    throw new DataException(path + ": no export of vaecf has such a name");
  }

  /** Loads what lies in the folder of a version. */
  static ServedModel loadVersion(Path folder) {
    return VersionFolder.holdsOnnx(folder)
        ? OnnxExporter.FORM.load(folder)
        : ServedSavedModel.open(folder);
  }

  /**
   * Sends the model the warm-up requests that lie in a version's folder, and an example to each
   * signature for which there is none.
   *
   * @return this; closed if it does not answer them as it should
   * @throws DataException if it does not; the message says why
   */
  final ServedModel triedOut(Path folder) {
    boolean answers = false;
    try {
      WarmupRequests.replay(ExportFormat.warmup(folder), this);
      answers = true;
      return this;
    } catch (IOException | RuntimeException e) {
      throw new DataException(
          folder + ": does not answer its warm-up requests (" + e.getMessage() + ")", e);
    } finally {
      if (!answers) {
        close();
      }
    }
  }

  /** What was wrong with the titles when this was loaded. */
  final Optional<String> titlesProblem() {
    return titlesProblem;
  }

  /**
   * What to call an item when a person reads it.
   *
   * @return titles by raw id, as far as the export has them; may lack items, and is empty for an
   *     ONNX file alone. Of a model that {@link ServedVersions} serves the next call may give
   *     others
   */
  public final Map<String, String> titles() {
    return titles;
  }

  /** Takes titles that came later. */
  final void retitle(Map<String, String> newer) {
    titles = Map.copyOf(newer);
  }

  /**
   * The functions by which servers call the model.
   *
   * @return signatures by name, in alphabetical order; {@link OnnxExporter} says which an ONNX file
   *     has
   */
  public abstract Map<String, ServedSignature> signatures();

  /**
   * The signatures that it was exported with, as they were exported: of a SavedModel those of its
   * graph, which TensorFlow Serving knows too. What else it answers is made of what these try out.
   */
  abstract Map<String, ServedSignature> exported();

  @Override
  protected void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
    inParts(
        histories,
        from,
        to,
        (rows, first, users, length) ->
            best(rows, users, length, rankings.k()).copyTo(rankings, firstUser + first - from));
  }

  /** Takes some histories as rows of one length, the shorter ones filled up. */
  interface Part {
    void take(long[] rows, int first, int users, int length);
  }

  /** Hands histories on in parts that are not too large. */
  final void inParts(CsrMatrix histories, int from, int to, Part part) {
    int most = Math.min(LARGEST_INPUT, placesInMemory());
    int end;
    for (int start = from; start < to; start = end) {
      int longest = Math.max(1, histories.rowSize(start));
      end = start + 1;
      while (end < to && (end + 1L - start) * Math.max(longest, histories.rowSize(end)) <= most) {
        longest = Math.max(longest, histories.rowSize(end));
        end++;
      }
      part.take(padded(histories, start, end, longest), start, end - start, longest);
    }
  }

  private static long[] padded(CsrMatrix histories, int from, int to, int length) {
    long[] rows = new long[(to - from) * length];
    Arrays.fill(rows, ExportFormat.NO_INDEX);
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

  /** The raw ids of indices, padding as it is among ids. */
  final String[] ids(long[] indices) {
    String[] ids = new String[indices.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] =
          indices[i] == ExportFormat.NO_INDEX ? ExportFormat.NO_ID : items().id((int) indices[i]);
    }
    return ids;
  }

  /** How many places of histories, padding included, one run may have for the sake of memory. */
  abstract int placesInMemory();

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
    void copyTo(Rankings rankings, int firstUser) {
      for (int place = 0; place < items.length; place++) {
        // A score that is no number is not ranked, and must not pass for a place that is left
        // empty.
        if (items[place] != ExportFormat.NO_INDEX || Float.isNaN(scores[place])) {
          rankings.set(firstUser + place / k, place % k, (int) items[place], scores[place]);
        }
      }
    }
  }
}
