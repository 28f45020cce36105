import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Asks for the scores of all items on many connections without taking the answers, and meanwhile for
 * recommendations as others do. Run by measure-slow-readers.sh.
 *
 * <p>Arguments: the model's address, readers, rows each asks for, seconds.
 */
public final class SlowReaders {
  private static int[] times = new int[1 << 16];

  private SlowReaders() {}

  public static void main(String[] args) throws Exception {
    URI model = URI.create(args[0]);
    int count = Integer.parseInt(args[1]);
    String large =
        "{\"signature_name\": \"score\", \"instances\": [[]"
            + ",[]".repeat(Integer.parseInt(args[2]) - 1)
            + "]}";
    long end = System.nanoTime() + Long.parseLong(args[3]) * 1_000_000_000L;
    List<Reader> readers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      readers.add(new Reader(model, large));
    }
    HttpClient http = HttpClient.newHttpClient();
    HttpRequest small =
        HttpRequest.newBuilder(URI.create(model + ":predict"))
            .POST(HttpRequest.BodyPublishers.ofString("{\"instances\": [[\"1\", \"2\"]]}"))
            .build();
    Map<Integer, Integer> statuses = new TreeMap<>();
    int asked = 0;
    int lost = 0;
    double mostHeld = 0;
    while (System.nanoTime() < end) {
      long start = System.nanoTime();
      asked++;
      try {
        HttpResponse<String> answer = http.send(small, HttpResponse.BodyHandlers.ofString());
        statuses.merge(answer.statusCode(), 1, Integer::sum);
        lost += answer.statusCode() == 200 ? 0 : 1;
      } catch (IOException e) {
        lost++;
        System.out.println("lost: " + e);
      }
      times[asked % times.length] = (int) ((System.nanoTime() - start) / 1_000_000);
      if (asked % 5 == 0) {
        for (Reader reader : readers) {
          reader.takeAByte();
        }
        mostHeld = Math.max(mostHeld, held(http, model));
      }
    }
    int measured = Math.min(asked, times.length);
    int[] sorted = Arrays.stream(times).limit(measured).sorted().toArray();
    System.out.printf(
        "others: %d requests, lost %d, statuses %s, p50 %d ms, p99 %d ms, longest %d ms%n",
        asked,
        lost,
        statuses,
        sorted[measured / 2],
        sorted[measured * 99 / 100],
        sorted[measured - 1]);
    System.out.printf(
        "%d slow readers asked %d times: %d answers begun, %d refused with 503, %d cut off while"
            + " they were taken; held at most %.1f MB%n",
        count, Reader.asked, Reader.begun, Reader.refused, Reader.cutOff, mostHeld / 1e6);
  }

  /** Asks, and takes a byte of the answer now and then; asks again when refused or cut off. */
  private static final class Reader {
    static int asked;
    static int begun;
    static int refused;
    static int cutOff;

    private final URI model;
    private final String body;
    private Socket socket;
    private long since;
    private boolean answered;

    Reader(URI model, String body) throws IOException {
      this.model = model;
      this.body = body;
      ask();
    }

    private void ask() throws IOException {
      socket = new Socket();
      socket.setReceiveBufferSize(1 << 14);
      socket.connect(new InetSocketAddress(model.getHost(), model.getPort()));
      String head =
          "POST "
              + model.getPath()
              + ":predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n";
      socket.getOutputStream().write((head + body).getBytes(UTF_8));
      since = System.nanoTime();
      answered = false;
      asked++;
    }

    void takeAByte() throws IOException {
      InputStream in = socket.getInputStream();
      try {
        if (in.available() < "HTTP/1.1 200".length()) {
          return;
        }
        if (!answered) {
          answered = true;
          if (new String(in.readNBytes("HTTP/1.1 200".length()), UTF_8).endsWith(" 200")) {
            begun++;
            since = System.nanoTime();
          } else {
            refused++;
            askAgain();
          }
          return;
        }
        in.read();
        // What the system has kept for the reader can be read after the connection was closed.
        if (System.nanoTime() - since > 35_000_000_000L) {
          long rest = in.transferTo(OutputStream.nullOutputStream());
          cutOff += rest < 1_000_000 ? 1 : 0;
          askAgain();
        }
      } catch (IOException e) {
        cutOff++;
        askAgain();
      }
    }

    private void askAgain() throws IOException {
      socket.close();
      ask();
    }
  }

  private static double held(HttpClient http, URI model) throws IOException, InterruptedException {
    String metrics =
        http.send(
                HttpRequest.newBuilder(model.resolve("/metrics")).build(),
                HttpResponse.BodyHandlers.ofString())
            .body();
    Iterator<String> lines =
        metrics.lines().filter(line -> line.startsWith("vaecf_held_bytes ")).iterator();
    return Double.parseDouble(lines.next().substring("vaecf_held_bytes ".length()));
  }
}
