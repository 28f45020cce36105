package io.github.vaecf.core.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainingListener.EpochReport;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.WholeFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The folder of one run: {@code config.json} (all that is needed to do it again), {@code
 * metrics.csv} (a row an epoch), {@code checkpoints/}, event files for TensorBoard in {@code
 * events/}, {@code titles.json} (what to call the items, if that is known), and the best weights,
 * {@code model.safetensors}. Written by one training at a time, which holds a lock on {@code
 * .writer.lock} meanwhile; whoever reads sees a whole state at any time.
 */
public final class RunFolder {
  private static final String CONFIG = "config.json";
  private static final String METRICS = "metrics.csv";
  private static final String CHECKPOINTS = "checkpoints";
  private static final String EVENTS = "events";
  private static final String MODEL = "model.safetensors";
  private static final String TITLES = "titles.json";

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final List<String> COLUMNS =
      List.of(
          "epoch",
          "step",
          "loss",
          "reconstruction",
          "kl",
          "penalty",
          "beta",
          "learning_rate",
          "validation",
          "validation_metric",
          "best",
          "users_per_second",
          "seconds");
  private static final String HEADER = String.join(",", COLUMNS);
  private static final String STATE = "vaecf.state";
  private static final String SETTINGS = "vaecf.settings";
  private static final String SUFFIX = ".safetensors";
  private static final String OF_MODEL = "settings";
  private static final String DATA = "data";
  private static final String VALIDATION = "validation";
  private static final String VALIDATION_METRIC = "validation_metric";
  private static final String METRIC = "metric";
  private static final String RESTARTS = "restarts";
  private static final String FROM = "from_weights_sha256";

  /** The metric of a run without a validation. */
  private static final String NONE = "none";

  /** The metric of a run whose validation function has no name. */
  private static final String UNNAMED = "unnamed";

  private final Path folder;
  private final ObjectNode settings;
  private final Settings trained;
  private final FolderLock lock; // null where nothing is to be written

  private RunFolder(Trainer trainer, DataFingerprint data, FolderLock lock) {
    folder = trainer.runFolder;
    settings = configuration(trainer, data);
    trained = trainer.settings;
    this.lock = lock;
  }

  private boolean isOnGpu() {
    return trained.model() instanceof GradientModel
        && trained.get(TrainingSettings.DEVICE) != TrainingSettings.Device.CPU
        && TensorFlowRuntime.hasGpu();
  }

  /** Held by the one who writes into a folder; given up at the latest when the process ends. */
  public interface Lock extends AutoCloseable {
    /** Lets others write, and removes the folder if it was made for the lock and is still empty. */
    @Override
    void close();
  }

  /**
   * Makes sure that nobody else writes into a folder as long as the lock is held: another training
   * of this process, another process, also on another machine where the file system knows locks.
   * The folder is made where there is none. Readers need no lock.
   *
   * @param folder a run folder, or one of several runs
   * @param messages told, in a sentence, where the file system knows no locks: others of this
   *     process are still kept out then
   * @return the lock, to be closed
   * @throws DataException if somebody else holds the lock, the message says who; or the folder
   *     cannot be written
   */
  public static Lock lock(Path folder, Consumer<String> messages) {
    return FolderLock.of(folder, messages);
  }

  /**
   * Whether a file is one that a folder may have besides what is to be found in it: that of a lock,
   * or what is left of a file that was being written when a process was killed.
   *
   * @param file any file in a run folder or in a folder of several runs
   * @return true if it is nothing that could be lost
   */
  public static boolean isByTheWay(Path file) {
    return WholeFile.isPartial(file) || file.getFileName().toString().equals(FolderLock.FILE);
  }

  // What there is to read.

  /**
   * Whether a folder is one of a run, ended or not.
   *
   * @param folder any path
   * @return whether it holds a run's settings
   */
  public static boolean isRun(Path folder) {
    return Files.isRegularFile(folder.resolve(CONFIG));
  }

  /**
   * The file with the weights of a run's best epoch.
   *
   * @param folder the run folder
   * @return the file, which is there once an epoch was good
   */
  public static Path modelFile(Path folder) {
    return folder.resolve(MODEL);
  }

  /**
   * All that a run was started with: settings, data, versions.
   *
   * @param folder the run folder
   * @return values by their names, those within others with blanks between, in the order of the
   *     file
   * @throws DataException if the folder holds no run, or it cannot be read
   */
  public static Map<String, String> configuration(Path folder) {
    requireRun(folder);
    Map<String, String> values = new LinkedHashMap<>();
    collect("", readConfig(folder.resolve(CONFIG)), values);
    return Collections.unmodifiableMap(values);
  }

  /**
   * The model and the settings that a run was started with.
   *
   * @param folder the run folder
   * @return the settings, which name the model
   * @throws DataException if the folder holds no run, or one of another version
   */
  public static Settings settings(Path folder) {
    requireRun(folder);
    Path config = folder.resolve(CONFIG);
    JsonNode stored = readConfig(config);
    try {
      return SettingsJson.read(Model.named(stored.path("model").asText()), stored.path(OF_MODEL));
    } catch (IllegalArgumentException e) {
      throw new DataException(
          config + ": not the settings of a run of this version, " + e.getMessage(), e);
    }
  }

  /**
   * Whether a run is one of a training matrix, and not of others.
   *
   * @param folder the run folder
   * @param users training users × items
   * @param items raw ids of the items, one for each column
   * @return whether it was started with the same rows and ids, in the same order
   * @throws DataException if the folder holds no run, or it cannot be read
   */
  public static boolean isOf(Path folder, CsrMatrix users, IdIndex items) {
    requireRun(folder);
    String stored = readConfig(folder.resolve(CONFIG)).path(DATA).path("sha256").asText();
    return stored.equals(DataFingerprint.of(users, items).sha256());
  }

  /**
   * What the epochs of a run are chosen by.
   *
   * @param folder the run folder
   * @return such as {@code ndcg@100}; empty if nothing is known of it, or there is no validation
   * @throws DataException if the folder holds no run, or it cannot be read
   */
  public static Optional<String> validationMetric(Path folder) {
    requireRun(folder);
    String metric = readConfig(folder.resolve(CONFIG)).path(VALIDATION).path(METRIC).asText();
    return metric.isEmpty() || metric.equals(NONE) || metric.equals(UNNAMED)
        ? Optional.empty()
        : Optional.of(metric);
  }

  /**
   * What to call the items of a run.
   *
   * @param folder the run folder, or any other
   * @return titles by raw id; may lack items, and is empty where the training was told none
   * @throws DataException if they cannot be read
   */
  public static Map<String, String> titles(Path folder) {
    Path file = folder.resolve(TITLES);
    try {
      return Collections.unmodifiableMap(
          JSON.readValue(file.toFile(), new TypeReference<TreeMap<String, String>>() {}));
    } catch (FileNotFoundException e) {
      return Map.of();
    } catch (JsonProcessingException e) {
      throw new DataException(
          file
              + ": not the titles of a run, expected a JSON object of strings and found none at line "
              + e.getLocation().getLineNr()
              + "; without the file the items have no titles",
          e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * How often a run trains, from other first weights each time.
   *
   * @param folder the run folder
   * @return at least 1
   * @throws DataException if the folder holds no run, or it cannot be read
   */
  public static int restarts(Path folder) {
    requireRun(folder);
    return Math.max(1, readConfig(folder.resolve(CONFIG)).path(RESTARTS).asInt());
  }

  /** Whether a path is the folder of a run that began with the weights of another. */
  static boolean wentOn(Path folder) {
    return isRun(folder) && readConfig(folder.resolve(CONFIG)).has(FROM);
  }

  private static void collect(String path, JsonNode node, Map<String, String> values) {
    if (node.isObject()) {
      node.properties()
          .forEach(
              entry ->
                  collect(
                      path.isEmpty() ? entry.getKey() : path + " " + entry.getKey(),
                      entry.getValue(),
                      values));
    } else {
      values.put(path, text(node));
    }
  }

  private static String text(JsonNode node) {
    return node.isValueNode() ? node.asText() : node.toString();
  }

  /**
   * How a run's training went, as far as it has come.
   *
   * @param folder the run folder
   * @return the curve
   * @throws DataException if the folder holds no run, or its curve cannot be read
   */
  public static TrainingCurve curve(Path folder) {
    requireRun(folder);
    Path file = folder.resolve(METRICS);
    List<TrainingCurve.Epoch> epochs = new ArrayList<>();
    List<String> rows = rows(file);
    for (int row = 1; row < rows.size(); row++) {
      epochs.add(epoch(file, row + 1, columns(rows), rows.get(row).split(",", -1)));
    }
    return new TrainingCurve(validationMetric(folder).orElse(""), epochs);
  }

  /** The rows of a table, without one that is being written. */
  private static List<String> rows(Path file) {
    try {
      String text = Files.readString(file);
      return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    } catch (NoSuchFileException e) {
      return List.of(); // the run has only just begun
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** The columns of a table: one from before has fewer. */
  private static List<String> columns(List<String> rows) {
    return rows.isEmpty() ? COLUMNS : List.of(rows.get(0).split(",", -1));
  }

  private static TrainingCurve.Epoch epoch(
      Path file, long line, List<String> columns, String[] fields) {
    if (fields.length != columns.size()) {
      throw new DataException(
          file, line, "expected " + columns.size() + " fields, found " + fields.length);
    }
    return new TrainingCurve.Epoch(
        (int) number(file, line, columns, fields, "epoch"),
        number(file, line, columns, fields, "loss"),
        number(file, line, columns, fields, "reconstruction"),
        number(file, line, columns, fields, "kl"),
        number(file, line, columns, fields, "beta"),
        number(file, line, columns, fields, "validation"),
        number(file, line, columns, fields, "seconds"));
  }

  private static double number(
      Path file, long line, List<String> columns, String[] fields, String column) {
    int place = columns.indexOf(column);
    if (place < 0) {
      throw new DataException(file + ": expected a column " + column + ", found " + columns);
    }
    String text = fields[place];
    try {
      return text.isEmpty() ? Double.NaN : Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new DataException(file, line, column + ": expected a number, found '" + text + "'");
    }
  }

  /**
   * Removes what a run could be resumed from, once it has ended for good: it is three times as
   * large as the weights.
   *
   * @param folder the run folder
   * @throws DataException if it cannot be removed
   */
  public static void removeCheckpoints(Path folder) {
    try {
      for (Path checkpoint : checkpointsNewestFirst(folder)) {
        Files.delete(checkpoint);
      }
    } catch (IOException e) {
      throw WholeFile.unwritable(folder, e);
    }
  }

  private static void requireRun(Path folder) {
    if (!isRun(folder)) {
      throw new DataException(
          folder + ": not a run folder, expected a file " + CONFIG + " in it and found none");
    }
  }

  // What a training does.

  /**
   * The folder of a new run, of which nothing is written yet, or of the one to be resumed, locked
   * until it is closed.
   *
   * @throws DataException if another training writes into it, it holds a run and none is to be
   *     resumed, or the other way round, or one of other settings or data
   */
  static RunFolder open(Trainer trainer, DataFingerprint data) {
    FolderLock lock = FolderLock.of(trainer.runFolder, trainer::tell);
    try {
      RunFolder run = new RunFolder(trainer, data, lock);
      if (isRun(run.folder)) {
        if (!trainer.resume) {
          throw new DataException(
              run.folder + ": already holds a run; resume it or choose another folder");
        }
        run.requireSameSettings();
      } else if (trainer.resume && !isOfRestartsFromBefore(trainer)) {
        throw new DataException(
            run.folder
                + ": holds no run to be resumed, expected a file "
                + CONFIG
                + " and found none");
      } else if (!trainer.resume) {
        requireNewOrEmpty(run.folder);
      }
      return run;
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /** The folder that another process of the group has opened; nothing is written into it. */
  static RunFolder follow(Trainer trainer, DataFingerprint data) {
    return new RunFolder(trainer, data, null);
  }

  /** Whether only the restarts in a folder have settings, and they themselves will be compared. */
  private static boolean isOfRestartsFromBefore(Trainer trainer) {
    return trainer.restarts > 1 && isRun(trainer.restartFolder(1));
  }

  /**
   * Makes sure that a trainer's folder holds a run that it could resume; nothing is written.
   *
   * @throws DataException if it holds none, or one of other settings or data
   */
  static void require(Trainer trainer, DataFingerprint data) {
    requireRun(trainer.runFolder);
    new RunFolder(trainer, data, null).requireSameSettings();
  }

  /** All that decides what a run comes to. */
  private static ObjectNode configuration(Trainer trainer, DataFingerprint data) {
    ObjectNode all = JSON.createObjectNode();
    all.put("model", trainer.settings.model().name());
    all.set(OF_MODEL, SettingsJson.write(trainer.settings));
    all.set(DATA, JSON.valueToTree(data));
    ObjectNode validation = all.putObject(VALIDATION);
    if (trainer.validation == null) {
      validation.put(METRIC, NONE);
    } else if (trainer.validationUsers == null) {
      validation.put(METRIC, UNNAMED);
    } else {
      validation
          .put(METRIC, trainer.metric)
          .put("users", trainer.validationUsers.users())
          .put("sha256", DataFingerprint.of(trainer.validationUsers));
    }
    all.put(RESTARTS, trainer.restarts);
    if (trainer.from != null) {
      all.put(FROM, DataFingerprint.of(trainer.from.weights()));
    }
    return all;
  }

  /**
   * Writes what makes a folder that of a run, unless it is there already: once nothing that may
   * refuse the run is left to do, so that a start that failed can be made again.
   *
   * @throws DataException if it cannot be written
   */
  void begin() {
    if (isRun(folder)) {
      addWhatIsNotStored();
    } else {
      create();
    }
  }

  /** Keeps what to call the items; a run from before is told when it is resumed. */
  void keepTitles(Map<String, String> titles) {
    keepTitles(folder, titles);
  }

  static void keepTitles(Path folder, Map<String, String> titles) {
    if (!titles.isEmpty() && !titles.equals(titles(folder))) {
      Path file = folder.resolve(TITLES);
      try {
        WholeFile.replace(file, JSON.writeValueAsString(new TreeMap<>(titles)) + "\n");
      } catch (JsonProcessingException e) {
        throw WholeFile.unwritable(file, e);
      }
    }
  }

  /** A run from before says less; from now on it is held to what it is resumed with. */
  private void addWhatIsNotStored() {
    Path config = folder.resolve(CONFIG);
    if (readConfig(config) instanceof ObjectNode stored
        && !(stored.has(VALIDATION) && stored.has(RESTARTS))) {
      ObjectNode all = settings.deepCopy();
      stored.properties().forEach(entry -> all.set(entry.getKey(), entry.getValue()));
      WholeFile.replace(config, all.toPrettyString() + "\n");
    }
  }

  /** Lets others write into the folder. */
  void close() {
    if (lock == null) {
      return;
    }
    lock.close();
  }

  /**
   * Makes sure that a folder is one in which nothing can be lost.
   *
   * @throws DataException if it is a file or has files in it
   */
  private static void requireNewOrEmpty(Path folder) {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new DataException(folder + ": expected a folder and found a file");
    }
    if (Files.isDirectory(folder)) {
      try (Stream<Path> entries = Files.list(folder)) {
        // What is left of a file that was being written when a run was killed can go.
        if (!entries.allMatch(RunFolder::isByTheWay)) {
          throw new DataException(
              folder + ": expected an empty or a new folder and found one with files in it");
        }
      } catch (IOException e) {
        throw unreadable(folder, e);
      }
    }
  }

  private void create() {
    ObjectNode all = settings.deepCopy();
    ObjectNode versions = all.putObject("versions");
    String version = RunFolder.class.getPackage().getImplementationVersion();
    versions.put("vaecf", version == null ? "development" : version);
    versions.put("tensorflow", TensorFlowRuntime.version());
    versions.put("java", System.getProperty("java.version"));
    versions.put("machine", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    if (isOnGpu()) {
      versions.put("device", "gpu").put("products", TensorFlowRuntime.gpuProducts());
    }
    // First, and once all that takes time is done: a folder with this file can be resumed, one with
    // others and without it could not even be begun again.
    WholeFile.replace(folder.resolve(CONFIG), all.toPrettyString() + "\n");
    WholeFile.replace(folder.resolve(METRICS), HEADER + "\n");
  }

  private void requireSameSettings() {
    Path config = folder.resolve(CONFIG);
    JsonNode stored = readConfig(config);
    ObjectNode asked = settings.deepCopy();
    if (!stored.has(VALIDATION)) { // a run from before does not say
      asked.remove(VALIDATION);
    }
    if (!stored.has(RESTARTS) && asked.path(RESTARTS).asInt() == 1) {
      asked.remove(RESTARTS);
    }
    if (stored.has(FROM) && !asked.has(FROM)) {
      asked.put(FROM, "none");
    }
    if (asked.path(OF_MODEL) instanceof ObjectNode ofModel) {
      removeNew(ofModel, stored.path(OF_MODEL));
    }
    requireSame(stored, asked, config.toString(), "");
  }

  /** Removes settings that a run from before does not have, where they are what it did then. */
  private void removeNew(ObjectNode asked, JsonNode stored) {
    List<String> names = new ArrayList<>();
    asked.fieldNames().forEachRemaining(names::add);
    names.removeIf(stored::has);
    if (!names.isEmpty()) {
      ObjectNode published = SettingsJson.write(Settings.published(trained.model()));
      names.removeIf(name -> !asked.path(name).equals(published.path(name)));
      asked.remove(names);
    }
  }

  private static JsonNode readConfig(Path config) {
    try {
      return JSON.readTree(config.toFile());
    } catch (JsonProcessingException e) {
      throw new DataException(
          config
              + ", line "
              + e.getLocation().getLineNr()
              + ": not the settings of a run, expected JSON to its end",
          e);
    } catch (IOException e) {
      throw unreadable(config, e);
    }
  }

  /** Compares leaf by leaf, so that the message can name the setting. */
  private static void requireSame(JsonNode stored, JsonNode asked, String file, String path) {
    for (Map.Entry<String, JsonNode> entry : asked.properties()) {
      String name = path + entry.getKey();
      JsonNode before = stored.path(entry.getKey());
      if (entry.getValue().isObject() && before.isObject()) {
        requireSame(before, entry.getValue(), file, name + ".");
      } else if (!before.equals(entry.getValue())
          && !before.toString().equals(entry.getValue().toString())) {
        boolean data = name.startsWith(DATA + ".") || isOfUsers(name);
        throw new DataException(
            file
                + ", "
                + name
                + ": the run was started with "
                + (before.isMissingNode() ? "none" : text(before))
                + (data ? ", the data now has " : " and cannot be resumed with ")
                + text(entry.getValue())
                + (data ? ": it has changed since" : "; resume it with what it was started with")
                + ", or begin a new run in another folder");
      }
    }
  }

  /** Whether a name is that of something about the validation users. */
  private static boolean isOfUsers(String name) {
    return name.startsWith(VALIDATION + ".") && !name.endsWith(METRIC);
  }

  private static DataException unreadable(Path path, IOException e) {
    return new DataException(path + ": cannot be read (" + e + ")", e);
  }

  Path modelFile() {
    return modelFile(folder);
  }

  Path eventsFolder() {
    return folder.resolve(EVENTS);
  }

  /** What the validation measures; empty where there is none, or it has no name. */
  String metric() {
    return settings.path(VALIDATION).has("users")
        ? settings.path(VALIDATION).path(METRIC).asText()
        : "";
  }

  /** Where a checkpoint of a step lies. */
  private Path checkpoint(long step) {
    return folder
        .resolve(CHECKPOINTS)
        .resolve(String.format(Locale.ROOT, "step-%012d%s", step, SUFFIX));
  }

  /** Writes a checkpoint and removes those that are no longer to be kept. */
  void save(TrainingState state, NetworkSession session, int keep) {
    List<Safetensors.Source> tensors = session.sources(session.network.variables.all());
    Path file = checkpoint(state.step());
    try {
      Safetensors.write(
          file,
          new TreeMap<>(
              Map.of(
                  STATE,
                  JSON.writeValueAsString(state),
                  SETTINGS,
                  JSON.writeValueAsString(settings))),
          tensors);
      List<Path> all = checkpointsNewestFirst(folder);
      for (Path old : all.subList(Math.min(keep, all.size()), all.size())) {
        Files.deleteIfExists(old);
      }
    } catch (IOException e) {
      throw WholeFile.unwritable(file, e);
    }
  }

  private static List<Path> checkpointsNewestFirst(Path folder) throws IOException {
    Path checkpoints = folder.resolve(CHECKPOINTS);
    if (!Files.isDirectory(checkpoints)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(checkpoints)) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(SUFFIX))
          .sorted(Comparator.reverseOrder())
          .toList();
    }
  }

  /**
   * Sets the session to the newest whole checkpoint that can be gone on from.
   *
   * @param isComplete whether the best weights until a state are to be had
   * @param messages told of each checkpoint that is passed over
   * @return where the training stood, or nothing if there is no such checkpoint
   */
  Optional<TrainingState> restore(
      NetworkSession session, Predicate<TrainingState> isComplete, Consumer<String> messages) {
    try {
      for (Path file : checkpointsNewestFirst(folder)) {
        try {
          return Optional.of(restore(file, session, isComplete));
        } catch (DataException | JsonProcessingException e) {
          messages.accept(e.getMessage() + "; going back to the checkpoint before");
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw unreadable(folder.resolve(CHECKPOINTS), e);
    }
  }

  /**
   * Sets the session to the checkpoint of a step.
   *
   * @throws DataException if there is none, or it cannot be read
   */
  TrainingState restore(NetworkSession session, long step) {
    Path file = checkpoint(step);
    try {
      return restore(file, session, state -> true);
    } catch (IOException | DataException e) {
      throw new DataException(
          file
              + ": expected the checkpoint that the first process goes on from, found that it cannot"
              + " be read here ("
              + e.getMessage()
              + "); the run folder must be one that all processes see",
          e);
    }
  }

  private TrainingState restore(
      Path file, NetworkSession session, Predicate<TrainingState> isComplete) throws IOException {
    try (Safetensors tensors = Safetensors.open(file)) {
      TrainingState state = JSON.readValue(tensors.metadata(STATE), TrainingState.class);
      if (!isComplete.test(state)) {
        throw new DataException(
            file
                + ": the best weights until then are those of epoch "
                + state.bestEpoch()
                + ", and they are not in "
                + modelFile());
      }
      Set<String> expected = session.variableNames();
      if (!expected.equals(Set.copyOf(tensors.names()))) {
        throw new DataException(
            file + ": not a checkpoint of this model, expected the weights " + expected);
      }
      session.restore(tensors);
      return state;
    }
  }

  /** Drops the rows of epochs that are about to be trained again. */
  void keepMetricsUntil(int epoch) {
    Path metrics = folder.resolve(METRICS);
    StringBuilder kept = new StringBuilder(HEADER).append('\n');
    List<String> rows = rows(metrics);
    List<String> columns = columns(rows);
    for (String row : rows) {
      List<String> fields = new ArrayList<>(List.of(row.split(",", -1)));
      if (fields.size() == columns.size()
          && fields.get(0).matches("\\d{1,9}")
          && Integer.parseInt(fields.get(0)) <= epoch) {
        if (fields.size() == COLUMNS.size() - 1) { // from before
          fields.add(COLUMNS.indexOf(VALIDATION_METRIC), metric());
        }
        kept.append(String.join(",", fields)).append('\n');
      }
    }
    WholeFile.replace(metrics, kept.toString());
  }

  /** Takes over how another run went, that of the restart that was the best. */
  void copyMetrics(Path other) {
    try {
      WholeFile.replace(folder.resolve(METRICS), Files.readString(other.resolve(METRICS)));
    } catch (IOException e) {
      throw unreadable(other.resolve(METRICS), e);
    }
  }

  void addMetrics(EpochReport report) {
    addRow(
        Integer.toString(report.epoch()),
        Long.toString(report.step()),
        Double.toString(report.loss()),
        Double.toString(report.reconstruction()),
        Double.toString(report.kl()),
        Double.toString(report.penalty()),
        Double.toString(report.beta()),
        Double.toString(report.learningRate()),
        text(report.validation()),
        metric(),
        Boolean.toString(report.best()),
        String.format(Locale.ROOT, "%.1f", report.usersPerSecond()),
        String.format(Locale.ROOT, "%.3f", report.seconds()));
  }

  /** The one row of a model in closed form. */
  void addMetrics(double validation, double seconds) {
    keepMetricsUntil(0);
    String[] row = new String[COLUMNS.size()];
    Arrays.fill(row, "");
    row[COLUMNS.indexOf("epoch")] = "1";
    row[COLUMNS.indexOf("validation")] = text(validation);
    row[COLUMNS.indexOf(VALIDATION_METRIC)] = metric();
    row[COLUMNS.indexOf("best")] = "true";
    row[COLUMNS.indexOf("seconds")] = String.format(Locale.ROOT, "%.3f", seconds);
    addRow(row);
  }

  private static String text(double number) {
    return Double.isNaN(number) ? "" : Double.toString(number);
  }

  private void addRow(String... fields) {
    Path metrics = folder.resolve(METRICS);
    try {
      Files.writeString(
          metrics,
          String.join(",", fields) + "\n",
          StandardOpenOption.APPEND,
          StandardOpenOption.CREATE);
    } catch (IOException e) {
      throw WholeFile.unwritable(metrics, e);
    }
  }

  /**
   * How a training went, epoch by epoch; a model in closed form has one.
   *
   * @param metric what the validation measured, such as {@code ndcg@100}; empty if there was none,
   *     or nothing is known of it
   * @param epochs one entry an epoch, in order; none if the first has not ended
   */
  public record TrainingCurve(String metric, List<Epoch> epochs) {
    /**
     * What an epoch came to.
     *
     * @param number from 1
     * @param loss what was minimised; NaN for a model in closed form
     * @param reconstruction its first part
     * @param kl the regulariser, before it is weighted
     * @param beta its weight
     * @param validation what the validation measured; NaN where there was none
     * @param seconds how long it took, validation included
     */
    public record Epoch(
        int number,
        double loss,
        double reconstruction,
        double kl,
        double beta,
        double validation,
        double seconds) {}

    /**
     * Copies the list.
     *
     * @param metric what the validation measured
     * @param epochs one entry an epoch
     */
    public TrainingCurve {
      Objects.requireNonNull(metric, "metric");
      epochs = List.copyOf(epochs);
    }

    /**
     * The first epoch that no other has a better validation than; without a validation the last
     * one.
     *
     * @return the epoch whose weights were kept
     * @throws NoSuchElementException if no epoch ended
     */
    public Epoch best() {
      if (epochs.isEmpty()) {
        throw new NoSuchElementException("no epoch has ended");
      }
      Epoch best = epochs.get(0);
      for (Epoch epoch : epochs) {
        if (epoch.validation() > best.validation() || Double.isNaN(epoch.validation())) {
          best = epoch;
        }
      }
      return best;
    }

    /**
     * The best validation up to an epoch.
     *
     * @param epoch its number, from 1
     * @return 0, the least that a metric can be, if none ended
     */
    public double bestUntil(int epoch) {
      double best = 0;
      for (Epoch one : epochs) {
        if (one.number() <= epoch) {
          best = Math.max(best, one.validation());
        }
      }
      return best;
    }

    /**
     * How long the training took, pauses apart.
     *
     * @return seconds
     */
    public double seconds() {
      double sum = 0;
      for (Epoch epoch : epochs) {
        sum += epoch.seconds();
      }
      return sum;
    }
  }
}
