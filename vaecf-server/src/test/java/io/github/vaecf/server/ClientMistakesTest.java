package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.eval.export.ServedVersions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients do wrong beside the JSON of {@link ModelServerTest} is told them with a 4xx. */
class ClientMistakesTest {
  private static final String PREDICT = "v1/models/debian:predict";
  private static final String PERL = "{\"instances\": [[\"perl\"]]}";
  private static final InetSocketAddress ADDRESS =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final Limits LIMITS =
      new Limits(100_000, 200, 200_000, 500, 64, 50_000_000, Duration.ofSeconds(20));

  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static ServedVersions versions;
  private static ModelServer server;
  private static Client client;

  @BeforeAll
  static void serve() throws IOException {
    versions = ServedVersions.open(SampleExport.base(), Duration.ofDays(1), System.err::println);
    server = ModelServer.start(versions, "debian", ADDRESS, LIMITS);
    client = new Client(server.uri());
  }

  private static ModelServer.Builder builder(String name, InetSocketAddress address) {
    return ModelServer.builder().model(name, versions).http(address).limits(LIMITS);
  }

  /** Whatever a test did, the server answers the next client and holds nothing. */
  @AfterEach
  void theServerIsHealthy() throws Exception {
    assertThat(client.post(PREDICT, PERL).statusCode()).isEqualTo(200);
    while (!client.get("metrics").body().contains("vaecf_held_bytes 0.0")) {
      Thread.onSpinWait();
    }
  }

  @AfterAll
  static void stop() {
    server.close();
    versions.close();
  }

  private static HttpResponse<String> send(String method, String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.uri().resolve(path))
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8));
  }

  private static void assertRefused(HttpResponse<String> response, int status, String problem)
      throws IOException {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    JsonNode answer = Client.JSON.readTree(response.body());
    assertThat(answer).hasSize(1);
    assertThat(answer.get("error").textValue()).contains(problem);
  }

  @ParameterizedTest
  @CsvSource({
    "DELETE,  v1/models/debian,                     'GET, HEAD'",
    "POST,    v1/models/debian,                     'GET, HEAD'",
    "PUT,     v1/models/debian/versions/1,          'GET, HEAD'",
    "OPTIONS, v1/models/debian/metadata,            'GET, HEAD'",
    "GET,     v1/models/debian:predict,             POST",
    "HEAD,    v1/models/debian:predict,             POST",
    "DELETE,  v1/models/debian/versions/1:predict,  POST",
    "OPTIONS, v1/models/debian:predict,             POST",
    "DELETE,  titles,                               'GET, HEAD'",
    "PATCH,   livez,                                'GET, HEAD'",
    "TRACE,   metrics,                              'GET, HEAD'",
    "POST,    '',                                   'GET, HEAD'",
    "BREW,    v1/models/debian,                     'GET, HEAD'"
  })
  void aMethodThatAPlaceDoesNotHaveIs405WithThoseItHas(String method, String path, String allowed)
      throws Exception {
    HttpResponse<String> response = send(method, path);
    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(response.headers().allValues("Allow")).containsExactly(allowed);
    if (!method.equals("HEAD")) {
      assertRefused(response, 405, ": expected " + allowed + ", found " + method);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1/models/debian", "v1/models/debian/metadata", "", "livez"})
  void headTellsWhatGetWouldWithoutTheBody(String path) throws Exception {
    HttpResponse<String> head = send("HEAD", path);
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValueAsLong("Content-Length"))
        .hasValue(client.get(path).body().getBytes(UTF_8).length);
  }

  @Test
  void anEmptySignatureNameIsTheDefault() throws Exception {
    assertThat(
            client.predict(Client.JSON.readTree("{\"signature_name\": \"\", " + PERL.substring(1))))
        .isEqualTo(client.predict(Client.JSON.readTree(PERL)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "my movies",
        "a;b",
        "a#b",
        "a?b=c",
        "100%",
        "a%20b",
        "a+b",
        "a\\b",
        "фильмы",
        "𝛼"
      })
  void aModelIsReachedByItsNameEncoded(String name) throws Exception {
    String encoded = URLEncoder.encode(name, UTF_8).replace("+", "%20");
    try (ModelServer named = ModelServer.start(versions, name, ADDRESS, LIMITS)) {
      Client own = new Client(named.uri());
      HttpResponse<String> metadata = own.get("v1/models/" + encoded + "/metadata");
      assertThat(Client.JSON.readTree(metadata.body()).at("/model_spec/name").textValue())
          .isEqualTo(name);
      assertThat(own.post("v1/models/" + encoded + ":predict", PERL).statusCode()).isEqualTo(200);
      assertThat(own.get("v1/models/" + encoded + "x").statusCode()).isEqualTo(404);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a/b", "a:b", "\uD800", "\uFFFD"})
  void aNameThatNoRequestCanHaveIsRefusedAtTheStart(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelServer.start(versions, name, ADDRESS, LIMITS))
        .withMessageStartingWith("a model's name must not be empty, '.' or '..' and have neither");
  }

  private static String bareGet(String path) throws IOException {
    try (Socket socket = client.connect()) {
      return Client.exchange(
          socket, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"%", "%zz", "%ff", "%2", "%00", "%2Fv1", "..%2f", "%E0%80%80", "%u0041"})
  void aPathThatNamesNothingIsAClientsMistake(String end) throws Exception {
    for (String path : new String[] {"/v1/models/debian", "/x", "/"}) {
      assertThat(bareGet(path + end)).as(path + end).matches("(?s)HTTP/1.1 (400|404) .*");
    }
    assertThat(bareGet("/titles?id=" + end)).matches("(?s)HTTP/1.1 (200|400) .*");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"//v1/models/debian", "/v1//models/debian", "/v1/models//debian", "/v1/models/"})
  void aPathWithAnEmptyPartIsAnother(String path) throws Exception {
    assertThat(bareGet(path)).matches("(?s)HTTP/1.1 (400|404) .*");
  }

  @Test
  void nothingIsLikeNoItem() throws Exception {
    JsonNode byColumns =
        client.predict(
            Client.JSON.readTree(
                "{\"signature_name\": \"similarity\","
                    + " \"inputs\": {\"item\": [\"perl\", \"x\"], \"items\": [[], []]}}"));
    assertThat(byColumns).hasToString("{\"outputs\":[[],[]]}");
    JsonNode byRows =
        client.predict(
            Client.JSON.readTree(
                "{\"signature_name\": \"similarity\","
                    + " \"instances\": [{\"item\": \"perl\", \"items\": []}]}"));
    assertThat(byRows).hasToString("{\"predictions\":[[]]}");
  }

  @Test
  void anAnswerThatIsAsWideAsItsRequestIsMeasuredByThat() throws Exception {
    // Measured by the catalogue, 200 rows would be 747,200 values, beyond the limit.
    ObjectNode request = Client.JSON.createObjectNode().put("signature_name", "similarity");
    ArrayNode rows = request.putArray("instances");
    for (int i = 0; i < 200; i++) {
      rows.addObject().put("item", "perl").putArray("items").add("perl").add("python3");
    }
    assertThat(client.predict(request).get("predictions")).hasSize(200);
    // And a ranking is not longer than there are items, however long is asked for.
    JsonNode longest =
        client.predict(
            Client.JSON.readTree(
                "{\"signature_name\": \"rank_indices\","
                    + " \"instances\": [{\"items\": [1], \"k\": 2147483647}]}"));
    assertThat(longest.at("/predictions/0/items")).hasSize(3736);
  }

  @Test
  void anErrorRepeatsOnlyTheBeginningOfWhatWasSent() throws Exception {
    for (String body :
        new String[] {
          "{\"signature_name\": \"" + "x".repeat(90_000) + "\", \"instances\": [[]]}",
          "{\"inputs\": {\"" + "😀".repeat(10_000) + "\": []}}"
        }) {
      HttpResponse<String> response = client.post(PREDICT, body);
      assertThat(response.statusCode()).isEqualTo(400);
      assertThat(response.body()).hasSizeLessThan(7_000).endsWith("…\"}");
    }
  }

  @Test
  void nestingBeyondAllMeasureIsRefused() throws Exception {
    assertRefused(
        client.post(PREDICT, "{\"instances\": " + "[".repeat(90_000) + "}"),
        400,
        "the body is no JSON: Document nesting depth (1001) exceeds");
    assertRefused(
        client.post(PREDICT, "{\"instances\": [" + "1".repeat(90_000) + "]}"),
        400,
        "the body is no JSON: Number value length (90000) exceeds");
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(UTF_8));
    }
    return bytes.toByteArray();
  }

  private static HttpResponse<String> encoded(String encoding, byte[] body)
      throws IOException, InterruptedException {
    return HTTP.send(
        HttpRequest.newBuilder(server.uri().resolve(PREDICT))
            .header("Content-Encoding", encoding)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build(),
        HttpResponse.BodyHandlers.ofString(UTF_8));
  }

  @Test
  void bodiesMayComeByGzipUpToTheSameSize() throws Exception {
    byte[] whole = gzip(PERL);
    assertThat(encoded("gzip", whole).body()).isEqualTo(client.post(PREDICT, PERL).body());
    assertThat(encoded("GZIP", whole).statusCode()).isEqualTo(200);
    assertThat(encoded("identity", PERL.getBytes(UTF_8)).statusCode()).isEqualTo(200);
    assertRefused(
        encoded("gzip", gzip(" ".repeat(20_000_000))), 413, "the body is longer than 100000 bytes");
    assertRefused(
        encoded("gzip", Arrays.copyOf(whole, whole.length - 9)),
        400,
        "the body is no whole gzip (it ends early)");
    assertRefused(encoded("gzip", PERL.getBytes(UTF_8)), 400, "the body is no whole gzip");
    assertRefused(encoded("gzip", new byte[0]), 400, "the body is no whole gzip");
    assertRefused(encoded("br", whole), 415, "expected gzip or none, found 'br'");
    assertRefused(encoded("gzip, gzip", whole), 415, "expected gzip or none");
  }

  @Test
  void whoAsksFirstIsToldToContinueOrNotTo() throws Exception {
    String head =
        "POST /"
            + PREDICT
            + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n";
    try (Socket socket = client.connect()) {
      socket
          .getOutputStream()
          .write((head + "Content-Length: " + PERL.length() + "\r\n\r\n").getBytes(UTF_8));
      byte[] interim = socket.getInputStream().readNBytes("HTTP/1.1 100 Continue\r\n\r\n".length());
      assertThat(new String(interim, UTF_8)).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
      assertThat(Client.exchange(socket, PERL)).startsWith("HTTP/1.1 200 ");
    }
    try (Socket socket = client.connect()) {
      assertThat(Client.exchange(socket, head + "Content-Length: 100001\r\n\r\n"))
          .startsWith("HTTP/1.1 413 ");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'Content-Length: 5\r\nContent-Length: 9'",
    "'Content-Length: -1'",
    "'Content-Length: many'",
    "'Content-Length: 99999999999999999999'",
    "'Transfer-Encoding: chunked\r\nContent-Length: 3'",
    "'Transfer-Encoding: nonsense'"
  })
  void aLengthThatIsNoneIsRefused(String header) throws Exception {
    try (Socket socket = client.connect()) {
      String answer =
          Client.exchange(
              socket,
              "POST /" + PREDICT + " HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n\r\nxyz");
      assertThat(answer).matches("(?s)HTTP/1.1 (400|413|501) .*\\{\"error\":.*");
    }
  }

  @Test
  void chunksThatAreNoneAreRefused() throws Exception {
    try (Socket socket = client.connect()) {
      String answer =
          Client.exchange(
              socket,
              "POST /"
                  + PREDICT
                  + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n");
      assertThat(answer)
          .startsWith("HTTP/1.1 400 ")
          .contains("the body is malformed or ended before its end");
    }
  }

  private static String askedAs(URI server, String host) throws IOException {
    try (Socket socket = new Socket(server.getHost(), server.getPort())) {
      return Client.exchange(
          socket,
          "GET /titles?query=perl HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    }
  }

  /** A page from elsewhere can point its own name to this machine, but cannot change the name. */
  @Test
  void whoAsksByAnotherNameIsRefusedUnlessItIsAllowed() throws Exception {
    for (String host :
        new String[] {"localhost", "LocalHost.:1", "127.0.0.1:80", "[::1]", "[::1]:8501"}) {
      assertThat(askedAs(server.uri(), host)).as(host).startsWith("HTTP/1.1 200 ");
    }
    for (String host : new String[] {"evil.example", "localhost.evil.example:80", "10.0.0.1"}) {
      assertThat(askedAs(server.uri(), host))
          .as(host)
          .startsWith("HTTP/1.1 403 ")
          .contains("this server is not asked for by the name '", "--allowed-host");
    }
    try (ModelServer behindProxy = builder("x", ADDRESS).hosts(Set.of("Movies.example")).start()) {
      assertThat(askedAs(behindProxy.uri(), "movies.example")).startsWith("HTTP/1.1 200 ");
      assertThat(askedAs(behindProxy.uri(), "evil.example")).startsWith("HTTP/1.1 403 ");
    }
  }

  @Test
  void aServerForOtherMachinesAnswersToAnyNameUnlessSomeAreGiven() throws Exception {
    InetSocketAddress everywhere = new InetSocketAddress("0.0.0.0", 0);
    try (ModelServer open = ModelServer.start(versions, "x", everywhere, LIMITS);
        ModelServer named = builder("x", everywhere).hosts(Set.of("movies.example")).start()) {
      assertThat(askedAs(open.uri(), "any.example")).startsWith("HTTP/1.1 200 ");
      assertThat(askedAs(named.uri(), "movies.example")).startsWith("HTTP/1.1 200 ");
      assertThat(askedAs(named.uri(), "any.example")).startsWith("HTTP/1.1 403 ");
    }
  }

  @Test
  void anAnswerThatTakesTooLongIs504() throws Exception {
    Limits short_ = new Limits(100_000, 200, 200_000, 500, 64, 50_000_000, Duration.ofMillis(100));
    // No thread for the model: as if it hung.
    try (ModelServer hanging = builder("debian", ADDRESS).limits(short_).runs(0).start()) {
      assertRefused(
          new Client(hanging.uri()).post(PREDICT, PERL), 504, "no answer within the time limit");
    }
  }

  @Test
  void anAddressThatCannotBeListenedAtIsToldWithTheCause() {
    int port = server.uri().getPort();
    assertThatStart(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
        .hasMessage("localhost:" + port + ": another program listens at this port");
    // An address of documentation, RFC 5737, which no machine has.
    assertThatStart(new InetSocketAddress("192.0.2.1", 0))
        .hasMessage("192.0.2.1:0: this machine has no such address");
  }

  private static AbstractThrowableAssert<?, ?> assertThatStart(InetSocketAddress address) {
    return assertThatThrownBy(() -> ModelServer.start(versions, "x", address, LIMITS))
        .isInstanceOf(IOException.class);
  }
}
