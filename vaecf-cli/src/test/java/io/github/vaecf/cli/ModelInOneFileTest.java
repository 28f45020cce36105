package io.github.vaecf.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.model.Autoencoder;
import io.github.vaecf.core.model.GradientModel;
import io.github.vaecf.core.model.Layers;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Objective;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingGraph;
import io.github.vaecf.core.model.TrainingSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A model that exists in this file alone goes the whole way: its class and one line in a service
 * file, which the test puts on the class path, are all that is added.
 */
class ModelInOneFileTest {
  /** A linear autoencoder with one bottleneck and a squared loss. */
  public static final class Bottleneck implements Autoencoder, GradientModel {
    private static final Setting<Integer> WIDTH =
        Setting.integer("bottleneck", 1, 16, "Width of the bottleneck.");

    @Override
    public String name() {
      return "linear";
    }

    @Override
    public String title() {
      return "Linear autoencoder";
    }

    @Override
    public String summary() {
      return "one bottleneck, no activation, squared loss";
    }

    @Override
    public List<Setting<?>> settings() {
      List<Setting<?>> settings = new ArrayList<>(TrainingSettings.all());
      settings.add(WIDTH);
      return settings;
    }

    @Override
    public int latentWidth(Settings settings) {
      return settings.get(WIDTH);
    }

    @Override
    public <T> T encode(Settings settings, Layers<T> layers) {
      return layers.history("in", settings.get(WIDTH));
    }

    @Override
    public <T> T decode(Settings settings, Layers<T> layers, T latent) {
      return layers.items("out", latent);
    }

    @Override
    public Objective objective(Settings settings, TrainingGraph graph) {
      return Objective.squared(scores(settings, graph.layers(graph.history())));
    }
  }

  private static final Path RATINGS =
      Path.of("../vaecf-data/src/test/resources/golden/split/ratings.csv");
  private static final int EPOCHS = 60;

  @TempDir static Path folder;

  @BeforeAll
  static void trainOnceWithoutABreak() throws Exception {
    Path services = folder.resolve("classes/META-INF/services");
    Files.createDirectories(services);
    Files.writeString(services.resolve(Model.class.getName()), Bottleneck.class.getName() + "\n");
    run("prepare", "--format=csv", "--input", RATINGS, "--heldout-users=60", "--out", path("data"));
    run(training("whole").toArray());
  }

  private static List<Object> training(String run) {
    return List.of(
        "train",
        "--data",
        path("data"),
        "--model=linear",
        "--bottleneck=8",
        "--epochs=" + EPOCHS,
        "--batch-size=5",
        "--checkpoint-epochs=1",
        "--out",
        path(run));
  }

  private static Path path(String name) {
    return folder.resolve(name);
  }

  private static Process start(Object... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.add("-cp");
    command.add(
        folder.resolve("classes")
            + System.getProperty("path.separator")
            + System.getProperty("java.class.path"));
    command.add(Vaecf.class.getName());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return new ProcessBuilder(command).redirectError(path("err").toFile()).start();
  }

  private static String run(Object... arguments) throws Exception {
    Process process = start(arguments);
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(path("err"))).isZero();
    return said;
  }

  @Test
  void killedAndResumedItIsTheSameToTheByte() throws Exception {
    Process process = start(training("killed").toArray());
    Path metrics = path("killed").resolve("metrics.csv");
    while (process.isAlive() && (!Files.exists(metrics) || rows(metrics) < 5)) {
      Thread.sleep(2);
    }
    process.destroyForcibly().waitFor();
    assertThat(rows(metrics)).as("killed before its end").isLessThan(EPOCHS);
    List<Object> again = new ArrayList<>(training("killed"));
    again.add("--resume");
    run(again.toArray());
    assertThat(Files.mismatch(weights("killed"), weights("whole"))).isEqualTo(-1);
  }

  private static int rows(Path metrics) throws IOException {
    return Files.readAllLines(metrics).size() - 1;
  }

  private static Path weights(String run) {
    return path(run).resolve("model.safetensors");
  }

  @Test
  void itIsMeasuredExportedReloadedAndServedLikeAnyModel() throws Exception {
    Path version = path("models/linear/1");
    Path onnx = path("linear.onnx");
    run("export", "--run", path("whole"), "--out", version);
    run("export", "--run", path("whole"), "--out", onnx, "--format=onnx");
    double expected = ndcg(path("whole"));
    assertThat(expected).isBetween(0.05, 1.0);
    assertThat(ndcg(version)).isCloseTo(expected, within(1e-4));
    assertThat(ndcg(onnx)).isCloseTo(expected, within(1e-4));

    String liked = Files.readAllLines(path("data/unique_sid.txt")).get(3);
    Process server = start("serve", "--model", path("models/linear"), "--port=0");
    try (BufferedReader out = server.inputReader()) {
      String started = out.readLine();
      URI uri = URI.create(started.replaceAll(".* at (\\S+) .*", "$1"));
      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(uri.resolve("v1/models/linear:predict"))
                      .POST(
                          HttpRequest.BodyPublishers.ofString(
                              "{\"instances\": [[\"" + liked + "\"]]}"))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      JsonNode items = new ObjectMapper().readTree(answer.body()).at("/predictions/0/items");
      String best = run("recommend", "--model", path("whole"), "--items", liked, "-k", 1);
      assertThat(best.lines().toList().get(1)).startsWith(items.get(0).asText() + " ");
    } finally {
      server.destroyForcibly().waitFor();
    }
  }

  private static double ndcg(Path model) throws Exception {
    Path json = path("evaluation.json");
    run("evaluate", "--data", path("data"), "--model", model, "--json", json);
    return new ObjectMapper().readTree(json.toFile()).at("/metrics/ndcg@100/mean").asDouble();
  }

  @Test
  void searchFindsItAndItsSettings() throws Exception {
    String said =
        run(
            "search",
            "--data",
            path("data"),
            "--model=linear",
            "--epochs=2",
            "--try",
            "bottleneck=4,8",
            "--out",
            path("search"));
    assertThat(said).contains("Best of 2 trials: bottleneck=");
    assertThat(run("train", "--help"))
        .contains("--bottleneck=N", "Width of the bottleneck (linear).");
  }
}
