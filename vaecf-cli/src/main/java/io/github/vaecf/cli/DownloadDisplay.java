package io.github.vaecf.cli;

import io.github.vaecf.data.published.Downloader;
import java.io.PrintWriter;
import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows on the error stream how far a file has come: a progress bar with the time left where that
 * is a terminal, a line every ten megabytes where it is not.
 */
final class DownloadDisplay implements Downloader.Progress, AutoCloseable {
  private static final long STEP = 10L << 20;

  private final PrintWriter err;
  // The launcher knows; Java cannot tell whether its error stream is a terminal.
  private final boolean terminal = Boolean.getBoolean("vaecf.terminal");
  private ProgressBar bar;
  private String shown = "";
  private long next = STEP;

  DownloadDisplay(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void at(String file, long bytes, long total) {
    if (terminal) {
      bar(file, bytes, total);
    } else if (bytes >= next || bytes == total) {
      err.println(file + ": " + (bytes >> 20) + (total < 0 ? "" : " of " + (total >> 20)) + " MiB");
      next = bytes == total ? STEP : bytes + STEP;
    }
  }

  private void bar(String file, long bytes, long total) {
    if (!file.equals(shown)) {
      close();
      shown = file;
      bar =
          ProgressBar.builder()
              .setTaskName(file)
              .setUnit(" MiB", 1L << 20)
              .setInitialMax(total)
              // What an earlier call left counts as done, not as fetched in no time.
              .startsFrom(bytes, Duration.ZERO)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .build();
    }
    bar.stepTo(bytes);
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
