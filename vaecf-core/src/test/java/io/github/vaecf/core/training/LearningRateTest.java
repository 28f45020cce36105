package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.model.MultDae;
import io.github.vaecf.core.model.Objective;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.model.TrainingSettings.Schedule;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LearningRateTest {
  private static double factor(Schedule schedule, double warmUp, long step, long total) {
    Settings settings =
        MultDae.published()
            .with(TrainingSettings.SCHEDULE, schedule)
            .with(TrainingSettings.WARM_UP_SHARE, warmUp);
    return LearningRate.factor(settings, new Objective.Step(step, total, 0));
  }

  @Property(tries = 100)
  void itStaysBetweenZeroAndItself(
      @ForAll Schedule schedule,
      @ForAll @DoubleRange(min = 0, max = 0.9) double warmUp,
      @ForAll @IntRange(min = 1, max = 300) int total) {
    for (int step = 0; step < total; step++) {
      assertThat(factor(schedule, warmUp, step, total)).isGreaterThan(0).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void theCosineFallsFromOneToZero() {
    assertThat(factor(Schedule.COSINE, 0, 0, 100)).isEqualTo(1);
    assertThat(factor(Schedule.COSINE, 0, 50, 100)).isCloseTo(0.5, within(1e-12));
    assertThat(factor(Schedule.COSINE, 0, 99, 100)).isLessThan(0.001);
    assertThat(factor(Schedule.CONSTANT, 0.1, 0, 100)).isCloseTo(1 / 11.0, within(1e-12));
    assertThat(factor(Schedule.CONSTANT, 0.1, 10, 100)).isEqualTo(1);
  }
}
