package io.github.vaecf.cli;

import io.github.vaecf.core.training.TrainingListener;
import io.github.vaecf.core.training.TrainingListener.EpochReport;
import io.github.vaecf.core.training.TrainingListener.StepReport;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows on the error stream how a training goes: a progress bar where that is a terminal; where it
 * is not a line an epoch and, of an epoch that takes long, a line a minute, the first one early.
 */
final class TrainingDisplay implements TrainingListener, AutoCloseable {
  private static final int LONGEST_NAME = 16;
  private static final Duration FIRST_LINE = Duration.ofSeconds(10);
  private static final Duration BETWEEN_LINES = Duration.ofMinutes(1);

  private final PrintWriter err;
  private final String metric;
  private final boolean terminal;
  private final String model;
  private final LongSupplier nanoTime;
  private Pace pace; // of this epoch's steps, after the first
  private long nextLine;
  private ProgressBar bar;
  private String validationText = "";
  private String epochText = "";

  /**
   * A display of one training.
   *
   * @param err the error stream
   * @param model what is trained
   * @param metric what the validation measures
   */
  TrainingDisplay(PrintWriter err, String model, String metric) {
    this(err, model, metric, System::nanoTime);
  }

  /** A display that asks somebody else what time it is. */
  TrainingDisplay(PrintWriter err, String model, String metric, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.err = err;
    this.model = model;
    this.metric = metric;
    // The launcher knows; Java cannot tell whether its error stream is a terminal.
    this.terminal = Boolean.getBoolean("vaecf.terminal");
  }

  @Override
  public void onStep(StepReport report) {
    if (!terminal) {
      sayOnceInAWhile(report);
      return;
    }
    if (bar == null) {
      bar =
          ProgressBar.builder()
              .setTaskName(inShort(model))
              .setInitialMax(report.totalSteps())
              .startsFrom(report.step() - 1, Duration.ZERO)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .build();
    }
    bar.stepTo(report.step());
    bar.setExtraMessage(text(report));
  }

  /** Where an epoch's steps began. */
  private record Pace(long step, long nanos) {}

  private void sayOnceInAWhile(StepReport report) {
    long now = nanoTime.getAsLong();
    if (pace == null) {
      pace = new Pace(report.step(), now);
      nextLine = now + FIRST_LINE.toNanos();
      return;
    }
    if (now < nextLine) {
      return;
    }
    nextLine = now + BETWEEN_LINES.toNanos();
    long steps = report.step() - pace.step();
    double seconds = (now - pace.nanos()) / 1e9;
    err.printf(
        Locale.ROOT,
        "%s epoch %3d/%d  step %d/%d  loss %8.3f  %.0f users/s  %s left%n",
        model,
        report.epoch(),
        report.epochs(),
        report.step(),
        report.totalSteps(),
        report.loss(),
        steps * report.users() / seconds,
        inWords(
            Duration.ofMillis(
                Math.round(1e3 * seconds / steps * (report.totalSteps() - report.step())))));
    err.flush();
  }

  /** What stands behind the bar: first what must not be cut in a narrow terminal. */
  String text(StepReport report) {
    return String.format(
        Locale.ROOT,
        "%s%d/%d loss %.1f%s",
        validationText,
        report.epoch(),
        report.epochs(),
        report.loss(),
        epochText);
  }

  @Override
  public void onEpoch(EpochReport report) {
    validationText = validation(report).strip();
    validationText += validationText.isEmpty() ? "" : " ";
    epochText =
        String.format(
            Locale.ROOT,
            " KL %.1f β %.3f %.0f users/s",
            report.kl(),
            report.beta(),
            report.usersPerSecond());
    pace = null; // a validation is no step
    if (!terminal) {
      err.println(line(report));
    }
  }

  private String line(EpochReport report) {
    return String.format(
        Locale.ROOT,
        "%s epoch %3d/%d  loss %8.3f  KL %7.3f  β %.3f%s  %.0f users/s  %s left",
        model,
        report.epoch(),
        report.epochs(),
        report.loss(),
        report.kl(),
        report.beta(),
        validation(report),
        report.usersPerSecond(),
        inWords(report.remaining()));
  }

  /** A name that leaves room for numbers in a terminal of 80 columns. */
  private static String inShort(String name) {
    return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME - 1) + "…";
  }

  /** What the validation said, nothing where there is none. */
  private String validation(EpochReport report) {
    return Double.isNaN(report.validation())
        ? ""
        : String.format(
            Locale.ROOT, "  %s %.4f%s", metric, report.validation(), report.best() ? " *" : "  ");
  }

  @Override
  public void onMessage(String message) {
    err.println(message);
  }

  /** A duration for a person, such as {@code 1 h 5 min} or {@code 12 s}. */
  static String inWords(Duration duration) {
    long seconds = Math.round(duration.toMillis() / 1000.0);
    if (seconds < 60) {
      return seconds + " s";
    }
    long minutes = Math.round(seconds / 60.0);
    return minutes < 60 ? minutes + " min" : minutes / 60 + " h " + minutes % 60 + " min";
  }

  /** Leaves the bar as it is, so that something else can be said. */
  void finish() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }

  @Override
  public void close() {
    finish();
  }
}
