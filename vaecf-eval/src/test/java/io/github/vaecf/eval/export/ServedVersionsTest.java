package io.github.vaecf.eval.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.TrainedModel;
import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.SmallModels;
import io.github.vaecf.eval.export.ExportOptions;
import io.github.vaecf.eval.export.SavedModelExporter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServedVersionsTest {
  private static TrainedModel vae;
  private static TrainedModel dae;

  @TempDir Path base;

  @BeforeAll
  static void train() {
    vae = SmallModels.vae();
    dae = SmallModels.dae();
  }

  @AfterAll
  static void close() {
    vae.close();
    dae.close();
  }

  private static List<Recommendation> cold(ServedModel model) {
    return model.recommend(List.of(), 5);
  }

  @Test
  void aNewerVersionTakesOverAndAnOlderDoesNot() {
    SavedModelExporter.export(vae, base.resolve("9"));
    try (ServedVersions versions = ServedVersions.open(base)) {
      List<Recommendation> old = versions.answer(ServedVersionsTest::cold);
      assertThat(versions.refresh()).isFalse();
      SavedModelExporter.export(dae, base.resolve("2"));
      assertThat(versions.refresh()).isFalse();
      assertThat(versions.version()).isEqualTo(9);

      SavedModelExporter.export(dae, base.resolve("10"));

      assertThat(versions.answer(ServedVersionsTest::cold)).isEqualTo(old);
      assertThat(versions.refresh()).isTrue();
      assertThat(versions.version()).isEqualTo(10);
      assertThat(versions.answer(ServedVersionsTest::cold)).isNotEqualTo(old);
    }
  }

  @Test
  void noRequestIsLostWhileVersionsChange() throws Exception {
    SavedModelExporter.export(vae, base.resolve("1"));
    ExecutorService threads = Executors.newFixedThreadPool(2);
    AtomicBoolean stop = new AtomicBoolean();
    try (ServedVersions versions = ServedVersions.open(base)) {
      List<Future<Integer>> clients = new ArrayList<>();
      for (int client = 0; client < 2; client++) {
        clients.add(
            threads.submit(
                () -> {
                  int answers = 0;
                  while (!stop.get()) {
                    assertThat(versions.answer(ServedVersionsTest::cold)).hasSize(5);
                    answers++;
                    // Leaves the exporter something of a small machine.
                    Thread.sleep(1);
                  }
                  return answers;
                }));
      }
      for (int version = 2; version <= 3; version++) {
        SavedModelExporter.export(
            version % 2 == 0 ? dae : vae,
            base.resolve(Integer.toString(version)),
            ExportOptions.defaults().withKeep(2));
        assertThat(versions.refresh()).isTrue();
      }
      stop.set(true);
      for (Future<Integer> client : clients) {
        assertThat(client.get()).isPositive();
      }
      assertThat(versions.version()).isEqualTo(3);
    } finally {
      stop.set(true);
      threads.shutdown();
    }
  }

  @Test
  void aVersionThatCannotBeLoadedLeavesTheCurrentOne() throws Exception {
    SavedModelExporter.export(vae, base.resolve("1"));
    try (ServedVersions versions = ServedVersions.open(base)) {
      Files.createDirectory(base.resolve("2"));
      Files.createFile(base.resolve("2").resolve("saved_model.pb"));

      assertThatThrownBy(versions::refresh).isInstanceOf(DataException.class);

      assertThat(versions.version()).isEqualTo(1);
      assertThat(versions.answer(ServedVersionsTest::cold)).hasSize(5);
    }
  }

  @Test
  void aLeasedVersionStaysOpenUntilAnotherThreadGivesItBack() throws Exception {
    SavedModelExporter.export(vae, base.resolve("1"));
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (ServedVersions versions = ServedVersions.open(base)) {
      ServedVersions.Lease old = versions.lease();
      List<Recommendation> before = cold(old.model());
      SavedModelExporter.export(dae, base.resolve("2"));

      Future<Boolean> change = threads.submit(versions::refresh);
      while (versions.version() == 1) {
        Thread.sleep(1);
      }

      assertThat(old.version()).isEqualTo(1);
      assertThat(cold(old.model())).isEqualTo(before);
      assertThat(change.isDone()).isFalse();
      threads.submit(old::close).get();
      assertThat(change.get()).isTrue();
      old.close();
      assertThatThrownBy(() -> cold(old.model())).isInstanceOf(IllegalStateException.class);
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void afterClosingNothingIsAnswered() {
    SavedModelExporter.export(vae, base.resolve("1"));
    ServedVersions versions = ServedVersions.open(base);
    versions.close();
    versions.close();

    assertThatThrownBy(() -> versions.answer(ServedVersionsTest::cold))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the versions of " + base + " are closed");
    assertThatThrownBy(versions::refresh).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(versions::version).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aFolderWithoutVersionsIsRefused() {
    assertThatThrownBy(() -> ServedVersions.open(base))
        .isInstanceOf(DataException.class)
        .hasMessage(base + ": expected a folder with exported versions BASE/<number>, found none");
    assertThatThrownBy(() -> ServedVersions.open(base.resolve("absent")))
        .isInstanceOf(DataException.class);
  }

  @Test
  void titlesComeBackWithTheModel() {
    Map<String, String> titles =
        Map.of(
            SmallModels.ids().id(3), "Third, with \"quotes\"", SmallModels.ids().id(0), "Ünïcode");
    SavedModelExporter.export(vae, base.resolve("1"), ExportOptions.defaults().withTitles(titles));

    try (ServedModel model = ServedModel.load(base)) {
      assertThat(model.titles()).isEqualTo(titles);
    }
  }
}
