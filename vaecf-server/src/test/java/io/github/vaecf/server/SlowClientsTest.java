package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.vaecf.eval.export.ServedVersions;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What clients hold of the server while they are slow, and for how long. */
class SlowClientsTest {
  private static final String PREDICT = "v1/models/debian:predict";
  private static final String PERL = "{\"instances\": [[\"perl\"]]}";
  private static final long MEMORY = 3_000_000;

  /** Some 4 MB of JSON: more than the sockets' buffers take. */
  private static final String LARGE =
      "{\"signature_name\": \"score\", \"instances\": [[]" + ",[]".repeat(99) + "]}";

  private static ServedVersions versions;

  @BeforeAll
  static void open() {
    versions = ServedVersions.open(SampleExport.base(), Duration.ofDays(1), System.err::println);
  }

  @AfterAll
  static void close() {
    versions.close();
  }

  private static ModelServer start(Duration time) throws IOException {
    return ModelServer.start(
        versions,
        "debian",
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        new Limits(100_000, 200, 1_000_000, 500, 64, MEMORY, time));
  }

  /** Asks, and reads nothing yet. */
  private static Socket ask(Client client, String body) throws IOException {
    Socket socket = client.connect();
    String head =
        "POST /"
            + PREDICT
            + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n";
    socket.getOutputStream().write((head + body).getBytes(UTF_8));
    return socket;
  }

  private static double held(Client client) throws IOException, InterruptedException {
    return client
        .get("metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("vaecf_held_bytes "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  private static void awaitNothingHeld(Client client) throws Exception {
    while (held(client) > 0) {
      Thread.sleep(10);
    }
  }

  @Test
  void readersThatTakeNothingHoldNoMoreThanTheBoundAndOthersAreAnswered() throws Exception {
    try (ModelServer server = start(Duration.ofSeconds(20))) {
      Client client = new Client(server.uri());
      List<Socket> readers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        readers.add(ask(client, LARGE));
      }
      for (int i = 0; i < 200; i++) {
        assertThat(client.post(PREDICT, PERL).statusCode()).isEqualTo(200);
        assertThat(held(client)).isLessThanOrEqualTo(MEMORY);
      }
      int whole = 0;
      for (Socket reader : readers) {
        String answer = Client.exchange(reader, "");
        if (answer.startsWith("HTTP/1.1 200 ")) {
          assertThat(answer.length()).isGreaterThan(1_000_000);
          whole++;
        } else {
          assertThat(answer).startsWith("HTTP/1.1 503 ").contains("memory is taken");
        }
        reader.close();
      }
      assertThat(whole).isBetween(1, 19);
      awaitNothingHeld(client);
    }
  }

  @Test
  void bodiesThatDoNotEndHoldNoMoreThanTheBoundAndOthersAreAnswered() throws Exception {
    try (ModelServer server = start(Duration.ofSeconds(20))) {
      Client client = new Client(server.uri());
      List<Socket> writers = new ArrayList<>();
      String head =
          "POST /" + PREDICT + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n";
      for (int i = 0; i < 20; i++) {
        Socket socket = client.connect();
        socket.getOutputStream().write((head + " ".repeat(99_000)).getBytes(UTF_8));
        writers.add(socket);
      }
      while (held(client) < MEMORY / 2) {
        Thread.sleep(10);
      }
      assertThat(client.post(PREDICT, PERL).statusCode()).isEqualTo(200);
      assertThat(held(client)).isLessThanOrEqualTo(MEMORY);
      for (Socket socket : writers) {
        socket.close();
      }
      awaitNothingHeld(client);
    }
  }

  @Test
  void anAnswerInPiecesIsWhole() throws Exception {
    try (ModelServer server = start(Duration.ofSeconds(20))) {
      Client client = new Client(server.uri());
      for (String by : List.of("instances", "inputs")) {
        JsonNode answer = client.predict(Client.JSON.readTree(LARGE.replace("instances", by)));
        JsonNode one =
            client.predict(
                Client.JSON.readTree("{\"signature_name\": \"score\", \"instances\": [[]]}"));
        JsonNode rows = answer.get(by.equals("inputs") ? "outputs" : "predictions");
        assertThat(rows).hasSize(100);
        for (JsonNode row : rows) {
          assertThat(row).hasSameSizeAs(one.at("/predictions/0"));
        }
      }
    }
  }

  @Test
  void aReaderThatTricklesIsCutOff() throws Exception {
    try (ModelServer server = start(Duration.ofMillis(500))) {
      Client client = new Client(server.uri());
      try (Socket socket = ask(client, LARGE)) {
        byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 200 ".length());
        assertThat(new String(status, UTF_8)).isEqualTo("HTTP/1.1 200 ");
        while (held(client) > 0) {
          // A byte now and then: the connection is never idle.
          socket.getInputStream().read();
          Thread.sleep(10);
        }
        long rest = 0;
        try {
          rest = socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
          // Reset, which is as good.
        }
        assertThat(rest).as("bytes of what was more").isLessThan(3_000_000);
      }
    }
  }

  /** The limit of a minute is not waited for: then it would be another status. */
  @Test
  void aBodyThatNeverEndsDoesNotHoldBackTheStop() throws Exception {
    ModelServer server = start(Duration.ofMinutes(1));
    Client client = new Client(server.uri());
    try (Socket socket = client.connect()) {
      String head =
          "POST /" + PREDICT + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{";
      socket.getOutputStream().write(head.getBytes(UTF_8));
      while (held(client) == 0) {
        Thread.sleep(10);
      }
      CompletableFuture<Void> stopped = CompletableFuture.runAsync(server::close);
      assertThat(Client.exchange(socket, " "))
          .startsWith("HTTP/1.1 503 ")
          .contains("the server is about to stop");
      stopped.join();
    }
  }

  @Test
  void aReaderThatTakesNothingDoesNotHoldBackTheStop() throws Exception {
    ModelServer server = start(Duration.ofMinutes(1));
    Client client = new Client(server.uri());
    try (Socket socket = ask(client, LARGE)) {
      socket.getInputStream().readNBytes(10);
      server.close();
      long start = System.nanoTime();
      assertThat(socket.getInputStream().transferTo(OutputStream.nullOutputStream()))
          .isLessThan(3_000_000);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
    }
  }
}
