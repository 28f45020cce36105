package io.github.vaecf.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.export.ServedVersions;
import io.github.vaecf.server.ModelConfig;
import io.github.vaecf.server.ModelServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The models that {@code vaecf serve} has open, as its options or a file that may change say. */
final class ServedModels implements AutoCloseable {
  private final Duration lookEvery;
  private final Consumer<String> log;
  private final Map<String, Open> open = new LinkedHashMap<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private Thread following;

  private record Open(Path base, ServedVersions versions) {}

  private ServedModels(Duration lookEvery, Consumer<String> log) {
    this.lookEvery = lookEvery;
    this.log = log;
  }

  /**
   * Opens models.
   *
   * @throws DataException if one cannot be served
   */
  static ServedModels open(List<ModelConfig> models, Duration lookEvery, Consumer<String> log) {
    ServedModels all = new ServedModels(lookEvery, log);
    try {
      boolean several = models.size() > 1;
      for (ModelConfig model : models) {
        all.open.put(model.name(), all.open(model, several));
      }
      return all;
    } catch (RuntimeException | Error e) {
      all.close();
      throw e;
    }
  }

  private Open open(ModelConfig model, boolean several) {
    String prefix = several ? model.name() + ": " : "";
    return new Open(
        model.base(),
        ServedVersions.open(
            model.base(),
            lookEvery,
            sentence -> log.accept(prefix + sentence),
            model.only(),
            model.labels()));
  }

  /** The models' versions by name. */
  synchronized Map<String, ServedVersions> versions() {
    Map<String, ServedVersions> versions = new LinkedHashMap<>();
    open.forEach((name, one) -> versions.put(name, one.versions()));
    return versions;
  }

  /**
   * Looks at a file now and then, and lets the server serve what it says when it has changed and is
   * the same at two looks.
   *
   * @param text what it said when the models were opened
   */
  void follow(Path file, String text, ModelServer server) {
    following = new Thread(() -> follow(file, server, text), "vaecf-models");
    following.setDaemon(true);
    following.start();
  }

  private void follow(Path file, ModelServer server, String first) {
    String applied = first;
    String before = first;
    String trouble = "";
    while (true) {
      try {
        if (closing.await(lookEvery.toNanos(), TimeUnit.NANOSECONDS)) {
          return;
        }
        String text = Files.readString(file, UTF_8);
        if (!text.equals(applied) && text.equals(before)) {
          applied = text;
          apply(ModelConfig.parse(file, text), server);
          log.accept("serving what " + file + " says now");
        }
        before = text;
        trouble = "";
      } catch (InterruptedException e) {
        return;
      } catch (IOException | RuntimeException | Error e) {
        String problem =
            e instanceof DataException ? e.getMessage() : file + ": cannot be read (" + e + ")";
        if (!problem.equals(trouble)) {
          trouble = problem;
          log.accept("what was served stays: " + problem);
        }
      }
    }
  }

  /** All or nothing but labels: a model that cannot be opened leaves the others as they were. */
  private synchronized void apply(List<ModelConfig> models, ModelServer server) {
    Map<String, Open> next = new LinkedHashMap<>();
    Map<String, Open> opened = new LinkedHashMap<>();
    try {
      for (ModelConfig model : models) {
        Open known = open.get(model.name());
        if (known == null || !known.base().equals(model.base())) {
          known = open(model, true);
          opened.put(model.name(), known);
        }
        next.put(model.name(), known);
      }
      Map<String, ServedVersions> versions = new LinkedHashMap<>();
      next.forEach((name, one) -> versions.put(name, one.versions()));
      server.serve(versions);
    } catch (RuntimeException | Error e) {
      opened.values().forEach(one -> one.versions().close());
      throw e;
    }
    for (ModelConfig model : models) {
      next.get(model.name()).versions().serve(model.only(), model.labels());
    }
    Map<String, Open> before = new LinkedHashMap<>(open);
    open.clear();
    open.putAll(next);
    before.values().removeAll(next.values());
    before.values().forEach(one -> one.versions().close());
  }

  @Override
  public void close() {
    closing.countDown();
    if (following != null) {
      boolean interrupted = false;
      while (following.isAlive()) {
        try {
          following.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    synchronized (this) {
      open.values().forEach(one -> one.versions().close());
      open.clear();
    }
  }
}
