package io.github.vaecf.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.export.OnnxExporter;
import io.github.vaecf.eval.export.SavedModelExporter;
import io.github.vaecf.eval.export.ServedModel;
import io.github.vaecf.eval.export.ServedVersions;
import io.github.vaecf.server.Limits;
import io.github.vaecf.server.ModelServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The bundled sample's model, exported, answers like the model that was trained: all test users on
 * every runtime, and what is at the edge.
 */
class SampleOnEveryRuntimeTest {
  private static final int TOP = 100;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir static Path folder;
  private static final Map<String, ServingRuntime> RUNTIMES = new LinkedHashMap<>();
  private static final List<List<String>> HISTORIES = new ArrayList<>();
  private static final List<List<Recommendation>> EXPECTED = new ArrayList<>();
  private static TrainedModel trained;
  private static IdIndex items;
  private static ServedModel savedModel;
  private static ServedModel onnx;
  private static ServedVersions versions;
  private static ModelServer server;
  private static ServedVersions wholeVersions;
  private static ModelServer wholeServer;

  /** Recommends to many users at once. */
  private interface ServingRuntime {
    List<List<Recommendation>> recommendAll(List<List<String>> histories, int k) throws Exception;

    default List<Recommendation> recommend(List<String> history, int k) throws Exception {
      return recommendAll(List.of(history), k).get(0);
    }
  }

  @BeforeAll
  static void exportAndServe() throws IOException {
    trained = TrainedModel.load(SampleRun.run());
    items = trained.items();
    OnnxExporter.export(trained, folder.resolve("debian.onnx"));
    savedModel = ServedModel.load(SampleRun.export());
    onnx = ServedModel.load(folder.resolve("debian.onnx"));
    versions = ServedVersions.open(SampleRun.export(), Duration.ofDays(1), System.err::println);
    server = serve(versions);
    // How long a server's rankings are is fixed at export: here longer than the catalogue.
    Path whole = folder.resolve("debian");
    SavedModelExporter.builder().topK(1_000_000).export(trained, whole.resolve("1"));
    wholeVersions = ServedVersions.open(whole, Duration.ofDays(1), System.err::println);
    wholeServer = serve(wholeVersions);
    RUNTIMES.put("SavedModel", savedModel::recommendAll);
    RUNTIMES.put("ONNX", onnx::recommendAll);
    RUNTIMES.put("server", SampleOnEveryRuntimeTest::askServer);
    CsrMatrix users = PreparedFolder.read(SampleRun.data()).test().foldIn();
    for (int user = 0; user < users.rows(); user++) {
      HISTORIES.add(users.row(user).intStream().mapToObj(items::id).toList());
    }
    EXPECTED.addAll(trained.recommendAll(HISTORIES, TOP));
  }

  private static ModelServer serve(ServedVersions versions) throws IOException {
    return ModelServer.start(
        versions,
        "debian",
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        Limits.defaults());
  }

  @AfterAll
  static void close() {
    server.close();
    versions.close();
    wholeServer.close();
    wholeVersions.close();
    onnx.close();
    savedModel.close();
    trained.close();
  }

  /** By rows, as TensorFlow Serving wants them: filled up to one length. */
  private static List<List<Recommendation>> askServer(List<List<String>> histories, int k)
      throws Exception {
    URI uri = (k <= TOP ? server : wholeServer).uri();
    List<List<Recommendation>> lists = new ArrayList<>();
    for (int from = 0; from < histories.size(); from += TOP) {
      List<List<String>> some = histories.subList(from, Math.min(from + TOP, histories.size()));
      int longest = some.stream().mapToInt(List::size).max().orElseThrow();
      ObjectNode request = JSON.createObjectNode();
      ArrayNode instances = request.putArray("instances");
      for (List<String> history : some) {
        ArrayNode row = instances.addObject().putArray("items");
        history.forEach(row::add);
        while (row.size() < longest) {
          row.add("");
        }
      }
      for (JsonNode prediction : predict(uri, request).get("predictions")) {
        List<Recommendation> list = new ArrayList<>();
        for (int rank = 0; rank < Math.min(k, prediction.get("items").size()); rank++) {
          String item = prediction.get("items").get(rank).textValue();
          if (!item.isEmpty()) {
            list.add(new Recommendation(item, prediction.get("scores").get(rank).floatValue()));
          }
        }
        lists.add(list);
      }
    }
    return lists;
  }

  private static JsonNode predict(URI uri, ObjectNode request) throws Exception {
    HttpResponse<String> answer =
        HTTP.send(
            HttpRequest.newBuilder(uri.resolve("v1/models/debian:predict"))
                .POST(HttpRequest.BodyPublishers.ofString(request.toString(), UTF_8))
                .build(),
            HttpResponse.BodyHandlers.ofString(UTF_8));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  @ParameterizedTest
  @ValueSource(strings = {"SavedModel", "ONNX", "server"})
  void allTestUsersGetTheTrainedModelsTopHundred(String runtime) throws Exception {
    List<List<Recommendation>> answers = RUNTIMES.get(runtime).recommendAll(HISTORIES, TOP);

    assertThat(answers).hasSize(1500);
    for (int user = 0; user < HISTORIES.size(); user++) {
      assertThat(answers.get(user)).hasSize(TOP);
      assertSame(answers.get(user), EXPECTED.get(user));
    }
  }

  /** The same scores, and the same items but where scores are nearly equal. */
  private static void assertSame(List<Recommendation> found, List<Recommendation> expected) {
    assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(expected, found)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"SavedModel", "ONNX", "server"})
  void nothingKnownGetsWhatTheModelThinksOfNobodyInParticular(String runtime) throws Exception {
    List<Recommendation> cold = RUNTIMES.get(runtime).recommend(List.of(), 20);

    assertThat(cold).hasSize(20);
    assertSame(cold, trained.recommend(List.of(), 20));
    assertSame(RUNTIMES.get(runtime).recommend(List.of("no such", "", "nor this"), 20), cold);
  }

  @ParameterizedTest
  @ValueSource(strings = {"SavedModel", "ONNX", "server"})
  void orderRepetitionAndUnknownItemsChangeNothing(String runtime) throws Exception {
    List<String> history = new ArrayList<>(items.ids().subList(100, 140));
    List<Recommendation> plain = RUNTIMES.get(runtime).recommend(history, 50);

    history.addAll(history.subList(10, 30));
    history.addAll(List.of("", "no such package", "-1"));
    Collections.shuffle(history, new Random(3));

    assertThat(plain).hasSize(50);
    assertSame(RUNTIMES.get(runtime).recommend(history, 50), plain);
  }

  @ParameterizedTest
  @ValueSource(strings = {"SavedModel", "ONNX", "server"})
  void tenThousandItemsAreAnswered(String runtime) throws Exception {
    List<String> history = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      history.add(i % 2 == 0 ? items.id(i % 3000) : "unknown-" + i);
    }

    List<Recommendation> best = RUNTIMES.get(runtime).recommend(history, 30);

    assertThat(best).hasSize(30);
    assertSame(best, trained.recommend(history, 30));
  }

  @ParameterizedTest
  @ValueSource(strings = {"SavedModel", "ONNX", "server"})
  void moreThanThereIsGivesAllThatIsLeft(String runtime) throws Exception {
    List<String> history = items.ids().subList(0, 50);

    List<Recommendation> all = RUNTIMES.get(runtime).recommend(history, 1_000_000);

    assertThat(all.stream().map(Recommendation::item))
        .containsExactlyInAnyOrderElementsOf(items.ids().subList(50, items.size()));
    assertThat(RUNTIMES.get(runtime).recommend(items.ids(), 10)).isEmpty();
  }
}
