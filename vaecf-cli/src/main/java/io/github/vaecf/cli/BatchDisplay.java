package io.github.vaecf.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.IntConsumer;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows on the error stream how many users have their recommendations: a progress bar with the time
 * left where that is a terminal, a line every hundred thousand users where it is not.
 */
final class BatchDisplay implements IntConsumer, AutoCloseable {
  private static final int STEP = 100_000;

  private final PrintWriter err;
  private final int users;
  // The launcher knows; Java cannot tell whether its error stream is a terminal.
  private final boolean terminal = Boolean.getBoolean("vaecf.terminal");
  private ProgressBar bar;
  private int next = STEP;

  BatchDisplay(PrintWriter err, int users) {
    this.err = err;
    this.users = users;
  }

  @Override
  public void accept(int done) {
    if (!terminal) {
      if (done >= next) {
        err.printf(Locale.ROOT, "%,d of %,d users%n", done, users);
        next = done + STEP;
      }
      return;
    }
    if (bar == null) {
      bar =
          ProgressBar.builder()
              .setTaskName("users")
              .setInitialMax(users)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .build();
    }
    bar.stepTo(done);
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
