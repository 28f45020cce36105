package io.github.vaecf.spark;

import io.github.vaecf.data.WholeFile;
import io.github.vaecf.eval.export.ServedModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkFiles;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The native models of this process, an executor's as a rule: one for all its tasks. The one that
 * was asked for last stays when no task uses it; others are closed, so that a search over many
 * models does not fill the memory.
 */
final class ProcessModels {
  private static final Map<String, Used> MODELS = new LinkedHashMap<>();

  private ProcessModels() {}

  private static final class Used {
    private final ServedModel model;
    private int tasks;

    Used(ServedModel model) {
      this.model = model;
    }
  }

  /**
   * The model of a version, loaded if it is not there yet, for the task of this thread until it
   * ends.
   */
  static ServedModel forTask(ModelFiles files) {
    Used used;
    synchronized (MODELS) {
      used = MODELS.remove(files.fingerprint());
      if (used == null) {
        closeIdle(); // before another takes memory
        used = new Used(load(files));
      }
      used.tasks++;
      MODELS.put(files.fingerprint(), used); // last: the one asked for last
    }
    Used model = used;
    TaskContext.get()
        .addTaskCompletionListener((TaskCompletionListener) context -> giveBack(model));
    return model.model;
  }

  private static void giveBack(Used used) {
    synchronized (MODELS) {
      used.tasks--;
      Used last = null;
      for (Used one : MODELS.values()) {
        last = one;
      }
      if (last != used) {
        closeIdle();
      }
    }
  }

  private static void closeIdle() {
    MODELS
        .values()
        .removeIf(
            one -> {
              if (one.tasks == 0) {
                one.model.close();
              }
              return one.tasks == 0;
            });
  }

  /**
   * Loads a model that is the caller's, by way of a folder of this process, which is gone when the
   * model is there.
   */
  static ServedModel load(ModelFiles files) {
    Path folder;
    try {
      folder = Files.createTempDirectory(Path.of(SparkFiles.getRootDirectory()), "vaecf-model");
    } catch (IOException e) {
      throw new UncheckedIOException("no folder to load the model from", e);
    }
    try {
      Path version = folder.resolve("1");
      files.writeHere(version);
      return ServedModel.load(version);
    } finally {
      WholeFile.delete(folder);
    }
  }
}
