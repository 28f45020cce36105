package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.model.Blend;
import io.github.vaecf.core.model.LinearAutoencoder;
import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlendTrainingTest {
  private static final Groups DATA = Groups.small();

  /** Other users of the same items. */
  private static final CsrMatrix OTHERS = new Groups(150, 4, 10, 2).matrix();

  private static final Settings EASE =
      Settings.published(new LinearAutoencoder.Ease()).with(LinearAutoencoder.LAMBDA, 20.0);

  private static final Settings DAE =
      MultDae.published()
          .with(MultDae.LATENT, 12)
          .with(TrainingSettings.EPOCHS, 6)
          .with(TrainingSettings.BATCH_SIZE, 32)
          .with(TrainingSettings.THREADS, 1);

  @TempDir Path folder;

  private static Settings blend(Settings... members) {
    List<Blend.Member> all = new ArrayList<>();
    for (Settings member : members) {
      all.add(new Blend.Member(0.5 + all.size(), member));
    }
    return Settings.published(new Blend()).with(Blend.MEMBERS, new Blend.Members(all));
  }

  private static Trainer.Builder trainer(Settings settings) {
    return Trainer.builder().settings(settings);
  }

  private static TrainedModel train(Trainer.Builder trainer) {
    return trainer.build().train(OTHERS, DATA.ids());
  }

  @Test
  void aTrainedBlendIsTheBlendOfItsMembersTrainedAlone() {
    try (TrainedModel ease = train(trainer(EASE));
        TrainedModel dae = train(trainer(DAE));
        TrainedModel made =
            TrainedModel.blend(List.of(ease, dae), List.of(0.5, 1.5), "", model -> Double.NaN);
        TrainedModel trained = train(trainer(blend(EASE, DAE)))) {
      assertThat(trained.settings()).isEqualTo(made.settings());
      assertThat(trained.scores(OTHERS, 0, 20)).isEqualTo(made.scores(OTHERS, 0, 20));
      assertThat(trained.validation()).isNaN();
    }
  }

  @Test
  void wherePartOfItWasTrainedItGoesOnToTheSameBytes() throws IOException {
    Settings settings = blend(EASE, DAE, DAE.with(TrainingSettings.SEED, 3L));
    Path whole = folder.resolve("whole");
    train(trainer(settings).runFolder(whole)).close();
    Path run = folder.resolve("run");
    for (int stop : new int[] {9, 20}) {
      int[] questions = {0};
      Trainer.Builder stopped =
          trainer(settings)
              .runFolder(run)
              .resume(Files.exists(run))
              .stopWhen(() -> questions[0]++ == stop);
      assertThatThrownBy(() -> train(stopped)).isInstanceOf(Trainer.TrainingStoppedException.class);
    }
    assertThat(RunFolder.modelFile(run)).doesNotExist();
    assertThatThrownBy(() -> train(trainer(blend(EASE, EASE)).runFolder(run).resume(true)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("config.json, settings.members: the run was started with ");
    train(trainer(settings).runFolder(run).resume(true)).close();
    byte[] bytes = Files.readAllBytes(RunFolder.modelFile(run));
    assertThat(bytes).isEqualTo(Files.readAllBytes(RunFolder.modelFile(whole)));
    assertThat(RunFolder.settings(run)).isEqualTo(settings);

    // What has ended stays as it is, and costs nothing.
    int[] messages = {0};
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onMessage(String message) {
            messages[0]++;
          }
        };
    train(trainer(settings).runFolder(run).resume(true).listener(listener)).close();
    assertThat(messages[0]).isZero();
    assertThat(RunFolder.modelFile(run)).hasBinaryContent(bytes);
  }

  @Test
  void refittedAModelHasAsManyEpochsAsValidationFoundBest() throws IOException {
    // Validation that likes the second epoch best.
    int[] epochs = {0};
    Path run = folder.resolve("run");
    Settings patient = DAE.with(TrainingSettings.PATIENCE, 2);
    Settings asFound = DAE.with(TrainingSettings.EPOCHS, 2).with(TrainingSettings.PATIENCE, 0);
    try (TrainedModel found =
            trainer(patient)
                .validation(model -> ++epochs[0] == 2 ? 1 : 0)
                .runFolder(run)
                .build()
                .train(DATA.matrix(), DATA.ids());
        TrainedModel ease = train(trainer(EASE));
        TrainedModel made =
            TrainedModel.blend(List.of(found, ease), List.of(1.0, 2.0), "", model -> 0.3)) {
      assertThat(found.settingsToRefit()).isEqualTo(asFound);
      assertThat(TrainedModel.settingsToRefit(run)).isEqualTo(asFound);
      assertThat(ease.settingsToRefit()).isEqualTo(EASE);
      assertThat(made.settingsToRefit().get(Blend.MEMBERS).list())
          .containsExactly(new Blend.Member(1, asFound), new Blend.Member(2, EASE));
      made.saveIn(folder.resolve("made"));
      assertThat(TrainedModel.settingsToRefit(folder.resolve("made")))
          .isEqualTo(made.settingsToRefit());
    }
  }
}
