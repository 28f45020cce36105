package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.eval.export.ServedVersions;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/**
 * Bodies that are almost right, made from right ones by chance: each gets an answer or a 4xx, the
 * server stays, and nothing is held afterwards. {@code -Dvaecf.fuzz=200000} says how many.
 */
class RequestFuzzTest {
  private static final List<String> RIGHT =
      List.of(
          "{\"instances\": [[\"perl\", \"libwww-perl\"], [\"python3\", \"\"]]}",
          "{\"instances\": [{\"items\": [\"perl\"]}], \"signature_name\": \"\"}",
          "{\"inputs\": {\"items\": [[\"perl\"], [{\"b64\": \"cGVybA==\"}]]}}",
          "{\"signature_name\": \"recommend_excluding\", \"instances\": [{\"items\": [\"perl\"],"
              + " \"exclude\": [\"libwww-perl\"]}]}",
          "{\"signature_name\": \"recommend_filtered\", \"inputs\": {\"items\": [[\"perl\"]], \"exclude\":"
              + " [[]], \"allow\": [[\"libwww-perl\"]], \"k\": [5], \"offset\": [0],"
              + " \"with_history\": [1]}}",
          "{\"signature_name\": \"recommend_indices\", \"inputs\": [[1, 2, -1]]}",
          "{\"signature_name\": \"rank_indices\", \"instances\": [{\"items\": [1], \"k\": 3}]}",
          "{\"signature_name\": \"score\", \"inputs\": {\"items\": [[\"perl\"]]}}",
          "{\"signature_name\": \"encode\", \"instances\": [[\"perl\"]]}",
          "{\"signature_name\": \"decode\", \"instances\": [[" + "0.25, ".repeat(199) + "-1e-3]]}",
          "{\"signature_name\": \"similar_items\", \"instances\": [\"perl\", \"x\"]}",
          "{\"signature_name\": \"similarity\", \"inputs\": {\"item\": [\"perl\"], \"items\":"
              + " [[\"perl\", \"python3\"]]}}");

  private static final List<String> PIECES =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "[]",
          "{}",
          "null",
          "true",
          "0",
          "-1",
          "3.5",
          "1e400",
          "-0",
          "9223372036854775808",
          "2147483648",
          "1e-400",
          "NaN",
          "Infinity",
          "\"\"",
          "\"k\"",
          "\"items\"",
          "\"instances\": [[]]",
          "\"inputs\"",
          "\"signature_name\"",
          "\\ud800",
          "\\u0000",
          "{\"b64\": \"/w==\"}",
          "[[[[[[[[",
          "\"score\"",
          "\\",
          "/*",
          " ",
          "\n",
          "\u0000",
          "\uFEFF",
          "é😀");

  private static final int STATUS_END = "HTTP/1.1 200".length();

  /** A body by chance: the same for the same random numbers. */
  private static byte[] body(Random random) {
    StringBuilder text = new StringBuilder(RIGHT.get(random.nextInt(RIGHT.size())));
    for (int changes = random.nextInt(5); changes > 0; changes--) {
      int from = random.nextInt(text.length() + 1);
      int to = Math.min(text.length(), from + random.nextInt(12));
      String piece = PIECES.get(random.nextInt(PIECES.size()));
      switch (random.nextInt(6)) {
        case 0 -> text.insert(from, piece);
        case 1 -> text.replace(from, to, piece);
        case 2 -> text.delete(from, to);
        case 3 -> text.insert(from, text.substring(from, to).repeat(1 + random.nextInt(50)));
        case 4 -> text.insert(from, piece.repeat(1 + random.nextInt(2000)));
        default -> text.setLength(from);
      }
    }
    byte[] bytes = text.toString().getBytes(UTF_8);
    if (bytes.length > 0 && random.nextInt(4) == 0) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return bytes;
  }

  private static byte[] request(Random random) throws IOException {
    byte[] body = body(random);
    StringBuilder head = new StringBuilder("POST /v1/models/debian:predict HTTP/1.1\r\n");
    head.append("Host: localhost\r\n");
    if (random.nextInt(10) == 0) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
        gzip.write(body);
      }
      body = bytes.toByteArray();
      if (random.nextInt(3) == 0) {
        body[random.nextInt(body.length)] ^= (byte) (1 << random.nextInt(8));
      }
      head.append("Content-Encoding: gzip\r\n");
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    if (random.nextInt(4) == 0) {
      head.append("Transfer-Encoding: chunked\r\n\r\n");
      all.writeBytes(head.toString().getBytes(UTF_8));
      int half = random.nextInt(body.length + 1);
      chunk(all, body, 0, half);
      chunk(all, body, half, body.length);
      all.writeBytes("0\r\n\r\n".getBytes(UTF_8));
    } else {
      head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
      all.writeBytes(head.toString().getBytes(UTF_8));
      all.writeBytes(body);
    }
    return all.toByteArray();
  }

  private static void chunk(ByteArrayOutputStream to, byte[] body, int from, int end) {
    if (end > from) {
      to.writeBytes((Integer.toHexString(end - from) + "\r\n").getBytes(UTF_8));
      to.write(body, from, end - from);
      to.writeBytes("\r\n".getBytes(UTF_8));
    }
  }

  @Test
  void whateverTheBodyTheAnswerIsOneOrA4xxAndTheServerStays() throws Exception {
    int count = Integer.getInteger("vaecf.fuzz", 1000);
    Random random = new Random(12);
    Map<Integer, Integer> statuses = new TreeMap<>();
    long largest = 0;
    long longest = 0;
    try (ServedVersions versions =
            ServedVersions.open(SampleExport.base(), Duration.ofDays(1), said -> {});
        ModelServer server =
            ModelServer.start(
                versions,
                "debian",
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Limits.defaults())) {
      Client client = new Client(server.uri());
      long heap = heap();
      Socket socket = client.connect();
      InputStream answers = new BufferedInputStream(socket.getInputStream());
      for (int i = 0; i < count; i++) {
        byte[] request = request(random);
        long start = System.nanoTime();
        boolean closed = false;
        try {
          socket.getOutputStream().write(request);
          Answer answer = Answer.read(answers);
          assertThat(answer.status())
              .as(new String(request, ISO_8859_1))
              .matches(status -> status == 200 || (status >= 400 && status < 500));
          Client.JSON.readTree(answer.body());
          statuses.merge(answer.status(), 1, Integer::sum);
          largest = Math.max(largest, answer.body().length);
          closed = answer.closes();
        } catch (SocketException e) {
          // Closed while more was sent than the server reads, as by 413.
          statuses.merge(0, 1, Integer::sum);
          closed = true;
        }
        longest = Math.max(longest, System.nanoTime() - start);
        if (closed) {
          socket.close();
          socket = client.connect();
          answers = new BufferedInputStream(socket.getInputStream());
        }
      }
      socket.close();
      assertThat(client.get("livez").statusCode()).isEqualTo(200);
      while (!client.get("metrics").body().contains("vaecf_held_bytes 0.0")) {
        Thread.onSpinWait();
      }
      System.out.printf(
          "%d bodies, statuses %s, largest answer %d bytes, longest %d ms,"
              + " heap before %d MiB, after %d MiB%n",
          count, statuses, largest, longest / 1_000_000, heap >> 20, heap() >> 20);
    }
    assertThat(statuses).containsKeys(200, 400);
  }

  private static long heap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  /** An answer by HTTP/1.1, of known length or in chunks. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Answer(int status, boolean closes, byte[] body) {
    static Answer read(InputStream in) throws IOException {
      String first = line(in);
      int status = Integer.parseInt(first.substring(STATUS_END - 3, STATUS_END));
      int length = -1;
      boolean closes = false;
      for (String line = line(in); !line.isEmpty(); line = line(in)) {
        String lower = line.toLowerCase(Locale.ROOT);
        if (lower.startsWith("content-length:")) {
          length = Integer.parseInt(lower.substring("content-length:".length()).strip());
        }
        closes |= lower.equals("connection: close");
      }
      if (length >= 0) {
        return new Answer(status, closes, in.readNBytes(length));
      }
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      for (int size = chunkSize(in); size > 0; size = chunkSize(in)) {
        body.writeBytes(in.readNBytes(size));
        line(in);
      }
      line(in);
      return new Answer(status, closes, body.toByteArray());
    }

    private static int chunkSize(InputStream in) throws IOException {
      return Integer.parseInt(line(in), 16);
    }

    private static String line(InputStream in) throws IOException {
      StringBuilder line = new StringBuilder();
      for (int c = in.read(); c != '\n'; c = in.read()) {
        if (c < 0) {
          throw new EOFException("the server closed the connection after '" + line + "'");
        }
        line.append((char) c);
      }
      return line.substring(0, line.length() - 1);
    }
  }
}
