package io.github.vaecf.core.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.TensorFlowRuntime;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainingListener.EpochReport;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
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
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The folder of one run: {@code config.json} (all that is needed to do it again), {@code
 * metrics.csv} (a row an epoch), {@code checkpoints/}, event files for TensorBoard in {@code
 * events/}, and the best weights, {@code model.safetensors}. Written by one training at a time; may
 * be read meanwhile.
 */
public final class RunFolder {
  private static final String CONFIG = "config.json";
  private static final String METRICS = "metrics.csv";
  private static final String CHECKPOINTS = "checkpoints";
  private static final String EVENTS = "events";
  private static final String MODEL = "model.safetensors";

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
          "best",
          "users_per_second",
          "seconds");
  private static final String HEADER = String.join(",", COLUMNS);
  private static final String STATE = "vaecf.state";
  private static final String SETTINGS = "vaecf.settings";
  private static final String SUFFIX = ".safetensors";

  private final Path folder;
  private final ObjectNode settings;

  private RunFolder(Path folder, ObjectNode settings) {
    this.folder = folder;
    this.settings = settings;
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
    try {
      long line = 0;
      for (String row : Files.readAllLines(file)) {
        line++;
        if (line > 1) {
          epochs.add(epoch(file, line, row.split(",", -1)));
        }
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    return new TrainingCurve(epochs);
  }

  private static TrainingCurve.Epoch epoch(Path file, long line, String[] fields) {
    if (fields.length != COLUMNS.size()) {
      throw new DataException(
          file, line, "expected " + COLUMNS.size() + " fields, found " + fields.length);
    }
    return new TrainingCurve.Epoch(
        (int) number(file, line, fields, "epoch"),
        number(file, line, fields, "loss"),
        number(file, line, fields, "reconstruction"),
        number(file, line, fields, "kl"),
        number(file, line, fields, "beta"),
        number(file, line, fields, "validation"),
        number(file, line, fields, "seconds"));
  }

  private static double number(Path file, long line, String[] fields, String column) {
    String text = fields[COLUMNS.indexOf(column)];
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
   * The folder of a new run, of which nothing is written yet, or of the one to be resumed.
   *
   * @throws DataException if it holds a run and none is to be resumed, or the other way round, or
   *     one of other settings or data
   */
  static RunFolder open(Path folder, boolean resume, Settings model, DataFingerprint data) {
    ObjectNode settings = JSON.createObjectNode();
    settings.put("model", model.model().name());
    settings.set("settings", SettingsJson.write(model));
    settings.set("data", JSON.valueToTree(data));
    RunFolder run = new RunFolder(folder, settings);
    if (isRun(folder)) {
      if (!resume) {
        throw new DataException(
            folder + ": already holds a run; resume it or choose another folder");
      }
      run.requireSameSettings();
    } else if (resume) {
      throw new DataException(
          folder + ": holds no run to be resumed, expected a file " + CONFIG + " and found none");
    } else {
      requireNewOrEmpty(folder);
    }
    return run;
  }

  /**
   * Writes what makes a folder that of a run, unless it is there already: once nothing that may
   * refuse the run is left to do, so that a start that failed can be made again.
   *
   * @throws DataException if it cannot be written
   */
  void begin() {
    if (!isRun(folder)) {
      create();
    }
    try {
      Files.createDirectories(folder.resolve(CHECKPOINTS));
    } catch (IOException e) {
      throw WholeFile.unwritable(folder, e);
    }
  }

  /**
   * Makes sure that a folder is one in which nothing can be lost.
   *
   * @throws DataException if it is a file or has files in it
   */
  static void requireNewOrEmpty(Path folder) {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new DataException(folder + ": expected a folder and found a file");
    }
    if (Files.isDirectory(folder)) {
      try (Stream<Path> entries = Files.list(folder)) {
        // What is left of a file that was being written when a run was killed can go.
        if (!entries.allMatch(WholeFile::isPartial)) {
          throw new DataException(
              folder + ": expected an empty or a new folder and found one with files in it");
        }
      } catch (IOException e) {
        throw unreadable(folder, e);
      }
    }
  }

  private void create() {
    requireNewOrEmpty(folder);
    ObjectNode all = settings.deepCopy();
    ObjectNode versions = all.putObject("versions");
    String version = RunFolder.class.getPackage().getImplementationVersion();
    versions.put("vaecf", version == null ? "development" : version);
    versions.put("tensorflow", TensorFlowRuntime.version());
    versions.put("java", System.getProperty("java.version"));
    versions.put("machine", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    // First, and once all that takes time is done: a folder with this file can be resumed, one with
    // others and without it could not even be begun again.
    WholeFile.replace(folder.resolve(CONFIG), all.toPrettyString() + "\n");
    WholeFile.replace(folder.resolve(METRICS), HEADER + "\n");
  }

  private void requireSameSettings() {
    Path config = folder.resolve(CONFIG);
    requireSame(readConfig(config), settings, config.toString(), "");
  }

  private static JsonNode readConfig(Path config) {
    try {
      return JSON.readTree(config.toFile());
    } catch (JsonProcessingException e) {
      throw new DataException(config + ": not the settings of a run, " + e.getOriginalMessage(), e);
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
        boolean data = name.startsWith("data.");
        throw new DataException(
            file
                + ", "
                + name
                + ": the run was started with "
                + (before.isMissingNode() ? "none" : text(before))
                + (data ? ", the data now has " : " and cannot be resumed with ")
                + text(entry.getValue())
                + (data ? ": it has changed since" : ""));
      }
    }
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

  /** Where a checkpoint of a step lies. */
  private Path checkpoint(long step) {
    return folder
        .resolve(CHECKPOINTS)
        .resolve(String.format(Locale.ROOT, "step-%012d%s", step, SUFFIX));
  }

  /** Writes a checkpoint and removes those that are no longer to be kept. */
  void save(TrainingState state, NetworkSession session, int keep) {
    List<Safetensors.Source> tensors = new ArrayList<>();
    session.network.variables.all().forEach(variable -> tensors.add(session.source(variable)));
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
   * Sets the session to the newest whole checkpoint.
   *
   * @param messages told of each checkpoint that is passed over because it is damaged
   * @return where the training stood, or nothing if there is no whole checkpoint
   */
  Optional<TrainingState> restore(NetworkSession session, Consumer<String> messages) {
    try {
      for (Path file : checkpointsNewestFirst(folder)) {
        try {
          Safetensors tensors = Safetensors.open(file);
          TrainingState state = JSON.readValue(tensors.metadata(STATE), TrainingState.class);
          Set<String> expected = session.variableNames();
          if (!expected.equals(Set.copyOf(tensors.names()))) {
            throw new DataException(
                file + ": not a checkpoint of this model, expected the weights " + expected);
          }
          Map<String, float[]> values = new TreeMap<>();
          tensors.names().forEach(name -> values.put(name, tensors.read(name)));
          values.forEach(session::set); // once all are read: never half of them
          return Optional.of(state);
        } catch (DataException | JsonProcessingException e) {
          messages.accept(e.getMessage() + "; going back to the checkpoint before");
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw unreadable(folder.resolve(CHECKPOINTS), e);
    }
  }

  /** Drops the rows of epochs that are about to be trained again. */
  void keepMetricsUntil(int epoch) {
    Path metrics = folder.resolve(METRICS);
    try {
      StringBuilder kept = new StringBuilder(HEADER).append('\n');
      if (Files.exists(metrics)) {
        for (String line : Files.readAllLines(metrics)) {
          String[] fields = line.split(",", -1);
          if (fields.length == COLUMNS.size()
              && fields[0].matches("\\d{1,9}")
              && Integer.parseInt(fields[0]) <= epoch) {
            kept.append(line).append('\n');
          }
        }
      }
      WholeFile.replace(metrics, kept.toString());
    } catch (IOException e) {
      throw unreadable(metrics, e);
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
   * @param epochs one entry an epoch, in order; none if the first has not ended
   */
  public record TrainingCurve(List<Epoch> epochs) {
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
     * @param epochs one entry an epoch
     */
    public TrainingCurve {
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
