package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class DownloadDisplayTest {
  private final StringWriter text = new StringWriter();

  @Test
  void withoutATerminalThereIsALineEveryTenMegabytesAndOneAtTheEnd() {
    try (DownloadDisplay display = new DownloadDisplay(new PrintWriter(text))) {
      for (long bytes = 1 << 20; bytes <= 25 << 20; bytes += 1 << 20) {
        display.at("a.zip", bytes, 25 << 20);
      }
      display.at("b.zip", 1 << 20, 1 << 20);
    }
    assertThat(text.toString().lines())
        .containsExactly(
            "a.zip: 10 of 25 MiB",
            "a.zip: 20 of 25 MiB",
            "a.zip: 25 of 25 MiB",
            "b.zip: 1 of 1 MiB");
  }

  @Test
  void onATerminalThereIsABarAFile() {
    System.setProperty("vaecf.terminal", "true");
    try (DownloadDisplay display = new DownloadDisplay(new PrintWriter(text))) {
      display.at("a.zip", 1 << 20, 2 << 20);
      display.at("a.zip", 2 << 20, 2 << 20);
      display.at("b.zip", 1 << 20, -1);
    } finally {
      System.clearProperty("vaecf.terminal");
    }
    // The bar has the stream of the terminal to itself.
    assertThat(text.toString()).isEmpty();
  }
}
