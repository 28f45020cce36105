package io.github.vaecf.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.DynamicMessage;
import io.github.vaecf.eval.export.ServedVersions;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.Status.Code;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/** What clients do wrong by gRPC, or too slowly: they are told, and the server holds nothing. */
class GrpcMistakesTest {
  private static final InetSocketAddress ADDRESS =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final Limits LIMITS =
      new Limits(100_000, 200, 800_000, 500, 64, 5_000_000, Duration.ofSeconds(20));

  private static ServedVersions versions;
  private static ModelServer server;
  private static GrpcClient client;
  private static Client http;

  @BeforeAll
  static void serve() throws IOException {
    versions = ServedVersions.open(SampleExport.base(), Duration.ofDays(1), System.err::println);
    server = builder(LIMITS).start();
    client = new GrpcClient(server.grpcPort().getAsInt());
    http = new Client(server.uri());
  }

  private static ModelServer.Builder builder(Limits limits) {
    return ModelServer.builder()
        .model("debian", versions)
        .http(ADDRESS)
        .grpc(ADDRESS)
        .limits(limits);
  }

  private static Limits within(Duration time) {
    return new Limits(100_000, 200, 800_000, 500, 64, 5_000_000, time);
  }

  /** Whatever a test did, the server answers the next client and holds nothing. */
  @AfterEach
  void theServerIsHealthy() throws Exception {
    assertThat(client.predict("", PERL)).containsKeys("items", "scores");
    awaitNothingHeld(http);
  }

  private static void awaitNothingHeld(Client http) throws Exception {
    while (!http.get("metrics").body().contains("vaecf_held_bytes 0.0")) {
      Thread.sleep(5);
    }
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
    versions.close();
  }

  private static final Map<String, TensorProto> PERL =
      Map.of("items", GrpcClient.strings(List.of("perl"), 1, 1));

  private static void assertRefused(Code code, String sentence, DynamicMessage request) {
    Status status = client.failure(GrpcClient.PREDICT, request.toByteArray());
    assertThat(status.getCode()).as(status.toString()).isEqualTo(code);
    assertThat(status.getDescription()).isEqualTo(sentence);
  }

  private static void assertRefused(
      Code code, String sentence, String signature, Map<String, TensorProto> inputs) {
    assertRefused(code, sentence, client.predictRequest("debian", null, signature, inputs));
  }

  @Test
  void mistakesAreToldInTheSentencesOfRest() throws Exception {
    Map<String, DynamicMessage> requests = new LinkedHashMap<>();
    requests.put(
        "v1/models/nobody:predict {'inputs': [['perl']]}",
        client.predictRequest("nobody", null, "", PERL));
    requests.put(
        "v1/models/debian/versions/7:predict {'inputs': [['perl']]}",
        client.predictRequest("debian", 7L, "", PERL));
    requests.put(
        "v1/models/debian:predict {'signature_name': 'nothing', 'inputs': [['perl']]}",
        client.predictRequest("debian", null, "nothing", PERL));
    requests.put(
        "v1/models/debian:predict {'inputs': {'ids': [['perl']]}}",
        client.predictRequest(
            "debian", null, "", Map.of("ids", GrpcClient.strings(List.of("perl"), 1, 1))));
    requests.put(
        "v1/models/debian:predict {'inputs': {'items': []}}",
        client.predictRequest(
            "debian", null, "", Map.of("items", GrpcClient.strings(List.of(), 0, 3))));
    requests.put(
        "v1/models/debian:predict {'inputs': {'items': [[]" + ",[]".repeat(200) + "]}}",
        client.predictRequest(
            "debian", null, "", Map.of("items", GrpcClient.strings(List.of(), 201, 0))));
    requests.put(
        "v1/models/debian:predict {'signature_name': 'rank_indices', 'inputs': {'items': [[1]],"
            + " 'k': [0]}}",
        client.predictRequest(
            "debian",
            null,
            "rank_indices",
            Map.of(
                "items", GrpcClient.longs(List.of(1L), 1, 1),
                "k", GrpcClient.ints(List.of(0), 1))));
    for (Map.Entry<String, DynamicMessage> request : requests.entrySet()) {
      String[] parts = request.getKey().split(" ", 2);
      var answer = http.post(parts[0], parts[1].replace('\'', '"'));
      Code code =
          switch (answer.statusCode()) {
            case 404 -> Code.NOT_FOUND;
            case 413 -> Code.RESOURCE_EXHAUSTED;
            case 400 -> Code.INVALID_ARGUMENT;
            default -> throw new AssertionError(answer.body());
          };
      assertRefused(
          code, Client.JSON.readTree(answer.body()).get("error").textValue(), request.getValue());
    }
  }

  @Test
  void tensorsThatDoNotFitAreTold() {
    assertRefused(
        Code.INVALID_ARGUMENT,
        "inputs.items: expected DT_STRING, found DT_INT64",
        "",
        Map.of("items", GrpcClient.longs(List.of(1L), 1, 1)));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "inputs.items: expected the shape [-1, -1], where -1 is any length, found [1]",
        "",
        Map.of("items", GrpcClient.strings(List.of("perl"), 1)));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "inputs.items: expected the shape [-1, -1], where -1 is any length, found [-1, 1]",
        "",
        Map.of("items", GrpcClient.strings(List.of("perl"), -1, 1)));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "inputs.latent: expected the shape [-1, 200], where -1 is any length, found [1, 199]",
        "decode",
        Map.of("latent", GrpcClient.floats(Collections.nCopies(199, 1f), 1, 199)));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "inputs.items: expected at most the 2 values of its shape, found 3",
        "",
        Map.of("items", GrpcClient.strings(List.of("a", "b", "c"), 1, 2)));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "inputs.items: expected 16 bytes of tensor_content for its shape, found 9",
        "recommend_indices",
        Map.of("items", content(GrpcClient.longs(List.of(), 1, 2), new byte[9])));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "inputs.items: tensor_content does not hold the 2 strings of its shape",
        "",
        Map.of("items", content(GrpcClient.strings(List.of(), 1, 2), new byte[] {1, 9, 'a'})));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "row 0 of \"latent\": expected a float, found NaN",
        "decode",
        Map.of("latent", GrpcClient.floats(Collections.nCopies(200, Float.NaN), 1, 200)));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "row 1 of \"items\": expected text in UTF-8, found other bytes",
        "",
        Map.of(
            "items",
            GrpcClient.strings(List.of("a"), 2, 1).toBuilder()
                .addStringVal(ByteString.copyFrom(new byte[] {(byte) 0xff}))
                .build()));
    TensorProto huge =
        GrpcClient.strings(List.of("perl"), 2).toBuilder()
            .setTensorShape(
                TensorShapeProto.newBuilder()
                    .addDim(TensorShapeProto.Dim.newBuilder().setSize(2))
                    .addDim(TensorShapeProto.Dim.newBuilder().setSize(Long.MAX_VALUE)))
            .build();
    assertRefused(
        Code.RESOURCE_EXHAUSTED,
        "4294967294 values in the request or its answer are more than the 800000 that this server"
            + " takes in a request",
        "",
        Map.of("items", huge));
  }

  private static TensorProto content(TensorProto tensor, byte[] bytes) {
    return tensor.toBuilder().setTensorContent(ByteString.copyFrom(bytes)).build();
  }

  @Test
  void whatIsAskedForInVainIsTold() {
    DynamicMessage request = client.predictRequest("debian", null, "", PERL);
    assertRefused(
        Code.INVALID_ARGUMENT,
        "output_filter: signature \"serving_default\" gives [items, scores], found \"latent\"",
        request.toBuilder()
            .addRepeatedField(
                request.getDescriptorForType().findFieldByName("output_filter"), "latent")
            .build());
    Status status =
        client.failure(
            GrpcClient.METADATA,
            client.request(GrpcClient.METADATA, "debian", null, "").build().toByteArray());
    assertThat(status.getCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(status.getDescription())
        .isEqualTo("metadata_field: expected \"signature_def\", found []");
    assertThat(
            client.failure("tensorflow.serving.PredictionService/Classify", new byte[0]).getCode())
        .isEqualTo(Code.UNIMPLEMENTED);
  }

  @Test
  void aMessageThatIsTooLongIsRefusedAlsoWhenItIsCompressed() {
    byte[] zeros = new byte[200_000];
    for (CallOptions options :
        List.of(CallOptions.DEFAULT, CallOptions.DEFAULT.withCompression("gzip"))) {
      assertThatThrownBy(() -> client.call(GrpcClient.PREDICT, zeros, options))
          .extracting(Status::fromThrowable)
          .satisfies(
              status -> {
                assertThat(status.getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
                assertThat(status.getDescription()).contains("exceeds maximum size 100000");
              });
    }
    byte[] perl = client.predictRequest("debian", null, "", PERL).toByteArray();
    assertThat(client.call(GrpcClient.PREDICT, perl, CallOptions.DEFAULT.withCompression("gzip")))
        .isEqualTo(client.call(GrpcClient.PREDICT, perl));
  }

  /** How a call ends that is begun and left to a test. */
  private static CompletableFuture<Status> start(ClientCall<byte[], byte[]> call) {
    CompletableFuture<Status> ended = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            ended.complete(status);
          }
        },
        new Metadata());
    return ended;
  }

  @Test
  void callsWithoutAMessageOrWithTwoAreRefused() {
    byte[] perl = client.predictRequest("debian", null, "", PERL).toByteArray();
    for (int messages : new int[] {0, 2}) {
      ClientCall<byte[], byte[]> call =
          client.begin(GrpcClient.PREDICT, MethodType.CLIENT_STREAMING, CallOptions.DEFAULT);
      CompletableFuture<Status> ended = start(call);
      call.request(1);
      for (int i = 0; i < messages; i++) {
        call.sendMessage(perl);
      }
      call.halfClose();
      assertThat(ended.join().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
      assertThat(ended.join().getDescription())
          .isEqualTo("expected one message, found " + (messages == 0 ? "none" : "two"));
    }
  }

  @Test
  void aMessageThatDoesNotArriveIsNotWaitedForAndDoesNotHoldBackTheStop() throws Exception {
    byte[] perl = client.predictRequest("debian", null, "", PERL).toByteArray();
    try (ModelServer impatient = builder(within(Duration.ofMillis(300))).start();
        GrpcClient slow = new GrpcClient(impatient.grpcPort().getAsInt())) {
      ClientCall<byte[], byte[]> call =
          slow.begin(GrpcClient.PREDICT, MethodType.CLIENT_STREAMING, CallOptions.DEFAULT);
      CompletableFuture<Status> ended = start(call);
      call.request(1);
      call.sendMessage(perl);
      assertThat(ended.get().getCode()).isEqualTo(Code.DEADLINE_EXCEEDED);
      assertThat(ended.get().getDescription()).isEqualTo("the body did not arrive within 0.3 s");
      awaitNothingHeld(new Client(impatient.uri()));
    }
    // The limit of a minute is not waited for: then it would be another status.
    ModelServer patient = builder(within(Duration.ofMinutes(1))).start();
    try (GrpcClient slow = new GrpcClient(patient.grpcPort().getAsInt())) {
      ClientCall<byte[], byte[]> call =
          slow.begin(GrpcClient.PREDICT, MethodType.CLIENT_STREAMING, CallOptions.DEFAULT);
      CompletableFuture<Status> ended = start(call);
      call.request(1);
      call.sendMessage(perl);
      while (new Client(patient.uri()).get("metrics").body().contains("vaecf_held_bytes 0.0")) {
        Thread.sleep(5);
      }
      patient.close();
      assertThat(ended.get().getCode()).isEqualTo(Code.UNAVAILABLE);
      assertThat(ended.get().getDescription()).isEqualTo("the server is about to stop");
    }
  }

  /** Some 3 MB: more than a connection takes of a client that reads nothing. */
  private static byte[] large() {
    return client
        .predictRequest(
            "debian",
            null,
            "score",
            Map.of("items", GrpcClient.strings(Collections.nCopies(200, ""), 200, 1)))
        .toByteArray();
  }

  @Test
  void readersThatTakeNothingHoldNoMoreThanTheBoundAndAreCutOff() throws Exception {
    byte[] large = large();
    try (ModelServer impatient = builder(within(Duration.ofMillis(1500))).start();
        GrpcClient slow = new GrpcClient(impatient.grpcPort().getAsInt())) {
      Client metrics = new Client(impatient.uri());
      List<ClientCall<byte[], byte[]>> calls = new ArrayList<>();
      List<CompletableFuture<Status>> readers = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        ClientCall<byte[], byte[]> call =
            slow.begin(GrpcClient.PREDICT, MethodType.UNARY, CallOptions.DEFAULT);
        calls.add(call);
        readers.add(start(call));
        // No call.request: the answer is not taken.
        call.sendMessage(large);
        call.halfClose();
      }
      while (metrics.get("metrics").body().contains("vaecf_held_bytes 0.0")) {
        Thread.sleep(5);
      }
      awaitNothingHeld(metrics);
      calls.forEach(call -> call.request(1));
      int refused = 0;
      int cutOff = 0;
      for (CompletableFuture<Status> reader : readers) {
        Status status = reader.get();
        if (status.getCode() == Code.UNAVAILABLE) {
          assertThat(status.getDescription()).startsWith("the server's memory is taken");
          refused++;
        } else {
          assertThat(status.getCode()).isIn(Code.CANCELLED, Code.DEADLINE_EXCEEDED);
          cutOff++;
        }
      }
      assertThat(refused).isPositive();
      assertThat(cutOff).isPositive();
    }
  }

  @Test
  void aReaderThatTakesNothingDoesNotHoldBackTheStop() throws Exception {
    byte[] large = large();
    ModelServer patient = builder(within(Duration.ofMinutes(10))).start();
    try (GrpcClient slow = new GrpcClient(patient.grpcPort().getAsInt())) {
      ClientCall<byte[], byte[]> call =
          slow.begin(GrpcClient.PREDICT, MethodType.UNARY, CallOptions.DEFAULT);
      CompletableFuture<Void> begun = new CompletableFuture<>();
      CompletableFuture<Status> ended = new CompletableFuture<>();
      call.start(
          new ClientCall.Listener<>() {
            @Override
            public void onHeaders(Metadata headers) {
              begun.complete(null);
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
              ended.complete(status);
            }
          },
          new Metadata());
      call.sendMessage(large);
      call.halfClose();
      begun.get();
      patient.close();
      call.request(1);
      assertThat(ended.get().isOk()).isFalse();
    }
  }

  @Test
  void whoeverGivesUpHoldsNothing() throws Exception {
    byte[] perl = client.predictRequest("debian", null, "", PERL).toByteArray();
    try (ModelServer hanging = builder(LIMITS).runs(0).start();
        GrpcClient client = new GrpcClient(hanging.grpcPort().getAsInt())) {
      Client metrics = new Client(hanging.uri());
      ClientCall<byte[], byte[]> late =
          client.begin(
              GrpcClient.PREDICT,
              MethodType.UNARY,
              CallOptions.DEFAULT.withDeadlineAfter(300, TimeUnit.MILLISECONDS));
      ClientCall<byte[], byte[]> cancelled =
          client.begin(GrpcClient.PREDICT, MethodType.UNARY, CallOptions.DEFAULT);
      List<CompletableFuture<Status>> ended = new ArrayList<>();
      for (ClientCall<byte[], byte[]> call : List.of(late, cancelled)) {
        ended.add(start(call));
        call.request(1);
        call.sendMessage(perl);
        call.halfClose();
      }
      while (!metrics.get("metrics").body().contains("vaecf_waiting_requests 2.0")) {
        Thread.sleep(5);
      }
      cancelled.cancel("no longer interested", null);
      assertThat(ended.get(0).get().getCode()).isEqualTo(Code.DEADLINE_EXCEEDED);
      assertThat(ended.get(1).get().getCode()).isEqualTo(Code.CANCELLED);
      awaitNothingHeld(metrics);
    }
  }

  @Test
  void aModelThatTakesTooLongIsToldAsByRest() throws Exception {
    byte[] perl = client.predictRequest("debian", null, "", PERL).toByteArray();
    try (ModelServer hanging = builder(within(Duration.ofMillis(300))).runs(0).start();
        GrpcClient client = new GrpcClient(hanging.grpcPort().getAsInt())) {
      Status status = client.failure(GrpcClient.PREDICT, perl);
      assertThat(status.getCode()).isEqualTo(Code.DEADLINE_EXCEEDED);
      assertThat(status.getDescription())
          .isEqualTo("no answer within the time limit; ask for less at once, or try again later");
    }
  }

  @Test
  void whateverTheMessageTheServerStaysAndHoldsNothing() {
    Random random = new Random(5);
    List<byte[]> right =
        List.of(
            client.predictRequest("debian", 1L, "serving_default", PERL).toByteArray(),
            client
                .predictRequest(
                    "debian",
                    null,
                    "rank_indices",
                    Map.of(
                        "items", GrpcClient.longs(List.of(1L, 2L), 1, 2),
                        "k", GrpcClient.ints(List.of(3), 1)))
                .toByteArray());
    Map<Code, Integer> codes = new TreeMap<>();
    for (int i = 0; i < 500; i++) {
      byte[] message = right.get(random.nextInt(right.size())).clone();
      for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
        message[random.nextInt(message.length)] = (byte) random.nextInt(256);
      }
      if (random.nextInt(4) == 0) {
        message = Arrays.copyOf(message, random.nextInt(message.length + 50));
      }
      Code code;
      try {
        client.call(GrpcClient.PREDICT, message);
        code = Code.OK;
      } catch (io.grpc.StatusRuntimeException e) {
        code = e.getStatus().getCode();
      }
      codes.merge(code, 1, Integer::sum);
    }
    assertThat(codes.keySet())
        .contains(Code.OK, Code.INVALID_ARGUMENT)
        .isSubsetOf(Code.OK, Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.RESOURCE_EXHAUSTED);
  }

  @Test
  void callsAreCountedBesideRequests() throws Exception {
    client.predict("", PERL);
    assertThat(http.get("metrics").body())
        .contains(
            "vaecf_requests_total{code=\"OK\",model=\"debian\",route=\"predict\",version=\"1\"}");
  }
}
