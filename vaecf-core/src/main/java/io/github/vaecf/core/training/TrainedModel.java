package io.github.vaecf.core.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A trained Mult-VAE or Mult-DAE: ranks items for users it has never seen, from the items they
 * touched.
 *
 * <p>Owns native memory until it is closed. Safe for use by many threads; closing while another
 * thread still uses it is not.
 */
public final class TrainedModel implements Scorer, AutoCloseable {
  /** Name of the file of a model within a run folder. */
  public static final String FILE_NAME = "model.safetensors";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CONFIG = "vaecf.config";
  private static final String TRAINING = "vaecf.training";
  private static final String ITEMS = "vaecf.items";
  private static final String EPOCH = "vaecf.epoch";
  private static final String VALIDATION = "vaecf.validation";

  private final Description description;
  private final AutoencoderSession session;

  /** All of a model but its weights. */
  record Description(
      ModelConfig config, TrainingConfig training, IdIndex items, int epoch, double validation) {
    Map<String, String> metadata() {
      try {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(CONFIG, JSON.writeValueAsString(config));
        metadata.put(TRAINING, JSON.writeValueAsString(training));
        metadata.put(EPOCH, Integer.toString(epoch));
        metadata.put(VALIDATION, Double.toString(validation));
        metadata.put(ITEMS, JSON.writeValueAsString(items.ids()));
        return metadata;
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("settings that cannot be written as JSON", e);
      }
    }

    static Description read(Path path, Safetensors file) {
      try {
        return new Description(
            JSON.readValue(file.metadata(CONFIG), ModelConfig.class),
            JSON.readValue(file.metadata(TRAINING), TrainingConfig.class),
            IdIndex.of(JSON.readValue(file.metadata(ITEMS), new TypeReference<List<String>>() {})),
            Integer.parseInt(file.metadata(EPOCH)),
            Double.parseDouble(file.metadata(VALIDATION)));
      } catch (JsonProcessingException | IllegalArgumentException e) {
        throw new DataException(path + ": not a model of this version (" + e.getMessage() + ")", e);
      }
    }
  }

  TrainedModel(Description description, Map<String, float[]> weights) {
    this.description = description;
    this.session =
        AutoencoderSession.forInference(
            description.config(),
            description.items().size(),
            description.training().device(),
            description.training().threads());
    session.set(weights);
  }

  /**
   * Loads a model that {@link #save} or a training with a run folder wrote.
   *
   * @param path the file, or a run folder with a file {@value #FILE_NAME}
   * @return the model, to be closed
   * @throws DataException if there is no such file or it is damaged
   */
  public static TrainedModel load(Path path) {
    Path file = fileOf(path);
    Safetensors tensors = Safetensors.open(file);
    Map<String, float[]> weights = new LinkedHashMap<>();
    for (String name : tensors.names()) {
      weights.put(name, tensors.read(name));
    }
    return new TrainedModel(Description.read(file, tensors), weights);
  }

  private static Path fileOf(Path path) {
    if (!Files.exists(path)) {
      throw new DataException(path + ": no such file or run folder");
    }
    if (!Files.isDirectory(path)) {
      return path;
    }
    Path file = path.resolve(FILE_NAME);
    if (!Files.isRegularFile(file)) {
      throw new DataException(
          path
              + ": not a run folder with a trained model, expected a file "
              + FILE_NAME
              + " in it and found none");
    }
    return file;
  }

  /**
   * Writes the model, settings and item ids included, into one file of the safetensors format. The
   * file appears whole or not at all and replaces one that is there.
   *
   * @param file where to write; its folder must exist
   * @throws DataException if it cannot be written
   */
  public void save(Path file) {
    write(file, description, session);
  }

  static void write(Path file, Description description, AutoencoderSession session) {
    List<Safetensors.Source> tensors = new ArrayList<>();
    for (AutoencoderGraph.Variable variable : session.autoencoder.weights()) {
      tensors.add(session.source(variable));
    }
    try {
      Safetensors.write(file, description.metadata(), tensors);
    } catch (IOException e) {
      throw new DataException(file + ": cannot be written (" + e + ")", e);
    }
  }

  /** The epoch of the model in a file; 0 if there is none or it is damaged. */
  static int epochOf(Path file) {
    try {
      return Files.exists(file) ? Description.read(file, Safetensors.open(file)).epoch() : 0;
    } catch (DataException e) {
      return 0; // it will be written anew
    }
  }

  /**
   * The settings of the network and its loss.
   *
   * @return the settings
   */
  public ModelConfig config() {
    return description.config();
  }

  /**
   * The settings that the model was trained with.
   *
   * @return the settings
   */
  public TrainingConfig training() {
    return description.training();
  }

  /**
   * The raw ids of the items, in the order of their indices.
   *
   * @return the index
   */
  public IdIndex items() {
    return description.items();
  }

  /**
   * The epoch that the weights are from.
   *
   * @return from 1
   */
  public int epoch() {
    return description.epoch();
  }

  /**
   * What the validation function said of these weights.
   *
   * @return its value, NaN if there was none
   */
  public double validation() {
    return description.validation();
  }

  @Override
  public int itemCount() {
    return session.itemCount();
  }

  @Override
  public Rankings rank(CsrMatrix histories, int from, int to, int k) {
    return session.rank(histories, from, to, k);
  }

  /**
   * The logits of all items, those of the histories included.
   *
   * @param histories users × items, what is known of each user
   * @param from first row to score for
   * @param to row after the last
   * @return {@code to − from} users × items, row-major
   * @throws IllegalArgumentException if the histories are not over {@link #itemCount()} items
   */
  public float[] scores(CsrMatrix histories, int from, int to) {
    return session.scores(histories, from, to);
  }

  /**
   * The latent vectors of users: μ of Mult-VAE, the latent layer of Mult-DAE.
   *
   * @param histories users × items, what is known of each user
   * @param from first row to encode
   * @param to row after the last
   * @return {@code to − from} users × latent width, row-major
   * @throws IllegalArgumentException if the histories are not over {@link #itemCount()} items
   */
  public float[] encode(CsrMatrix histories, int from, int to) {
    return session.encode(histories, from, to);
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
  public List<Recommendation> recommend(List<String> history, int k) {
    Objects.requireNonNull(history, "history");
    CsrMatrix one =
        CsrMatrix.of(
            1,
            itemCount(),
            consumer -> {
              for (String id : history) {
                int index = items().indexOf(id);
                if (index >= 0) {
                  consumer.accept(0, index);
                }
              }
            });
    Rankings ranking = rank(one, 0, 1, k);
    List<Recommendation> recommendations = new ArrayList<>();
    for (int rank = 0; rank < k && ranking.item(0, rank) >= 0; rank++) {
      recommendations.add(
          new Recommendation(items().id(ranking.item(0, rank)), ranking.score(0, rank)));
    }
    return recommendations;
  }

  /**
   * A copy of all weights, for exporters.
   *
   * @return the layers
   */
  public Network network() {
    Map<String, float[]> weights = session.weights();
    return new Network(
        config() instanceof MultVaeConfig, layers("encoder", weights), layers("decoder", weights));
  }

  private static List<DenseLayer> layers(String side, Map<String, float[]> weights) {
    List<DenseLayer> layers = new ArrayList<>();
    for (int layer = 0; weights.containsKey(side + "/" + layer + "/kernel"); layer++) {
      float[] kernel = weights.get(side + "/" + layer + "/kernel");
      float[] bias = weights.get(side + "/" + layer + "/bias");
      layers.add(new DenseLayer(kernel.length / bias.length, bias.length, kernel, bias));
    }
    return layers;
  }

  @Override
  public void close() {
    session.close();
  }
}
