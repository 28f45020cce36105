package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.eval.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServedVersionsTest {
  @TempDir static Path exports;

  private static TrainedModel trained;
  private static Path vae;
  private static Path dae;

  @TempDir Path base;

  @BeforeAll
  static void export() {
    trained = SmallModels.vae();
    vae = exports.resolve("vae/1");
    dae = exports.resolve("dae/1");
    SavedModelExporter.export(trained, vae);
    try (TrainedModel other = SmallModels.dae()) {
      SavedModelExporter.export(other, dae);
    }
  }

  @AfterAll
  static void close() {
    trained.close();
  }

  /** Puts a version into the folder, whole. */
  private void put(Path export, String version) {
    WholeFile.make(base.resolve(version), partial -> copy(export, partial));
  }

  private final List<String> said = Collections.synchronizedList(new ArrayList<>());

  private static List<Recommendation> cold(ServedModel model) {
    return model.recommend(List.of(), 5);
  }

  /** Looks only when the test says so. */
  private ServedVersions open() {
    return ServedVersions.open(base, Duration.ofDays(1), said::add);
  }

  /** A folder is looked at when it has not changed since the look before. */
  private static void lookTwice(ServedVersions versions) {
    versions.look();
    versions.look();
  }

  @Test
  void aNewerVersionTakesOverAndAnOlderDoesNot() {
    put(vae, "9");
    try (ServedVersions versions = open()) {
      List<Recommendation> old = versions.answer(ServedVersionsTest::cold);
      put(dae, "2");
      lookTwice(versions);
      assertThat(versions.version()).isEqualTo(9);

      put(dae, "10");

      assertThat(versions.answer(ServedVersionsTest::cold)).isEqualTo(old);
      lookTwice(versions);
      assertThat(versions.version()).isEqualTo(10);
      assertThat(versions.answer(ServedVersionsTest::cold)).isNotEqualTo(old);
      assertThat(said).containsExactly("now version 10");
      assertThat(versions.failedLoads()).isZero();
    }
  }

  @Test
  void noRequestIsLostWhileVersionsChange() throws Exception {
    put(vae, "1");
    ExecutorService threads = Executors.newFixedThreadPool(2);
    AtomicBoolean stop = new AtomicBoolean();
    try (ServedVersions versions = ServedVersions.open(base, Duration.ofMillis(20), said::add)) {
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
        put(version % 2 == 0 ? dae : vae, Integer.toString(version));
        waitForVersion(versions, version);
      }
      stop.set(true);
      for (Future<Integer> client : clients) {
        assertThat(client.get()).isPositive();
      }
    } finally {
      stop.set(true);
      threads.shutdown();
    }
  }

  @Test
  void versionsAreSavedModelsOrOnnxFilesAsTheyCome() throws IOException {
    put(vae, "1");
    try (ServedVersions versions = open()) {
      List<Recommendation> before = versions.answer(ServedVersionsTest::cold);
      OnnxExporter.builder()
          .titles(Map.of("a", "The A"))
          .export(trained, exports.resolve("onnx/2"));
      put(exports.resolve("onnx/2"), "2");
      Path file = base.resolve("2/model.onnx");
      byte[] whole = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(whole, whole.length - 1));
      lookTwice(versions);
      assertThat(versions.version()).as("while the file is cut short").isEqualTo(1);
      assertThat(said).hasSize(1).first().asString().contains("version 1 stays: " + file);

      Files.write(file, whole);
      lookTwice(versions);

      assertThat(versions.version()).isEqualTo(2);
      assertThat(versions.answer(ServedModel::titles)).isEqualTo(Map.of("a", "The A"));
      List<Recommendation> after = versions.answer(ServedVersionsTest::cold);
      assertThat(after)
          .extracting(Recommendation::item)
          .isEqualTo(before.stream().map(Recommendation::item).toList());
      put(dae, "3");
      lookTwice(versions);
      assertThat(versions.version()).isEqualTo(3);
    }
  }

  private static void waitForVersion(ServedVersions versions, long version) throws Exception {
    for (int i = 0; i < 1000 && versions.version() != version; i++) {
      Thread.sleep(10);
    }
    assertThat(versions.version()).isEqualTo(version);
  }

  @Test
  void aLeasedVersionStaysOpenUntilAnotherThreadGivesItBack() throws Exception {
    put(vae, "1");
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (ServedVersions versions = open()) {
      ServedVersions.Lease old = versions.lease();
      List<Recommendation> before = cold(old.model());
      put(dae, "2");

      lookTwice(versions);

      assertThat(versions.version()).isEqualTo(2);
      assertThat(old.version()).isEqualTo(1);
      assertThat(cold(old.model())).isEqualTo(before);
      threads.submit(old::close).get();
      old.close();
      assertThatThrownBy(() -> cold(old.model())).isInstanceOf(IllegalStateException.class);
      assertThat(versions.answer(ServedVersionsTest::cold)).hasSize(5);
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void closingWaitsForTheRequestsThatHaveBegun() throws Exception {
    put(vae, "1");
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try {
      ServedVersions versions = open();
      ServedVersions.Lease begun = versions.lease();
      Future<?> closing = threads.submit(versions::close);
      assertThatThrownBy(
              () -> {
                while (true) {
                  versions.version();
                  Thread.onSpinWait();
                }
              })
          .isInstanceOf(IllegalStateException.class);

      assertThat(cold(begun.model())).hasSize(5);
      assertThat(closing.isDone()).isFalse();
      begun.close();
      closing.get();
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void afterClosingNothingIsAnswered() {
    put(vae, "1");
    ServedVersions versions = open();
    versions.close();
    versions.close();

    assertThatThrownBy(() -> versions.answer(ServedVersionsTest::cold))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the versions of " + base + " are closed");
    assertThatThrownBy(versions::version).isInstanceOf(IllegalStateException.class);
    lookTwice(versions);
  }

  @Test
  void aFolderWithoutVersionsIsRefused() {
    assertThatThrownBy(this::open)
        .isInstanceOf(DataException.class)
        .hasMessage(base + ": expected a folder with exported versions BASE/<number>, found none");
    assertThatThrownBy(
            () -> ServedVersions.open(base.resolve("absent"), Duration.ofDays(1), said::add))
        .isInstanceOf(DataException.class);
    assertThatThrownBy(() -> ServedVersions.open(base, Duration.ZERO, said::add))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the time between two looks must be above 0, found PT0S");
  }

  @ParameterizedTest
  @CsvSource({
    "variables, folder", "variables/variables.index, file",
    "variables/variables.data-00000-of-00001, file", "assets/items.txt, file",
    "saved_model.pb, file", "model.json, file"
  })
  void aVersionOfWhichSomethingHasNotArrivedStaysInvisibleUntilItHas(String late, String kind)
      throws Exception {
    put(vae, "1");
    try (ServedVersions versions = open()) {
      List<Recommendation> old = versions.answer(ServedVersionsTest::cold);
      Path second = base.resolve("2");
      put(dae, "2");
      Path elsewhere = base.resolve("late");
      WholeFile.make(elsewhere, partial -> copy(second.resolve(late), partial));
      WholeFile.delete(second.resolve(late));
      if (kind.equals("folder")) {
        Files.createDirectory(second.resolve(late));
      }

      lookTwice(versions);

      assertThat(versions.version()).isEqualTo(1);
      assertThat(versions.answer(ServedVersionsTest::cold)).isEqualTo(old);
      assertThat(versions.failedLoads()).isEqualTo(1);
      assertThat(said)
          .singleElement()
          .asString()
          .startsWith("version 1 stays: " + second)
          .contains("expected a file ", "found none");

      lookTwice(versions);
      assertThat(versions.failedLoads()).as("tried again without a change").isEqualTo(1);

      copy(elsewhere, second.resolve(late));
      lookTwice(versions);
      assertThat(versions.version()).isEqualTo(2);
      assertThat(versions.answer(ServedVersionsTest::cold)).isNotEqualTo(old);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (!Files.isDirectory(target)) {
          Files.copy(file, target);
        }
      }
    }
  }

  @Test
  void aVersionIsNotTriedWhileItIsBeingWritten() throws Exception {
    put(vae, "1");
    try (ServedVersions versions = open()) {
      Path second = Files.createDirectory(base.resolve("2"));
      for (int written = 0; written < 5; written++) {
        Files.writeString(
            second.resolve("saved_model.pb"),
            "some",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
        versions.look();
      }
      assertThat(said).isEmpty();
      assertThat(versions.failedLoads()).isZero();
      versions.look();
      assertThat(versions.failedLoads()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "item,title\n\"half", "item,title\nno title\n", "\0\0\0"})
  void titlesThatAreNoneStopNeitherAStartNorANewVersion(String titles) throws Exception {
    put(vae, "1");
    Files.writeString(base.resolve("1/assets.extra/titles.csv"), titles);
    try (ServedVersions versions = open()) {
      assertThat(versions.version()).isEqualTo(1);
      assertThat(said).singleElement().asString().contains("1/assets.extra/titles.csv");
      put(vae, "2");
      Files.writeString(base.resolve("2/assets.extra/titles.csv"), titles);
      lookTwice(versions);
      assertThat(versions.version()).isEqualTo(2);
      assertThat(versions.failedLoads()).isZero();
      assertThat(said).last().asString().contains("2/assets.extra/titles.csv");
    }
  }

  @Test
  void titlesThatComeLaterAreTakenAndDamagedOnesLeaveThem() throws Exception {
    put(vae, "1");
    Path file = base.resolve("1/assets.extra/titles.csv");
    try (ServedVersions versions = open()) {
      assertThat(versions.answer(ServedModel::titles)).isEmpty();
      Files.writeString(file, "item,title\na,First\n");
      lookTwice(versions);
      assertThat(versions.answer(ServedModel::titles)).isEqualTo(Map.of("a", "First"));
      assertThat(said).containsExactly("new titles for version 1");
      Files.writeString(file, "item,title\na");
      lookTwice(versions);
      Files.delete(file);
      lookTwice(versions);
      assertThat(versions.answer(ServedModel::titles)).isEqualTo(Map.of("a", "First"));
      assertThat(said)
          .last()
          .isEqualTo(
              "the titles of version 1 stay: "
                  + file
                  + ", line 2: expected an item id and a title, found one field");
    }
  }

  @Test
  void aBadNewestVersionAtTheStartFallsBackToTheNewestWholeOne() throws Exception {
    put(vae, "1");
    put(dae, "2");
    put(vae, "3");
    Files.writeString(base.resolve("3/assets/items.txt"), "a\n");
    Files.createDirectory(base.resolve("4"));
    try (ServedVersions versions = open()) {
      assertThat(versions.version()).isEqualTo(2);
      assertThat(versions.failedLoads()).isEqualTo(2);
      assertThat(said).hasSize(2);
      assertThat(said.get(0))
          .isEqualTo(
              "version 4 is passed over: "
                  + base.resolve("4")
                  + ": not an export of vaecf, expected a file saved_model.pb, found none");
      assertThat(said.get(1))
          .startsWith("version 3 is passed over: " + base.resolve("3/assets/items.txt"))
          .contains(" bytes, as the export wrote, found 2");
    }
  }

  @Test
  void whereNoVersionIsWholeItIsSaidOfEachWhy() throws Exception {
    Files.createDirectory(base.resolve("1"));
    assertThatThrownBy(this::open)
        .isInstanceOf(DataException.class)
        .hasMessage(
            base.resolve("1")
                + ": not an export of vaecf, expected a file saved_model.pb, found none");
    put(vae, "2");
    Files.writeString(base.resolve("2/model.json"), "{");

    assertThatThrownBy(this::open)
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(
            base
                + ": none of its versions can be served; "
                + base.resolve("2/model.json")
                + ": not a model card (")
        .hasMessageEndingWith(
            "; "
                + base.resolve("1")
                + ": not an export of vaecf, expected a file saved_model.pb, found none");
  }

  @Test
  void whenTheNewestIsDeletedTheNewestWholeOneThatIsLeftTakesOver() throws Exception {
    put(vae, "1");
    put(dae, "2");
    Files.createDirectory(base.resolve("3"));
    put(vae, "5");
    try (ServedVersions versions = open()) {
      List<Recommendation> newest = versions.answer(ServedVersionsTest::cold);
      WholeFile.delete(base.resolve("5"));

      lookTwice(versions);

      assertThat(versions.version()).isEqualTo(2);
      assertThat(said)
          .last()
          .isEqualTo("now version 2, as " + base.resolve("5") + " is no longer there");
      assertThat(versions.answer(ServedVersionsTest::cold)).isNotEqualTo(newest);
      for (String gone : List.of("1", "2", "3")) {
        WholeFile.delete(base.resolve(gone));
        lookTwice(versions);
      }
      assertThat(versions.version()).as("goes on from memory").isEqualTo(2);
      assertThat(versions.answer(ServedVersionsTest::cold)).hasSize(5);
      WholeFile.delete(base);
      lookTwice(versions);
      assertThat(versions.answer(ServedVersionsTest::cold)).hasSize(5);
      put(vae, "1");
      lookTwice(versions);
      assertThat(versions.version()).isEqualTo(1);
    }
  }

  @Test
  void aVersionThatIsReplacedInItsPlaceIsTaken() {
    put(vae, "1");
    try (ServedVersions versions = open()) {
      List<Recommendation> old = versions.answer(ServedVersionsTest::cold);
      WholeFile.delete(base.resolve("1"));
      put(dae, "1");
      lookTwice(versions);
      assertThat(versions.version()).isEqualTo(1);
      assertThat(versions.answer(ServedVersionsTest::cold)).isNotEqualTo(old);
    }
  }

  @Test
  void aFolderThatCannotBeReadIsSaidAndPassedOver() throws Exception {
    put(vae, "1");
    try (ServedVersions versions = open()) {
      Path second = Files.createDirectories(base.resolve("2"));
      // A link that leads back to itself cannot be walked through, whoever walks.
      Files.createSymbolicLink(second.resolve("variables"), second);
      lookTwice(versions);
      assertThat(versions.version()).isEqualTo(1);
      assertThat(said).singleElement().asString().startsWith("version 1 stays: " + second);
    }
  }

  @Test
  void neitherABadVersionNorABrokenLogEndsTheWatching() throws Exception {
    put(vae, "1");
    try (ServedVersions versions =
        ServedVersions.open(
            base,
            Duration.ofMillis(5),
            sentence -> {
              throw new IllegalStateException(sentence);
            })) {
      Files.createDirectory(base.resolve("2"));
      while (versions.failedLoads() == 0) {
        Thread.sleep(5);
      }
      put(dae, "3");
      waitForVersion(versions, 3);
    }
  }

  /** Ids that fit the checksums of nothing, in an export whose card lists no files. */
  @ParameterizedTest
  @CsvSource({
    "half, 'expected 120 item ids, as there are weights, found 60'",
    "twoMore, 'expected 120 item ids, as there are weights, found 122'",
    "empty, 'expected an item id a line, found nothing'",
    "emptyLine, 'line 1 is no item id: expected some text without ''\\r'', found '''''",
    "carriageReturns, line 1 is no item id",
    "cut, 'line 120 has no end: the ids are not whole'",
    "twice, stands at index 0 and at 1",
    "latin1, not UTF-8"
  })
  void idsThatAreNotThoseOfTheWeightsAreRefusedInOldExportsToo(String damage, String problem)
      throws Exception {
    put(vae, "1");
    put(dae, "2");
    OldExports.forgetFiles(base.resolve("2"));
    Path file = base.resolve("2/assets/items.txt");
    List<String> ids = new ArrayList<>(Files.readAllLines(file));
    switch (damage) {
      case "half" -> Files.write(file, ids.subList(0, 60));
      case "twoMore" -> {
        ids.addAll(List.of("x", "y"));
        Files.write(file, ids);
      }
      case "empty" -> Files.writeString(file, "");
      case "emptyLine" -> {
        ids.set(0, "");
        Files.write(file, ids);
      }
      case "carriageReturns" -> Files.writeString(file, String.join("\r\n", ids) + "\r\n");
      case "cut" -> Files.writeString(file, String.join("\n", ids));
      case "twice" -> {
        ids.set(0, ids.get(1));
        Files.write(file, ids);
      }
      default -> Files.write(file, new byte[] {(byte) 0xfc, '\n'});
    }
    try (ServedVersions versions = open()) {
      assertThat(versions.version()).isEqualTo(1);
      assertThat(said).singleElement().asString().contains(file.toString(), problem);
    }
  }

  @Test
  void anExportOfAnOlderVaecfIsServed() throws Exception {
    put(vae, "1");
    OldExports.forgetFiles(base.resolve("1"));
    Files.delete(base.resolve("1/assets.extra/tf_serving_warmup_requests"));
    try (ServedVersions versions = open()) {
      assertThat(versions.answer(ServedVersionsTest::cold)).hasSize(5);
      assertThat(said).isEmpty();
    }
  }

  @Test
  void theLargestVersionThatCanBeExportedIsServed() {
    put(vae, "9");
    put(dae, Long.toString(Long.MAX_VALUE));

    try (ServedVersions versions = open()) {
      assertThat(versions.version()).isEqualTo(Long.MAX_VALUE);
    }
    assertThat(ServedVersions.number("9223372036854775807")).hasValue(Long.MAX_VALUE);
    assertThat(ServedVersions.number("9223372036854775808")).isEmpty();
    assertThat(ServedVersions.number("-1")).isEmpty();
    assertThat(ServedVersions.number("٣")).isEmpty();
  }

  @Test
  void titlesComeBackWithTheModel() {
    Map<String, String> titles =
        Map.of(
            SmallModels.ids().id(3), "Third, with \"quotes\"", SmallModels.ids().id(0), "Ünïcode");
    SavedModelExporter.builder().titles(titles).export(trained, base.resolve("1"));

    try (ServedModel model = ServedModel.load(base)) {
      assertThat(model.titles()).isEqualTo(titles);
    }
  }
}
