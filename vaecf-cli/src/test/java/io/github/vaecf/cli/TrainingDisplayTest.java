package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.core.training.TrainingListener.EpochReport;
import io.github.vaecf.core.training.TrainingListener.StepReport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
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

  @Test
  void anEpochThatTakesLongIsToldOfAfterTenSecondsAndThenEveryMinute() {
    StringWriter out = new StringWriter();
    AtomicLong seconds = new AtomicLong();
    try (TrainingDisplay display =
        new TrainingDisplay(
            new PrintWriter(out, true),
            "Mult-VAE",
            "ndcg@100",
            () -> TimeUnit.SECONDS.toNanos(seconds.get()))) {
      for (int step = 1; step <= 1000; step++) { // one a second, of 3,000
        display.onStep(new StepReport(step, 3000, 1, 3, 500, 683.1, 0.1, 0, 0.2, 0.001));
        seconds.incrementAndGet();
      }
      assertThat(out.toString().lines())
          .hasSize(1 + 989 / 60)
          .startsWith(
              "Mult-VAE epoch   1/3  step 11/3000  loss  683.120  500 users/s  50 min left",
              "Mult-VAE epoch   1/3  step 71/3000  loss  683.120  500 users/s  49 min left");

      // The validation, of an hour, counts for nothing.
      display.onEpoch(
          new EpochReport(1, 3, 1000, 1, 1, 0, 0, 0, 0.001, 0, false, 1, 1, Duration.ZERO));
      seconds.addAndGet(3600);
      out.getBuffer().setLength(0);
      for (int step = 1001; step <= 1011; step++) {
        display.onStep(new StepReport(step, 3000, 2, 3, 500, 683.1, 0.1, 0, 0.2, 0.001));
        seconds.incrementAndGet();
      }
      assertThat(out.toString().lines())
          .containsExactly(
              "Mult-VAE epoch   2/3  step 1011/3000  loss  683.120  500 users/s  33 min left");
    }
  }
}
