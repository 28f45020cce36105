package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.eval.export.ServedModel;
import io.github.vaecf.eval.export.ServedVersions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the server answers over HTTP, and what it refuses and survives. */
class ModelServerTest {
  private static final String PREDICT = "v1/models/debian:predict";

  private static final Limits LIMITS =
      new Limits(100_000, 200, 200_000, 500, 64, 50_000_000, Duration.ofSeconds(20));

  @TempDir static Path folder;
  private static ServedVersions versions;
  private static ModelServer server;
  private static Client client;
  private static ServedModel model;

  /** Refuses slow clients soon. */
  private static ModelServer impatientServer;

  private static Client impatient;

  @BeforeAll
  static void serve() throws IOException {
    model = ServedModel.load(SampleExport.base());
    versions = open(SampleExport.base());
    server = start(versions, LIMITS);
    client = new Client(server.uri());
    impatientServer =
        start(versions, new Limits(100_000, 1, 200_000, 1, 1, 50_000_000, Duration.ofMillis(300)));
    impatient = new Client(impatientServer.uri());
  }

  private static ServedVersions open(Path base) {
    return ServedVersions.open(base, Duration.ofMillis(20), System.err::println);
  }

  private static void waitForVersion(ServedVersions versions, long version) throws Exception {
    for (int i = 0; i < 3000 && versions.version() != version; i++) {
      Thread.sleep(10);
    }
    assertThat(versions.version()).isEqualTo(version);
  }

  private static ModelServer start(ServedVersions versions, Limits limits) throws IOException {
    return ModelServer.start(
        versions, "debian", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), limits);
  }

  /** Whatever a test did, the server answers the next client. */
  @AfterEach
  void theServerIsHealthy() throws Exception {
    assertThat(client.get("livez").statusCode()).isEqualTo(200);
    assertThat(impatient.get("readyz").body()).isEqualTo("ok\n");
    assertThat(client.post(PREDICT, "{\"instances\": [[\"perl\"]]}").statusCode()).isEqualTo(200);
  }

  @AfterAll
  static void stop() {
    server.close();
    impatientServer.close();
    versions.close();
    model.close();
  }

  private static JsonNode json(String text) throws IOException {
    return Client.JSON.readTree(text.replace('\'', '"'));
  }

  @Test
  void theModelsStatusIsTold() throws Exception {
    String status =
        """
        {'model_version_status': [{'version': '1', 'state': 'AVAILABLE',
          'status': {'error_code': 'OK', 'error_message': ''}}]}\
        """;
    HttpResponse<String> response = client.get("v1/models/debian");
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(json(response.body())).isEqualTo(json(status));
    assertThat(json(client.get("v1/models/debian/versions/1").body())).isEqualTo(json(status));
  }

  @Test
  void theSignaturesAreTold() throws Exception {
    JsonNode metadata = json(client.get("v1/models/debian/metadata").body());

    assertThat(metadata.at("/model_spec/name").textValue()).isEqualTo("debian");
    JsonNode signatures = metadata.at("/metadata/signature_def/signature_def");
    assertThat(signatures).hasSize(13);
    assertThat(signatures.at("/serving_default/inputs/items"))
        .isEqualTo(
            json(
                """
                {'dtype': 'DT_STRING', 'tensor_shape': {'dim': [
                  {'size': '-1', 'name': ''}, {'size': '-1', 'name': ''}],
                  'unknown_rank': false}, 'name': 'items:0'}\
                """));
    assertThat(signatures.at("/decode/inputs/latent/tensor_shape/dim/1/size").textValue())
        .isEqualTo("200");
  }

  @Test
  void rowsAreAnsweredWithPredictions() throws Exception {
    List<Recommendation> expected = model.recommend(List.of("perl", "libwww-perl"), 100);

    JsonNode named = client.predict(json("{'instances': [{'items': ['perl', 'libwww-perl']}]}"));
    JsonNode bare =
        client.predict(
            json(
                "{'signature_name': 'serving_default',"
                    + " 'instances': [['perl', 'libwww-perl'], ['perl', '']]}"));

    assertThat(named.get("predictions")).hasSize(1);
    assertThat(bare.get("predictions")).hasSize(2);
    assertAgree(expected, Client.list(named.at("/predictions/0")));
    assertAgree(expected, Client.list(bare.at("/predictions/0")));
    assertAgree(model.recommend(List.of("perl"), 100), Client.list(bare.at("/predictions/1")));
  }

  /** Batches of other sizes and other signatures, hence only to within the bound. */
  private static void assertAgree(List<Recommendation> expected, List<Recommendation> found) {
    assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(expected, found)).isEmpty();
  }

  @Test
  void columnsAreAnsweredWithOutputs() throws Exception {
    JsonNode rows = client.predict(json("{'instances': [['perl'], ['python3']]}"));

    for (String request :
        List.of(
            "{'inputs': {'items': [['perl'], ['python3']]}}",
            "{'inputs': [['perl'], ['python3']]}")) {
      JsonNode outputs = client.predict(json(request)).get("outputs");
      for (int row = 0; row < 2; row++) {
        assertThat(outputs.get("items").get(row))
            .isEqualTo(rows.get("predictions").get(row).get("items"));
      }
      assertThat(outputs.get("scores")).hasSize(2);
    }
  }

  @Test
  void idsMayComeAsBytes() throws Exception {
    String perl = Base64.getEncoder().encodeToString("perl".getBytes(UTF_8));
    assertThat(client.predict(json("{'instances': [[{'b64': '" + perl + "'}]]}")))
        .isEqualTo(client.predict(json("{'instances': [['perl']]}")));
    assertThat(client.predict(json("{'inputs': {'items': [[{'b64': '" + perl + "'}]]}}")))
        .isEqualTo(client.predict(json("{'inputs': [['perl']]}")));
  }

  @Test
  void everySignatureCanBeCalled() throws Exception {
    JsonNode best = client.predict(json("{'instances': [['perl']]}")).get("predictions").get(0);
    String first = best.get("items").get(0).textValue();
    List<Recommendation> recommended = Client.list(best);
    int perl = model.items().indexOf("perl");

    JsonNode rest =
        predict(
            "recommend_excluding",
            "'instances': [{'items': ['perl'], 'exclude': ['" + first + "']}]");
    assertAgree(recommended.subList(1, 100), Client.list(rest.at("/predictions/0")).subList(0, 99));
    JsonNode second =
        predict(
            "recommend_filtered",
            "'inputs': {'items': [['perl']], 'exclude': [['']], 'allow': [['']], 'k': [99],"
                + " 'offset': [1], 'with_history': [0]}");
    assertAgree(
        recommended.subList(1, 100),
        Client.list(second.at("/outputs/items/0"), second.at("/outputs/scores/0")));
    JsonNode indices = predict("recommend_indices", "'inputs': [[" + perl + ", -1]]");
    ArrayNode ids = Client.JSON.createArrayNode();
    indices.at("/outputs/items/0").forEach(index -> ids.add(model.items().id(index.intValue())));
    assertAgree(recommended, Client.list(ids, indices.at("/outputs/scores/0")));
    JsonNode ranked = predict("rank_indices", "'instances': [{'items': [" + perl + "], 'k': 3}]");
    assertThat(ranked.at("/predictions/0/items")).hasSize(3);
    JsonNode latent = predict("encode", "'instances': [['perl']]");
    assertThat(latent.at("/predictions/0")).hasSize(200);
    JsonNode decoded = predict("decode", "'instances': " + latent.get("predictions"));
    JsonNode scored = predict("score", "'inputs': {'items': [['perl']]}");
    assertThat(decoded.at("/predictions/0")).hasSize(model.itemCount());
    for (int item = 0; item < model.itemCount(); item++) {
      assertThat(decoded.at("/predictions/0").get(item).floatValue())
          .isCloseTo(scored.at("/outputs/0").get(item).floatValue(), within(1e-4f));
    }
    JsonNode similar = predict("similar_items", "'instances': ['perl', 'x']");
    assertThat(similar.at("/predictions/1/items/0").textValue()).isEmpty();
    JsonNode cosines =
        predict(
            "similarity",
            "'inputs': {'item': ['perl'], 'items': [["
                + similar.at("/predictions/0/items/0")
                + "]]}");
    assertThat(cosines.at("/outputs/0/0").floatValue())
        .isCloseTo(similar.at("/predictions/0/scores/0").floatValue(), within(1e-5f));
  }

  /** What is asked for, from all scores: the history and what is excluded out, the rest sorted. */
  @Test
  void whatIsFilteredIsWhatIsLeftOfAllScores() throws Exception {
    JsonNode scores = predict("score", "'instances': [['perl']]").at("/predictions/0");
    List<String> ids = model.items().ids();
    List<Integer> order =
        IntStream.range(0, ids.size())
            .boxed()
            .sorted(Comparator.comparing((Integer item) -> -scores.get(item).floatValue()))
            .toList();
    List<String> best = order.stream().map(ids::get).toList();
    // Of three items in stock the worst, of which the user has one; never fewer than are left.
    for (int withHistory = 0; withHistory < 2; withHistory++) {
      List<String> stock = List.of(best.get(2_000), "perl", best.get(700), best.get(1_500));
      JsonNode answer =
          predict(
              "recommend_filtered",
              "'instances': [{'items': ['perl', 'no such item'], 'exclude': ['"
                  + stock.get(3)
                  + "', ''], 'allow': "
                  + Client.JSON.valueToTree(stock)
                  + ", 'k': 5, 'offset': 0, 'with_history': "
                  + withHistory
                  + "}]");
      List<String> expected = new ArrayList<>(stock.subList(0, 3));
      if (withHistory == 0) {
        expected.remove("perl");
      }
      expected.sort(Comparator.comparing(best::indexOf));
      assertThat(Client.list(answer.at("/predictions/0")))
          .extracting(Recommendation::item)
          .containsExactlyElementsOf(expected);
    }
    JsonNode all =
        predict(
            "recommend_filtered",
            "'instances': [{'items': ['perl'], 'exclude': [], 'allow': [], 'k': "
                + ids.size()
                + ", 'offset': 0, 'with_history': 1}]");
    assertThat(Client.list(all.at("/predictions/0"))).hasSize(ids.size());
  }

  private static JsonNode predict(String signature, String rest)
      throws IOException, InterruptedException {
    return client.predict(json("{'signature_name': '" + signature + "', " + rest + "}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          not json                         | the body is no JSON: Unrecognized token 'not'
          {"instances": [["perl"]]         | the body is no JSON: Unexpected end-of-input
          []                               | the body: expected a JSON object, found array
          ''                               | the body: expected a JSON object, found nothing
          {}                               | expected either "instances" or "inputs" in the request
          {"instances": [], "inputs": []}  | expected either "instances" or "inputs" in the request
          {"instances": []}                | instances: expected at least one row, found none
          {"inputs": {"items": []}}        | inputs.items: expected at least one row, found none
          {"instances": "perl"}            | instances: expected a list, found string
          {"inputs": {"items": "perl"}}    | inputs.items: expected a list, found string
          {"instances": ["perl"]}          | row 0 of "items": expected a list, found string
          {"instances": [["perl"], []]}    | row 1 of "items": expected as many values as in row 0, 1, found 0; shorter rows
          {"instances": [[260]]}           | row 0 of "items": expected a string, found number
          {"instances": [[{"b64": "?"}]]}  | row 0 of "items": "b64" is no base 64
          {"instances": [{"item": ["x"]}]} | instances[0]: expected [items] for signature "serving_default", found [item]
          {"inputs": {"items": [["x"]], "k": 3}} | inputs: expected [items] for signature "serving_default", found [items, k]
          {"signature_name": "nix", "instances": [["x"]]} | the model has no signature "nix"; it has [because, decode, encode,
          {"signature_name": "recommend_excluding", "instances": [["x"]]} | instances[0]: expected an object with [exclude, items], as
          {"signature_name": "recommend_excluding", "inputs": {"items": [["x"]], "exclude": [["y"], ["z"]]}} | inputs.items: expected as many rows as the other inputs have, 2, found 1
          {"signature_name": "decode", "instances": [[0.5]]} | row 0 of "latent": expected 200 values, found 1
          {"signature_name": "recommend_indices", "instances": [[0.5]]} | row 0 of "items": expected a whole number of 64 bits, found 0.5
          {"signature_name": "rank_indices", "instances": [{"items": [1], "k": 3000000000}]} | row 0 of "k": expected a whole number of 32 bits, found 3000000000
          {"instances": [["perl"]]} {}     | the body is no JSON: Trailing token
          {"instances": [["perl"]]} and    | the body is no JSON: Unrecognized token 'and'
          {"instances": [["perl"]], "instances": [["python3"]]} | the body is no JSON: Duplicate field 'instances'
          {"signature_name": null, "instances": [["x"]]} | signature_name: expected a string, found null
          {"signature_name": 5, "instances": [["x"]]} | signature_name: expected a string, found number
          {"signature_name": "\\ud800", "instances": [["x"]]} | the model has no signature "?"
          {"instances": [["\\ud800"]]}     | row 0 of "items": expected Unicode, found half a surrogate pair
          {"instances": [[{"b64": "/w=="}]]} | row 0 of "items": "b64" is no text in UTF-8
          {"instances": null}              | instances: expected a list, found null
          {"instances": [null]}            | row 0 of "items": expected a list, found null
          {"signature_name": "decode", "instances": [[NaN]]} | the body is no JSON: Non-standard token 'NaN'
          {"signature_name": "decode", "instances": [[1e400]]} | row 0 of "latent": expected 200 values, found 1
          {"signature_name": "rank_indices", "instances": [{"items": [1], "k": 0}]} | signature rank_indices: input 'k': expected numbers of at least 1, found 0
          {"signature_name": "rank_indices", "inputs": {"items": [[1], [2]], "k": [5, -2147483648]}} | signature rank_indices: input 'k': expected numbers of at least 1, found -2147483648
          {"signature_name": "rank_indices", "instances": [{"items": [1], "k": "3"}]} | row 0 of "k": expected a whole number of 32 bits, found string
          {"signature_name": "rank_indices", "instances": [{"items": [9223372036854775808], "k": 3}]} | row 0 of "items": expected a whole number of 64 bits, found 9223372036854775808
          {"signature_name": "recommend_filtered", "instances": [{"items": ["perl"], "k": 5}]} | instances[0]: expected [allow, exclude, items, k, offset, with_history] for signature "recommend_filtered", found [items, k]
          {"signature_name": "recommend_filtered", "instances": [{"items": [], "allow": [], "exclude": [], "k": 5, "offset": -1, "with_history": 0}]} | signature recommend_filtered: input 'offset': expected numbers of at least 0, found -1
          {"signature_name": "recommend_filtered", "instances": [{"items": [], "allow": [], "exclude": [], "k": 5, "offset": 0, "with_history": true}]} | row 0 of "with_history": expected a whole number of 32 bits, found boolean
          {"signature_name": "similar_items", "instances": [["perl"]]} | row 0 of "item": expected a string, found array
          """)
  void whatIsMalformedIsRefusedWithTheReason(String body, String problem) throws Exception {
    HttpResponse<String> response = client.post(PREDICT, body == null ? "" : body);
    assertRefused(response, 400, problem);
    assertThat(response.body()).as("nothing of how the server is programmed").doesNotContain("`");
  }

  private static void assertRefused(HttpResponse<String> response, int status, String problem)
      throws IOException {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    JsonNode answer = Client.JSON.readTree(response.body());
    assertThat(answer).hasSize(1);
    assertThat(answer.get("error").textValue()).startsWith(problem);
  }

  @Test
  void whatIsNotThereIsRefused() throws Exception {
    String request = "{\"instances\": [[\"perl\"]]}";
    assertRefused(client.get("v1/models/other"), 404, "there is no model \"other\" here, only");
    assertRefused(client.post("v1/models/other:predict", request), 404, "there is no model");
    assertRefused(
        client.post("v1/models/debian/versions/7:predict", request),
        404,
        "version 7 of \"debian\" is not served, only 1");
    // The largest number that a version can have, and one beyond it.
    for (String version : List.of("9223372036854775807", "9223372036854775808")) {
      assertRefused(
          client.get("v1/models/debian/versions/" + version),
          404,
          "version " + version + " of \"debian\" is not served, only 1");
    }
    assertThat(client.post("v1/models/debian/versions/1:predict", request).statusCode())
        .isEqualTo(200);
    assertRefused(client.post("v1/models/debian:classify", "{}"), 400, "there is no request POST");
    assertRefused(client.get("v1/models"), 400, "there is no request GET /v1/models here");
    assertRefused(client.get("elsewhere"), 404, "there is nothing at /elsewhere");
  }

  @Test
  void tooMuchIsRefused() throws Exception {
    assertRefused(
        client.post(PREDICT, "{\"instances\": [[\"" + "x".repeat(100_000) + "\"]]}"),
        413,
        "the body is longer than 100000 bytes");
    assertRefused(
        client.post(PREDICT, "{\"instances\": [" + "[],".repeat(200) + "[]]}"),
        413,
        "instances: 201 rows are more than the 200");
    String wide = "\"\",".repeat(5000) + "\"\"";
    assertRefused(
        client.post(PREDICT, "{\"instances\": [[" + wide + "]" + ",[]".repeat(99) + "]}"),
        413,
        "500100 values in the request or its answer are more than the 200000");
    assertRefused(
        client.post(
            PREDICT,
            "{\"signature_name\": \"score\", \"instances\": [[]" + ",[]".repeat(99) + "]}"),
        413,
        "373600 values in the request or its answer");
  }

  @Test
  void aBodyOfUnknownLengthThatIsTooLongIsRefused() throws Exception {
    try (Socket socket = client.connect()) {
      String chunk = "8000\r\n" + "x".repeat(0x8000) + "\r\n";
      String answer =
          Client.exchange(
              socket,
              "POST /"
                  + PREDICT
                  + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                  + chunk.repeat(4));
      assertThat(answer).startsWith("HTTP/1.1 413 ").contains("the body is longer than 100000");
    }
  }

  @Test
  void aSlowBodyIsRefusedAndTheConnectionClosed() throws Exception {
    try (Socket socket = impatient.connect()) {
      String answer =
          Client.exchange(
              socket,
              "POST /" + PREDICT + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{");
      assertThat(answer)
          .startsWith("HTTP/1.1 408 ")
          .contains("the body did not arrive within 0.3 s");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aHeadThatNeverEndsIsClosed(int requestsBefore) throws Exception {
    String request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    try (Socket socket = impatient.connect()) {
      AtomicBoolean closed = new AtomicBoolean();
      Thread trickle =
          new Thread(
              () -> {
                try {
                  for (int i = 0; i < 200 && !closed.get(); i++) {
                    socket.getOutputStream().write('x');
                    Thread.sleep(100);
                  }
                } catch (IOException | InterruptedException e) {
                  // Closed, as it should be.
                }
              });
      String begun =
          request.repeat(requestsBefore) + "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
      socket.getOutputStream().write(begun.getBytes(UTF_8));
      trickle.start();
      String answers = Client.exchange(socket, "x");
      assertThat(answers.split("HTTP/1.1 200", -1)).hasSize(1 + requestsBefore);
      assertThat(trickle.isAlive()).isTrue();
      closed.set(true);
      trickle.join();
    }
  }

  @Test
  void aSilentConnectionIsClosed() throws Exception {
    try (Socket socket = impatient.connect()) {
      assertThat(Client.exchange(socket, "")).isEmpty();
    }
  }

  @Test
  void aHalfClosedConnectionIsAnsweredOrClosed() throws Exception {
    String head = "POST /" + PREDICT + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 25\r\n\r\n";
    try (Socket whole = client.connect()) {
      whole.getOutputStream().write((head + "{\"instances\": [[\"perl\"]]}").getBytes(UTF_8));
      whole.shutdownOutput();
      assertThat(new String(whole.getInputStream().readAllBytes(), UTF_8))
          .startsWith("HTTP/1.1 200 ");
    }
    try (Socket half = client.connect()) {
      half.getOutputStream().write((head + "{\"instances\"").getBytes(UTF_8));
      half.shutdownOutput();
      String answer = new String(half.getInputStream().readAllBytes(), UTF_8);
      assertThat(answer).matches("(?s)|HTTP/1.1 400 .*");
    }
    try (Socket gone = client.connect()) {
      gone.getOutputStream().write((head + "{\"instances\"").getBytes(UTF_8));
    }
  }

  @Test
  void whatIsNoHttpIsRefused() throws Exception {
    try (Socket socket = client.connect()) {
      assertThat(Client.exchange(socket, "\u0001\u0002 nonsense\r\n\r\n"))
          .startsWith("HTTP/1.1 400 ");
    }
    try (Socket socket = client.connect()) {
      assertThat(
              Client.exchange(
                  socket,
                  "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "y".repeat(20_000) + "\r\n\r\n"))
          .startsWith("HTTP/1.1 431 ");
    }
  }

  @Test
  void titlesAreFoundByWhatPeopleType() throws Exception {
    JsonNode byId = titles("query=libwww-p");
    assertThat(byId.get(0).get("id").textValue()).isEqualTo("libwww-perl");
    JsonNode byTitle = titles("query=PERL+interface&limit=3");
    assertThat(byTitle).hasSize(3);
    for (JsonNode item : byTitle) {
      assertThat(item.get("title").textValue().toLowerCase(Locale.ROOT))
          .contains("perl", "interface");
    }
    assertThat(titles("query=no-such-thing-anywhere")).isEmpty();
    JsonNode named = titles("id=perl&id=unknown");
    assertThat(named.get(0).get("title").textValue()).isEqualTo(model.titles().get("perl"));
    assertThat(named).as("unknown ones are left out").hasSize(1);
  }

  @Test
  void anItemIsFoundFirstByItsId() {
    TitleSearch search = new TitleSearch(model.items(), model.titles());
    for (int item = 0; item < model.itemCount(); item += 10) {
      String id = model.items().id(item);
      assertThat(search.find(" " + id, 3).at("/items/0/id").textValue()).isEqualTo(id);
    }
    // Where the case differs, what is meant exactly is not known, but whole ids come first.
    assertThat(search.find("PERL", 1).at("/items/0/id").textValue()).isEqualTo("perl");
  }

  private static JsonNode titles(String query) throws IOException, InterruptedException {
    return Client.JSON.readTree(client.get("titles?" + query).body()).get("items");
  }

  @Test
  void titlesAskedForInAWrongWayAreRefused() throws Exception {
    assertRefused(client.get("titles"), 400, "expected either a query or ids");
    assertRefused(client.get("titles?query=x&id=y"), 400, "expected either a query or ids");
    assertRefused(client.get("titles?query=x&limit=many"), 400, "limit: expected a small number");
    assertRefused(client.get("titles?id=x" + "&id=x".repeat(100)), 400, "expected at most 100 ids");
  }

  @Test
  void thePageLoadsNothingFromElsewhere() throws Exception {
    HttpResponse<String> page = client.get("");

    assertThat(page.headers().firstValue("Content-Type")).contains("text/html;charset=utf-8");
    assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
        .startsWith("default-src 'none';");
    assertThat(page.body())
        .contains("data-model=\"debian\"")
        .doesNotContain("{{")
        .doesNotContainPattern("(src|href)=\"?(?!data:)[a-z/]");
  }

  @Test
  void metricsAreTold() throws Exception {
    client.get("v1/models/other");
    String metrics = client.get("metrics").body();
    assertThat(metrics)
        .contains("vaecf_requests_total{code=\"404\",model=\"\",route=\"status\",version=\"\"} ")
        .contains("vaecf_model_version{model=\"debian\"} 1.0")
        .contains("vaecf_waiting_requests 0.0")
        .contains("# TYPE vaecf_request_seconds histogram")
        .contains(
            "vaecf_batch_rows_bucket{model=\"debian\",signature=\"serving_default\",version=\"1\",le=\"1.0\"} ");
  }

  @Test
  void requestsThatComeTogetherAreAnsweredTogether() throws Exception {
    double before = metric("vaecf_batch_rows_count");
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      String history =
          i % 3 == 0 ? "[]" : "[\"perl\", \"" + model.items().id(i % model.itemCount()) + "\"]";
      answers.add(client.postLater(PREDICT, "{\"instances\": [" + history + "]}"));
    }
    for (int i = 0; i < 300; i++) {
      JsonNode prediction = json(answers.get(i).get().body()).at("/predictions/0");
      List<String> history =
          i % 3 == 0 ? List.of() : List.of("perl", model.items().id(i % model.itemCount()));
      assertAgree(model.recommend(history, 100), Client.list(prediction));
    }
    assertThat(metric("vaecf_batch_rows_count") - before).isLessThan(300);
  }

  private static double metric(String name) throws IOException, InterruptedException {
    return client
        .get("metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + "{"))
        .filter(line -> line.contains("signature=\"serving_default\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  @Test
  void moreThanMayWaitIsRefusedAndTheOthersAreAnswered() throws Exception {
    // Memory for all of them, however slowly they are worked off: only the queue is to be full.
    Limits one =
        new Limits(1_000_000, 200, 1_000_000, 1, 64, 1_000_000_000, Duration.ofSeconds(20));
    String heavy = "{\"signature_name\": \"score\", \"instances\": [[]" + ",[]".repeat(99) + "]}";
    try (ModelServer narrow = start(versions, one)) {
      Client many = new Client(narrow.uri());
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        answers.add(many.postLater(PREDICT, heavy));
      }
      int answered = 0;
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        if (answer.get().statusCode() == 200) {
          answered++;
        } else {
          assertRefused(answer.get(), 503, "too many requests: 1 wait already");
        }
      }
      assertThat(answered).isBetween(1, 39);
    }
  }

  @Test
  void aNewVersionTakesOverAndNoRequestIsLost() throws Exception {
    Path base = Files.createDirectory(folder.resolve("debian"));
    SampleExport.copyTo(base.resolve("1"));
    try (ServedVersions changing = open(base);
        ModelServer swapped = start(changing, Limits.defaults())) {
      Client many = new Client(swapped.uri());
      AtomicBoolean enough = new AtomicBoolean();
      List<CompletableFuture<Integer>> clients = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        clients.add(CompletableFuture.completedFuture(0).thenCompose(n -> loop(many, enough, n)));
      }
      for (int version = 2; version <= 4; version++) {
        Thread.sleep(200);
        SampleExport.copyTo(base.resolve(Integer.toString(version)));
        waitForVersion(changing, version);
        assertThat(json(many.get("v1/models/debian").body()).at("/model_version_status/0/version"))
            .hasToString("\"" + version + "\"");
      }
      enough.set(true);
      for (CompletableFuture<Integer> one : clients) {
        assertThat(one.get()).isPositive();
      }
    }
  }

  /** Asks again and again, and counts the answers; fails with the first that is none. */
  private static CompletableFuture<Integer> loop(Client client, AtomicBoolean enough, int answers) {
    if (enough.get() && answers > 0) {
      return CompletableFuture.completedFuture(answers);
    }
    return client
        .postLater(PREDICT, "{\"instances\": [[\"perl\"]]}")
        .thenCompose(
            response -> {
              assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
              return loop(client, enough, answers + 1);
            });
  }

  @Test
  void theLargestVersionIsServedByItsNumber() throws Exception {
    Path base = Files.createDirectory(folder.resolve("largest"));
    String largest = Long.toString(Long.MAX_VALUE);
    SampleExport.copyTo(base.resolve(largest));
    try (ServedVersions versions = open(base);
        ModelServer server = start(versions, LIMITS)) {
      HttpResponse<String> status =
          new Client(server.uri()).get("v1/models/debian/versions/" + largest);
      assertThat(json(status.body()).at("/model_version_status/0/version").textValue())
          .isEqualTo(largest);
    }
  }

  @Test
  void aBadVersionIsCountedAndTitlesThatComeLaterAreFound() throws Exception {
    Path base = Files.createDirectory(folder.resolve("watched"));
    SampleExport.copyTo(base.resolve("1"));
    Path titles = base.resolve("1/assets.extra/titles.csv");
    Files.delete(titles);
    try (ServedVersions versions = open(base);
        ModelServer server = start(versions, LIMITS)) {
      Client client = new Client(server.uri());
      assertThat(client.get("metrics").body())
          .contains(
              "\nvaecf_failed_loads_total{model=\"debian\"} 0.0\n",
              "\nvaecf_model_version{model=\"debian\"} 1.0\n");
      assertThat(client.get("titles?id=perl").body()).isEqualTo("{\"items\":[{\"id\":\"perl\"}]}");

      SampleExport.copyTo(base.resolve("2"));
      Files.write(base.resolve("2/assets/items.txt"), List.of("perl"));
      // It may have gone live in between, whole; then it stays.
      while (versions.failedLoads() == 0) {
        Thread.sleep(10);
      }
      assertThat(client.get("metrics").body())
          .containsPattern("\nvaecf_failed_loads_total\\{model=\"debian\"} [1-9]");
      assertThat(client.post(PREDICT, "{\"instances\": [[\"perl\"]]}").statusCode()).isEqualTo(200);

      Files.writeString(
          base.resolve(versions.version() + "/assets.extra/titles.csv"),
          "item,title\nperl,Camel\n");
      for (int i = 0; i < 1000 && !client.get("titles?query=camel").body().contains("perl"); i++) {
        Thread.sleep(10);
      }
      assertThat(client.get("titles?query=camel").body()).contains("\"title\":\"Camel\"");
    }
  }

  @Test
  void stoppingFinishesWhatIsUnderWay() throws Exception {
    ModelServer stopping = start(versions, Limits.defaults());
    Client last = new Client(stopping.uri());
    String heavy = "{\"signature_name\": \"score\", \"instances\": [[]" + ",[]".repeat(199) + "]}";
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      answers.add(last.postLater(PREDICT, heavy));
    }
    // The first answer shows that the others have arrived too.
    CompletableFuture.anyOf(answers.toArray(CompletableFuture[]::new)).get();

    stopping.close();

    for (CompletableFuture<HttpResponse<String>> answer : answers) {
      assertThat(answer.get().statusCode()).isEqualTo(200);
    }
    assertThatThrownBy(() -> last.get("livez")).isInstanceOf(IOException.class);
  }

  @Test
  void whatCannotBeServedIsRefused() {
    URI taken = server.uri();
    assertThatThrownBy(
            () ->
                ModelServer.start(
                    versions,
                    "x",
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), taken.getPort()),
                    LIMITS))
        .isInstanceOf(IOException.class);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelServer.start(versions, "a/b", new InetSocketAddress(0), LIMITS))
        .withMessageStartingWith("a model's name must not be empty");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Limits(1, 0, 1, 1, 1, 1, Duration.ofSeconds(1)))
        .withMessage("the number of rows must be positive, found 0");
  }

  @Test
  void aRequestWithManyRowsIsAnsweredWhole() throws Exception {
    ObjectNode request = Client.JSON.createObjectNode();
    ArrayNode rows = request.putObject("inputs").putArray("items");
    for (int i = 0; i < 150; i++) {
      rows.addArray().add(model.items().id(i));
    }
    JsonNode outputs = client.predict(request).get("outputs");
    for (int i = 0; i < 150; i++) {
      assertAgree(
          model.recommend(List.of(model.items().id(i)), 100),
          Client.list(outputs.get("items").get(i), outputs.get("scores").get(i)));
    }
  }
}
