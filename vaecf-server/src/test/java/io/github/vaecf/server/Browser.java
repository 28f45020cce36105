package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Headless Chromium with a page open, driven by the DevTools protocol. For one thread. */
final class Browser implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 60;

  private final Process process;
  private final WebSocket socket;
  private final BlockingQueue<JsonNode> messages;
  private int calls;

  private Browser(Process process, WebSocket socket, BlockingQueue<JsonNode> messages) {
    this.process = process;
    this.socket = socket;
    this.messages = messages;
  }

  /** Where Chromium is, if it is there. */
  static Optional<Path> chromium() {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(place -> Path.of(place, "chromium"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Opens a page as wide as a phone. */
  static Browser open(URI page, Path profile) throws Exception {
    Process process =
        new ProcessBuilder(
                chromium().orElseThrow().toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--window-size=420,860",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                page.toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      Path ports = profile.resolve("DevToolsActivePort");
      long start = System.nanoTime();
      while (Files.notExists(ports) || Files.readAllLines(ports).size() < 2) {
        waitSince(start, "DevTools");
      }
      HttpClient http = HttpClient.newHttpClient();
      URI list = URI.create("http://127.0.0.1:" + Files.readAllLines(ports).get(0) + "/json/list");
      JsonNode tab = null;
      while (tab == null) {
        String tabs =
            http.send(
                    HttpRequest.newBuilder(list).build(), HttpResponse.BodyHandlers.ofString(UTF_8))
                .body();
        for (JsonNode one : Client.JSON.readTree(tabs)) {
          tab = one.path("url").asText().startsWith(page.resolve("/").toString()) ? one : tab;
        }
        waitSince(start, "the page");
      }
      BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
      WebSocket socket =
          http.newWebSocketBuilder()
              .buildAsync(
                  URI.create(tab.get("webSocketDebuggerUrl").textValue()), new Listener(messages))
              .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      return new Browser(process, socket, messages);
    } catch (Exception | Error e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /** Collects what the browser says. */
  private static final class Listener implements WebSocket.Listener {
    private final BlockingQueue<JsonNode> messages;
    private final StringBuilder message = new StringBuilder();

    Listener(BlockingQueue<JsonNode> messages) {
      this.messages = messages;
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
      message.append(part);
      if (last) {
        try {
          messages.add(Client.JSON.readTree(message.toString()));
        } catch (IOException e) {
          throw new IllegalStateException(e);
        }
        message.setLength(0);
      }
      socket.request(1);
      return null;
    }
  }

  private static void waitSince(long start, String what) throws InterruptedException {
    if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
      throw new AssertionError("waited in vain for " + what);
    }
    Thread.sleep(50);
  }

  private JsonNode call(String method, ObjectNode parameters) throws Exception {
    ObjectNode message = Client.JSON.createObjectNode().put("id", ++calls).put("method", method);
    message.set("params", parameters);
    socket.sendText(message.toString(), true).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    while (true) {
      JsonNode answer = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (answer == null || answer.has("error")) {
        throw new AssertionError(method + ": " + answer);
      }
      if (answer.path("id").asInt() == calls) {
        return answer.get("result");
      }
    }
  }

  /** What an expression of JavaScript gives. */
  JsonNode evaluate(String expression) throws Exception {
    JsonNode result =
        call(
            "Runtime.evaluate",
            Client.JSON
                .createObjectNode()
                .put("expression", expression)
                .put("returnByValue", true));
    if (result.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + result);
    }
    return result.at("/result/value");
  }

  /** The texts of the elements that a selector finds. */
  List<String> texts(String selector) throws Exception {
    JsonNode texts =
        evaluate("[...document.querySelectorAll('" + selector + "')].map(e => e.innerText)");
    return Client.JSON.convertValue(
        texts, Client.JSON.getTypeFactory().constructCollectionType(List.class, String.class));
  }

  /** Waits until an expression is true. */
  void await(String expression) throws Exception {
    long start = System.nanoTime();
    while (!evaluate(expression).asBoolean()) {
      waitSince(start, expression);
    }
  }

  /** Types text where the focus is. */
  void type(String text) throws Exception {
    call("Input.insertText", Client.JSON.createObjectNode().put("text", text));
  }

  /** Presses a key, such as ArrowDown or Enter. */
  void press(String key) throws Exception {
    for (String type : List.of("rawKeyDown", "keyUp")) {
      call(
          "Input.dispatchKeyEvent",
          Client.JSON.createObjectNode().put("type", type).put("key", key));
    }
  }

  /** A picture of what is seen, as PNG. */
  byte[] picture() throws Exception {
    return call("Page.captureScreenshot", Client.JSON.createObjectNode()).get("data").binaryValue();
  }

  @Override
  public void close() {
    socket.abort();
    process.destroy();
    process.onExit().completeOnTimeout(process, PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    process.destroyForcibly();
  }
}
