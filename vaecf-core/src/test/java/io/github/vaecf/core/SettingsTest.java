package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class SettingsTest {
  @Test
  void thePublishedSettingsAreThoseOfThePaper() {
    assertThat(MultVaeConfig.paper())
        .isEqualTo(
            new MultVaeConfig(
                List.of(600), 200, 0.5, 0, KlAnnealing.overShare(0.2, 40_000.0 / 46_800)));
    assertThat(MultDaeConfig.paper()).isEqualTo(new MultDaeConfig(List.of(), 200, 0.5, 0.01 / 500));
    TrainingConfig training = TrainingConfig.paper();
    assertThat(training.epochs()).isEqualTo(200);
    assertThat(training.batchSize()).isEqualTo(500);
    assertThat(training.learningRate()).isEqualTo(1e-3);
  }

  @Test
  void thePublishedAnnealingIsTheSameInStepsAndAsAShare() {
    long total = 200 * 234;
    for (long step : new long[] {0, 1, 234, 20_000, 39_999, 40_000, 46_799}) {
      assertThat(KlAnnealing.overSteps(0.2, 200_000).beta(step, total))
          .isCloseTo(KlAnnealing.paper().beta(step, total), within(1e-12));
    }
    assertThat(KlAnnealing.paper().beta(40_000, total)).isEqualTo(0.2);
    assertThat(KlAnnealing.paper().beta(0, total)).isZero();
  }

  @Property
  void betaNeverFallsAndNeverExceedsItsCap(
      @ForAll @DoubleRange(min = 0, max = 2) double cap,
      @ForAll @DoubleRange(min = 0.01, max = 1) double share,
      @ForAll @IntRange(min = 1, max = 500) int total) {
    KlAnnealing annealing = KlAnnealing.overShare(cap, share);
    double before = 0;
    for (int step = 0; step <= total; step++) {
      double beta = annealing.beta(step, total);
      assertThat(beta).isBetween(before, cap);
      before = beta;
    }
    assertThat(before).as("the cap is reached").isEqualTo(cap);
  }

  @Property
  void theLearningRateStaysBetweenZeroAndItself(
      @ForAll LearningRateSchedule.Shape shape,
      @ForAll @DoubleRange(min = 0, max = 0.9) double warmUp,
      @ForAll @IntRange(min = 1, max = 300) int total) {
    LearningRateSchedule schedule = new LearningRateSchedule(shape, warmUp);
    for (int step = 0; step < total; step++) {
      assertThat(schedule.factor(step, total)).isGreaterThan(0).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void theCosineFallsFromOneToZero() {
    LearningRateSchedule cosine = new LearningRateSchedule(LearningRateSchedule.Shape.COSINE, 0);
    assertThat(cosine.factor(0, 100)).isEqualTo(1);
    assertThat(cosine.factor(50, 100)).isCloseTo(0.5, within(1e-12));
    assertThat(cosine.factor(99, 100)).isLessThan(0.001);
    LearningRateSchedule warm = new LearningRateSchedule(LearningRateSchedule.Shape.CONSTANT, 0.1);
    assertThat(warm.factor(0, 100)).isCloseTo(1 / 11.0, within(1e-12));
    assertThat(warm.factor(10, 100)).isEqualTo(1);
  }

  @Test
  void settingsOutOfTheirRangeAreRefusedByName() {
    MultVaeConfig vae = MultVaeConfig.paper();
    MultDaeConfig dae = MultDaeConfig.paper();
    TrainingConfig training = TrainingConfig.paper();
    refused("latent", () -> vae.withLatent(0));
    refused("hidden", () -> dae.withHidden(List.of(3, 0)));
    refused("keepProbability", () -> vae.withKeepProbability(0));
    refused("keepProbability", () -> dae.withKeepProbability(1.1));
    refused("l2", () -> vae.withL2(-1));
    refused("l2", () -> dae.withL2(Double.NaN));
    refused("cap", () -> KlAnnealing.overShare(-0.1, 0.5));
    refused("share", () -> KlAnnealing.overShare(0.1, 1.5));
    refused("steps or as a share", () -> KlAnnealing.overSteps(0.1, 0));
    refused("steps or as a share", () -> new KlAnnealing(0.1, 3, 0.5));
    refused("epochs", () -> training.withEpochs(0));
    refused("batchSize", () -> training.withBatchSize(0));
    refused("learningRate", () -> training.withLearningRate(0));
    refused("learningRate", () -> training.withLearningRate(Double.POSITIVE_INFINITY));
    refused("gradientClip", () -> training.withGradientClip(-1));
    refused("patience", () -> training.withPatience(-1));
    refused("minimumEpochs", () -> training.withMinimumEpochs(-1));
    refused("threads", () -> training.withThreads(-1));
    refused("warm-up", () -> new LearningRateSchedule(LearningRateSchedule.Shape.CONSTANT, 1));
    refused("keep", () -> new CheckpointPolicy(1, Duration.ZERO, 0));
    refused("everyEpochs", () -> new CheckpointPolicy(-1, Duration.ZERO, 1));
    refused(
        "patience", () -> Trainer.builder().model(vae).training(training.withPatience(3)).build());
    refused("resume", () -> Trainer.builder().model(vae).resume(true).build());
    refused("timeLimit", () -> Trainer.builder().timeLimit(Duration.ZERO));
    assertThatThrownBy(() -> Trainer.builder().build()).hasMessageContaining("model's settings");
  }

  private static void refused(String name, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("found");
  }

  @Test
  void settingsSurviveTheWayThroughJson() throws JsonProcessingException {
    ObjectMapper json = new ObjectMapper();
    List<ModelConfig> models =
        List.of(
            MultVaeConfig.paper()
                .withHidden(List.of(5, 4))
                .withKeepProbability(0.7)
                .withAnnealing(KlAnnealing.overSteps(1, 10)),
            MultDaeConfig.paper().withL2(0.3));
    for (ModelConfig model : models) {
      assertThat(json.readValue(json.writeValueAsString(model), ModelConfig.class))
          .isEqualTo(model);
    }
    TrainingConfig training =
        TrainingConfig.paper()
            .withDevice(Device.CPU)
            .withSchedule(new LearningRateSchedule(LearningRateSchedule.Shape.COSINE, 0.1))
            .withGradientClip(2)
            .withMinimumEpochs(4)
            .withPatience(2);
    assertThat(json.readValue(json.writeValueAsString(training), TrainingConfig.class))
        .isEqualTo(training);
  }

  @Property
  void anEpochsOrderIsAPermutationThatDependsOnSeedAndEpoch(
      @ForAll @IntRange(min = 0, max = 300) int users,
      @ForAll @LongRange(min = -5, max = 5) long seed,
      @ForAll @IntRange(min = 0, max = 50) int epoch) {
    int[] order = BatchSource.order(users, seed, epoch);
    assertThat(order).isEqualTo(BatchSource.order(users, seed, epoch));
    if (users > 20) {
      assertThat(order).isNotEqualTo(BatchSource.order(users, seed, epoch + 1));
      assertThat(order).isNotEqualTo(BatchSource.order(users, seed + 1, epoch));
    }
    Arrays.sort(order);
    for (int user = 0; user < users; user++) {
      assertThat(order[user]).isEqualTo(user);
    }
  }
}
