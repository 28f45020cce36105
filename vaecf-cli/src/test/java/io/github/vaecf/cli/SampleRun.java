package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What quickstart makes of the bundled sample in a few epochs: done once for all tests that need a
 * trained model, its export or its data, as the training takes a while. They must not change it.
 */
public final class SampleRun {
  private static final Path FOLDER = Path.of("target/sample-run");
  private static Outcome outcome;

  private SampleRun() {}

  /** What quickstart said. */
  static synchronized Outcome outcome() {
    if (outcome == null) {
      try {
        outcome = sharedOutcome();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return outcome;
  }

  /** The tests of a build run in several processes: the first that needs it makes it for all. */
  private static Outcome sharedOutcome() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    Path made = FOLDER.resolveSibling("sample-run-outcome.json");
    String build = System.getProperty("vaecf.build", "process " + ProcessHandle.current().pid());
    Path lock = FOLDER.resolveSibling("sample-run.lock");
    try (FileChannel channel =
            FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock held = channel.lock()) {
      assertThat(held.isValid()).isTrue();
      if (Files.exists(made)) {
        JsonNode before = mapper.readTree(made.toFile());
        if (before.path("build").asText().equals(build)) {
          return mapper.treeToValue(before.path("outcome"), Outcome.class);
        }
        Files.delete(made);
      }
      delete(FOLDER);
      Outcome now = Outcome.of("quickstart", "--out", FOLDER, "--epochs", 6, "--json", results());
      mapper.writeValue(made.toFile(), Map.of("build", build, "outcome", now));
      return now;
    }
  }

  private static Path results() {
    return FOLDER.resolveSibling("sample-run.json");
  }

  private static Path done() {
    if (outcome().status() != 0) {
      throw new AssertionError(outcome().err());
    }
    return FOLDER;
  }

  /** Quickstart's results as data. */
  static JsonNode json() throws IOException {
    done();
    return new ObjectMapper().readTree(results().toFile());
  }

  /** The folder of the blend, which is what was exported. */
  public static Path run() {
    return done().resolve("blend");
  }

  /** The prepared folder. */
  public static Path data() {
    return done().resolve("data");
  }

  /** The base folder with the blend as version 1, with titles. */
  public static Path export() {
    return done().resolve("models/debian");
  }

  /** Copies the export as another version, which appears whole. */
  public static void copyExport(Path version) throws IOException {
    Path from = export().resolve("1");
    Path beside = version.resolveSibling(".copying-" + version.getFileName());
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = beside.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
    Files.move(beside, version);
  }

  private static void delete(Path folder) {
    if (Files.notExists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
