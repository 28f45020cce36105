package io.github.vaecf.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.GroupStrategy;
import io.github.vaecf.core.Query;
import io.github.vaecf.core.Reason;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedSignature;
import io.github.vaecf.eval.export.ServedVersions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.proto.TensorProto;

/** One server with the same model twice: as a SavedModel and as an ONNX file. */
class OnnxServerTest {
  private static final double SAME = 1e-4;

  private static ServedVersions saved;
  private static ServedVersions onnx;
  private static ModelServer server;
  private static Client rest;
  private static GrpcClient grpc;
  private static List<String> ids;

  @BeforeAll
  static void start() throws Exception {
    saved = ServedVersions.open(SampleExport.base(), Duration.ofDays(1), System.err::println);
    onnx = ServedVersions.open(SampleExport.onnxBase(), Duration.ofDays(1), System.err::println);
    ids = saved.answer(model -> model.items().ids());
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server =
        ModelServer.builder()
            .model("saved", saved)
            .model("onnx", onnx)
            .http(address)
            .grpc(address)
            .start();
    rest = new Client(server.uri());
    grpc = new GrpcClient(server.grpcPort().getAsInt());
  }

  @AfterAll
  static void stop() {
    grpc.close();
    server.close();
    onnx.close();
    saved.close();
  }

  private static JsonNode predict(String model, JsonNode request) throws Exception {
    HttpResponse<String> response =
        rest.post("v1/models/" + model + ":predict", request.toString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return Client.JSON.readTree(response.body()).get("outputs");
  }

  /** {@code -Dvaecf.onnx=10000} says how many. */
  @Test
  void randomRequestsAreAnsweredAsBySavedModels() throws Exception {
    Random random = new Random(11);
    for (int i = 0; i < Integer.getInteger("vaecf.onnx", 120); i++) {
      ObjectNode request = request(random);
      JsonNode expected = predict("saved", request);
      JsonNode found = predict("onnx", request);
      if (expected.isArray()) { // all scores
        assertScores(request, expected, found);
        continue;
      }
      assertScores(request, expected.get("scores"), found.get("scores"));
      for (int row = 0; row < expected.get("items").size(); row++) {
        assertRanking(
            request,
            expected.get("items").get(row),
            found.get("items").get(row),
            expected.get("scores").get(row));
      }
    }
  }

  private static void assertScores(JsonNode request, JsonNode expected, JsonNode found) {
    assertThat(found).hasSameSizeAs(expected);
    for (int row = 0; row < expected.size(); row++) {
      assertThat(found.get(row)).as(request.toString()).hasSameSizeAs(expected.get(row));
      for (int place = 0; place < expected.get(row).size(); place++) {
        assertThat(found.get(row).get(place).doubleValue())
            .as(request.toString())
            .isCloseTo(expected.get(row).get(place).doubleValue(), within(SAME));
      }
    }
  }

  /** Where another item stands at a place, one of the same score stands beside it. */
  private static void assertRanking(
      JsonNode request, JsonNode expected, JsonNode found, JsonNode scores) {
    for (int place = 0; place < expected.size(); place++) {
      if (!found.get(place).equals(expected.get(place))) {
        double score = scores.get(place).doubleValue();
        boolean tied =
            place == 0
                || place + 1 == expected.size()
                || Math.abs(scores.get(place - 1).doubleValue() - score) < SAME
                || Math.abs(scores.get(place + 1).doubleValue() - score) < SAME;
        assertThat(tied).as("place " + place + " of " + request).isTrue();
      }
    }
  }

  private static ObjectNode request(Random random) {
    String signature =
        List.of(
                "serving_default",
                "recommend_excluding",
                "recommend_indices",
                "rank_indices",
                "score",
                "recommend_filtered",
                "recommend_filtered",
                "recommend_filtered")
            .get(random.nextInt(8));
    int rows = 1 + random.nextInt(3);
    ObjectNode request = Client.JSON.createObjectNode().put("signature_name", signature);
    ObjectNode inputs = request.putObject("inputs");
    if (signature.endsWith("indices")) {
      fill(inputs.putArray("items"), rows, random.nextInt(20), random, true);
    } else {
      fill(inputs.putArray("items"), rows, random.nextInt(20), random, false);
    }
    if (signature.equals("recommend_excluding") || signature.equals("recommend_filtered")) {
      fill(inputs.putArray("exclude"), rows, random.nextInt(200), random, false);
    }
    if (signature.equals("recommend_filtered")) {
      fill(
          inputs.putArray("allow"),
          rows,
          random.nextBoolean() ? 0 : random.nextInt(300),
          random,
          false);
      numbers(inputs.putArray("offset"), rows, 0, 30, random);
      numbers(inputs.putArray("with_history"), rows, 0, 2, random);
    }
    if (signature.equals("recommend_filtered") || signature.equals("rank_indices")) {
      numbers(inputs.putArray("k"), rows, 1, random.nextInt(9) == 0 ? 5000 : 20, random);
    }
    return request;
  }

  private static void fill(ArrayNode column, int rows, int width, Random random, boolean indices) {
    for (int row = 0; row < rows; row++) {
      ArrayNode values = column.addArray();
      for (int i = 0; i < width; i++) {
        int item = random.nextInt(ids.size() + 40) - 20;
        boolean known = item >= 0 && item < ids.size();
        if (indices) {
          values.add(item);
        } else {
          values.add(known ? ids.get(item) : item < 0 ? "" : "no such item");
        }
      }
    }
  }

  private static void numbers(ArrayNode column, int rows, int from, int to, Random random) {
    for (int row = 0; row < rows; row++) {
      column.add(random.nextInt(from, to));
    }
  }

  /** All signatures; {@code -Dvaecf.onnx=10000} says how many requests. */
  @Test
  void grpcAnswersAsRestDoesToTheLastBit() throws Exception {
    List<ServedSignature> signatures =
        onnx.answer(model -> List.copyOf(model.signatures().values()));
    IdIndex items = IdIndex.of(ids);
    Random random = new Random(4);
    for (int i = 0; i < Integer.getInteger("vaecf.onnx", 60); i++) {
      RandomRequest request =
          RandomRequest.of(signatures.get(i % signatures.size()), items, random);
      Map<String, TensorProto> outputs =
          GrpcClient.outputs(
              grpc.call(
                  GrpcClient.PREDICT,
                  grpc.predictRequest("onnx", null, request.signature(), request.inputs())));
      GrpcServerTest.assertSame(request.json(), predict("onnx", request.json()), outputs);
    }
  }

  /** By REST, what the library is asked in process, of both forms. */
  @Test
  void groupsAndReasonsAreAnsweredByRestAsInProcess() throws Exception {
    List<String> perl = List.of("perl", "libwww-perl");
    Query query =
        Query.builder()
            .group(List.of(perl, List.of("python3-flask")), GroupStrategy.LEAST_MISERY)
            .k(5)
            .build();
    for (ServedVersions versions : List.of(saved, onnx)) {
      JsonNode answer =
          predict(
              versions == saved ? "saved" : "onnx",
              Client.JSON.readTree(
                  """
                  {"signature_name": "recommend_group", "inputs": {
                    "items": [["perl", "libwww-perl", "python3-flask"]], "person": [[0, 0, 1]],
                    "least_misery": [1], "exclude": [[]], "allow": [[]], "k": [5]}}
                  """));
      List<Recommendation> expected = versions.answer(model -> model.recommend(query));
      for (int place = 0; place < 5; place++) {
        assertThat(answer.get("items").get(0).get(place).asText())
            .isEqualTo(expected.get(place).item());
        assertThat(answer.get("scores").get(0).get(place).floatValue())
            .isEqualTo(expected.get(place).score());
      }
      JsonNode why =
          predict(
              versions == saved ? "saved" : "onnx",
              Client.JSON.readTree(
                  """
                  {"signature_name": "because", "inputs": {
                    "item": ["liburi-perl"], "items": [["libwww-perl", "nothing", "perl"]]}}
                  """));
      List<Reason> reasons =
          versions.answer(model -> model.because(perl, List.of("liburi-perl")).get(0));
      Map<String, Double> byItem = new HashMap<>();
      reasons.forEach(reason -> byItem.put(reason.item(), (double) reason.contribution()));
      assertThat(why.get(0).get(0).doubleValue())
          .isCloseTo(byItem.get("libwww-perl"), within(1e-6))
          .isGreaterThan(why.get(0).get(2).doubleValue());
      assertThat(why.get(0).get(1).doubleValue()).isZero();
    }
  }

  @Test
  void moreHistoriesThanAServerScoresAtATimeAreRefused() throws Exception {
    ObjectNode request = Client.JSON.createObjectNode().put("signature_name", "because");
    ObjectNode inputs = request.putObject("inputs");
    ArrayNode item = inputs.putArray("item");
    for (int row = 0; row < 20; row++) {
      item.add("perl");
    }
    fill(inputs.putArray("items"), 20, 60, new Random(3), false);
    HttpResponse<String> response = rest.post("v1/models/onnx:predict", request.toString());
    assertThat(response.statusCode()).isEqualTo(413);
    assertThat(response.body()).contains("1220 histories are more than the 1000");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'signature_name': 'encode', 'inputs': {'items': [['perl', 'none'], ['', 'libwww-perl']]}}",
        "{'signature_name': 'similar_items', 'inputs': {'item': ['perl', 'none', 'libwww-perl']}}",
        "{'signature_name': 'similarity',"
            + " 'inputs': {'item': ['perl', 'none'], 'items': [['perl', 'libc6'], ['libc6', '']]}}"
      })
  void latentVectorsAndCosinesAreThoseOfTheSavedModel(String quoted) throws Exception {
    JsonNode request = Client.JSON.readTree(quoted.replace('\'', '"'));
    assertNear(predict("saved", request), predict("onnx", request));
  }

  @Test
  void whatIsEncodedIsDecodedToTheScores() throws Exception {
    ObjectNode request = Client.JSON.createObjectNode();
    request.putObject("inputs").putArray("items").addArray().add("perl").add("libwww-perl");
    JsonNode scores = predict("onnx", request.put("signature_name", "score"));
    JsonNode latent = predict("onnx", request.put("signature_name", "encode"));
    ObjectNode decode = Client.JSON.createObjectNode().put("signature_name", "decode");
    decode.putObject("inputs").set("latent", latent);
    JsonNode decoded = predict("onnx", decode);
    assertNear(scores, decoded);
    assertNear(predict("saved", decode), decoded);
  }

  /** Numbers that differ by no more than rounding, and the same text. */
  private static void assertNear(JsonNode expected, JsonNode found) {
    if (expected.isContainerNode()) {
      assertThat(found).hasSameSizeAs(expected);
      Iterator<JsonNode> others = found.iterator();
      expected.forEach(one -> assertNear(one, others.next()));
    } else if (expected.isNumber()) {
      assertThat(found.doubleValue()).isCloseTo(expected.doubleValue(), within(1e-5));
    } else {
      assertThat(found).isEqualTo(expected);
    }
  }

  @Test
  void thePageFindsTitles() throws Exception {
    String body = rest.get("titles?query=perl&limit=3&model=onnx").body();
    assertThat(body).contains("title").isEqualTo(rest.get("titles?query=perl&limit=3").body());
  }
}
