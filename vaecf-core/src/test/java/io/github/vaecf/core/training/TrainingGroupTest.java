package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.core.training.Trainer.TrainingStoppedException;
import io.github.vaecf.core.training.TrainingListener.StepReport;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Here the processes of a group are threads of one; vaecf-spark's tests have it of processes. */
final class TrainingGroupTest {
  private static final int ITEMS = 120;
  private static final int USERS = 401;
  private static final CsrMatrix DATA = random();

  @TempDir Path folder;

  /** Batches of 40 leave a last one of a single user, of whom all but one process have nothing. */
  @ParameterizedTest
  @CsvSource({
    "2, vae, hidden=60 latent=20 l2=0.001 gradient-clip=0.5",
    "3, dae, hidden=60 latent=20",
    "2, recvae, width=50 latent=20",
    "2, elsa, factors=30",
    "2, vamp, hidden=50 latent=20 pseudo-inputs=30",
  })
  void halfABatchForEachOfTwoGivesTheWeightsOfTheWholeForOne(int size, String model, String others)
      throws Exception {
    Settings settings = settings(model, others);
    List<Weight> alone;
    List<StepReport> reports = new ArrayList<>();
    try (TrainedModel one =
        Trainer.builder()
            .settings(settings)
            .listener(steps(reports::add))
            .build()
            .train(DATA, Rows.ids(ITEMS))) {
      alone = one.weights();
    }
    List<StepReport> reportsOfFirst = new ArrayList<>();
    List<List<Weight>> ofEach =
        together(
            size,
            group ->
                train(
                    settings,
                    group,
                    trainer -> {
                      if (group.rank() == 0) {
                        trainer.listener(steps(reportsOfFirst::add));
                      }
                    }));
    for (List<Weight> one : ofEach) {
      requireSame(one, ofEach.get(0));
    }
    for (int i = 0; i < alone.size(); i++) {
      Weight expected = alone.get(i);
      assertThat(distance(ofEach.get(0).get(i).values(), expected.values()))
          .as("relative distance of %s after 50 steps", expected.name())
          .isLessThan(1e-6 * length(expected.values()) + 1e-12);
    }
    assertThat(reportsOfFirst).hasSameSizeAs(reports);
    for (int step = 0; step < reports.size(); step++) {
      StepReport expected = reports.get(step);
      StepReport found = reportsOfFirst.get(step);
      assertThat(found.users()).isEqualTo(expected.users());
      assertThat(found.loss()).isCloseTo(expected.loss(), Percentage.withPercentage(0.001));
    }
  }

  @Test
  void theSameTwiceIsTheSameToTheBitAlsoWhenOneStopsAllAndTheyGoOn() throws Exception {
    Settings settings = settings("vae");
    List<Weight> whole = together(2, group -> train(settings, group, trainer -> {})).get(0);

    Path run = folder.resolve("run");
    AtomicLong steps = new AtomicLong();
    List<String> stopped =
        together(
            2,
            group -> {
              try {
                train(
                    settings,
                    group,
                    trainer -> {
                      trainer.runFolder(run);
                      if (group.rank() == 1) { // which does not write the checkpoint
                        trainer
                            .listener(steps(step -> steps.incrementAndGet()))
                            .stopWhen(() -> steps.get() >= 17);
                      }
                    });
                return "not stopped";
              } catch (TrainingStoppedException e) {
                return e.getMessage();
              }
            });
    // One more step tells the others.
    assertThat(stopped)
        .allSatisfy(message -> assertThat(message).contains("stopped after step 18 of 55"));
    List<List<Weight>> resumed =
        together(
            2, group -> train(settings, group, trainer -> trainer.runFolder(run).resume(true)));
    requireSame(resumed.get(0), whole);
    requireSame(resumed.get(1), whole);
    try (TrainedModel kept = TrainedModel.load(RunFolder.modelFile(run))) {
      requireSame(kept.weights(), whole);
    }
  }

  @Test
  void theFirstValidatesForAllAndAllEndWithItsBestEpoch() throws Exception {
    Settings settings = settings("dae").with(TrainingSettings.PATIENCE, 2);
    List<Integer> epochs =
        together(
            2,
            group -> {
              AtomicLong asked = new AtomicLong();
              try (TrainedModel model =
                  Trainer.builder()
                      .settings(settings)
                      .group(group)
                      .validation(
                          any -> {
                            assertThat(group.rank()).isZero();
                            return asked.incrementAndGet() == 2 ? 0.9 : 0.1;
                          })
                      .build()
                      .train(DATA, Rows.ids(ITEMS))) {
                assertThat(model.validation()).isEqualTo(0.9);
                return model.epoch();
              }
            });
    assertThat(epochs).containsExactly(2, 2);
  }

  @Test
  void processesThatDoNotTrainTheSameAreRefused() throws Exception {
    List<String> messages =
        together(
            2,
            group -> {
              Settings settings = settings("vae");
              try {
                train(
                    group.rank() == 0 ? settings : settings.with(TrainingSettings.SEED, 7L),
                    group,
                    trainer -> {});
                return "";
              } catch (DataException e) {
                return e.getMessage();
              }
            });
    assertThat(messages)
        .containsOnly("in 1 of 2 processes the settings are not those of the first process");
  }

  @Test
  void whoWaitsInVainSaysWhomForAndForHowLong() throws Exception {
    List<String> addresses = addresses(2);
    assertThatExceptionOfType(TrainingGroup.BrokenException.class)
        .isThrownBy(() -> TrainingGroup.join(addresses, 1, Duration.ofSeconds(1)))
        .withMessageContaining("process 1 of 2 that train together waited 1 s for the others")
        .withMessageContaining(addresses.get(1));
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> TrainingGroup.join(addresses, 1, Duration.ofSeconds(1)))
        .withMessageContaining("expected an address of this machine with a port that is free");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TrainingGroup.join(addresses, 2, Duration.ofSeconds(1)))
        .withMessageContaining("rank");
  }

  @Test
  void partsOfABatchAreTheBatchInOrder() {
    int[] order = BatchSource.order(USERS, 1, 0);
    int[] ends = {3, 3, 20, 60, 90};
    try (Batch whole = Batch.of(DATA, order, 3, 90)) {
      int users = 0;
      int ones = 0;
      List<Float> counts = new ArrayList<>();
      for (int i = 1; i < ends.length; i++) {
        try (Batch part = Batch.partOf(DATA, order, 3, 90, ends[i - 1], ends[i])) {
          int all = (int) whole.indices.shape().get(0);
          assertThat(part.part).isEqualTo(new Batch.Part(users, 87, ones, all));
          users += part.users;
          ones += (int) part.indices.shape().get(0);
          part.counts.scalars().forEach(count -> counts.add(count.getFloat()));
        }
      }
      assertThat(users).isEqualTo(87);
      List<Float> expected = new ArrayList<>();
      whole.counts.scalars().forEach(count -> expected.add(count.getFloat()));
      assertThat(counts).isEqualTo(expected);
    }
  }

  private static Settings settings(String model) {
    return settings(model, "");
  }

  private static Settings settings(String model, String others) {
    Map<String, String> texts = new HashMap<>(Map.of("epochs", "5", "batch-size", "40"));
    Matcher sides = Pattern.compile("(\\S+)=(\\S+)").matcher(others);
    while (sides.find()) {
      texts.put(sides.group(1), sides.group(2));
    }
    return Settings.published(Model.named(model))
        .with(texts)
        .with(TrainingSettings.SEED, 3L)
        .with(TrainingSettings.THREADS, 1);
  }

  private static List<Weight> train(
      Settings settings, TrainingGroup group, Consumer<Trainer.Builder> more) {
    Trainer.Builder trainer = Trainer.builder().settings(settings).group(group);
    more.accept(trainer);
    try (TrainedModel model = trainer.build().train(DATA, Rows.ids(ITEMS))) {
      return model.weights();
    }
  }

  private static TrainingListener steps(Consumer<StepReport> steps) {
    return new TrainingListener() {
      @Override
      public void onStep(StepReport report) {
        steps.accept(report);
      }
    };
  }

  private static void requireSame(List<Weight> found, List<Weight> expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.size(); i++) {
      assertThat(found.get(i).values())
          .as(found.get(i).name())
          .usingComparator(Arrays::compare)
          .isEqualTo(expected.get(i).values());
    }
  }

  private static double distance(float[] x, float[] y) {
    float[] difference = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      difference[i] = x[i] - y[i];
    }
    return length(difference);
  }

  private static double length(float[] x) {
    double square = 0;
    for (float one : x) {
      square += (double) one * one;
    }
    return Math.sqrt(square);
  }

  private static CsrMatrix random() {
    Random random = new Random(1);
    return Rows.of(
        ITEMS,
        IntStream.range(0, USERS)
            .mapToObj(user -> random.ints(random.nextInt(30), 0, ITEMS).distinct().toArray())
            .toArray(int[][]::new));
  }

  private interface Part<T> {
    T of(TrainingGroup group) throws Exception;
  }

  /** What each of a new group does, all at the same time. */
  private static <T> List<T> together(int size, Part<T> part) throws Exception {
    List<String> addresses = addresses(size);
    ExecutorService threads = Executors.newFixedThreadPool(size);
    try {
      List<Future<T>> all = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        int rank = i;
        all.add(
            threads.submit(
                () -> {
                  try (TrainingGroup group =
                      TrainingGroup.join(addresses, rank, Duration.ofSeconds(60))) {
                    return part.of(group);
                  }
                }));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> one : all) {
        results.add(one.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }

  private static List<String> addresses(int size) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    try {
      for (int i = 0; i < size; i++) {
        held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return held.stream().map(socket -> "127.0.0.1:" + socket.getLocalPort()).toList();
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
  }
}
