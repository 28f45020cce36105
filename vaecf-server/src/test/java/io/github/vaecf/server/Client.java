package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.Recommendation;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Talks to a server as its clients do. */
final class Client {
  static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http = HttpClient.newHttpClient();
  private final URI server;

  Client(URI server) {
    this.server = server;
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(server.resolve(path)).build(),
        HttpResponse.BodyHandlers.ofString(UTF_8));
  }

  HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
    return http.send(request(path, body), HttpResponse.BodyHandlers.ofString(UTF_8));
  }

  CompletableFuture<HttpResponse<String>> postLater(String path, String body) {
    return http.sendAsync(request(path, body), HttpResponse.BodyHandlers.ofString(UTF_8));
  }

  private HttpRequest request(String path, String body) {
    return HttpRequest.newBuilder(server.resolve(path))
        .POST(HttpRequest.BodyPublishers.ofString(body, UTF_8))
        .build();
  }

  /** Calls the model, and gives the answer if there is one. */
  JsonNode predict(JsonNode request) throws IOException, InterruptedException {
    HttpResponse<String> response = post("v1/models/debian:predict", request.toString());
    if (response.statusCode() != 200) {
      throw new AssertionError(response.statusCode() + " " + response.body());
    }
    return JSON.readTree(response.body());
  }

  /** A row's items and scores, up to the first empty place. */
  static List<Recommendation> list(JsonNode items, JsonNode scores) {
    List<Recommendation> list = new ArrayList<>();
    for (int rank = 0; rank < items.size() && !items.get(rank).asText().isEmpty(); rank++) {
      list.add(new Recommendation(items.get(rank).asText(), scores.get(rank).floatValue()));
    }
    return list;
  }

  /** What a prediction by rows recommends. */
  static List<Recommendation> list(JsonNode prediction) {
    return list(prediction.get("items"), prediction.get("scores"));
  }

  /** A bare connection, for what no well-behaved client does. */
  Socket connect() throws IOException {
    Socket socket = new Socket(server.getHost(), server.getPort());
    socket.setSoTimeout(20_000);
    return socket;
  }

  /** Writes bytes on a bare connection and reads all that comes until the server closes it. */
  static String exchange(Socket socket, String bytes) throws IOException {
    socket.getOutputStream().write(bytes.getBytes(UTF_8));
    return new String(socket.getInputStream().readAllBytes(), UTF_8);
  }
}
