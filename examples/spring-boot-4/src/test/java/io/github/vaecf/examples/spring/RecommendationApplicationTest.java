package io.github.vaecf.examples.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.RankingAgreement;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.spring.RecommendationService;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** The application over HTTP, run on each version of Spring Boot that the starter is for. */
@ExtendWith(OutputCaptureExtension.class)
class RecommendationApplicationTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int CLIENTS = 3;
  private static final String QUESTION;

  static {
    QUESTION =
        JSON.createObjectNode()
            .put("k", TwoVersions.K)
            .set("items", JSON.valueToTree(TwoVersions.HISTORY))
            .toString();
  }

  private static TwoVersions versions;

  @TempDir Path folder;

  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeAll
  static void export() {
    versions = TwoVersions.make();
  }

  /** The class path is made by Maven: this says that it is the one that was meant. */
  @Test
  void theVersionOfSpringBootIsTheOneThatThisModuleIsFor() {
    assertThat(Path.of("").toAbsolutePath().getFileName().toString())
        .isEqualTo("spring-boot-" + SpringBootVersion.getVersion().charAt(0));
  }

  @Test
  void answersGoOverToTheNextVersionUnderLoadWithoutALostRequest() throws Exception {
    Path base = Files.createDirectory(folder.resolve("model"));
    TwoVersions.copy(versions.base(), base);
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    AtomicBoolean stop = new AtomicBoolean();
    try (ConfigurableApplicationContext application = start("--vaecf.model=" + base)) {
      String before = ask(application);
      assertThat(disagreement(versions.first(), before)).isEmpty();
      assertThat(health(application)).isEqualTo(Map.of("version", 1, "failedLoads", 0));

      List<Future<List<String>>> clients = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        clients.add(
            threads.submit(
                () -> {
                  List<String> answers = new ArrayList<>();
                  do {
                    answers.add(ask(application));
                  } while (!stop.get());
                  answers.add(ask(application));
                  return answers;
                }));
      }
      versions.bringSecondTo(base);
      RecommendationService service = application.getBean(RecommendationService.class);
      for (int i = 0; i < 1000 && service.version() != 2; i++) {
        Thread.sleep(10);
      }
      String after = ask(application);
      assertThat(disagreement(versions.second(), after)).isEmpty();
      assertThat(after).isNotEqualTo(before);
      stop.set(true);

      int asked = 2;
      for (Future<List<String>> client : clients) {
        List<String> answers = client.get(10, TimeUnit.SECONDS);
        asked += answers.size();
        int change = answers.indexOf(after);
        assertThat(change).as("the change, in the midst of the answers").isPositive();
        assertThat(answers.subList(0, change)).containsOnly(before);
        assertThat(answers.subList(change, answers.size())).containsOnly(after);
      }
      assertThat(health(application)).isEqualTo(Map.of("version", 2, "failedLoads", 0));
      assertThat(metric(application, "vaecf.requests?tag=method:recommend&tag=exception:none"))
          .as("no request failed")
          .isEqualTo(asked)
          .isEqualTo(metric(application, "vaecf.requests"));
      assertThat(metric(application, "vaecf.model.version")).isEqualTo(2);
      assertThat(metric(application, "vaecf.failed.loads")).isZero();
    } finally {
      stop.set(true);
      threads.shutdown();
    }
  }

  @Test
  void aMistakeOfTheCallersIsSaidAndCounted() throws Exception {
    try (ConfigurableApplicationContext application = start()) {
      HttpResponse<String> answer = post(application, "{\"items\": [], \"k\": 0}");
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body()).contains("k must be at least 1, found 0");
      assertThat(JSON.readTree(post(application, "{}").body())).as("somebody new").hasSize(10);
      assertThat(
              metric(
                  application,
                  "vaecf.requests?tag=method:recommend&tag=exception:IllegalArgumentException"))
          .isEqualTo(1);
    }
  }

  @Test
  void onceTheApplicationHasEndedTheModelIsClosed() {
    RecommendationService service;
    try (ConfigurableApplicationContext application = start()) {
      service = application.getBean(RecommendationService.class);
      assertThat(service.recommend(List.of(), 3)).hasSize(3);
    }
    assertThatThrownBy(() -> service.recommend(List.of(), 3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void aFolderWithoutAModelEndsTheStartWithASentenceAndWhatToDo(CapturedOutput output) {
    Path empty = folder.resolve("nothing here");
    assertThatThrownBy(() -> start("--vaecf.model=" + empty)).isNotNull();
    assertThat(output)
        .contains("APPLICATION FAILED TO START")
        .contains("vaecf.model cannot be used: " + empty + ": expected a folder with exported")
        .contains("Name the base folder of an exported model");
  }

  @Test
  void aTimeThatIsNoneEndsTheStartToo(CapturedOutput output) {
    assertThatThrownBy(() -> start("--vaecf.refresh=0s")).isNotNull();
    assertThat(output).contains("vaecf.refresh cannot be used").contains("found PT0S");
  }

  private static ConfigurableApplicationContext start(String... arguments) {
    return new SpringApplicationBuilder(RecommendationApplication.class)
        .properties(
            "server.port=0",
            "vaecf.model=" + versions.base(),
            "vaecf.refresh=100ms",
            "management.endpoints.web.exposure.include=health,metrics",
            "management.endpoint.health.show-details=always")
        .run(arguments);
  }

  /** The answer to the one question; whatever is none fails the test. */
  private String ask(ConfigurableApplicationContext application) throws Exception {
    HttpResponse<String> answer = post(application, QUESTION);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }

  private HttpResponse<String> post(ConfigurableApplicationContext application, String body)
      throws Exception {
    return http.send(
        HttpRequest.newBuilder(uri(application, "recommendations"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  private static URI uri(ConfigurableApplicationContext application, String path) {
    String port = application.getEnvironment().getProperty("local.server.port");
    return URI.create("http://127.0.0.1:" + port + "/" + path);
  }

  private JsonNode get(ConfigurableApplicationContext application, String path) throws Exception {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(uri(application, "actuator/" + path)).build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  private Map<?, ?> health(ConfigurableApplicationContext application) throws Exception {
    JsonNode health = get(application, "health").path("components").path("vaecf");
    assertThat(health.path("status").asText()).isEqualTo("UP");
    return JSON.convertValue(health.path("details"), Map.class);
  }

  /** Of a timer the number of calls. */
  private double metric(ConfigurableApplicationContext application, String name) throws Exception {
    return get(application, "metrics/" + name)
        .path("measurements")
        .path(0)
        .path("value")
        .asDouble();
  }

  private static Optional<String> disagreement(List<Recommendation> expected, String answer)
      throws IOException {
    return RankingAgreement.ACROSS_RUNTIMES.difference(
        expected,
        StreamSupport.stream(JSON.readTree(answer).spliterator(), false)
            .map(
                item ->
                    new Recommendation(item.path("id").asText(), item.path("score").floatValue()))
            .toList());
  }
}
