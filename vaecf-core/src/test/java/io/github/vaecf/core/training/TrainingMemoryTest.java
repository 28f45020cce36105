package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.Elsa;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.RecVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainingListener.StepReport;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingMemoryTest {
  /** Users with an item each, all of another one. */
  private static CsrMatrix users(int count, int items) {
    return Rows.of(items, IntStream.range(0, count).mapToObj(Rows::row).toArray(int[][]::new));
  }

  private static Settings vae(int hidden, int latent) {
    return MultVae.published()
        .with(MultVae.HIDDEN, hidden == 0 ? List.of() : List.of(hidden))
        .with(MultVae.LATENT, latent);
  }

  @Test
  void allItemsTakeWeightsMomentsGradientsAndThreeTimesTheScores() {
    long items = 1_000_000;
    TrainingMemory none = TrainingMemory.of(vae(0, 200), users(600, (int) items));
    long weights = 400 * items + 400 + 200 * items + items; // to μ and log σ², and back
    assertThat(none.weights()).isEqualTo(4 * weights);
    assertThat(none.moments()).isEqualTo(8 * weights);
    assertThat(none.step()).isEqualTo(4 * weights + 4 * 3 * 500 * items);
    TrainingMemory wide = TrainingMemory.of(vae(600, 200), users(300, (int) items));
    long between = 600 + 600 * 400 + 400 + 200 * 600 + 600;
    assertThat(wide.weights()).isEqualTo(4 * (600 * items + between + 600 * items + items));
    assertThat(wide.step()).isEqualTo(wide.weights() + 4 * 3 * 300 * items);
  }

  @Test
  void aSampleTakesFourTimesItsRowsAndItsScores() {
    int items = 1_000_000;
    Settings settings = vae(0, 200).with(TrainingSettings.ITEMS_PER_STEP, 2000);
    TrainingMemory memory = TrainingMemory.of(settings, users(600, items));
    long sampled = 500 + 2000; // the largest batch is of 500 users with an item each
    assertThat(memory.step())
        .isEqualTo(4 * (4 * (400 + 200 + 1) * sampled + 400 + 3 * 500 * sampled));
    assertThat(memory.weights())
        .isEqualTo(TrainingMemory.of(vae(0, 200), users(600, items)).weights());
  }

  @Test
  void frozenCopiesCountAndALowRankHasNoScores() {
    TrainingMemory memory = TrainingMemory.of(RecVae.published(), users(10, 50_000));
    long encoder = 600L * 50_000; // the rest is small
    assertThat(memory.weights()).isBetween(4 * (2 * encoder + 200 * 50_000), 4 * 75_000_000L);
    TrainingMemory elsa = TrainingMemory.of(Settings.published(new Elsa()), users(10, 50_000));
    assertThat(elsa).isEqualTo(new TrainingMemory(51_200_000, 102_400_000, 51_200_000));
  }

  @Test
  void whatDoesNotFitIsRefusedWithWhatWould() {
    CsrMatrix users = users(600, 1_000_000);
    Settings settings = vae(600, 200);
    TrainingMemory memory = TrainingMemory.of(settings, users);
    memory.requireWithin(memory.total(), settings, users);
    assertThatThrownBy(() -> memory.requireWithin(memory.total() - 1, settings, users))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "Mult-VAE over 1000000 items needs at least 25.2 GB of memory (weights 4.8 GB, Adam's"
                + " moments 9.6 GB, a step 10.8 GB), and this machine has 25.2 GB: what would fit is"
                + " items-per-step 2000 (14.5 GB) or batch-size 250 (22.2 GB), or narrower layers");
    assertThatThrownBy(() -> memory.requireWithin(16_000_000_000L, settings, users))
        .hasMessageEndingWith(
            ": what would fit is items-per-step 2000 (14.5 GB), or narrower layers");
    assertThatThrownBy(() -> memory.requireWithin(9_000_000_000L, settings, users))
        .hasMessageEndingWith(
            ": narrower layers or fewer items are needed, since no items-per-step and no batch-size"
                + " fits");
  }

  @Test
  void aTrainingSaysItFirstAndOneThatCannotFitLeavesNothing(@TempDir Path folder) {
    Groups data = Groups.small();
    List<String> told = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onMessage(String message) {
            told.add(message);
          }

          @Override
          public void onStep(StepReport report) {
            told.add("a step");
          }
        };
    Trainer.Builder trainer =
        Trainer.builder()
            .settings(vae(0, 4).with(TrainingSettings.EPOCHS, 1))
            .listener(listener)
            .runFolder(folder.resolve("run"));
    trainer.build().train(data.matrix(), data.ids()).close();
    assertThat(told)
        .startsWith(
            "training needs 1 MB of memory (weights 1 MB, Adam's moments 1 MB, a step 1 MB)",
            "a step");

    Path other = folder.resolve("other");
    Trainer tooLarge = trainer.settings(vae(1_000_000_000, 4)).runFolder(other).build(); // 1,920 GB
    assertThatThrownBy(() -> tooLarge.train(data.matrix(), data.ids()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("Mult-VAE over 40 items needs at least ")
        .hasMessageContaining("narrower layers");
    assertThat(other).doesNotExist();
  }

  @Test
  void theLargestBatchOfOwnItemsIsThatOfTheFirstEpoch() {
    CsrMatrix users =
        CsrMatrix.of(
            50,
            300,
            pairs -> {
              Random random = new Random(1);
              for (int user = 0; user < 50; user++) {
                for (int item = 0; item < 300; item++) {
                  if (random.nextInt(20) == 0) {
                    pairs.accept(user, item);
                  }
                }
              }
            });
    Settings settings =
        Settings.published(new Elsa())
            .with(Elsa.FACTORS, 1)
            .with(TrainingSettings.ITEMS_PER_STEP, 1)
            .with(TrainingSettings.BATCH_SIZE, 20);
    int most = 0;
    try (BatchSource batches = new BatchSource(users, 20, 1, 98765, 0, 3, null)) {
      for (int step = 0; step < 3; step++) {
        try (Batch batch = batches.take()) {
          most = Math.max(most, batch.sample.own().getInt(0));
        }
      }
    }
    assertThat(TrainingMemory.of(settings, users).step()).isEqualTo(4 * 4L * (most + 1));
  }
}
