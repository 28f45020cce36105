package io.github.vaecf.eval.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.eval.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damages the files of versions, one by one, before they go live and while they answer, copies and
 * deletes them file by file, and asks all the time. Each file is damaged in one way in the build;
 * {@code -Dvaecf.damages=3} damages each in every way three times, and prints what became of the
 * requests.
 */
class DamagedVersionsTest {
  private static final int DAMAGES = Integer.getInteger("vaecf.damages", 0);

  @TempDir static Path exports;

  private static Path[] wholes;
  private static List<Recommendation>[] answers;
  private static List<Path> files;

  @TempDir Path base;

  private final Random random = new Random(12);
  private final List<String> said = Collections.synchronizedList(new ArrayList<>());
  private final Map<Long, List<Recommendation>> expected = new ConcurrentHashMap<>();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong answered = new AtomicLong();
  private final List<String> lost = Collections.synchronizedList(new ArrayList<>());

  /** What became of requests: how many were answered, and how many lost. */
  private final Map<String, long[]> table = new TreeMap<>();

  private ServedVersions versions;
  private Thread client;
  private volatile boolean enough;
  private long newest;

  /** What may happen to a file. */
  private enum Damage {
    HALVED,
    FLIPPED,
    EMPTIED,
    REMOVED,
    DOUBLED
  }

  @BeforeAll
  @SuppressWarnings({"unchecked", "rawtypes"})
  static void export() throws IOException {
    wholes = new Path[] {exports.resolve("vae/1"), exports.resolve("dae/1")};
    answers = new List[2];
    for (int i = 0; i < wholes.length; i++) {
      try (TrainedModel model = i == 0 ? SmallModels.vae() : SmallModels.dae()) {
        Map<String, String> titles = Map.of(model.items().id(0), "First", "other", "Other");
        SavedModelExporter.builder().titles(titles).export(model, wholes[i]);
      }
      try (ServedModel model = ServedModel.load(wholes[i])) {
        answers[i] = ask(model);
      }
    }
    assertThat(answers[0]).isNotEqualTo(answers[1]);
    try (Stream<Path> all = Files.walk(wholes[0])) {
      files = all.filter(Files::isRegularFile).map(wholes[0]::relativize).sorted().toList();
    }
    assertThat(files).hasSize(7);
  }

  private static List<Recommendation> ask(ServedModel model) {
    return model.recommend(List.of(model.items().id(1)), 5);
  }

  @BeforeEach
  void startToAsk() throws IOException {
    newest = 1;
    copy(newest);
    versions = ServedVersions.open(base, Duration.ofDays(1), said::add);
    client =
        new Thread(
            () -> {
              while (!enough) {
                sent.incrementAndGet();
                try (ServedVersions.Lease lease = versions.lease()) {
                  if (ask(lease.model()).equals(expected.get(lease.version()))) {
                    answered.incrementAndGet();
                  } else {
                    lost.add("a wrong answer of version " + lease.version());
                  }
                } catch (RuntimeException e) {
                  lost.add(e.toString());
                }
              }
            });
    client.start();
  }

  @AfterEach
  void stop() throws InterruptedException {
    enough = true;
    client.join();
    versions.close();
    assertThat(lost).isEmpty();
    assertThat(answered.get()).isEqualTo(sent.get());
    if (DAMAGES > 0) {
      table.forEach(
          (what, count) ->
              System.out.printf(
                  "| %-30s | %6d | %6d | %d |%n", what, count[0] + count[1], count[0], count[1]));
    }
  }

  /** The files of a version: every second one is of the same model. */
  private static Path whole(long version) {
    return wholes[(int) (version % 2)];
  }

  private Path folder(long version) {
    expected.put(version, answers[(int) (version % 2)]);
    return base.resolve(Long.toString(version));
  }

  private void copy(long version) throws IOException {
    for (Path file : files) {
      put(version, file);
    }
  }

  private void put(long version, Path file) throws IOException {
    Path target = folder(version).resolve(file.toString());
    Files.createDirectories(target.getParent());
    write(target, Files.readAllBytes(whole(version).resolve(file)));
  }

  /** Writes with another time than before, however soon it comes. */
  private static void write(Path file, byte[] bytes) throws IOException {
    long before = Files.exists(file) ? Files.getLastModifiedTime(file).toMillis() : 0;
    Files.write(file, bytes);
    if (Files.getLastModifiedTime(file).toMillis() <= before) {
      Files.setLastModifiedTime(file, FileTime.fromMillis(before + 1));
    }
  }

  private void damage(Damage damage, Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    switch (damage) {
      case HALVED -> write(file, Arrays.copyOf(bytes, bytes.length / 2));
      case FLIPPED -> {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        write(file, bytes);
      }
      case EMPTIED -> write(file, new byte[0]);
      case REMOVED -> Files.delete(file);
      case DOUBLED -> {
        byte[] twice = Arrays.copyOf(bytes, 2 * bytes.length);
        System.arraycopy(bytes, 0, twice, bytes.length, bytes.length);
        write(file, twice);
      }
    }
  }

  /** Looks often enough for whatever is to be seen, and counts what was asked meanwhile. */
  private void look(String what) {
    long[] count = table.computeIfAbsent(what, unused -> new long[2]);
    long answeredBefore = answered.get();
    for (int i = 0; i < 3; i++) {
      versions.look();
    }
    while (lost.isEmpty() && answered.get() < answeredBefore + 2) {
      LockSupport.parkNanos(100_000);
    }
    // What is under way is counted with the next.
    count[0] += answered.get() - answeredBefore;
    count[1] += lost.size();
    assertThat(lost).isEmpty();
  }

  private static boolean needed(Path file) {
    return !file.endsWith("titles.csv");
  }

  @Test
  void noRequestIsLostWhicheverFileIsDamagedBeforeOrWhileItAnswers() throws IOException {
    int turn = 0;
    for (int round = 0; round < Math.max(1, DAMAGES); round++) {
      for (Path file : files) {
        List<Damage> damages =
            DAMAGES > 0
                ? List.of(Damage.values())
                : List.of(Damage.values()[turn++ % Damage.values().length]);
        for (Damage damage : damages) {
          damage(file, damage);
        }
      }
    }
  }

  private void damage(Path file, Damage damage) throws IOException {
    String what = file + " " + damage;
    String row = damage.toString().toLowerCase(Locale.ROOT) + " ";
    long failedBefore = versions.failedLoads();
    copy(newest + 1);
    damage(damage, folder(newest + 1).resolve(file.toString()));
    look(row + "before it goes live");
    if (needed(file)) {
      assertThat(versions.version()).as(what).isEqualTo(newest);
      assertThat(versions.failedLoads()).as(what).isEqualTo(failedBefore + 1);
      assertThat(said).last().asString().as(what).contains(folder(newest + 1).toString());
      put(newest + 1, file);
      look(row + "and made good");
    }
    newest++;
    assertThat(versions.version()).as(what + said).isEqualTo(newest);
    WholeFile.delete(folder(newest - 1));
    look(row + "and made good");

    if (!needed(file)) {
      put(newest, file);
      look(row + "and made good");
    }
    damage(damage, folder(newest).resolve(file.toString()));
    look(row + "while it answers");
    assertThat(versions.version()).as(what).isEqualTo(newest);
    if (DAMAGES > 0) {
      put(newest, file);
      look(row + "while it answers");
      assertThat(versions.version()).as(what).isEqualTo(newest);
    }
  }

  @Test
  void aVersionThatIsCopiedFileByFileIsTakenWhenItIsWhole() throws IOException {
    List<Path> order = new ArrayList<>(files);
    for (int copies = 0; copies < Math.max(2, 5 * DAMAGES); copies++) {
      List<Path> missing =
          new ArrayList<>(order.stream().filter(DamagedVersionsTest::needed).toList());
      newest++;
      for (Path file : order) {
        Path target = folder(newest).resolve(file.toString());
        Files.createDirectories(target.getParent());
        byte[] bytes = Files.readAllBytes(whole(newest).resolve(file));
        write(target, Arrays.copyOf(bytes, bytes.length / 2));
        look("copied file by file");
        assertThat(versions.version())
            .as(order + said.toString())
            .isEqualTo(newest - (missing.isEmpty() ? 0 : 1));
        write(target, bytes);
        missing.remove(file);
        look("copied file by file");
        assertThat(versions.version())
            .as(order + said.toString())
            .isEqualTo(newest - (missing.isEmpty() ? 0 : 1));
      }
      if (copies == 0) {
        Collections.reverse(order);
      } else {
        Collections.shuffle(order, random);
      }
    }
  }

  @Test
  void aVersionThatIsDeletedFileByFileAnswersUntilAnOlderOneTakesOver() throws IOException {
    for (int deleted = 0; deleted < Math.max(1, DAMAGES); deleted++) {
      copy(newest + 1);
      look("deleted file by file");
      assertThat(versions.version()).isEqualTo(newest + 1);
      List<Path> order = new ArrayList<>(files);
      Collections.shuffle(order, random);
      for (Path file : order) {
        Files.delete(folder(newest + 1).resolve(file.toString()));
        look("deleted file by file");
        assertThat(versions.version()).isEqualTo(newest + 1);
      }
      WholeFile.delete(folder(newest + 1));
      look("deleted file by file");
      assertThat(versions.version()).isEqualTo(newest);
    }
  }
}
