package io.github.vaecf.data.published;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.reading.LogFormat;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a server on loopback that breaks off, lies about lengths and serves wrong bytes. */
class DownloaderTest {
  private static final byte[] CONTENT = new byte[300_000];

  static {
    for (int i = 0; i < CONTENT.length; i++) {
      CONTENT[i] = (byte) (i * 31 + i / 251);
    }
  }

  @TempDir Path cache;
  private HttpServer server;
  private final List<String> ranges = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  /** Answers one request for the file, given from where on it was asked for. */
  private interface Answer {
    void to(HttpExchange exchange, int from) throws IOException;
  }

  private void serve(String path, Answer answer) {
    server.createContext(
        path,
        exchange -> {
          String range = exchange.getRequestHeaders().getFirst("Range");
          ranges.add(range == null ? "all" : range);
          try {
            answer.to(
                exchange, range == null ? 0 : Integer.parseInt(range.replaceAll("[^0-9]", "")));
          } finally {
            exchange.close();
          }
        });
  }

  private static void part(HttpExchange exchange, int from, int to) throws IOException {
    if (from > 0) {
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range", "bytes " + from + "-" + (CONTENT.length - 1) + "/" + CONTENT.length);
    }
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, CONTENT.length - from);
    exchange.getResponseBody().write(CONTENT, from, to - from);
  }

  private PublishedDataSet dataSet(Optional<String> md5, boolean beside) {
    URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/data.zip");
    return new PublishedDataSet(
        "data",
        "Data",
        LogFormat.of("csv"),
        List.of(new PublishedDataSet.RemoteFile(address, "data.zip", md5, beside)),
        "any",
        "none",
        Optional.empty(),
        Optional.empty());
  }

  private static Optional<String> rightMd5() {
    try {
      return Optional.of(
          HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(CONTENT)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private Path fetch(PublishedDataSet dataSet) {
    return new Downloader(cache, (file, bytes, total) -> {}).fetch(dataSet);
  }

  @Test
  void aFileIsFetchedOnceCheckedAndKept() {
    serve("/data.zip", (exchange, from) -> part(exchange, from, CONTENT.length));
    List<Long> seen = new ArrayList<>();
    Path file =
        new Downloader(
                cache,
                (name, bytes, total) -> {
                  assertThat(name).isEqualTo("data.zip");
                  assertThat(total).isEqualTo(CONTENT.length);
                  seen.add(bytes);
                })
            .fetch(dataSet(rightMd5(), false));
    assertThat(file).hasBinaryContent(CONTENT).isEqualTo(cache.resolve("data/data.zip"));
    assertThat(seen).isSorted().endsWith((long) CONTENT.length);
    assertThat(fetch(dataSet(rightMd5(), false))).isEqualTo(file);
    assertThat(ranges).containsExactly("all");
  }

  @Test
  void whatBreaksOffIsGoneOnWith() {
    serve(
        "/data.zip",
        (exchange, from) -> part(exchange, from, Math.min(CONTENT.length, from + 120_000)));
    assertThat(fetch(dataSet(rightMd5(), false))).hasBinaryContent(CONTENT);
    assertThat(ranges.size()).isBetween(3, 4);
    assertThat(ranges.get(0)).isEqualTo("all");
    assertThat(ranges.subList(1, ranges.size())).allMatch(range -> range.startsWith("bytes="));
  }

  @Test
  void whatBreaksOffTooOftenIsKeptForTheNextTime() {
    serve(
        "/data.zip",
        (exchange, from) -> part(exchange, from, Math.min(CONTENT.length, from + 50_000)));
    PublishedDataSet dataSet = dataSet(rightMd5(), false);
    assertThatThrownBy(() -> fetch(dataSet))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("broke off 4 times")
        .hasMessageContaining("of 300000 bytes")
        .hasMessageEndingWith("try again to go on");
    assertThat(cache.resolve("data/data.zip")).doesNotExist();
    assertThat(fetch(dataSet)).hasBinaryContent(CONTENT);
  }

  @Test
  void aServerThatKnowsNoRangesIsReadFromTheStart() throws IOException {
    Files.createDirectories(cache.resolve("data"));
    Files.write(cache.resolve("data/data.zip.partial"), Arrays.copyOf(CONTENT, 1000));
    serve("/data.zip", (exchange, from) -> part(exchange, 0, CONTENT.length));
    assertThat(fetch(dataSet(rightMd5(), false))).hasBinaryContent(CONTENT);
  }

  @Test
  void aRangeThatWasNotAskedForIsNotUsed() throws IOException {
    Files.createDirectories(cache.resolve("data"));
    Files.write(cache.resolve("data/data.zip.partial"), Arrays.copyOf(CONTENT, 1000));
    serve(
        "/data.zip", (exchange, from) -> part(exchange, from == 0 ? 0 : from + 7, CONTENT.length));
    assertThat(fetch(dataSet(rightMd5(), false))).hasBinaryContent(CONTENT);
    assertThat(ranges).containsExactly("bytes=1000-", "all");
  }

  @Test
  void aPartThatIsLongerThanTheFileIsBegunAgain() throws IOException {
    Files.createDirectories(cache.resolve("data"));
    Files.write(cache.resolve("data/data.zip.partial"), new byte[400_000]);
    serve(
        "/data.zip",
        (exchange, from) -> {
          if (from >= CONTENT.length) {
            exchange.sendResponseHeaders(416, -1);
          } else {
            part(exchange, from, CONTENT.length);
          }
        });
    assertThat(fetch(dataSet(rightMd5(), false))).hasBinaryContent(CONTENT);
  }

  @Test
  void wrongBytesAreThrownAway() {
    serve(
        "/data.zip",
        (exchange, from) -> {
          exchange.sendResponseHeaders(200, CONTENT.length);
          exchange.getResponseBody().write(new byte[CONTENT.length]);
        });
    PublishedDataSet dataSet = dataSet(rightMd5(), false);
    assertThatThrownBy(() -> fetch(dataSet))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("expected the MD5 checksum " + rightMd5().get());
    assertThat(cache.resolve("data")).isEmptyDirectory();
  }

  @Test
  void aLengthThatIsALieIsABreakOff() {
    serve(
        "/data.zip",
        (exchange, from) -> {
          // Announces more than there is, whatever was asked for.
          exchange.sendResponseHeaders(200, CONTENT.length + 5000L);
          exchange.getResponseBody().write(CONTENT);
        });
    PublishedDataSet dataSet = dataSet(Optional.empty(), false);
    assertThatThrownBy(() -> fetch(dataSet))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("of 305000 bytes");
    assertThat(cache.resolve("data/data.zip")).doesNotExist();
  }

  @Test
  void theChecksumBesideTheFileIsUsed() {
    serve("/data.zip", (exchange, from) -> part(exchange, from, CONTENT.length));
    serve(
        "/data.zip.md5",
        (exchange, from) -> {
          byte[] text = ("MD5 (data.zip) = " + rightMd5().get() + "\n").getBytes(UTF_8);
          exchange.sendResponseHeaders(200, text.length);
          exchange.getResponseBody().write(text);
        });
    assertThat(fetch(dataSet(Optional.empty(), true))).hasBinaryContent(CONTENT);
  }

  @Test
  void aMissingFileAServerThatIsNotThereAndNothingInTheFileAreReported() {
    PublishedDataSet dataSet = dataSet(Optional.empty(), false);
    assertThatThrownBy(() -> fetch(dataSet))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("expected the file, found HTTP status 404");
    PublishedDataSet beside = dataSet(Optional.empty(), true);
    assertThatThrownBy(() -> fetch(beside)).hasMessageContaining("expected an MD5 checksum");
    serve("/data.zip", (exchange, from) -> exchange.sendResponseHeaders(200, -1));
    assertThatThrownBy(() -> fetch(dataSet)).hasMessageContaining("found nothing in it");
    server.stop(0);
    assertThatThrownBy(() -> fetch(dataSet))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("cannot be fetched");
    assertThatThrownBy(() -> fetch(beside)).hasMessageContaining("cannot be fetched");
  }

  @Test
  void aCacheThatCannotBeWrittenIsReported() throws IOException {
    Path file = Files.createFile(cache.resolve("file"));
    Downloader downloader = new Downloader(file, (name, bytes, total) -> {});
    PublishedDataSet dataSet = dataSet(Optional.empty(), false);
    assertThatThrownBy(() -> downloader.fetch(dataSet))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("cannot be written");
  }

  @Test
  void whatNobodyOffersIsNotFetched() {
    assertThatThrownBy(() -> fetch(PublishedDataSet.of("netflix")))
        .isInstanceOf(DataException.class)
        .hasMessage("Netflix Prize cannot be fetched: nobody offers it any more");
    assertThat(cache).isEmptyDirectory();
  }
}
