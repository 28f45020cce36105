package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.eval.SmallModels;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills exporting processes at random moments. Few times in the build; {@code -Dvaecf.kills=50} for
 * more.
 */
class KilledExportTest {
  private static final int KILLS = Integer.getInteger("vaecf.kills", 2);

  @TempDir Path folder;

  @Test
  void noVersionIsEverSeenThatDoesNotLoad() throws Exception {
    Path file = folder.resolve("model.safetensors");
    try (TrainedModel model = SmallModels.vae()) {
      model.save(file);
    }
    Path base = folder.resolve("base");
    Random random = new Random(5);
    long checked = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Process exporter =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  ExportForever.class.getName(),
                  file.toString(),
                  base.toString(),
                  Integer.toString(1 + 1000 * kill))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try (BufferedReader out = exporter.inputReader()) {
        assertThat(out.readLine()).isEqualTo(Integer.toString(1 + 1000 * kill));
        // About as long as two or three exports take.
        Thread.sleep(random.nextInt(500));
      } finally {
        exporter.destroyForcibly();
      }
      assertThat(exporter.waitFor(10, TimeUnit.SECONDS)).isTrue();
      checked += loadAll(base, 1 + 1000 * kill);
    }
    assertThat(checked).isGreaterThanOrEqualTo(KILLS);

    // The next export clears away what the killed ones left.
    try (TrainedModel model = TrainedModel.load(file)) {
      SavedModelExporter.export(model, base.resolve("1000000"));
    }
    try (Stream<Path> children = Files.list(base)) {
      assertThat(children.filter(Files::isDirectory).map(child -> child.getFileName().toString()))
          .allMatch(name -> name.matches("[0-9]+"));
    }
  }

  /** Loads every version from a number on, and says how many there are. */
  private static int loadAll(Path base, int from) throws IOException {
    List<Path> versions;
    try (Stream<Path> children = Files.list(base)) {
      versions =
          children
              .filter(child -> child.getFileName().toString().matches("[0-9]+"))
              .filter(child -> Integer.parseInt(child.getFileName().toString()) >= from)
              .sorted(Comparator.comparing(Path::toString))
              .toList();
    }
    for (Path version : versions) {
      try (ServedModel served = ServedModel.load(version)) {
        assertThat(served.recommend(List.of(), 3)).hasSize(3);
      }
    }
    return versions.size();
  }
}
