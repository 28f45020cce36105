package io.github.vaecf.eval.export;

import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Exports trained models as SavedModels, for TensorFlow Serving and everything else that loads
 * SavedModels, {@link ServedModel} among them.
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
 *   <tr><td>{@code recommend_filtered}</td><td>items, exclude, allow: string [batch, length] each;
 *       k, offset, with_history: int32 [batch] each</td><td>items: string [batch, k], scores: float
 *       [batch, k], where the largest k counts</td></tr>
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
 *   <tr><td>{@code recommend_group}</td><td>items: string [batch, length], person: int32 [batch,
 *       length], whose item each is, counted from 0 (less than length; −1: nobody's); exclude,
 *       allow: string [batch, length]; least_misery, k: int32 [batch]</td><td>as of
 *       recommend_filtered; each row is a group, see {@link
 *       io.github.vaecf.core.GroupStrategy}</td></tr>
 *   <tr><td>{@code because}</td><td>item: string [batch], items: string [batch,
 *       length]</td><td>contributions: float [batch, length], the score of item less its score
 *       without each of items, 0 for unknown ones; see {@link
 *       io.github.vaecf.core.Recommender#because}</td></tr>
 * </table>
 *
 * <p>{@code encode} and {@code decode} are there where the model has a latent vector, {@code
 * similar_items} and {@code similarity} where it has embeddings of its items. A {@link ServedModel}
 * that has these answers {@code recommend_diverse} too, which no graph does, as each choice depends
 * on the one before: items, exclude, allow, k as above and lambda: float [batch], the weight of the
 * scores ({@link io.github.vaecf.core.Query.Builder#marginalRelevance}).
 *
 * <p>A history is a set: order and repetition do not matter, and unknown ids and the padding "" (−1
 * or any other index outside for indices) are as if they were not there. Rankings leave out the
 * history (unless with_history is 1), what is excluded, and what allow does not have, where it has
 * anything but padding. The offset is how many of the best are passed over. Where fewer than k
 * items are left the ranking ends with the item "" (−1) and the score −3.4028235E38, the lowest
 * finite one. Equal scores come in the order of the item indices.
 */
public final class SavedModelExporter {
  private static final Setting<Integer> TOP_K =
      Setting.integer("top-k", 1, 100, "Length of the rankings that the export answers with.");
  private static final Setting<Integer> KEEP =
      Setting.integer(
          "keep",
          0,
          0,
          "Delete all but the newest N versions of the base folder afterwards, 0 for none.");

  /** As the command line and {@link ServedModel#load} know it. */
  static final ExportForm FORM =
      new ExportForm() {
        @Override
        public String name() {
          return "savedmodel";
        }

        @Override
        public String target() {
          return "a folder BASE/VERSION, its name a number";
        }

        @Override
        public List<Setting<?>> settings() {
          return List.of(TOP_K, KEEP, ExportedWeights.SETTING, Indexing.SETTING);
        }

        @Override
        public boolean hasTitles(Path target) {
          return true;
        }

        @Override
        public void export(
            TrainedModel model,
            Path target,
            Map<String, String> values,
            Map<String, String> titles) {
          Builder builder =
              builder()
                  .topK(ExportForm.value(TOP_K, values))
                  .weights(ExportForm.value(ExportedWeights.SETTING, values))
                  .index(ExportForm.value(Indexing.SETTING, values))
                  .titles(titles);
          int keep = ExportForm.value(KEEP, values);
          (keep == 0 ? builder : builder.keep(keep)).export(model, target);
        }

        @Override
        public boolean isAt(Path path) {
          return true; // folders have any name: asked last
        }

        @Override
        public ServedModel load(Path path) {
          return ServedSavedModel.open(VersionFolder.find(path));
        }
      };

  private SavedModelExporter() {}

  /**
   * Where the next version of a model goes: the number after the largest that its base folder has,
   * whether that can be loaded or not; 1 where there is none.
   *
   * @param base the folder of the model's versions; need not be there yet
   * @return {@code base/<number>}
   * @throws DataException if the base folder is there and cannot be read, or has the largest number
   *     that there is
   */
  public static Path nextVersion(Path base) {
    List<Path> versions = Files.exists(base) ? VersionFolder.newestFirst(base) : List.of();
    long newest = versions.isEmpty() ? 0 : VersionFolder.number(versions.get(0)).getAsLong();
    if (newest == Long.MAX_VALUE) {
      throw new DataException(base + ": has the largest version number that there is");
    }
    return base.resolve(Long.toString(newest + 1));
  }

  /**
   * Exports with rankings of 100 items, weights as trained, all versions kept, the model's own
   * titles, nothing more on the card.
   *
   * @param model the model
   * @param target the version's folder, {@code BASE/<number>}; it must not exist
   * @throws DataException if the target is there already or is not named by a number, if an item id
   *     cannot be exported, or if the target cannot be written
   * @throws ArithmeticException if a weight, or an answer of the model, is not a finite number
   */
  public static void export(TrainedModel model, Path target) {
    builder().export(model, target);
  }

  /**
   * For an export of another kind than {@link #export(TrainedModel, Path)} makes.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * How a model is exported. May be used for several exports; not safe for use by several threads.
   */
  public static final class Builder {
    private int topK = 100;
    private int keep = Integer.MAX_VALUE;
    private ExportedWeights weights = ExportedWeights.FLOAT32;
    private Indexing index = Indexing.AUTO;
    private Map<String, String> titles; // null for the model's own
    private Map<String, Object> facts = Map.of();

    private Builder() {}

    /**
     * The length of the rankings that the export answers with; in a catalogue of fewer items it is
     * their number.
     *
     * @param length at least 1; 100 unless said otherwise
     * @return this builder
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder topK(int length) {
      topK = requirePositive("topK", length);
      return this;
    }

    /**
     * How the export holds the matrices of weights on the disk. They become float32 when they are
     * loaded: smaller ones save room and time on the way to a server, neither memory nor time in
     * it.
     *
     * @param form as trained unless said otherwise
     * @return this builder
     */
    public Builder weights(ExportedWeights form) {
      weights = Objects.requireNonNull(form, "form");
      return this;
    }

    /**
     * Whether the export gets an index of its items, by which {@link ServedModel} finds the best
     * without scoring all: the same answers, sooner where there are many items. It takes as much of
     * the disk as the last layer's weights and a third more, and of the memory what is looked at.
     *
     * @param when {@link Indexing#AUTO} unless said otherwise
     * @return this builder
     */
    public Builder index(Indexing when) {
      index = Objects.requireNonNull(when, "when");
      return this;
    }

    /**
     * How many versions stay in the base folder, the newest ones; older ones are deleted after the
     * export.
     *
     * @param versions at least 1; all unless said otherwise
     * @return this builder
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder keep(int versions) {
      keep = requirePositive("keep", versions);
      return this;
    }

    private static int requirePositive(String name, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " must be at least 1, found " + value);
      }
      return value;
    }

    /**
     * What to call items when a person reads them, in place of the model's own titles.
     *
     * @param byId titles by raw id; may lack items; copied
     * @return this builder
     */
    public Builder titles(Map<String, String> byId) {
      titles = Map.copyOf(byId);
      return this;
    }

    /**
     * What else the model card is to say, such as the data set and its metrics.
     *
     * @param more names and values that Jackson can write as JSON; copied
     * @return this builder
     */
    public Builder facts(Map<String, Object> more) {
      facts = new LinkedHashMap<>(more);
      return this;
    }

    /**
     * Exports. The version appears whole or not at all: it is written and tried out beside its
     * place, under a name that servers do not look at, and renamed.
     *
     * @param model the model
     * @param target the version's folder, {@code BASE/<number>}; it must not exist
     * @throws DataException if the target is there already or is not named by a number, if an item
     *     id cannot be exported, or if the target cannot be written
     * @throws IllegalArgumentException if an index is to be made in any case, and the model has no
     *     vectors of its items to make one of, or its weights are not exported as trained
     * @throws ArithmeticException if a weight, or an answer of the model, is not a finite number
     */
    public void export(TrainedModel model, Path target) {
      if (index == Indexing.ALWAYS) {
        requireVectors(model);
      }
      VersionFolder version = new VersionFolder(target);
      ModelSnapshot snapshot = ModelSnapshot.of(model);
      int length = Math.min(topK, snapshot.items().size());
      version.publish(
          folder -> {
            Optional<ItemProducts> products =
                SavedModelFiles.write(folder, snapshot, length, weights);
            Titles.write(ExportFormat.titles(folder), titles == null ? model.titles() : titles);
            Map<String, Object> found =
                SavedModelFiles.tryOut(
                    folder, version.modelName(), products.filter(one -> isIndexed(one.items())));
            ModelCard.write(folder, snapshot, FORM.name(), found, facts);
          });
      version.prune(keep);
    }

    private boolean isIndexed(int items) {
      return index == Indexing.ALWAYS
          || (index == Indexing.AUTO
              && items >= Indexing.MANY_ITEMS
              && weights == ExportedWeights.FLOAT32);
    }

    private void requireVectors(TrainedModel model) {
      if (model.innerProducts().isEmpty()) {
        throw new IllegalArgumentException(
            "index: expected a model whose scores are inner products of vectors, such as an"
                + " autoencoder, iALS or ELSA, found "
                + model.settings().model().title());
      }
      if (weights != ExportedWeights.FLOAT32) {
        throw new IllegalArgumentException(
            "index: goes with weights as trained, float32, found "
                + ExportedWeights.SETTING.format(weights));
      }
    }
  }
}
