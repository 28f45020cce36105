package io.github.vaecf.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.ExtensionRegistry;
import com.google.protobuf.Message;
import io.github.vaecf.eval.export.ServedModel;
import io.github.vaecf.eval.export.ServedSignature;
import io.github.vaecf.eval.export.ServedVersions;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorProto;

/** What the server answers by gRPC: the same as by REST, in TensorFlow Serving's messages. */
class GrpcServerTest {
  @TempDir static Path folder;
  private static ServedVersions versions;
  private static ModelServer server;
  private static Client rest;
  private static GrpcClient client;
  private static ServedModel model;
  private static JsonNode golden;

  @BeforeAll
  static void serve() throws IOException {
    model = ServedModel.load(SampleExport.base());
    versions = ServedVersions.open(SampleExport.base(), Duration.ofDays(1), System.err::println);
    server = start(versions);
    rest = new Client(server.uri());
    client = new GrpcClient(server.grpcPort().getAsInt());
    try (InputStream in = GrpcServerTest.class.getResourceAsStream("/golden/serving.json")) {
      golden = Client.JSON.readTree(in);
    }
  }

  private static ModelServer start(ServedVersions versions) throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return ModelServer.builder().model("debian", versions).http(address).grpc(address).start();
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
    versions.close();
    model.close();
  }

  @Test
  void theMessagesAreThoseThatTensorFlowServingHasPublished() {
    int fields = 0;
    for (Descriptor message : client.method(GrpcClient.PREDICT).getFile().getMessageTypes()) {
      fields += requirePublished(message);
    }
    assertThat(fields).isGreaterThan(25);
  }

  private static int requirePublished(Descriptor message) {
    int fields = message.getFields().size();
    for (FieldDescriptor field : message.getFields()) {
      String type =
          switch (field.getType()) {
            case MESSAGE -> field.getMessageType().getFullName();
            case ENUM -> field.getEnumType().getFullName();
            default -> field.getType().name().toLowerCase(java.util.Locale.ROOT);
          };
      requirePublished(field.getFullName(), field.getNumber(), type, field.isRepeated());
    }
    for (var enumeration : message.getEnumTypes()) {
      for (var value : enumeration.getValues()) {
        requirePublished(
            enumeration.getFullName() + "." + value.getName(), value.getNumber(), "value", false);
      }
    }
    for (Descriptor nested : message.getNestedTypes()) {
      fields += requirePublished(nested);
    }
    return fields;
  }

  private static void requirePublished(String name, int number, String type, boolean repeated) {
    JsonNode published = golden.get("fields").get(name);
    assertThat(published).as(name).isNotNull();
    assertThat(List.of(number, type, repeated))
        .as(name)
        .isEqualTo(
            List.of(
                published.get(0).intValue(),
                published.get(1).textValue(),
                published.get(2).booleanValue()));
  }

  @Test
  void whatTensorFlowItselfWritesIsAnsweredAsTheSameByRest() throws Exception {
    assertThat(golden.get("requests")).hasSizeGreaterThan(10);
    for (JsonNode request : golden.get("requests")) {
      byte[] message = Base64.getDecoder().decode(request.get("grpc").textValue());
      byte[] answer = client.call(GrpcClient.PREDICT, message);
      DynamicMessage response =
          DynamicMessage.parseFrom(client.method(GrpcClient.PREDICT).getOutputType(), answer);
      assertSame(request.get("rest"), GrpcClient.outputs(response));
    }
  }

  /** As REST answers: the same text, and numbers that are the same to the last bit. */
  private static void assertSame(JsonNode request, Map<String, TensorProto> outputs)
      throws Exception {
    assertSame(request, rest.predict(request).get("outputs"), outputs);
  }

  /**
   * As REST answers.
   *
   * @param expected the outputs of REST
   */
  static void assertSame(JsonNode request, JsonNode expected, Map<String, TensorProto> outputs)
      throws IOException {
    boolean single = !expected.isObject();
    for (Map.Entry<String, TensorProto> output : outputs.entrySet()) {
      assertThat(json(output.getValue()))
          .as(output.getKey() + " of " + request)
          .isEqualTo(single ? expected : expected.get(output.getKey()));
    }
    assertThat(outputs).hasSize(single ? 1 : expected.size());
  }

  /** A tensor as REST writes it. */
  private static JsonNode json(TensorProto tensor) throws IOException {
    ArrayNode all = Client.JSON.createArrayNode();
    int rows = (int) tensor.getTensorShape().getDim(0).getSize();
    int width =
        tensor.getTensorShape().getDimCount() == 1
            ? 1
            : (int) tensor.getTensorShape().getDim(1).getSize();
    for (int row = 0; row < rows; row++) {
      ArrayNode values = Client.JSON.createArrayNode();
      for (int i = row * width; i < (row + 1) * width; i++) {
        switch (tensor.getDtype()) {
          case DT_STRING -> values.add(tensor.getStringVal(i).toStringUtf8());
          case DT_INT64 -> values.add(tensor.getInt64Val(i));
          case DT_FLOAT -> values.add(tensor.getFloatVal(i));
          default -> throw new AssertionError(tensor.getDtype());
        }
      }
      all.add(tensor.getTensorShape().getDimCount() == 1 ? values.get(0) : values);
    }
    // Through text, so that numbers have the classes that reading gives them.
    return Client.JSON.readTree(all.toString());
  }

  /**
   * Random requests to all signatures, one after the other so that each is its own batch. {@code
   * -Dvaecf.grpc=10000} says how many.
   */
  @Test
  void answersAreThoseOfRestToTheLastBit() throws Exception {
    int count = Integer.getInteger("vaecf.grpc", 150);
    List<ServedSignature> signatures = List.copyOf(model.signatures().values());
    Random random = new Random(7);
    for (int i = 0; i < count; i++) {
      RandomRequest request =
          RandomRequest.of(signatures.get(i % signatures.size()), model.items(), random);
      assertSame(request.json(), client.predict(request.signature(), request.inputs()));
    }
  }

  private static final Map<String, TensorProto> PERL =
      Map.of("items", GrpcClient.strings(List.of("perl"), 1, 1));

  @Test
  void theAnswerSaysWhichVersionAndSignatureGaveIt() {
    for (Long version : new Long[] {null, 1L}) {
      DynamicMessage response =
          client.call(GrpcClient.PREDICT, client.predictRequest("debian", version, "", PERL));
      Message spec = (Message) GrpcClient.get(response, "model_spec");
      assertThat(GrpcClient.get(spec, "name")).isEqualTo("debian");
      assertThat(GrpcClient.get((Message) GrpcClient.get(spec, "version"), "value")).isEqualTo(1L);
      assertThat(GrpcClient.get(spec, "signature_name")).isEqualTo("serving_default");
    }
  }

  @Test
  void someOutputsMayBeAskedForAlone() {
    DynamicMessage all = client.predictRequest("debian", null, "", PERL);
    FieldDescriptor filter = all.getDescriptorForType().findFieldByName("output_filter");
    Map<String, TensorProto> outputs = client.predict("", PERL);
    assertThat(outputs.keySet()).containsExactly("items", "scores");
    assertThat(
            GrpcClient.outputs(
                client.call(
                    GrpcClient.PREDICT, all.toBuilder().addRepeatedField(filter, "items").build())))
        .isEqualTo(Map.of("items", outputs.get("items")));
  }

  @Test
  void theMetadataAreTheSignaturesOfTheExport() throws Exception {
    DynamicMessage.Builder request = client.request(GrpcClient.METADATA, "debian", null, "");
    FieldDescriptor field = request.getDescriptorForType().findFieldByName("metadata_field");
    Message response =
        client.call(GrpcClient.METADATA, request.addRepeatedField(field, "signature_def").build());

    Map<String, ByteString> metadata = GrpcClient.entries(response, "metadata");
    assertThat(metadata).containsOnlyKeys("signature_def");
    Any any = Any.parseFrom(metadata.get("signature_def"), ExtensionRegistry.getEmptyRegistry());
    assertThat(any.getTypeUrl())
        .isEqualTo("type.googleapis.com/tensorflow.serving.SignatureDefMap");
    Descriptor type =
        client.method(GrpcClient.METADATA).getFile().findMessageTypeByName("SignatureDefMap");
    Map<String, ByteString> signatures =
        GrpcClient.entries(DynamicMessage.parseFrom(type, any.getValue()), "signature_def");

    SavedModel export;
    try (InputStream in = Files.newInputStream(SampleExport.base().resolve("1/saved_model.pb"))) {
      export = SavedModel.parseFrom(in, ExtensionRegistry.getEmptyRegistry());
    }
    Map<String, SignatureDef> exported = export.getMetaGraphs(0).getSignatureDefMap();
    // One is the JVM's own, as no graph can answer it.
    assertThat(signatures).hasSize(exported.size() + 1).containsKey("recommend_diverse");
    for (String name : exported.keySet()) {
      SignatureDef told =
          SignatureDef.parseFrom(signatures.get(name), ExtensionRegistry.getEmptyRegistry());
      SignatureDef expected = exported.get(name);
      assertThat(told.getMethodName()).isEqualTo(expected.getMethodName());
      assertThat(described(told.getInputsMap())).isEqualTo(described(expected.getInputsMap()));
      assertThat(described(told.getOutputsMap())).isEqualTo(described(expected.getOutputsMap()));
    }
  }

  private static Map<String, List<Object>> described(Map<String, TensorInfo> tensors) {
    Map<String, List<Object>> described = new LinkedHashMap<>();
    new java.util.TreeMap<>(tensors)
        .forEach(
            (name, info) ->
                described.put(
                    name,
                    List.of(
                        info.getName(),
                        info.getDtype(),
                        info.getTensorShape().getDimList().stream()
                            .map(dimension -> dimension.getSize())
                            .toList())));
    return described;
  }

  @Test
  void theStatusIsTold() {
    for (Long version : new Long[] {null, 1L}) {
      Message response =
          client.call(
              GrpcClient.STATUS, client.request(GrpcClient.STATUS, "debian", version, "").build());
      List<?> told = (List<?>) GrpcClient.get(response, "model_version_status");
      assertThat(told).hasSize(1);
      Message status = (Message) told.get(0);
      assertThat(GrpcClient.get(status, "version")).isEqualTo(1L);
      assertThat(GrpcClient.get(status, "state")).hasToString("AVAILABLE");
      assertThat(GrpcClient.get((Message) GrpcClient.get(status, "status"), "error_code"))
          .hasToString("OK");
    }
  }

  @Test
  void healthAndReflectionAreThereAsOthersKnowThem() {
    List<String> services =
        client
            .reflect(ServerReflectionRequest.newBuilder().setListServices("").build())
            .getListServicesResponse()
            .getServiceList()
            .stream()
            .map(ServiceResponse::getName)
            .toList();
    assertThat(services)
        .contains(
            "tensorflow.serving.PredictionService",
            "tensorflow.serving.ModelService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection");
    for (String service : List.of("", "tensorflow.serving.PredictionService")) {
      assertThat(
              HealthGrpc.newBlockingStub(client.channel())
                  .check(HealthCheckRequest.newBuilder().setService(service).build())
                  .getStatus())
          .isEqualTo(ServingStatus.SERVING);
    }
  }

  @Test
  void aNewVersionTakesOverWhileCallsGoOn() throws Exception {
    Path base = Files.createDirectory(folder.resolve("changing"));
    SampleExport.copyTo(base.resolve("1"));
    try (ServedVersions changing = ServedVersions.open(base, Duration.ofMillis(20), said -> {});
        ModelServer server = start(changing);
        GrpcClient client = new GrpcClient(server.grpcPort().getAsInt())) {
      DynamicMessage request = client.predictRequest("debian", null, "", PERL);
      long version = 1;
      while (version == 1) {
        if (changing.version() == 1 && !Files.exists(base.resolve("2"))) {
          SampleExport.copyTo(base.resolve("2"));
        }
        Message spec =
            (Message) GrpcClient.get(client.call(GrpcClient.PREDICT, request), "model_spec");
        version = (Long) GrpcClient.get((Message) GrpcClient.get(spec, "version"), "value");
      }
      assertThat(version).isEqualTo(2);
    }
  }

  @Test
  void stoppingFinishesCallsUnderWayAndSaysSoToThoseWhoWatch() throws Exception {
    ModelServer stopping = start(versions);
    try (GrpcClient last = new GrpcClient(stopping.grpcPort().getAsInt())) {
      List<ServingStatus> seen = new ArrayList<>();
      CompletableFuture<Void> ended = new CompletableFuture<>();
      HealthGrpc.newStub(last.channel())
          .watch(
              HealthCheckRequest.getDefaultInstance(),
              new StreamObserver<>() {
                @Override
                public void onNext(HealthCheckResponse response) {
                  synchronized (seen) {
                    seen.add(response.getStatus());
                  }
                }

                @Override
                public void onError(Throwable failure) {
                  ended.complete(null);
                }

                @Override
                public void onCompleted() {
                  ended.complete(null);
                }
              });
      List<String> empty = java.util.Collections.nCopies(200, "");
      byte[] heavy =
          last.predictRequest(
                  "debian", null, "score", Map.of("items", GrpcClient.strings(empty, 200, 1)))
              .toByteArray();
      List<CompletableFuture<byte[]>> answers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        answers.add(
            CompletableFuture.supplyAsync(
                () -> last.call(GrpcClient.PREDICT, heavy), task -> new Thread(task).start()));
      }
      // The first answer shows that the others have arrived too, or are about to.
      CompletableFuture.anyOf(answers.toArray(CompletableFuture[]::new)).get();
      Client http = new Client(stopping.uri());
      while (!http.get("metrics").body().contains("vaecf_waiting_requests 0.0")) {
        Thread.sleep(1);
      }

      stopping.close();

      for (CompletableFuture<byte[]> answer : answers) {
        assertThat(answer.get().length).isGreaterThan(200 * 4 * model.itemCount());
      }
      ended.get();
      assertThat(seen).startsWith(ServingStatus.SERVING).endsWith(ServingStatus.NOT_SERVING);
    }
  }
}
