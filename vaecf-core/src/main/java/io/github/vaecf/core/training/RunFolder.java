package io.github.vaecf.core.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The folder of one training: {@code config.json}, {@code metrics.csv}, {@code checkpoints/} and
 * the best weights. Used by one training at a time.
 */
final class RunFolder {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final String METRICS_HEADER =
      "epoch,step,loss,negative_log_likelihood,kl,penalty,beta,learning_rate,validation,best,"
          + "users_per_second,seconds";
  private static final String STATE = "vaecf.state";
  private static final String SETTINGS = "vaecf.settings";
  private static final String SUFFIX = ".safetensors";

  private final Path folder;
  private final Path config;
  private final Path metrics;
  private final Path checkpoints;
  private final ObjectNode settings;

  private RunFolder(Path folder, ObjectNode settings) {
    this.folder = folder;
    this.settings = settings;
    config = folder.resolve("config.json");
    metrics = folder.resolve("metrics.csv");
    checkpoints = folder.resolve("checkpoints");
  }

  /**
   * The folder of a new run, or of the one to be resumed.
   *
   * @throws DataException if it holds a run and none is to be resumed, or the other way round, or
   *     one of other settings or data
   */
  static RunFolder open(
      Path folder,
      boolean resume,
      ModelConfig model,
      TrainingConfig training,
      DataFingerprint data) {
    ObjectNode settings = JSON.createObjectNode();
    settings.set("model", JSON.valueToTree(model));
    settings.set("training", JSON.valueToTree(training));
    settings.set("data", JSON.valueToTree(data));
    RunFolder run = new RunFolder(folder, settings);
    try {
      if (Files.exists(run.config)) {
        if (!resume) {
          throw new DataException(
              folder + ": already holds a run; resume it or choose another folder");
        }
        run.requireSameSettings();
      } else {
        if (resume) {
          throw new DataException(
              folder + ": holds no run to be resumed, expected a file config.json and found none");
        }
        run.create();
      }
      Files.createDirectories(run.checkpoints);
      return run;
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  static DataException unwritable(Path path, IOException e) {
    return new DataException(path + ": cannot be written (" + e + ")", e);
  }

  /**
   * Makes sure that a folder is one in which nothing can be lost.
   *
   * @throws DataException if it is a file or has files in it
   */
  static void requireNewOrEmpty(Path folder) throws IOException {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new DataException(folder + ": expected a folder and found a file");
    }
    if (Files.isDirectory(folder)) {
      try (Stream<Path> entries = Files.list(folder)) {
        // What is left of a file that was being written when a run was killed can go.
        if (entries.anyMatch(entry -> !entry.toString().endsWith(".partial"))) {
          throw new DataException(
              folder + ": expected an empty or a new folder and found one with files in it");
        }
      }
    }
  }

  private void create() throws IOException {
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
    Files.createDirectories(folder);
    writeWhole(config, JSON.writeValueAsString(all) + "\n");
    writeWhole(metrics, METRICS_HEADER + "\n");
  }

  private static void writeWhole(Path file, String text) throws IOException {
    Path beside = file.resolveSibling(file.getFileName() + ".partial");
    try {
      Files.writeString(beside, text);
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private void requireSameSettings() throws IOException {
    JsonNode stored;
    try {
      stored = JSON.readTree(config.toFile());
    } catch (JsonProcessingException e) {
      throw new DataException(config + ": not the settings of a run, " + e.getOriginalMessage(), e);
    }
    requireSame(stored, settings, config.toString(), "");
  }

  /** Compares leaf by leaf, so that the message can name the setting. */
  private static void requireSame(JsonNode stored, JsonNode asked, String file, String path) {
    for (Map.Entry<String, JsonNode> entry : asked.properties()) {
      String name = path + entry.getKey();
      JsonNode before = stored.path(entry.getKey());
      if (entry.getValue().isObject() && before.isObject()) {
        requireSame(before, entry.getValue(), file, name + ".");
      } else if (!before.equals(JSON.valueToTree(entry.getValue()))
          && !before.toString().equals(entry.getValue().toString())) {
        boolean data = name.startsWith("data.");
        throw new DataException(
            file
                + ", "
                + name
                + ": the run was started with "
                + before
                + (data ? ", the data now has " : " and cannot be resumed with ")
                + entry.getValue()
                + (data ? ": it has changed since" : ""));
      }
    }
  }

  Path modelFile() {
    return folder.resolve(TrainedModel.FILE_NAME);
  }

  Path eventsFolder() {
    return folder.resolve("events");
  }

  /** Where a checkpoint of a step lies. */
  private Path checkpoint(long step) {
    return checkpoints.resolve(String.format(Locale.ROOT, "step-%012d%s", step, SUFFIX));
  }

  /** Writes a checkpoint and removes those that are no longer to be kept. */
  void save(TrainingState state, AutoencoderSession session, int keep) {
    List<Safetensors.Source> tensors = new ArrayList<>();
    session.autoencoder.variables().forEach(variable -> tensors.add(session.source(variable)));
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
      List<Path> all = checkpointsNewestFirst();
      for (Path old : all.subList(Math.min(keep, all.size()), all.size())) {
        Files.deleteIfExists(old);
      }
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  private List<Path> checkpointsNewestFirst() throws IOException {
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
  Optional<TrainingState> restore(AutoencoderSession session, Consumer<String> messages) {
    try {
      for (Path file : checkpointsNewestFirst()) {
        try {
          Safetensors tensors = Safetensors.open(file);
          TrainingState state = JSON.readValue(tensors.metadata(STATE), TrainingState.class);
          for (String name : tensors.names()) {
            session.set(Map.of(name, tensors.read(name)));
          }
          return Optional.of(state);
        } catch (DataException | JsonProcessingException e) {
          messages.accept(e.getMessage() + "; going back to the checkpoint before");
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new DataException(checkpoints + ": cannot be read (" + e + ")", e);
    }
  }

  /** Drops the rows of epochs that are about to be trained again. */
  void keepMetricsUntil(int epoch) {
    try {
      StringBuilder kept = new StringBuilder(METRICS_HEADER).append('\n');
      if (Files.exists(metrics)) {
        int columns = METRICS_HEADER.split(",", -1).length;
        for (String line : Files.readAllLines(metrics)) {
          String[] fields = line.split(",", -1);
          if (fields.length == columns
              && fields[0].matches("\\d{1,9}")
              && Integer.parseInt(fields[0]) <= epoch) {
            kept.append(line).append('\n');
          }
        }
      }
      writeWhole(metrics, kept.toString());
    } catch (IOException e) {
      throw unwritable(metrics, e);
    }
  }

  void addMetrics(EpochReport report) {
    String row =
        String.join(
            ",",
            Integer.toString(report.epoch()),
            Long.toString(report.step()),
            Double.toString(report.loss()),
            Double.toString(report.negativeLogLikelihood()),
            Double.toString(report.kl()),
            Double.toString(report.penalty()),
            Double.toString(report.beta()),
            Double.toString(report.learningRate()),
            Double.isNaN(report.validation()) ? "" : Double.toString(report.validation()),
            Boolean.toString(report.best()),
            String.format(Locale.ROOT, "%.1f", report.usersPerSecond()),
            String.format(Locale.ROOT, "%.3f", report.seconds()));
    try {
      Files.writeString(metrics, row + "\n", StandardOpenOption.APPEND, StandardOpenOption.CREATE);
    } catch (IOException e) {
      throw unwritable(metrics, e);
    }
  }
}
