package io.github.vaecf.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.eval.export.ServedVersions;
import io.grpc.Status.Code;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.proto.TensorProto;

/** Several models in one server, and several versions of a model: by number and by label. */
class SeveralModelsTest {
  private static final Map<String, TensorProto> PERL =
      Map.of("items", GrpcClient.strings(List.of("perl"), 1, 1));

  @TempDir Path folder;
  private Path base;
  private final List<String> said = new CopyOnWriteArrayList<>();

  @BeforeEach
  void exportTwoVersions() throws IOException {
    base = Files.createDirectory(folder.resolve("debian"));
    SampleExport.copyTo(base.resolve("1"));
    SampleExport.copyTo(base.resolve("2"));
  }

  private ServedVersions open(Set<Long> only, Map<String, Long> labels) {
    return ServedVersions.open(base, Duration.ofMillis(20), said::add, only, labels);
  }

  private static ModelServer start(Map<String, ServedVersions> models) throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ModelServer.Builder builder = ModelServer.builder().http(address).grpc(address);
    models.forEach(builder::model);
    return builder.start();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      Thread.sleep(5);
    }
  }

  /** The version that answers at a place. */
  private static String version(Client client, String place) throws Exception {
    HttpResponse<String> response = client.get("v1/models/" + place + "/metadata");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return Client.JSON.readTree(response.body()).at("/model_spec/version").textValue();
  }

  private static void assertMissing(Client client, String place, String sentence) throws Exception {
    HttpResponse<String> response =
        client.post("v1/models/" + place + ":predict", "{\"instances\": [[\"perl\"]]}");
    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(Client.JSON.readTree(response.body()).get("error").textValue()).isEqualTo(sentence);
  }

  @Test
  void modelsAreServedByTheirNamesAndCanBeReplaced() throws Exception {
    try (ServedVersions one = open(Set.of(), Map.of());
        ServedVersions other = open(Set.of(1L), Map.of());
        ModelServer server = start(Map.of("one", one));
        GrpcClient grpc = new GrpcClient(server.grpcPort().getAsInt())) {
      Client client = new Client(server.uri());
      assertMissing(client, "other", "there is no model \"other\" here, only \"one\"");

      server.serve(Map.of("one", one, "other", other));
      assertThat(version(client, "one")).isEqualTo("2");
      assertThat(version(client, "other")).isEqualTo("1");
      assertThat(client.get("metrics").body())
          .contains(
              "\nvaecf_model_version{model=\"one\"} 2.0\n",
              "\nvaecf_model_version{model=\"other\"} 1.0\n");
      assertThat(client.get("titles?id=perl&model=other").statusCode()).isEqualTo(200);
      assertThat(client.get("?model=other").body()).contains("data-model=\"other\"");
      assertThat(client.get("titles?id=perl&model=third").statusCode()).isEqualTo(404);
      assertThat(grpc.call(GrpcClient.PREDICT, grpc.predictRequest("other", null, "", PERL)))
          .isNotNull();

      server.serve(Map.of("other", other));
      assertMissing(client, "one", "there is no model \"one\" here, only \"other\"");
      assertThatIllegalArgumentException().isThrownBy(() -> server.serve(Map.of()));
    }
  }

  @Test
  void aVersionIsServedByItsNumberAndItsLabelWhereSomebodyAskedForIt() throws Exception {
    SampleExport.copyTo(base.resolve("3"));
    try (ServedVersions versions = open(Set.of(), Map.of("stable", 1L));
        ModelServer server = start(Map.of("debian", versions));
        GrpcClient grpc = new GrpcClient(server.grpcPort().getAsInt())) {
      Client client = new Client(server.uri());
      assertThat(version(client, "debian")).isEqualTo("3");
      assertThat(version(client, "debian/versions/1")).isEqualTo("1");
      assertThat(version(client, "debian/labels/stable")).isEqualTo("1");
      assertMissing(
          client, "debian/versions/2", "version 2 of \"debian\" is not served, only 3, 1");
      assertMissing(
          client,
          "debian/labels/canary",
          "no version of \"debian\" has the label \"canary\"; there are [stable]");
      HttpResponse<String> predicted =
          client.post("v1/models/debian/labels/stable:predict", "{\"instances\": [[\"perl\"]]}");
      assertThat(predicted.statusCode()).isEqualTo(200);

      JsonNode status = Client.JSON.readTree(client.get("v1/models/debian").body());
      assertThat(status.at("/model_version_status/0/version").textValue()).isEqualTo("3");
      assertThat(status.at("/model_version_status/1/version").textValue()).isEqualTo("1");
      assertThat(status.get("model_version_status")).hasSize(2);

      DynamicMessage request = labelled(grpc, "stable");
      Message spec = (Message) GrpcClient.get(grpc.call(GrpcClient.PREDICT, request), "model_spec");
      assertThat(GrpcClient.get((Message) GrpcClient.get(spec, "version"), "value")).isEqualTo(1L);
      assertThat(grpc.failure(GrpcClient.PREDICT, labelled(grpc, "canary").toByteArray()).getCode())
          .isEqualTo(Code.NOT_FOUND);
      Message told =
          grpc.call(GrpcClient.STATUS, grpc.request(GrpcClient.STATUS, "debian", null, "").build());
      assertThat((List<?>) GrpcClient.get(told, "model_version_status")).hasSize(2);
    }
  }

  private static DynamicMessage labelled(GrpcClient grpc, String label) {
    DynamicMessage request = grpc.predictRequest("debian", null, "", PERL);
    Message spec = (Message) GrpcClient.get(request, "model_spec");
    return request.toBuilder()
        .setField(
            request.getDescriptorForType().findFieldByName("model_spec"),
            spec.toBuilder()
                .setField(spec.getDescriptorForType().findFieldByName("version_label"), label)
                .build())
        .build();
  }

  @Test
  void aRollbackByLabelLosesNoRequest() throws Exception {
    try (ServedVersions versions = open(Set.of(), Map.of("stable", 2L));
        ModelServer server = start(Map.of("debian", versions))) {
      Client client = new Client(server.uri());
      AtomicBoolean enough = new AtomicBoolean();
      CompletableFuture<Integer> asked =
          CompletableFuture.supplyAsync(
              () -> {
                int answers = 0;
                try {
                  for (; !enough.get() || answers == 0; answers++) {
                    version(client, "debian/labels/stable");
                  }
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
                return answers;
              });
      for (long number : new long[] {1, 2, 1}) {
        versions.serve(Set.of(), Map.of("stable", number));
        await(() -> versions.labels().get("stable") == number);
        assertThat(version(client, "debian/labels/stable")).isEqualTo(Long.toString(number));
        assertThat(version(client, "debian")).isEqualTo("2");
      }
      enough.set(true);
      assertThat(asked.get()).isPositive();
      assertThat(said).contains("label stable is now version 1, was 2");
      versions.serve(Set.of(), Map.of());
      assertThat(versions.served()).containsExactly(2L);
      assertThat(versions.labels()).isEmpty();
    }
  }

  @Test
  void aLabelledVersionIsServedWithoutAGapWhenTheNewestMovesOn() throws Exception {
    try (ServedVersions versions = open(Set.of(), Map.of("stable", 2L))) {
      AtomicBoolean enough = new AtomicBoolean();
      CompletableFuture<Integer> missed =
          CompletableFuture.supplyAsync(
              () -> {
                int gaps = 0;
                while (!enough.get()) {
                  var lease = versions.lease(2);
                  gaps += lease.isPresent() ? 0 : 1;
                  lease.ifPresent(ServedVersions.Lease::close);
                }
                return gaps;
              });
      SampleExport.copyTo(base.resolve("3"));
      await(() -> versions.version() == 3);
      assertThat(versions.served()).containsExactly(3L, 2L);
      // Back again, as deleting the newest rolls back.
      WholeFile.delete(base.resolve("3"));
      await(() -> versions.version() == 2);
      await(() -> versions.served().equals(List.of(2L)));
      enough.set(true);
      assertThat(missed.get()).isZero();
    }
  }

  @Test
  void aLabelStaysUntilItsNewVersionIsThere() throws Exception {
    try (ServedVersions versions = open(Set.of(), Map.of("stable", 1L))) {
      versions.serve(Set.of(), Map.of("stable", 5L));
      await(() -> said.contains(base + ": version 5 by the label stable is not there"));
      assertThat(versions.labels()).containsExactly(Map.entry("stable", 1L));
      assertThat(versions.served()).containsExactly(2L, 1L);

      SampleExport.copyTo(base.resolve("5"));
      await(() -> versions.labels().get("stable") == 5);
      await(() -> versions.served().equals(List.of(5L)));
      assertThat(versions.lease(1)).isEmpty();
    }
  }

  @Test
  void whereSomeVersionsAreNamedNoOtherTakesOver() throws Exception {
    try (ServedVersions versions = open(Set.of(1L), Map.of())) {
      assertThat(versions.served()).containsExactly(1L);
      versions.serve(Set.of(1L, 2L), Map.of());
      await(() -> versions.version() == 2);
      assertThat(versions.served()).containsExactly(2L, 1L);
      versions.serve(Set.of(1L), Map.of());
      await(() -> versions.served().equals(List.of(1L)));
    }
  }

  @Test
  void aNamedVersionThatCannotBeServedIsToldAtTheStart() throws Exception {
    assertThatThrownBy(() -> open(Set.of(), Map.of("stable", 7L)))
        .isInstanceOf(DataException.class)
        .hasMessage(base + ": version 7 is to be served by the label stable, but is not there");
    Files.write(base.resolve("1/assets/items.txt"), List.of("perl"));
    assertThatThrownBy(() -> open(Set.of(), Map.of("stable", 1L)))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(base + ": version 1 is to be served by the label stable: ")
        .hasMessageContaining("items.txt");
    assertThatThrownBy(() -> open(Set.of(7L), Map.of()))
        .isInstanceOf(DataException.class)
        .hasMessage(base + ": expected one of the versions [7], found none");
  }

  @Test
  void theConfigurationFileOfTensorFlowServingIsRead() throws Exception {
    String text;
    try (InputStream in = SeveralModelsTest.class.getResourceAsStream("/golden/serving.json")) {
      text = Client.JSON.readTree(in).get("config").textValue();
    }
    Path file = Files.writeString(folder.resolve("models.config"), text);
    assertThat(ModelConfig.read(file))
        .containsExactly(
            new ModelConfig(
                "movies",
                Path.of("/models/movies"),
                Set.of(1L, 2L),
                Map.of("stable", 1L, "canary", 2L)),
            new ModelConfig("books", folder.resolve("books"), Set.of(), Map.of("stable", 7L)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model_config_list { config { name: 'a' | 1:39: Expected",
        "'' | : expected at least one model",
        "model_config_list { config { name: 'a' } } | model 'a': expected a name and a base_path",
        "model_config_list { config { name: 'a' base_path: 'b' } config { name: 'a' base_path: 'c' }"
            + " } | two models have the name 'a'",
        "model_config_list { config { name: 'a' base_path: 'b' model_version_policy { all {} } } }"
            + " | model 'a': model_version_policy: expected latest",
        "model_config_list { config { name: 'a' base_path: 'b' model_platform: 'caffe' } }"
            + " | model 'a': model_platform: expected \"tensorflow\", found \"caffe\"",
        "model_config_list { config { name: 'a' base_path: 'b' version_labels { key: 'x/y' value: 1"
            + " } } } | a label must not be empty",
        "model_config_list { config { name: 'a' base_path: 'b' colour: 'red' } } | colour"
      })
  void aConfigurationThatCannotBeIsTold(String text, String problem) {
    assertThatThrownBy(() -> ModelConfig.parse(Path.of("models.config"), text == null ? "" : text))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("models.config:")
        .hasMessageContaining(problem);
  }
}
