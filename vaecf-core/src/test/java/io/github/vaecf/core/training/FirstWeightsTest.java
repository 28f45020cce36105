package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.model.Elsa;
import io.github.vaecf.core.model.LinearAutoencoder;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.VampVae;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.core.training.Trainer.TrainingStoppedException;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FirstWeightsTest {
  private static final int USERS = 120;

  @TempDir Path folder;

  /** Users of four groups of items that have items of their group; some of the last are new. */
  private static CsrMatrix users(IdIndex items, int seed) {
    return CsrMatrix.of(
        USERS,
        items.size(),
        pairs -> {
          Random random = new Random(seed);
          for (int user = 0; user < USERS; user++) {
            for (int item = 0; item < items.size(); item++) {
              boolean own = Integer.parseInt(items.id(item)) % 4 == user % 4;
              if (random.nextDouble() < (own ? 0.6 : 0.02)) {
                pairs.accept(user, item);
              }
            }
          }
        });
  }

  private static IdIndex ids(int... ids) {
    return IdIndex.of(IntStream.of(ids).mapToObj(Integer::toString).toList());
  }

  private static IdIndex yesterday() {
    return ids(IntStream.range(0, 40).toArray());
  }

  /** In another order, without 0 to 3, with 40 to 47. */
  private static IdIndex today() {
    return ids(IntStream.range(0, 44).map(i -> 47 - i).toArray());
  }

  static List<Settings> models() {
    return List.of(
        quick(MultVae.published().with(MultVae.HIDDEN, List.of(16)).with(MultVae.LATENT, 8)),
        quick(
            Settings.published(new VampVae())
                .with(VampVae.HIDDEN, List.of(16))
                .with(VampVae.LATENT, 8)
                .with(VampVae.PSEUDO_INPUTS, 5)),
        quick(Settings.published(new Elsa()).with(Elsa.FACTORS, 12)));
  }

  private static Settings quick(Settings settings) {
    return settings
        .with(TrainingSettings.EPOCHS, 20)
        .with(TrainingSettings.BATCH_SIZE, 30)
        .with(TrainingSettings.LEARNING_RATE, 0.01)
        .with(TrainingSettings.THREADS, 1);
  }

  private static TrainedModel ofYesterday(Settings settings) {
    return Trainer.builder().settings(settings).build().train(users(yesterday(), 1), yesterday());
  }

  /** The vector of each item in a weight, by raw id. */
  private static Map<String, List<Float>> vectors(Weight weight, int axis, IdIndex items) {
    int width = weight.values().length / items.size();
    Map<String, List<Float>> vectors = new HashMap<>();
    for (int item = 0; item < items.size(); item++) {
      List<Float> vector = new ArrayList<>();
      for (int place = 0; place < width; place++) {
        vector.add(weight.values()[axis == 0 ? item * width + place : place * items.size() + item]);
      }
      vectors.put(items.id(item), vector);
    }
    return vectors;
  }

  @ParameterizedTest
  @MethodSource("models")
  void knownItemsKeepTheirVectorsAndNewOnesBeginAmongThoseBesideThem(Settings settings) {
    CsrMatrix users = users(today(), 2);
    try (TrainedModel model = ofYesterday(settings)) {
      Map<String, float[]> first = FirstWeights.of(model, settings, users, today());
      int withItems = 0;
      for (Weight before : model.weights()) {
        int axis = before.shape().indexOf(40L);
        float[] values = first.get(before.name());
        if (axis < 0) {
          assertThat(values).isEqualTo(before.values());
          continue;
        }
        withItems++;
        List<Long> shape = new ArrayList<>(before.shape());
        shape.set(axis, 44L);
        Map<String, List<Float>> old = vectors(before, axis, yesterday());
        Map<String, List<Float>> now =
            vectors(new Weight(before.name(), shape, values), axis, today());
        for (int id = 4; id < 40; id++) {
          assertThat(now.get("" + id)).isEqualTo(old.get("" + id));
        }
        if (before.shape().size() > 1) {
          // The mean over what users have beside it, by hand.
          int fresh = today().indexOf("42");
          int[] counts = users.columnCounts();
          double[] sums = new double[now.get("42").size()];
          double weights = 0;
          for (int user = 0; user < USERS; user++) {
            List<Integer> row = users.row(user);
            for (int item : row.contains(fresh) ? row : List.<Integer>of()) {
              List<Float> vector = old.get(today().id(item));
              for (int place = 0; vector != null && place < sums.length; place++) {
                sums[place] += vector.get(place) / Math.sqrt(counts[item]);
              }
              weights += vector == null ? 0 : 1 / Math.sqrt(counts[item]);
            }
          }
          for (int place = 0; place < sums.length; place++) {
            assertThat(now.get("42").get(place))
                .isCloseTo((float) (sums[place] / weights), within(1e-5f));
          }
        }
      }
      assertThat(withItems).isPositive();
    }
  }

  @Test
  void aShortTrainingFromYesterdaysModelKnowsTheNewItems() {
    Settings settings = models().get(0).with(TrainingSettings.EPOCHS, 60);
    try (TrainedModel model = ofYesterday(settings);
        TrainedModel next =
            Trainer.builder()
                .settings(model.settingsToContinue())
                .from(model)
                .build()
                .train(users(today(), 2), today())) {
      assertThat(next.settings().get(TrainingSettings.EPOCHS)).isEqualTo(15);
      assertThat(next.recommend(List.of("6", "10", "14"), 8))
          .extracting(Recommendation::item)
          .allMatch(id -> Integer.parseInt(id) % 4 == 2)
          .contains("42", "46");
    }
  }

  @Test
  void stoppedAndResumedItComesToTheSameBytesAndAnotherModelIsRefused() throws IOException {
    Settings settings = models().get(0).with(TrainingSettings.EPOCHS, 3);
    CsrMatrix users = users(today(), 2);
    try (TrainedModel model = ofYesterday(settings);
        TrainedModel other = ofYesterday(settings.with(TrainingSettings.SEED, 3L))) {
      Path whole = folder.resolve("whole");
      Trainer.Builder builder = Trainer.builder().settings(settings).from(model);
      builder.runFolder(whole).build().train(users, today()).close();
      for (int stopAfter : new int[] {0, 5}) {
        Path run = folder.resolve("stopped-" + stopAfter);
        int[] steps = {0};
        assertThatThrownBy(
                () ->
                    Trainer.builder()
                        .settings(settings)
                        .from(model)
                        .runFolder(run)
                        .stopWhen(() -> steps[0]++ == stopAfter)
                        .build()
                        .train(users, today()))
            .isInstanceOf(TrainingStoppedException.class);
        Trainer.Builder resumed = Trainer.builder().settings(settings).runFolder(run).resume(true);
        assertThatThrownBy(() -> resumed.build().train(users, today()))
            .isInstanceOf(DataException.class)
            .hasMessageContaining("from_weights_sha256");
        assertThatThrownBy(() -> resumed.from(other).build().train(users, today()))
            .isInstanceOf(DataException.class)
            .hasMessageContaining("from_weights_sha256");
        resumed.from(model).build().train(users, today()).close();
        assertThat(Files.readAllBytes(RunFolder.modelFile(run)))
            .isEqualTo(Files.readAllBytes(RunFolder.modelFile(whole)));
      }
    }
  }

  @Test
  void whatCannotBeGoneOnFromIsRefusedAndLeavesNothing() {
    Settings settings = models().get(0).with(TrainingSettings.EPOCHS, 1);
    Path run = folder.resolve("run");
    try (TrainedModel model = ofYesterday(settings)) {
      Trainer.Builder wider =
          Trainer.builder().settings(settings.with(MultVae.LATENT, 9)).from(model).runFolder(run);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> wider.build().train(users(today(), 2), today()))
          .withMessageContaining("encoder/1/kernel");
      IdIndex others = ids(IntStream.range(50, 90).toArray());
      Trainer.Builder strange = Trainer.builder().settings(settings).from(model).runFolder(run);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> strange.build().train(users(others, 2), others))
          .withMessageContaining("none of which");
      assertThat(run).doesNotExist();
      Settings ease = Settings.published(new LinearAutoencoder.Ease());
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Trainer.builder().settings(ease).from(model).build())
          .withMessageContaining("trained by gradient");
    }
    try (TrainedModel ease =
        Trainer.builder()
            .settings(Settings.published(new LinearAutoencoder.Ease()))
            .build()
            .train(users(yesterday(), 1), yesterday())) {
      assertThatIllegalArgumentException()
          .isThrownBy(ease::settingsToContinue)
          .withMessageContaining("others are fitted anew");
    }
  }
}
