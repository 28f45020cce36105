package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.server.ModelConfig;
import io.github.vaecf.server.ModelServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServedModelsTest {
  @TempDir Path folder;
  private final List<String> said = new CopyOnWriteArrayList<>();

  private static String config(String name, int stable) {
    return "config { name: '"
        + name
        + "' base_path: 'packages' version_labels { key: 'stable' value: "
        + stable
        + " } }";
  }

  private void await(String beginning) throws InterruptedException {
    while (said.stream().noneMatch(one -> one.startsWith(beginning))) {
      Thread.sleep(5);
    }
  }

  @Test
  void whatTheFileSaysTakesOverWhenItChangesAndABadFileChangesNothing() throws Exception {
    Path base = Files.createDirectory(folder.resolve("packages"));
    SampleRun.copyExport(base.resolve("1"));
    SampleRun.copyExport(base.resolve("2"));
    Path file = folder.resolve("models.config");
    String first = "model_config_list { " + config("one", 1) + " }";
    Files.writeString(file, first);
    try (ServedModels models =
            ServedModels.open(ModelConfig.read(file), Duration.ofMillis(20), said::add);
        ModelServer server = start(models)) {
      models.follow(file, first, server);
      assertThat(models.versions().get("one").labels()).containsEntry("stable", 1L);
      assertThat(models.versions().get("one").served()).containsExactly(2L, 1L);

      Files.writeString(
          file, "model_config_list { " + config("one", 2) + config("other", 1) + " }");
      await("serving what " + file + " says now");
      await("label stable is now version 2, was 1");
      assertThat(models.versions()).containsOnlyKeys("one", "other");
      assertThat(models.versions().get("one").served()).containsExactly(2L);

      said.clear();
      Files.writeString(file, "model_config_list { " + config("one", 2));
      await("what was served stays: " + file + ":1:");
      assertThat(models.versions()).containsOnlyKeys("one", "other");

      Files.writeString(file, "model_config_list { " + config("other", 1) + config("new", 9) + "}");
      await(
          "what was served stays: "
              + base
              + ": version 9 is to be served by the label stable, but is not there");
      assertThat(models.versions()).containsOnlyKeys("one", "other");

      Files.writeString(file, "model_config_list { " + config("other", 1) + " }");
      await("serving what " + file + " says now");
      assertThat(models.versions()).containsOnlyKeys("other");
    }
  }

  private static ModelServer start(ServedModels models) throws Exception {
    ModelServer.Builder builder =
        ModelServer.builder().http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    models.versions().forEach(builder::model);
    return builder.start();
  }
}
