package io.github.vaecf.cli;

import io.github.vaecf.core.training.TrainingListener;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.search.Trial;
import io.github.vaecf.eval.search.Trials.TrialListener;
import io.github.vaecf.eval.search.Trials.TrialResult;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Shows on the error stream how trials go: each training, and a line for each that has ended. */
final class TrialDisplay implements TrialListener, AutoCloseable {
  private final PrintWriter err;
  private final int trials;
  private final RankingMetric metric;
  private TrainingDisplay training;
  private int ended;

  /**
   * A display.
   *
   * @param err the error stream
   * @param trials how many trials there are; 0 where that is not known yet
   * @param metric what the validation measures
   */
  TrialDisplay(PrintWriter err, int trials, RankingMetric metric) {
    this.err = err;
    this.trials = trials;
    this.metric = metric;
  }

  @Override
  public TrainingListener training(Trial trial) {
    close();
    training = new TrainingDisplay(err, trial.name(), metric.name());
    return training;
  }

  @Override
  public void ended(TrialResult result) {
    close();
    ended++;
    err.printf(
        Locale.ROOT,
        "trial %s, %s: %s after epoch %d, %s, %s  %s%n",
        trials == 0 ? ended : ended + " of " + trials,
        result.trial().name(),
        result.end(),
        result.curve().epochs().size(),
        Double.isNaN(result.validation())
            ? "not validated"
            : String.format(Locale.ROOT, "%s %.4f", metric.name(), result.validation()),
        TrainingDisplay.inWords(Duration.ofMillis((long) (1000 * result.curve().seconds()))),
        settings(result.trial()));
  }

  /** What sets a trial apart, such as {@code learning-rate=0.003 latent=100}. */
  static String settings(Trial trial) {
    return trial.varied().entrySet().stream()
        .map(Map.Entry::toString)
        .collect(Collectors.joining(" "));
  }

  @Override
  public void close() {
    if (training != null) {
      training.close();
      training = null;
    }
  }
}
