package io.github.vaecf.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.eval.export.ServedVersions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
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

  @Test
  void grpcAnswersAsRestDoesToTheLastBit() throws Exception {
    Random random = new Random(4);
    for (int i = 0; i < 40; i++) {
      int width = 1 + random.nextInt(9);
      ObjectNode request = Client.JSON.createObjectNode();
      fill(request.putObject("inputs").putArray("items"), 2, width, random, false);
      List<String> history = new ArrayList<>();
      request
          .path("inputs")
          .path("items")
          .forEach(row -> row.forEach(id -> history.add(id.asText())));
      Map<String, TensorProto> inputs = Map.of("items", GrpcClient.strings(history, 2, width));
      Map<String, TensorProto> outputs =
          GrpcClient.outputs(
              grpc.call(
                  GrpcClient.PREDICT,
                  grpc.predictRequest("onnx", null, "serving_default", inputs)));
      JsonNode expected = predict("onnx", request);
      for (int place = 0; place < 200; place++) {
        assertThat(outputs.get("items").getStringVal(place).toStringUtf8())
            .isEqualTo(expected.get("items").get(place / 100).get(place % 100).asText());
        assertThat(outputs.get("scores").getFloatVal(place))
            .isEqualTo(expected.get("scores").get(place / 100).get(place % 100).floatValue());
      }
    }
  }

  @Test
  void whatTheFileCannotAnswerIsRefusedWithWhatItCan() throws Exception {
    HttpResponse<String> response =
        rest.post(
            "v1/models/onnx:predict",
            "{\"signature_name\": \"encode\", \"instances\": [{\"items\": [\"a\"]}]}");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("encode").contains("recommend_filtered");
  }

  @Test
  void thePageFindsTitles() throws Exception {
    String body = rest.get("titles?query=perl&limit=3&model=onnx").body();
    assertThat(body).contains("title").isEqualTo(rest.get("titles?query=perl&limit=3").body());
  }
}
