package io.github.vaecf.core.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.model.Blend;
import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TensorFlowLayers;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;

/**
 * A model that was fitted, by gradient or in closed form: ranks items for users it has never seen,
 * from the items they touched. Its weights are in native memory.
 */
public final class TrainedModel extends Recommender {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A comma, and two quotation marks of which each is escaped. */
  private static final int AROUND_AN_ID = 5;

  private static final String MODEL = "vaecf.model";
  private static final String SETTINGS = "vaecf.settings";
  private static final String ITEMS = "vaecf.items";
  private static final String EPOCH = "vaecf.epoch";
  private static final String VALIDATION = "vaecf.validation";
  private static final String METRIC = "vaecf.validation_metric";

  /** A training that goes on is so many times shorter than the one before. */
  private static final int SHORTER = 4;

  private final Description description;
  private final NetworkSession session;
  private Map<String, String> titles = Map.of(); // changed by those alone who make it

  /** All of a model but its weights; the metric is empty where none has a name. */
  record Description(
      Settings settings, IdIndex items, int epoch, double validation, String metric) {
    Map<String, String> metadata() {
      try {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(MODEL, settings.model().name());
        metadata.put(SETTINGS, JSON.writeValueAsString(SettingsJson.write(settings)));
        metadata.put(EPOCH, Integer.toString(epoch));
        metadata.put(VALIDATION, Double.toString(validation));
        if (!metric.isEmpty()) {
          metadata.put(METRIC, metric);
        }
        metadata.put(ITEMS, JSON.writeValueAsString(items.ids()));
        return metadata;
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("settings that cannot be written as JSON", e);
      }
    }

    Settings settingsToRefit() {
      return settings.has(TrainingSettings.EPOCHS)
          ? settings
              .with(TrainingSettings.EPOCHS, Math.max(1, epoch))
              .with(TrainingSettings.PATIENCE, 0)
          : settings;
    }

    Settings settingsToContinue() {
      Require.that(
          settings.model() instanceof GradientModel,
          "the model to go on from",
          "one that is trained by gradient; others are fitted anew",
          settings.model().name());
      return settingsToRefit()
          .with(TrainingSettings.EPOCHS, Math.max(1, epoch / SHORTER))
          .with(TrainingSettings.SCHEDULE, TrainingSettings.Schedule.COSINE);
    }

    static Description read(Path path, Safetensors file) {
      try {
        return new Description(
            SettingsJson.read(
                Model.named(file.metadata(MODEL)), JSON.readTree(file.metadata(SETTINGS))),
            IdIndex.of(JSON.readValue(file.metadata(ITEMS), new TypeReference<List<String>>() {})),
            Integer.parseInt(file.metadata(EPOCH)),
            Double.parseDouble(file.metadata(VALIDATION)),
            file.metadata(METRIC, ""));
      } catch (JsonProcessingException | IllegalArgumentException e) {
        throw new DataException(path + ": not a model of this version (" + e.getMessage() + ")", e);
      }
    }
  }

  /** Makes sure, before a long training, that there is room for the ids of its items in a file. */
  static void requireStorable(IdIndex items) {
    long bytes = 0;
    for (int item = 0; item < items.size(); item++) {
      bytes += items.id(item).length() + AROUND_AN_ID;
    }
    Safetensors.requireRoom(
        bytes, String.format(Locale.ROOT, "the ids of %,d items", items.size()));
  }

  /** Takes over a session whose weights are set. */
  TrainedModel(Description description, NetworkSession session) {
    super(description.items());
    this.description = description;
    this.session = session;
  }

  static TrainedModel of(Description description, List<Weight> weights) {
    NetworkSession session =
        NetworkSession.forInference(description.settings(), description.items());
    try {
      session.set(valuesByName("", weights));
      return new TrainedModel(description, session);
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  private static Map<String, float[]> valuesByName(String prefix, List<Weight> weights) {
    Map<String, float[]> values = new LinkedHashMap<>();
    weights.forEach(weight -> values.put(prefix + weight.name(), weight.values()));
    return values;
  }

  /**
   * Whether {@link #load} would find a model at a path.
   *
   * @param path any path
   * @return whether it is a model's file, or a run folder
   */
  public static boolean isAt(Path path) {
    return RunFolder.isRun(path)
        || Files.isRegularFile(RunFolder.modelFile(path))
        || path.toString().endsWith(".safetensors");
  }

  /**
   * Loads a model that {@link #save} or a training with a run folder wrote.
   *
   * @param path the file, or a run folder
   * @return the model, to be closed
   * @throws DataException if there is no such file, or it is damaged, a weight is not a number, or
   *     this version keeps the model's weights otherwise
   */
  public static TrainedModel load(Path path) {
    Path file = fileOf(path);
    try (Safetensors tensors = Safetensors.open(file)) {
      Description description = Description.read(file, tensors);
      NetworkSession session =
          NetworkSession.forInference(description.settings(), description.items());
      try {
        for (Variables.Variable weight : session.modelWeights()) {
          if (!tensors.names().contains(weight.name())) {
            throw new DataException(
                file
                    + ": "
                    + description.settings().model().title()
                    + " of an earlier version, which has no weights "
                    + weight.name()
                    + "; train it again");
          }
        }
        session.set(session.modelWeights(), tensors);
      } catch (ArithmeticException e) {
        session.close();
        throw new DataException(
            file + ": not the weights of a model, " + e.getMessage() + "; train it again", e);
      } catch (RuntimeException e) {
        session.close();
        throw e;
      }
      return new TrainedModel(description, session)
          .withTitles(RunFolder.titles(file.toAbsolutePath().getParent()));
    }
  }

  /**
   * Several models over the same items as one: the weighted sum of their standardised scores
   * ({@link Blend}). A blend of one model is a copy of that model.
   *
   * @param members the models, at least one, which stay the caller's
   * @param weights a weight above 0 for each
   * @param metric what the validation measures, such as {@code ndcg@100}
   * @param validation how good a model is; asked once
   * @return the blend, with copies of the members' weights, to be closed; its titles are those of
   *     the first
   * @throws IllegalArgumentException if there is no member, a weight is not above 0, the numbers of
   *     members and weights differ, or so do the members' items
   */
  public static TrainedModel blend(
      List<TrainedModel> members,
      List<Double> weights,
      String metric,
      ToDoubleFunction<Recommender> validation) {
    Settings settings = blendedSettings(members, weights);
    TrainedModel first = members.get(0);
    NetworkSession session = NetworkSession.forInference(settings, first.items());
    try {
      for (int i = 0; i < members.size(); i++) {
        TrainedModel member = members.get(i);
        String prefix = members.size() == 1 ? "" : Blend.prefix(i + 1);
        member.whileOpen(
            () -> {
              // Few weights at a time: they may be large.
              member.session.read(
                  member.session.modelWeights(), some -> session.set(valuesByName(prefix, some)));
              return member;
            });
      }
      int epoch = members.size() == 1 ? first.epoch() : 1;
      double measured = validation.applyAsDouble(session);
      return new TrainedModel(
              new Description(settings, first.items(), epoch, measured, metric), session)
          .withTitles(first.titles());
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  private static Settings blendedSettings(List<TrainedModel> members, List<Double> weights) {
    Require.that(!members.isEmpty(), "the members of a blend", "at least one", members);
    Require.that(
        members.size() == weights.size(),
        "the number of weights",
        "that of the members, " + members.size(),
        weights.size());
    IdIndex items = members.get(0).items();
    List<Blend.Member> blended = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      TrainedModel member = members.get(i);
      Require.that(
          member.items().equals(items),
          "the items of a blend's members",
          "the same for all",
          "others for " + member.settings().model().title());
      blended.add(new Blend.Member(weights.get(i), member.settingsToRefit()));
    }
    return members.size() == 1
        ? members.get(0).settings()
        : Settings.published(new Blend()).with(Blend.MEMBERS, new Blend.Members(blended));
  }

  /** The same model, which knows what to call its items. */
  TrainedModel withTitles(Map<String, String> byId) {
    titles = byId;
    return this;
  }

  /**
   * The same values.
   *
   * @throws ArithmeticException if one is not a number, which makes every ranking worthless
   */
  static float[] finite(String name, float[] values) {
    for (float value : values) {
      requireFinite(name, value);
    }
    return values;
  }

  static void requireFinite(String name, float value) {
    if (!Float.isFinite(value)) {
      throw new ArithmeticException(name + " has " + value + " where a number is expected");
    }
  }

  private static Path fileOf(Path path) {
    if (!Files.exists(path)) {
      throw new DataException(path + ": no such file or run folder");
    }
    if (!Files.isDirectory(path)) {
      return path;
    }
    Path file = RunFolder.modelFile(path);
    if (!Files.isRegularFile(file)) {
      throw new DataException(
          path
              + ": not a run folder with a trained model, expected a file "
              + file.getFileName()
              + " in it and found none");
    }
    return file;
  }

  /**
   * Writes the model, settings and item ids included, into one file of the safetensors format. The
   * file appears whole or not at all and replaces one that is there.
   *
   * @param file where to write
   * @throws DataException if it cannot be written
   * @throws ArithmeticException if a weight is not a number
   */
  public void save(Path file) {
    write(file, description, session);
  }

  /**
   * Writes the model into a folder of its own, with what to call its items, as a training leaves it
   * in a run folder. {@link #load} of the folder reads it again.
   *
   * @param folder is made where there is none
   * @throws DataException if it cannot be written
   * @throws ArithmeticException if a weight is not a number
   */
  public void saveIn(Path folder) {
    RunFolder.keepTitles(folder, titles);
    save(RunFolder.modelFile(folder)); // last: where it is there, all is
  }

  static void write(Path file, Description description, NetworkSession session) {
    List<Safetensors.Source> tensors = new ArrayList<>();
    for (Safetensors.Source source : session.sources(session.modelWeights())) {
      tensors.add(
          new Safetensors.Source(
              source.name(),
              source.shape(),
              target -> source.numbers().to(finite(source, target))));
    }
    Safetensors.write(file, description.metadata(), tensors);
  }

  private static Safetensors.Target finite(Safetensors.Source source, Safetensors.Target target) {
    return (some, length, at) -> {
      for (int i = 0; i < length; i++) {
        requireFinite(source.name(), some[i]);
      }
      target.take(some, length, at);
    };
  }

  /**
   * The epoch whose weights a file has.
   *
   * @param messages told what a file that is there is not
   * @return 0 if there is no whole model in it: it is to be written anew
   */
  static int epochOf(Path file, Consumer<String> messages) {
    if (Files.notExists(file)) {
      return 0;
    }
    try (Safetensors tensors = Safetensors.open(file)) {
      return Description.read(file, tensors).epoch();
    } catch (DataException e) {
      messages.accept(e.getMessage());
      return 0;
    }
  }

  /**
   * All that the model was fitted with.
   *
   * @return the settings, which name the model
   */
  public Settings settings() {
    return description.settings();
  }

  /**
   * The settings to fit such a model once more, to other users and without a validation: those it
   * was fitted with, but for as many epochs as its weights have seen and to the last of them. Of a
   * blend each member's are such.
   *
   * @return the settings, which name the model
   */
  public Settings settingsToRefit() {
    return description.settingsToRefit();
  }

  /**
   * The settings to go on from this model on newer data ({@link Trainer.Builder#from}): a quarter
   * of the epochs that its weights have seen, and a learning rate that falls to 0 along a cosine.
   * The regulariser's weight rises once more, which is better than to begin at its full weight.
   *
   * @return the settings, which name the model
   * @throws IllegalArgumentException if the model is not trained by gradient
   */
  public Settings settingsToContinue() {
    return description.settingsToContinue();
  }

  /**
   * As {@link #settingsToContinue()}, of a model that is not loaded. A run that went on from
   * another itself is as short already: the settings are its own then.
   *
   * @param path the file, or a run folder
   * @return the settings, which name the model
   * @throws DataException if there is no such file, or it is damaged
   * @throws IllegalArgumentException if the model is not trained by gradient
   */
  public static Settings settingsToContinue(Path path) {
    Path file = fileOf(path);
    try (Safetensors tensors = Safetensors.open(file)) {
      Description description = Description.read(file, tensors);
      return RunFolder.wentOn(path) ? description.settings() : description.settingsToContinue();
    }
  }

  /**
   * As {@link #settingsToRefit()}, of a model that is not loaded.
   *
   * @param path the file, or a run folder
   * @return the settings, which name the model
   * @throws DataException if there is no such file, or it is damaged
   */
  public static Settings settingsToRefit(Path path) {
    Path file = fileOf(path);
    try (Safetensors tensors = Safetensors.open(file)) {
      return Description.read(file, tensors).settingsToRefit();
    }
  }

  /**
   * What to call the items when a person reads them, as the training was told. A run folder keeps
   * it; a file that {@link #save} wrote elsewhere does not.
   *
   * @return titles by raw id; may lack items
   */
  public Map<String, String> titles() {
    return titles;
  }

  /**
   * The epoch that the weights are from.
   *
   * @return from 1; 1 for a model in closed form, 0 if a time limit ended the training before its
   *     first epoch
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

  /**
   * What the validation function measured.
   *
   * @return such as {@code ndcg@100}; empty if there was no validation, or one without a name
   */
  public Optional<String> validationMetric() {
    return Optional.of(description.metric()).filter(name -> !name.isEmpty());
  }

  @Override
  protected void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
    session.rank(histories, from, to, rankings, firstUser);
  }

  @Override
  protected void rankAmong(
      CsrMatrix histories,
      int from,
      int to,
      IntFunction<BitSet> candidates,
      Rankings rankings,
      int firstUser) {
    session.rankAmong(histories, from, to, candidates, rankings, firstUser);
  }

  @Override
  public boolean scoresAllItems() {
    return true;
  }

  @Override
  protected float[] scoreAll(CsrMatrix histories, int from, int to) {
    return session.scores(histories, from, to);
  }

  @Override
  public boolean comparesItems() {
    return session.comparesItems();
  }

  @Override
  protected IntFunction<float[]> cosines(int[] pool) {
    return session.cosines(pool);
  }

  /**
   * The scores of all items, those of the histories included.
   *
   * @param histories users × items, what is known of each user
   * @param from first row to score for
   * @param to row after the last
   * @return {@code to − from} users × items, row-major
   * @throws IllegalArgumentException if the histories are not over {@link #itemCount()} items
   * @throws IllegalStateException if this is closed
   */
  public float[] scores(CsrMatrix histories, int from, int to) {
    return whileOpen(() -> session.scores(histories, from, to));
  }

  /**
   * The latent vectors of users: μ of Mult-VAE, the latent layer of Mult-DAE.
   *
   * @param histories users × items, what is known of each user
   * @param from first row to encode
   * @param to row after the last
   * @return {@code to − from} users × latent width, row-major
   * @throws IllegalArgumentException if the histories are not over {@link #itemCount()} items
   * @throws IllegalStateException if the model has no latent vector, or is closed
   */
  public float[] encode(CsrMatrix histories, int from, int to) {
    if (session.network.latent == null) {
      throw new IllegalStateException(
          description.settings().model().title() + " has no latent vector");
    }
    return whileOpen(() -> session.encode(histories, from, to));
  }

  /**
   * A copy of all weights, for exporters.
   *
   * @return the weights in the order in which the model asks for them
   */
  public List<Weight> weights() {
    return whileOpen(session::weights);
  }

  /**
   * How large the weights are, without a copy of any.
   *
   * @return their dimensions by name, in the order of {@link #weights}
   */
  public Map<String, List<Long>> weightShapes() {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    session
        .modelWeights()
        .forEach(weight -> shapes.put(weight.name(), NetworkSession.shape(weight)));
    return shapes;
  }

  /**
   * The items' embeddings, by which items are compared: of an autoencoder the kernel of the last
   * layer, of a linear model the item weights, of a factorization the items' factors.
   *
   * @return a copy, any width × items, by the weight's name; empty for a model without
   */
  public Optional<Weight> itemKernel() {
    return session.network.itemKernel.flatMap(
        kernel ->
            session.modelWeights().stream()
                .filter(weight -> weight.name().equals(kernel.name()))
                .findFirst()
                .map(session::read)
                .map(weight -> kernel.inRows() ? weight.transpose() : weight));
  }

  /**
   * The vectors whose inner products are the scores, for whoever looks for the nearest items by
   * other means, such as a database: of an autoencoder the last hidden layer and the decoder's
   * weights with the item's bias as one dimension more, which is 1 for users; of a factorization
   * the factors.
   *
   * @return the vectors; empty for a model whose scores are no such products: linear models over
   *     all pairs of items, counts, blends. ELSA's products of items that the user has already are
   *     larger by 1 than their scores; those of others are the scores
   */
  public Optional<InnerProducts> innerProducts() {
    return session.network.products.map(InnerProducts::new);
  }

  /** Vectors of users and items, the inner product of which is the score. Ends with its model. */
  public final class InnerProducts {
    private final TensorFlowLayers.Products products;

    private InnerProducts(TensorFlowLayers.Products products) {
      this.products = products;
    }

    /**
     * The width of the vectors.
     *
     * @return at least 1
     */
    public int width() {
      int axis = products.inRows() ? 1 : 0;
      return (int) products.items().shape().get(axis) + (products.bias() == null ? 0 : 1);
    }

    /**
     * The items' vectors.
     *
     * @return items × {@link #width}, row-major
     * @throws IllegalStateException if the model is closed
     */
    public float[] items() {
      return whileOpen(
          () -> {
            float[] kernel = session.fetch(products.items());
            float[] vectors = products.inRows() ? kernel : transposed(kernel, itemCount());
            return products.bias() == null
                ? vectors
                : widened(vectors, session.fetch(products.bias()));
          });
    }

    /**
     * The vectors of users.
     *
     * @param histories users × items, what is known of each user
     * @param from first row
     * @param to row after the last
     * @return {@code to − from} users × {@link #width}, row-major
     * @throws IllegalArgumentException if the histories are not over {@link #itemCount()} items
     * @throws IllegalStateException if the model is closed
     */
    public float[] users(CsrMatrix histories, int from, int to) {
      return whileOpen(
          () -> {
            float[] vectors = session.users(products, histories, from, to);
            if (products.bias() == null) {
              return vectors;
            }
            float[] ones = new float[to - from];
            Arrays.fill(ones, 1);
            return widened(vectors, ones);
          });
    }

    private static float[] transposed(float[] values, int columns) {
      int rows = values.length / columns;
      Weight weight = new Weight("", List.of((long) rows, (long) columns), values);
      return weight.transpose().values();
    }

    /** Rows with one entry more each. */
    private static float[] widened(float[] rows, float[] entries) {
      int width = rows.length / Math.max(1, entries.length);
      float[] widened = new float[rows.length + entries.length];
      for (int row = 0; row < entries.length; row++) {
        System.arraycopy(rows, row * width, widened, row * (width + 1), width);
        widened[row * (width + 1) + width] = entries[row];
      }
      return widened;
    }
  }

  @Override
  protected void release() {
    session.close();
  }

  /**
   * A fitted weight.
   *
   * @param name as the model calls it, such as {@code decoder/1/kernel}
   * @param shape its dimensions
   * @param values row-major; not copied, neither in nor out, and not to be written into
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Weight(String name, List<Long> shape, float[] values) {
    /**
     * Checks that the values fill the shape.
     *
     * @param name as the model calls it
     * @param shape its dimensions; copied
     * @param values row-major
     * @throws IllegalArgumentException if there are more values or fewer
     */
    public Weight {
      shape = List.copyOf(shape);
      long size = 1;
      for (long dimension : shape) {
        size *= dimension;
      }
      if (size != values.length) {
        throw new IllegalArgumentException(
            name + " must have shape " + shape + ", found " + values.length + " values");
      }
    }

    /** A matrix with rows and columns exchanged. */
    private Weight transpose() {
      int rows = shape.get(0).intValue();
      int columns = shape.get(1).intValue();
      float[] transposed = new float[values.length];
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          transposed[column * rows + row] = values[row * columns + column];
        }
      }
      return new Weight(name, List.of(shape.get(1), shape.get(0)), transposed);
    }
  }
}
