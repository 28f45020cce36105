package io.github.vaecf.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class KlAnnealingTest {
  @Test
  void thePublishedAnnealingIsTheSameInStepsAndAsAShare() {
    KlAnnealing published = new KlAnnealing(0.2, 0, 40_000.0 / 46_800);
    long total = 200 * 234;
    for (long step : new long[] {0, 1, 234, 20_000, 39_999, 40_000, 46_799}) {
      assertThat(new KlAnnealing(0.2, 200_000, 0).beta(step, total))
          .isCloseTo(published.beta(step, total), within(1e-12));
    }
    assertThat(published.beta(40_000, total)).isEqualTo(0.2);
    assertThat(published.beta(0, total)).isZero();
  }

  @Property
  void betaNeverFallsAndNeverExceedsItsCap(
      @ForAll @DoubleRange(min = 0, max = 2) double cap,
      @ForAll @DoubleRange(min = 0.01, max = 1) double share,
      @ForAll @IntRange(min = 1, max = 500) int total) {
    KlAnnealing annealing = new KlAnnealing(cap, 0, share);
    double before = 0;
    for (int step = 0; step <= total; step++) {
      double beta = annealing.beta(step, total);
      assertThat(beta).isBetween(before, cap);
      before = beta;
    }
    assertThat(before).as("the cap is reached").isEqualTo(cap);
  }

  @Test
  void bothPacesAndNoneAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new KlAnnealing(0.1, 3, 0.5))
        .withMessageContaining("expected anneal-share or anneal-steps above 0, one of them")
        .withMessageContaining("found 0.5 and 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new KlAnnealing(0.1, 0, 0))
        .withMessageContaining("found 0.0 and 0");
  }
}
