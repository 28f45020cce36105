package io.github.vaecf.examples.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.eval.serving.ServedVersions;
import io.github.vaecf.examples.SampleRun;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser, where there is one: headless Chromium. Else skipped. */
class PageInBrowserTest {
  @TempDir static Path folder;
  private static ServedVersions versions;
  private static ModelServer server;

  @BeforeAll
  static void serve() throws IOException {
    assumeTrue(chromium().isPresent(), "no chromium in PATH");
    versions = ServedVersions.open(SampleRun.export());
    server =
        ModelServer.start(
            versions,
            "debian",
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            Limits.defaults());
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
      versions.close();
    }
  }

  private static Optional<Path> chromium() {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(place -> Path.of(place, "chromium"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** The page as it stands when its scripts have had some seconds. */
  private static String page(String fragment) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(chromium().orElseThrow().toString());
    command.addAll(
        List.of(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--user-data-dir=" + folder.resolve("profile"),
            "--virtual-time-budget=20000",
            "--dump-dom",
            server.uri() + fragment));
    Process browser =
        new ProcessBuilder(command).redirectError(folder.resolve("log").toFile()).start();
    try {
      String dom = new String(browser.getInputStream().readAllBytes(), UTF_8);
      assertThat(browser.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return dom;
    } finally {
      browser.destroyForcibly();
    }
  }

  @Test
  void whatIsLikedIsShownWithRecommendationsAndWhy() throws Exception {
    List<Recommendation> best =
        versions.answer(model -> model.recommend(List.of("perl", "libwww-perl"), 20));

    String page = page("#perl,libwww-perl");

    assertThat(page).contains("data-ready=\"yes\"", "aria-label=\"Remove ");
    for (Recommendation one : best) {
      assertThat(page).contains("<span class=\"id\">" + one.item() + "</span>");
    }
    assertThat(page.split("<p class=\"why\">near to ", -1)).hasSizeGreaterThan(5);
  }

  @Test
  void nobodyInParticularIsShownWhatMostPeopleLike() throws Exception {
    String page = page("");

    assertThat(page)
        .contains("data-ready=\"yes\"", "What most people like</h2>")
        .doesNotContain("class=\"why\"");
  }
}
