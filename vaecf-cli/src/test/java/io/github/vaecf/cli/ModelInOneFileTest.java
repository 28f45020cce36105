package io.github.vaecf.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
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
import java.io.PrintWriter;
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

    /** Where it is asked to, a training halts in the middle, so that it can be killed there. */
    @Override
    public int phase(Settings settings, int epoch) {
      if (epoch == Integer.getInteger(HALT, -1)) {
        try {
          Thread.sleep(Long.MAX_VALUE);
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      return 0;
    }

    @Override
    public Objective objective(Settings settings, TrainingGraph graph) {
      return Objective.squared(scores(settings, graph.layers(graph.history())));
    }
  }

  /** Runs several commands, each after the word {@link #THEN}, until one fails. */
  static final class Commands {
    private Commands() {}

    public static void main(String[] arguments) {
      PrintWriter out = new PrintWriter(System.out, true, UTF_8);
      PrintWriter err = new PrintWriter(System.err, true, UTF_8);
      List<String> left = List.of(arguments);
      int status = 0;
      while (status == 0 && !left.isEmpty()) {
        List<String> rest = left.subList(1, left.size());
        int end = rest.contains(THEN) ? rest.indexOf(THEN) : rest.size();
        status = Vaecf.run(out, err, rest.subList(0, end).toArray(String[]::new));
        left = rest.subList(end, rest.size());
      }
      Interruption.settle();
      System.exit(status);
    }
  }

  private static final String THEN = "then";
  private static final String HALT = "vaecf.test.halt";
  private static final Path RATINGS =
      Path.of("../vaecf-data/src/test/resources/golden/split/ratings.csv");
  private static final int EPOCHS = 20;

  private static final int TOP = 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder;

  @BeforeAll
  static void trainOnceWithoutABreak() throws Exception {
    Path services = folder.resolve("classes/META-INF/services");
    Files.createDirectories(services);
    Files.writeString(services.resolve(Model.class.getName()), Bottleneck.class.getName() + "\n");
    run(
        List.of(
            List.of(
                "prepare",
                "--format=csv",
                "--input",
                RATINGS,
                "--heldout-users=60",
                "--out",
                path("data")),
            training("whole")));
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

  private static Process start(List<String> options, List<List<Object>> commands)
      throws IOException {
    List<String> line = new ArrayList<>();
    line.add(ProcessHandle.current().info().command().orElseThrow());
    line.addAll(options);
    line.add("-cp");
    line.add(
        folder.resolve("classes")
            + System.getProperty("path.separator")
            + System.getProperty("java.class.path"));
    line.add(Commands.class.getName());
    for (List<Object> command : commands) {
      line.add(THEN);
      command.forEach(argument -> line.add(argument.toString()));
    }
    return new ProcessBuilder(line).redirectError(path("err").toFile()).start();
  }

  /** Runs commands one after the other in one JVM of its own. */
  private static String run(List<List<Object>> commands) throws Exception {
    Process process = start(List.of(), commands);
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(path("err"))).isZero();
    return said;
  }

  @Test
  void killedAndResumedItIsTheSameToTheByte() throws Exception {
    int halt = EPOCHS - 5;
    Process process = start(List.of("-D" + HALT + "=" + halt), List.of(training("killed")));
    Path metrics = path("killed").resolve("metrics.csv");
    try {
      while (process.isAlive() && (!Files.exists(metrics) || rows(metrics) < 5)) {
        Thread.sleep(2);
      }
      assertThat(process.isAlive()).as(Files.readString(path("err"))).isTrue();
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThat(rows(metrics)).as("killed before its end").isBetween(5, halt);
    List<Object> again = new ArrayList<>(training("killed"));
    again.add("--resume");
    run(List.of(again));
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
    Path comparison = path("comparison.json");
    Path list = path("list.json");
    Path run = path("whole");
    String liked = Files.readAllLines(path("data/unique_sid.txt")).get(3);
    run(
        List.of(
            List.of("export", "--run", run, "--out", version),
            List.of("export", "--run", run, "--out", onnx, "--format=onnx"),
            List.of(
                "compare",
                "--data",
                path("data"),
                "--model",
                run,
                version,
                onnx,
                "--json",
                comparison),
            List.of("recommend", "--model", run, "--items", liked, "-k", TOP, "--json", list)));
    List<Double> ndcg = new ArrayList<>();
    for (JsonNode model : JSON.readTree(comparison.toFile()).get("models")) {
      ndcg.add(model.at("/ndcg@100/mean").asDouble());
    }
    assertThat(ndcg).hasSize(3);
    assertThat(ndcg.get(0)).isBetween(0.05, 1.0);
    // Two items with nearly equal scores may change places.
    assertThat(ndcg).allSatisfy(one -> assertThat(one).isCloseTo(ndcg.get(0), within(1e-4)));

    List<Recommendation> expected = new ArrayList<>();
    for (JsonNode one : JSON.readTree(list.toFile()).get("recommendations")) {
      expected.add(new Recommendation(one.get("item").textValue(), one.get("score").floatValue()));
    }
    Process server =
        start(List.of(), List.of(List.of("serve", "--model", path("models/linear"), "--port=0")));
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
      JsonNode prediction = JSON.readTree(answer.body()).at("/predictions/0");
      List<Recommendation> found = new ArrayList<>();
      for (int rank = 0; rank < TOP; rank++) {
        found.add(
            new Recommendation(
                prediction.at("/items/" + rank).textValue(),
                prediction.at("/scores/" + rank).floatValue()));
      }
      assertThat(expected).hasSize(TOP);
      assertThat(RankingAgreement.ACROSS_RUNTIMES.difference(expected, found)).isEmpty();
    } finally {
      server.destroyForcibly().waitFor();
    }
  }

  @Test
  void searchFindsItAndItsSettings() throws Exception {
    String said =
        run(
            List.of(
                List.of(
                    "search",
                    "--data",
                    path("data"),
                    "--model=linear",
                    "--epochs=2",
                    "--try",
                    "bottleneck=4,8",
                    "--out",
                    path("search")),
                List.of("train", "--help")));
    assertThat(said)
        .contains("Best of 2 trials: bottleneck=")
        .contains("--bottleneck=N", "Width of the bottleneck (linear).");
  }
}
