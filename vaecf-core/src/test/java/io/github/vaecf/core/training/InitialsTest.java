package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.VampVae;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** First weights have the distribution that they were published with. */
class InitialsTest {
  private static final int ITEMS = 500;
  private static final int WIDTH = 200;
  private static final int LATENT = 100;

  private static Map<String, float[]> first(Settings settings) {
    try (NetworkSession session = NetworkSession.forTraining(settings, Rows.ids(ITEMS))) {
      return session.state();
    }
  }

  /** The mean over a weight of a function of its entries. */
  private static double mean(float[] values, DoubleUnaryOperator of) {
    double sum = 0;
    for (float value : values) {
      sum += of.applyAsDouble(value);
    }
    return sum / values.length;
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  /** Uniform in ± the limit: the third of its square is the variance. */
  private static void assertUniform(float[] values, double limit) {
    assertThat(largest(values)).isBetween(0.95 * limit, limit);
    assertThat(mean(values, value -> value)).isCloseTo(0, within(0.1 * limit));
    assertThat(mean(values, value -> value * value) / (limit * limit))
        .isCloseTo(1 / 3.0, within(0.05));
  }

  /** Normal: the fourth moment is three times the squared variance. */
  private static void assertNormal(float[] values, double mean, double deviation) {
    double variance = deviation * deviation;
    assertThat(mean(values, value -> value)).isCloseTo(mean, within(0.05 * deviation));
    assertThat(mean(values, value -> Math.pow(value - mean, 2)) / variance)
        .isCloseTo(1, within(0.05));
    assertThat(mean(values, value -> Math.pow(value - mean, 4)) / (variance * variance))
        .isCloseTo(3, within(0.3));
  }

  @Test
  void thoseOfMultVaeAreGlorotsWithBiasesNearZero() {
    Map<String, float[]> first =
        first(
            MultVae.published().with(MultVae.HIDDEN, List.of(WIDTH)).with(MultVae.LATENT, LATENT));
    assertUniform(first.get("encoder/0/kernel"), Math.sqrt(6.0 / (ITEMS + WIDTH)));
    assertUniform(first.get("decoder/0/kernel"), Math.sqrt(6.0 / (LATENT + WIDTH)));
    assertThat(largest(first.get("decoder/1/bias"))).isBetween(0.001, 0.002);
  }

  @Test
  void thoseOfVampAreHesAndPseudoInputsBeginSmall() {
    Map<String, float[]> first =
        first(
            VampVae.published()
                .with(VampVae.HIDDEN, List.of(WIDTH))
                .with(VampVae.LATENT, LATENT)
                .with(VampVae.PSEUDO_INPUTS, 50));
    assertNormal(first.get("encoder/0/gate/kernel"), 0, Math.sqrt(2.0 / ITEMS));
    assertNormal(first.get("decoder/1/kernel"), 0, Math.sqrt(2.0 / WIDTH));
    assertUniform(first.get("decoder/1/bias"), 1 / Math.sqrt(WIDTH));
    assertNormal(first.get("pseudo_inputs"), 0.05, 0.01);
  }
}
