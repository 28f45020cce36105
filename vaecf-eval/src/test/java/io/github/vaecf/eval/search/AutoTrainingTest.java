package io.github.vaecf.eval.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer.TrainingStoppedException;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.synthetic.Shape;
import io.github.vaecf.data.synthetic.SyntheticLog;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.search.AutoTraining.Member;
import io.github.vaecf.eval.search.AutoTraining.Outcome;
import io.github.vaecf.eval.search.Trials.TrialListener;
import io.github.vaecf.eval.search.Trials.TrialResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AutoTrainingTest {
  private static final Split SPLIT =
      StrongGeneralizationSplitter.builder()
          .heldOutUsers(40)
          .build()
          .split(SyntheticLog.generate(new Shape(300, 60, 4000), 5));
  private static final Ndcg METRIC = Ndcg.at(20);

  @TempDir static Path folder;
  private static Outcome outcome;

  private static AutoTraining.Builder auto(Path place) {
    return AutoTraining.builder()
        .folder(place)
        .split(SPLIT)
        .metric(METRIC)
        .time(Duration.ofSeconds(12));
  }

  @BeforeAll
  static void run() {
    outcome = auto(folder.resolve("auto")).build().run();
  }

  private static double measured(TrainedModel model) {
    return RankingEvaluator.of(METRIC).evaluate(model, SPLIT.validation()).mean(METRIC);
  }

  @Test
  void theOutcomeIsAtLeastAsGoodAsTheBestTrialAndLiesWhereItSays() {
    assertThat(outcome.trials()).hasSizeGreaterThan(3);
    for (TrialResult result : outcome.trials()) {
      assertThat(result.validation()).isLessThanOrEqualTo(outcome.validation());
    }
    try (TrainedModel model = TrainedModel.load(outcome.model())) {
      assertThat(model.validation()).isEqualTo(outcome.validation());
      assertThat(measured(model)).isEqualTo(outcome.validation());
    }
    double sum = outcome.members().stream().mapToDouble(Member::weight).sum();
    assertThat(sum).isBetween(1 - 1e-9, 1 + 1e-9);
    assertThat(outcome.bestOfEach().stream().map(TrialResult::validation).toList())
        .isSortedAccordingTo((a, b) -> Double.compare(b, a));
  }

  @Test
  void whoComesAgainFindsTheTrialsAndTheOutcomeWithoutAnotherTraining() {
    Set<String> trained = new HashSet<>();
    Outcome again =
        auto(folder.resolve("auto"))
            .time(Duration.ofMillis(10)) // the time is over
            .listener(
                new TrialListener() {
                  @Override
                  public io.github.vaecf.core.training.TrainingListener training(Trial trial) {
                    trained.add(trial.name());
                    return TrialListener.super.training(trial);
                  }
                })
            .build()
            .run();
    assertThat(trained).isEmpty();
    assertThat(again.validation()).isEqualTo(outcome.validation());
    assertThat(again.trials())
        .extracting(TrialResult::run)
        .isEqualTo(outcome.trials().stream().map(TrialResult::run).toList());
  }

  @Test
  void whatWasStoppedIsGoneOnWithFirst() {
    Path place = folder.resolve("stopped");
    AtomicBoolean stop = new AtomicBoolean();
    assertThatExceptionOfType(TrainingStoppedException.class)
        .isThrownBy(
            () ->
                auto(place)
                    .stopWhen(stop::get)
                    .listener(
                        new TrialListener() {
                          @Override
                          public void ended(TrialResult result) {
                            stop.set(true);
                          }
                        })
                    .build()
                    .run());
    assertThat(place.resolve("model")).doesNotExist();
    Outcome whole = auto(place).build().run();
    assertThat(whole.trials().get(0).trial().name()).startsWith("0001-");
    assertThat(whole.trials()).hasSizeGreaterThan(2);
  }

  @Test
  void whatHasNoValidationUsersOrNoTimeIsRefused() {
    CsrMatrix nobody = CsrMatrix.of(0, SPLIT.items().size(), pairs -> {});
    Split without =
        new Split(
            SPLIT.train(),
            new HeldOut(nobody, nobody, 0),
            SPLIT.test(),
            SPLIT.users(),
            SPLIT.items(),
            SPLIT.titles());
    Path place = folder.resolve("refused");
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> auto(place).split(without).build().run())
        .withMessageContaining("no validation users");
    assertThat(Files.exists(place)).isFalse();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> auto(place).time(Duration.ZERO))
        .withMessageContaining("above zero");
  }

  @Test
  void theClockThatIsDamagedIsNamed() throws Exception {
    Path place = Files.createDirectories(folder.resolve("damaged"));
    Files.writeString(place.resolve("clock.json"), "{}");
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> auto(place).build().run())
        .withMessageContaining("clock.json: expected how many seconds were used, found none");
  }

  @Test
  void theFolderOfASearchIsNotTakenOver() {
    Path place = folder.resolve("search");
    Trials.builder()
        .folder(place)
        .purpose("search", java.util.Map.of())
        .split(SPLIT)
        .metric(METRIC)
        .build()
        .run(List.of(outcome.trials().get(0).trial()));
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> auto(place).build().run())
        .withMessageContaining("was begun as 'search'");
  }
}
