package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainingListener.StepReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A training that is stopped a few times, beside the same one in one go. */
final class ResumedTraining {
  private ResumedTraining() {}

  /**
   * Requires both to end with the same bytes, and with a model that has learned something.
   *
   * @param settings of a training of 6 steps an epoch
   * @param folder an empty one
   * @param stops steps after which it is stopped and then resumed
   */
  static void requireSameBytes(Settings settings, Path folder, int... stops) throws IOException {
    Groups data = new Groups(300, 4, 40, 1);
    Path whole = folder.resolve("whole");
    trainer(settings, data, whole).build().train(data.matrix(), data.ids()).close();
    Path broken = folder.resolve("broken");
    for (int stop : stops) {
      int[] steps = new int[1];
      Trainer stopped =
          trainer(settings, data, broken)
              .resume(Files.exists(broken))
              .listener(
                  new TrainingListener() {
                    @Override
                    public void onStep(StepReport report) {
                      steps[0] = (int) report.step();
                    }
                  })
              .stopWhen(() -> steps[0] >= stop)
              .build();
      assertThatThrownBy(() -> stopped.train(data.matrix(), data.ids()))
          .isInstanceOf(Trainer.TrainingStoppedException.class);
    }
    trainer(settings, data, broken).resume(true).build().train(data.matrix(), data.ids()).close();
    assertThat(Files.mismatch(RunFolder.modelFile(broken), RunFolder.modelFile(whole)))
        .isEqualTo(-1);
    assertThat(RunFolder.curve(whole).best().validation()).isGreaterThan(0.5);
  }

  private static Trainer.Builder trainer(Settings settings, Groups data, Path run) {
    return Trainer.builder().settings(settings).validation(data.hitRate()).runFolder(run);
  }
}
