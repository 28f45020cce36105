import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
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
    List<Socket> readers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      readers.add(ask(model, large));
    }
    HttpClient http = HttpClient.newHttpClient();
    HttpRequest small =
        HttpRequest.newBuilder(URI.create(model + ":predict"))
            .POST(HttpRequest.BodyPublishers.ofString("{\"instances\": [[\"1\", \"2\"]]}"))
            .build();
    Map<Integer, Integer> statuses = new TreeMap<>();
    int asked = 0;
    int lost = 0;
    int cutOff = 0;
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
      // A byte each now and then; who was cut off comes again.
      for (int i = 0; i < count && asked % 20 == 0; i++) {
        InputStream in = readers.get(i).getInputStream();
        try {
          if (in.available() > 0 && in.read() >= 0) {
            continue;
          }
          readers.get(i).setSoTimeout(1);
          if (in.read() >= 0) {
            continue;
          }
        } catch (java.net.SocketTimeoutException e) {
          continue; // the answer has not begun
        } catch (IOException e) {
          // Cut off.
        }
        cutOff++;
        readers.get(i).close();
        readers.set(i, ask(model, large));
      }
      if (asked % 20 == 0) {
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
        "%d slow readers, cut off or refused and come again %d times; held at most %.1f MB%n",
        count, cutOff, mostHeld / 1e6);
    for (Socket reader : readers) {
      reader.close();
    }
  }

  private static Socket ask(URI model, String body) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(1 << 14);
    socket.connect(new java.net.InetSocketAddress(model.getHost(), model.getPort()));
    String head =
        "POST "
            + model.getPath()
            + ":predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n";
    socket.getOutputStream().write((head + body).getBytes(UTF_8));
    return socket;
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
