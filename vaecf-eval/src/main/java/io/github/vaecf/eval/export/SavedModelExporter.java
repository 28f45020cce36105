package io.github.vaecf.eval.export;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import io.github.vaecf.core.Network;
import io.github.vaecf.core.TrainedModel;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Exports trained models as SavedModels, for TensorFlow Serving and everything else that loads
 * SavedModels, {@link io.github.vaecf.eval.serving.ServedModel} among them.
 *
 * <p>The graph answers with raw ids to raw ids and holds nothing of the training. Its signatures,
 * all with the batch as the first dimension of every input and output:
 *
 * <table>
 *   <caption>Signatures</caption>
 *   <tr><th>name</th><th>inputs</th><th>outputs</th></tr>
 *   <tr><td>{@code serving_default}</td><td>items: string [batch, length]</td><td>items: string
 *       [batch, k], scores: float [batch, k]</td></tr>
 *   <tr><td>{@code recommend_excluding}</td><td>items: string [batch, length], exclude: string
 *       [batch, length]</td><td>the same</td></tr>
 *   <tr><td>{@code recommend_indices}</td><td>items: int64 [batch, length]</td><td>items: int64
 *       [batch, k], scores: float [batch, k]</td></tr>
 *   <tr><td>{@code rank_indices}</td><td>items: int64 [batch, length], k: int32 [batch], of which
 *       the largest counts</td><td>items: int64 [batch, k], scores: float [batch, k]</td></tr>
 *   <tr><td>{@code score}</td><td>items: string [batch, length]</td><td>scores: float [batch,
 *       items]</td></tr>
 *   <tr><td>{@code encode}</td><td>items: string [batch, length]</td><td>latent: float [batch,
 *       latent], the mean μ</td></tr>
 *   <tr><td>{@code decode}</td><td>latent: float [batch, latent]</td><td>scores: float [batch,
 *       items]</td></tr>
 *   <tr><td>{@code similar_items}</td><td>item: string [batch]</td><td>items: string [batch, k],
 *       scores: float [batch, k], cosines of the item embeddings</td></tr>
 *   <tr><td>{@code similarity}</td><td>item: string [batch], items: string [batch,
 *       length]</td><td>scores: float [batch, length], the cosine of item and each of
 *       items</td></tr>
 * </table>
 *
 * <p>A history is a set: order and repetition do not matter, and unknown ids and the padding "" (−1
 * or any other index outside for indices) are as if they were not there. Rankings leave out the
 * history and what is excluded. Where fewer than k items are left the ranking ends with the item ""
 * (−1) and the score −3.4028235E38, the lowest finite one. Equal scores come in the order of the
 * item indices.
 */
public final class SavedModelExporter {
  private static final String TITLES_FILE = "titles.csv";

  private SavedModelExporter() {}

  /**
   * Exports with {@link ExportOptions#defaults()}.
   *
   * @param model the model
   * @param target the version's folder, {@code BASE/<number>}; it must not exist
   * @throws DataException if the target is there already or is not named by a number, or if an item
   *     id cannot be exported
   * @throws ArithmeticException if a weight is not a finite number
   * @throws UncheckedIOException if the target cannot be written
   */
  public static void export(TrainedModel model, Path target) {
    export(model, target, ExportOptions.defaults());
  }

  /**
   * Exports. The version appears whole or not at all: it is written and tried out beside its place,
   * under a name that servers do not look at, and renamed.
   *
   * @param model the model
   * @param target the version's folder, {@code BASE/<number>}; it must not exist
   * @param options length of the rankings, titles, versions to keep, facts for the model card
   * @throws DataException if the target is there already or is not named by a number, or if an item
   *     id cannot be exported
   * @throws ArithmeticException if a weight is not a finite number
   * @throws UncheckedIOException if the target cannot be written
   */
  public static void export(TrainedModel model, Path target, ExportOptions options) {
    VersionFolder version = new VersionFolder(target);
    Network network = model.network();
    int topK = Math.min(options.topK(), network.items());
    version.publish(
        folder -> {
          SavedModelFiles.write(folder, version.modelName(), network, model.items(), topK);
          writeTitles(folder.resolve("assets.extra").resolve(TITLES_FILE), options.titles());
          Files.writeString(
              folder.resolve("model.json"),
              ModelCard.text(model, network, "savedmodel", options.facts()));
        });
    version.prune(options.keep());
  }

  private static void writeTitles(Path file, Map<String, String> titles) throws IOException {
    if (titles.isEmpty()) {
      return;
    }
    try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(file)) {
      csv.writeRecord("item", "title");
      titles.entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .forEach(title -> csv.writeRecord(title.getKey(), title.getValue()));
    }
  }
}
