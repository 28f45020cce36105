package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.core.training.TrainingListener.EpochReport;
import io.github.vaecf.core.training.TrainingListener.StepReport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TrainingDisplayTest {
  private static final StepReport STEP =
      new StepReport(120_000, 200_000, 120, 200, 500, 683.1, 0.1, 0, 0.2, 0.001);

  @Test
  void theValidationStandsFirstWhereTheTerminalCutsTheRest() {
    StringWriter out = new StringWriter();
    try (TrainingDisplay display =
        new TrainingDisplay(new PrintWriter(out, true), "Mult-VAE", "recall@100")) {
      assertThat(display.text(STEP)).startsWith("120/200 loss 683.1");
      display.onEpoch(
          new EpochReport(
              119,
              200,
              119_000,
              683,
              683,
              0.1,
              0,
              0.2,
              0.001,
              0.0862,
              true,
              1203,
              2,
              Duration.ofSeconds(60)));
      // A bar of 80 columns leaves 33: it has a name, a share, steps and two times.
      assertThat(display.text(STEP).substring(0, 33))
          .startsWith("recall@100 0.0862 * 120/200 loss");
    }
  }
}
