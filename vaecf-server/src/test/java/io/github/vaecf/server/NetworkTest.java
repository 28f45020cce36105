package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.export.ServedVersions;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is answered on a network, and how what is sent is kept from others. */
class NetworkTest {
  private static final String PREDICT = "v1/models/debian:predict";
  private static final String PERL = "{\"instances\": [[\"perl\"]]}";
  private static final String KEY = "0123456789abcdef0123456789abcdef";
  private static final String EXPIRED = "e123456789abcdef0123456789abcdef";
  private static final String OTHER = "fedcba9876543210fedcba9876543210";
  private static final InetSocketAddress ADDRESS =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** A {@code GetModelStatusRequest} for the sample's model, octet by octet. */
  private static final byte[] STATUS_OF_DEBIAN = "\n\u0008\n\u0006debian".getBytes(ISO_8859_1);

  @TempDir static Path folder;
  private static ServedVersions versions;

  /** What the servers said of themselves. */
  private final List<String> said = new CopyOnWriteArrayList<>();

  private final List<String> logged = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void open() {
    versions = ServedVersions.open(SampleExport.base(), Duration.ofDays(1), System.err::println);
  }

  @AfterAll
  static void close() {
    versions.close();
  }

  private ModelServer.Builder builder() {
    return ModelServer.builder()
        .model("debian", versions)
        .http(ADDRESS)
        .grpc(ADDRESS)
        .refresh(Duration.ofMillis(20))
        .log(said::add)
        .accessLog(logged::add);
  }

  private static void await(BooleanSupplier what) throws InterruptedException {
    for (int i = 0; i < 2000 && !what.getAsBoolean(); i++) {
      Thread.sleep(5);
    }
    assertThat(what.getAsBoolean()).isTrue();
  }

  private static HttpResponse<String> ask(
      HttpClient http, URI server, String path, String body, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(server.resolve(path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    if (body != null) {
      request.POST(HttpRequest.BodyPublishers.ofString(body));
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8));
  }

  private static HttpResponse<String> ask(ModelServer server, String path, String... headers)
      throws Exception {
    return ask(HttpClient.newHttpClient(), server.uri(), path, null, headers);
  }

  private static int predict(ModelServer server, String key) throws Exception {
    return ask(
            HttpClient.newHttpClient(),
            server.uri(),
            PREDICT,
            PERL,
            "Authorization",
            "Bearer " + key)
        .statusCode();
  }

  /** What a call for the model's status ends with. */
  private static StatusRuntimeException failure(GrpcClient client, String... authorization) {
    try {
      call(client, authorization);
    } catch (StatusRuntimeException e) {
      return e;
    }
    throw new AssertionError("answered");
  }

  private static byte[] call(GrpcClient client, String... authorization) {
    Metadata headers = new Metadata();
    for (String one : authorization) {
      headers.put(AUTHORIZATION, one);
    }
    return ClientCalls.blockingUnaryCall(
        ClientInterceptors.intercept(
            client.channel(), MetadataUtils.newAttachHeadersInterceptor(headers)),
        GrpcClient.raw(GrpcClient.STATUS, MethodType.UNARY),
        CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS),
        STATUS_OF_DEBIAN);
  }

  private static GrpcClient grpc(ModelServer server) {
    return new GrpcClient(server.grpcPort().getAsInt());
  }

  @Test
  void whoHasNoValidKeyIsRefusedWithoutAWordAboutWhy() throws Exception {
    String keys = "shop:" + KEY + ";old:" + EXPIRED + " expires=2026-01-01";
    List<String[]> wrong =
        List.of(
            new String[] {},
            new String[] {"Bearer " + OTHER},
            new String[] {"Bearer " + EXPIRED},
            new String[] {"Bearer"},
            new String[] {"Basic " + KEY},
            new String[] {KEY},
            new String[] {"Bearer " + KEY, "Bearer " + OTHER});
    try (ModelServer server = builder().apiKeys(keys).start();
        GrpcClient grpc = grpc(server)) {
      Set<String> answers = new HashSet<>();
      for (String[] values : wrong) {
        List<String> headers = new ArrayList<>();
        for (String value : values) {
          headers.addAll(List.of("Authorization", value));
        }
        HttpResponse<String> refused =
            ask(
                HttpClient.newHttpClient(),
                server.uri(),
                PREDICT,
                PERL,
                headers.toArray(String[]::new));
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.headers().allValues("WWW-Authenticate"))
            .containsExactly("Bearer realm=\"vaecf\"");
        answers.add(refused.body());
        Status status = failure(grpc, values).getStatus();
        assertThat(status.getCode()).isEqualTo(Code.UNAUTHENTICATED);
        answers.add("{\"error\":\"" + status.getDescription() + "\"}");
      }
      assertThat(answers)
          .containsExactly("{\"error\":\"expected a valid key, as in Authorization: Bearer KEY\"}");
      for (String path : List.of("metrics", "titles?query=perl", "v1/models/debian", "nothing")) {
        assertThat(ask(server, path).statusCode()).as(path).isEqualTo(401);
      }
      assertThatThrownBy(() -> grpc.method(GrpcClient.PREDICT))
          .as("reflection")
          .hasRootCauseInstanceOf(StatusRuntimeException.class);

      assertThat(predict(server, KEY)).isEqualTo(200);
      assertThat(call(grpc, "Bearer " + KEY)).isNotEmpty();
      assertThat(said).containsExactly("the API keys: no longer valid are keys of old");
    }
  }

  @Test
  void howItIsAndThePageNeedNoKey() throws Exception {
    try (ModelServer server = builder().apiKeys("shop:" + KEY).start();
        GrpcClient grpc = grpc(server)) {
      assertThat(ask(server, "livez").body()).isEqualTo("ok\n");
      assertThat(ask(server, "readyz").body()).isEqualTo("ok\n");
      assertThat(
              HealthGrpc.newBlockingStub(grpc.channel())
                  .check(HealthCheckRequest.getDefaultInstance())
                  .getStatus())
          .isEqualTo(ServingStatus.SERVING);
      assertThat(ask(server, "").body()).contains("id=\"key\"");
      assertThat(ask(server, "?model=other").body())
          .as("tells nobody which models there are")
          .doesNotContain("debian")
          .contains("data-model=\"other\"");
    }
  }

  @Test
  void aKeyIsNamedInMetricsAndLogAndShownNowhere() throws Exception {
    try (ModelServer server = builder().apiKeys("shop:" + KEY + ";watch:" + EXPIRED).start();
        GrpcClient grpc = grpc(server)) {
      predict(server, KEY);
      predict(server, OTHER);
      call(grpc, "Bearer " + KEY);
      // A request is counted and logged when it has ended, which its client may see before.
      await(() -> logged.size() == 3);
      HttpResponse<String> metrics = ask(server, "metrics", "Authorization", "Bearer " + EXPIRED);
      assertThat(metrics.body())
          .contains("vaecf_key_requests_total{code=\"200\",key=\"shop\"} 1.0")
          .contains("vaecf_key_requests_total{code=\"OK\",key=\"shop\"} 1.0")
          .contains(
              "vaecf_requests_total{code=\"401\",model=\"\",route=\"other\",version=\"\"} 1.0")
          .contains("vaecf_request_seconds_count{model=\"debian\",route=\"predict\",version=\"1\"}")
          .doesNotContain(KEY, OTHER, EXPIRED);
    }
    String rest =
        "127\\.0\\.0\\.1 - shop \\[.*] \"POST /v1/models/debian:predict HTTP/[12].*\" 200 \\d+"
            + " \"-\" \"Java-http-client/.*\" \\d+\\.\\d{6}";
    String call =
        "127\\.0\\.0\\.1 - shop \\[.*] \"POST /tensorflow\\.serving\\.ModelService/GetModelStatus"
            + " HTTP/2\\.0\" 200 \\d+ \"-\" \"grpc-java-netty/.*\" \\d+\\.\\d{6}";
    assertThat(logged).filteredOn(line -> line.matches(rest)).hasSize(1);
    assertThat(logged).filteredOn(line -> line.matches(call)).hasSize(1);
    assertThat(logged)
        .filteredOn(line -> line.startsWith("127.0.0.1 - - [") && line.contains("\" 401 "))
        .hasSize(1);
    assertThat(String.join("", logged) + said).doesNotContain(KEY, OTHER, EXPIRED);
  }

  @Test
  void aKeysLimitIsOneForRestAndGrpcAndNoOneElses() throws Exception {
    String keys = "shop:" + KEY + " rate=0.01 burst=3\nnews:" + OTHER;
    try (ModelServer server = builder().apiKeys(keys).start();
        GrpcClient grpc = grpc(server)) {
      assertThat(predict(server, KEY)).isEqualTo(200);
      call(grpc, "Bearer " + KEY);
      assertThat(predict(server, KEY)).isEqualTo(200);

      HttpResponse<String> refused = ask(server, "metrics", "Authorization", "Bearer " + KEY);
      assertThat(refused.statusCode()).isEqualTo(429);
      assertThat(refused.headers().firstValueAsLong("Retry-After").orElseThrow())
          .isBetween(50L, 100L);
      assertThat(refused.body()).contains("more requests than this key allows; try again in ");
      StatusRuntimeException exhausted = failure(grpc, "Bearer " + KEY);
      assertThat(exhausted.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
      assertThat(
              exhausted
                  .getTrailers()
                  .get(Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER)))
          .matches("(100|[5-9][0-9])000");
      assertThat(predict(server, OTHER)).isEqualTo(200);
      call(grpc, "Bearer " + OTHER);
    }
  }

  @Test
  void credentialsOfAMegabyteAreRefusedAndTheServerGoesOn() throws Exception {
    String huge = "Bearer " + "a".repeat(1 << 20);
    try (ModelServer server = builder().apiKeys("shop:" + KEY).start();
        GrpcClient grpc = grpc(server)) {
      Client client = new Client(server.uri());
      try (Socket socket = client.connect()) {
        OutputStream out = socket.getOutputStream();
        Thread sent =
            new Thread(
                () -> {
                  try {
                    out.write(
                        ("POST /" + PREDICT + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: ")
                            .getBytes(UTF_8));
                    out.write((huge + "\r\nContent-Length: 0\r\n\r\n").getBytes(UTF_8));
                  } catch (IOException e) {
                    // Closed before all is sent, as it should be.
                  }
                });
        sent.start();
        assertThat(new String(socket.getInputStream().readNBytes(13), UTF_8))
            .isEqualTo("HTTP/1.1 431 ");
        sent.join();
      }
      assertThat(failure(grpc, huge).getStatus().getCode())
          .isIn(Code.RESOURCE_EXHAUSTED, Code.INTERNAL, Code.UNAVAILABLE);
      assertThat(predict(server, KEY)).isEqualTo(200);
      call(grpc, "Bearer " + KEY);
    }
    assertThat(String.join("", logged)).doesNotContain("aaaa").contains("\" 431 ");
  }

  @Test
  void keysChangeWithTheirFileAndABrokenOneChangesNothing() throws Exception {
    Path file = Files.writeString(folder.resolve("keys.txt"), "shop:" + KEY + "\n");
    try (ModelServer server = builder().apiKeys(file).start();
        GrpcClient grpc = grpc(server)) {
      assertThat(predict(server, OTHER)).isEqualTo(401);
      Files.writeString(file, "shop:" + KEY + "\nnews:" + OTHER + "\n");
      await(() -> said.contains(file + ": 2 keys from now on"));
      assertThat(predict(server, OTHER)).isEqualTo(200);

      for (String broken : List.of("", "shop:" + KEY + "\nnews " + OTHER)) {
        said.clear();
        Files.writeString(file, broken);
        await(() -> !said.isEmpty());
        assertThat(said.get(0)).startsWith("what was in use stays: " + file);
        assertThat(said.toString()).doesNotContain(OTHER);
        assertThat(predict(server, OTHER)).isEqualTo(200);
      }
      said.clear();
      Files.delete(file);
      await(() -> said.contains("what was in use stays: " + file + ": no such file"));
      assertThat(predict(server, KEY)).isEqualTo(200);

      Files.writeString(file, "news:" + OTHER + "\n");
      await(() -> said.contains(file + ": 1 key from now on"));
      assertThat(predict(server, KEY)).isEqualTo(401);
      call(grpc, "Bearer " + OTHER);
      assertThat(failure(grpc, "Bearer " + KEY).getStatus().getCode())
          .isEqualTo(Code.UNAUTHENTICATED);
    }
  }

  /** A bearer's key is as good for whoever saw it: encryption keeps it from others. */
  @Test
  void aRequestThatWasSeenIsAnsweredAgainUntilItsKeyIsWithdrawn() throws Exception {
    Path file = Files.writeString(folder.resolve("replay.txt"), "shop:" + KEY + "\n");
    String request =
        "POST /"
            + PREDICT
            + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer "
            + KEY
            + "\r\nContent-Length: "
            + PERL.length()
            + "\r\n\r\n"
            + PERL;
    try (ModelServer server = builder().apiKeys(file).start()) {
      Client client = new Client(server.uri());
      for (int i = 0; i < 2; i++) {
        try (Socket socket = client.connect()) {
          assertThat(Client.exchange(socket, request)).startsWith("HTTP/1.1 200 ");
        }
      }
      Files.writeString(file, "shop:" + OTHER + "\n");
      await(() -> said.contains(file + ": 1 key from now on"));
      try (Socket socket = client.connect()) {
        assertThat(Client.exchange(socket, request)).startsWith("HTTP/1.1 401 ");
      }
    }
  }

  private static Path file(String name) throws IOException {
    return Files.write(folder.resolve(name), TlsIdentityTest.bytes(name));
  }

  private static SSLContext trusting() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry(
        "ca",
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(TlsIdentityTest.bytes("ca.pem"))));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static GrpcClient encrypted(ModelServer server) throws IOException {
    return new GrpcClient(
        GrpcClient.to(server.grpcPort().getAsInt())
            .sslContext(GrpcSslContexts.forClient().trustManager(file("ca.pem").toFile()).build()));
  }

  /** A connection after its handshake. */
  private static SSLSocket handshake(int port, String... protocols) throws Exception {
    SSLSocket socket = (SSLSocket) trusting().getSocketFactory().createSocket("localhost", port);
    socket.setSoTimeout(20_000);
    if (protocols.length > 0) {
      socket.setEnabledProtocols(protocols);
    }
    socket.startHandshake();
    return socket;
  }

  private static String shown(int port) throws Exception {
    try (SSLSocket socket = handshake(port)) {
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
          .getSubjectX500Principal()
          .getName();
    }
  }

  @ParameterizedTest
  @CsvSource({"rsa, rsa-pkcs1", "ec, ec-sec1", "ed25519, ed25519"})
  void restAndGrpcAreEncryptedByTls12And13(String certificate, String key) throws Exception {
    try (ModelServer server =
            builder().tls(file(certificate + ".pem"), file(key + ".key")).start();
        GrpcClient grpc = encrypted(server)) {
      assertThat(server.uri().getScheme()).isEqualTo("https");
      HttpClient http = HttpClient.newBuilder().sslContext(trusting()).build();
      assertThat(ask(http, server.uri(), PREDICT, PERL).statusCode()).isEqualTo(200);
      if (!certificate.equals("ed25519")) { // which gRPC's own client does not know
        assertThat(call(grpc)).isNotEmpty();
      }
      for (int port : List.of(server.uri().getPort(), server.grpcPort().getAsInt())) {
        for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
          try (SSLSocket socket = handshake(port, protocol)) {
            assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
            assertThat(socket.getSession().getCipherSuite()).matches("TLS_(AES|ECDHE|CHACHA).*");
          }
        }
        try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port)) {
          plain.setSoTimeout(20_000);
          plain.getOutputStream().write("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(UTF_8));
          assertThat(readAll(plain)).doesNotContain("ok");
        }
      }
    }
  }

  private static String readAll(Socket socket) throws IOException {
    try {
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    } catch (SocketException e) {
      return ""; // reset
    }
  }

  @Test
  void aCertificateChangesForNewConnectionsWhileTheOthersGoOn() throws Exception {
    Path certificate = Files.write(folder.resolve("tls.crt"), TlsIdentityTest.bytes("rsa.pem"));
    Path key = Files.write(folder.resolve("tls.key"), TlsIdentityTest.bytes("rsa.key"));
    try (ModelServer server = builder().tls(certificate, key).start();
        GrpcClient grpc = encrypted(server)) {
      int rest = server.uri().getPort();
      int grpcPort = server.grpcPort().getAsInt();
      call(grpc);
      try (SSLSocket before = handshake(rest)) {
        assertAnswered(before);
        // Half a pair, as it is while files are being replaced.
        Files.write(certificate, TlsIdentityTest.bytes("ec.pem"));
        await(
            () ->
                said.toString().contains("what was in use stays: " + key + ": BEGIN PRIVATE KEY"));
        assertThat(shown(rest)).isEqualTo("CN=rsa of vaecf's tests");
        Files.write(key, TlsIdentityTest.bytes("ec.key:60"));
        await(
            () ->
                said.toString()
                    .contains("what was in use stays: " + key + ": a block that begins"));
        assertThat(shown(grpcPort)).isEqualTo("CN=rsa of vaecf's tests");

        Files.write(key, TlsIdentityTest.bytes("ec.key"));
        await(() -> said.toString().contains("the certificate of CN=ec of vaecf's tests"));
        assertThat(shown(rest)).isEqualTo("CN=ec of vaecf's tests");
        assertThat(shown(grpcPort)).isEqualTo("CN=ec of vaecf's tests");
        assertAnswered(before);
        call(grpc);
      }
      try (GrpcClient newer = encrypted(server)) {
        call(newer);
      }
    }
  }

  private static void assertAnswered(SSLSocket socket) throws IOException {
    socket
        .getOutputStream()
        .write("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(UTF_8));
    StringBuilder answer = new StringBuilder();
    while (!answer.toString().endsWith("ok\n")) {
      int octet = socket.getInputStream().read();
      assertThat(octet).as(answer.toString()).isNotNegative();
      answer.append((char) octet);
    }
    assertThat(answer).startsWith("HTTP/1.1 200 ");
  }

  /** All that a client sent, sent again by somebody who saw it, is no request. */
  @Test
  void whatWasSeenOfAnEncryptedRequestIsOfNoUse() throws Exception {
    try (ModelServer server =
            builder().apiKeys("shop:" + KEY).tls(file("ec.pem"), file("ec.key")).start();
        ServerSocket between = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      ByteArrayOutputStream seen = new ByteArrayOutputStream();
      Thread watching = new Thread(() -> pass(between, server.uri().getPort(), seen));
      watching.start();
      try (SSLSocket socket = handshake(between.getLocalPort())) {
        socket
            .getOutputStream()
            .write(
                ("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        + "Authorization: Bearer "
                        + KEY
                        + "\r\n\r\n")
                    .getBytes(UTF_8));
        assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8))
            .startsWith("HTTP/1.1 200 ");
      }
      watching.join();
      await(() -> logged.size() == 1);
      assertThat(seen.toString(ISO_8859_1)).isNotEmpty().doesNotContain(KEY, "metrics");
      try (Socket again = new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort())) {
        again.setSoTimeout(20_000);
        again.getOutputStream().write(seen.toByteArray());
        again.shutdownOutput();
        readAll(again);
      }
      assertThat(logged).as("requests").hasSize(1);
    }
  }

  /** Lets a connection through, and keeps what its client sends. */
  private static void pass(ServerSocket from, int to, OutputStream seen) {
    try (Socket client = from.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), to)) {
      Thread back =
          new Thread(
              () -> {
                try {
                  server.getInputStream().transferTo(client.getOutputStream());
                  client.shutdownOutput();
                } catch (IOException e) {
                  // Closed at the other end.
                }
              });
      back.start();
      byte[] some = new byte[8192];
      InputStream in = client.getInputStream();
      for (int size = in.read(some); size >= 0; size = in.read(some)) {
        seen.write(some, 0, size);
        server.getOutputStream().write(some, 0, size);
      }
      back.join();
    } catch (IOException | InterruptedException e) {
      // Closed at the other end.
    }
  }

  @Test
  void aHandshakeThatTricklesIsClosedAndAConnectionInUseIsNot() throws Exception {
    Limits hasty = new Limits(100_000, 200, 200_000, 500, 64, 50_000_000, Duration.ofMillis(400));
    try (ModelServer server = builder().limits(hasty).tls(file("ec.pem"), file("ec.key")).start()) {
      SSLSocket used = handshake(server.uri().getPort());
      try (Socket slow = new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort())) {
        // The head of a record of 16 KiB, and then an octet of it now and then.
        slow.getOutputStream().write(new byte[] {22, 3, 1, 0x40, 0, 1, 0, 0x3f, (byte) 0xfc, 3, 3});
        boolean closed = false;
        long start = System.nanoTime();
        long opened = start;
        long answered = start;
        Duration periods = Duration.ofSeconds(2); // two and a half of them
        while (!closed || answered - opened < periods.toNanos()) {
          if (System.nanoTime() - answered > Duration.ofMillis(400).toNanos()) {
            // A machine that is so busy may have let it be idle for too long.
            used.close();
            used = handshake(server.uri().getPort());
            opened = System.nanoTime();
          }
          assertAnswered(used);
          answered = System.nanoTime();
          assertThat(System.nanoTime() - start).isLessThan(Duration.ofMinutes(1).toNanos());
          if (!closed) {
            try {
              slow.getOutputStream().write(1);
            } catch (IOException e) {
              closed = true;
            }
          }
          Thread.sleep(40);
        }
      } finally {
        used.close();
      }
    }
  }

  @Test
  void filesThatCannotBeUsedAreToldAtTheStart() throws Exception {
    Path none = folder.resolve("none");
    assertThatThrownBy(() -> builder().apiKeys(none).start())
        .isInstanceOf(DataException.class)
        .hasMessage(none + ": no such file");
    assertThatThrownBy(() -> builder().tls(file("ec.pem"), none).start())
        .isInstanceOf(DataException.class)
        .hasMessage(none + ": no such file");
    assertThatThrownBy(() -> builder().tls(file("ec.pem"), file("rsa.key")).start())
        .isInstanceOf(DataException.class)
        .hasMessageContaining("rsa.key: BEGIN PRIVATE KEY is damaged, or no key of the");
  }

  private static HttpResponse<String> fromPage(
      ModelServer server, String method, String origin, String... more) throws Exception {
    // A client of the JDK's does not let pages' headers be set, nor does it need to.
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.uri().resolve(PREDICT))
            .header("Origin", origin)
            .method(
                method,
                method.equals("POST")
                    ? HttpRequest.BodyPublishers.ofString(PERL)
                    : HttpRequest.BodyPublishers.noBody());
    if (more.length > 0) {
      request.headers(more);
    }
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void pagesOfAllowedOriginsMayAskAndNoOthers() throws Exception {
    String[] preflight = {
      "Access-Control-Request-Method", "POST",
      "Access-Control-Request-Headers", "authorization,content-type"
    };
    try (ModelServer server =
        builder().apiKeys("shop:" + KEY).origins(Set.of("https://shop.example")).start()) {
      HttpResponse<String> allowed = fromPage(server, "OPTIONS", "https://shop.example", preflight);
      assertThat(allowed.statusCode()).isEqualTo(200);
      assertThat(allowed.headers().firstValue("Access-Control-Allow-Origin"))
          .contains("https://shop.example");
      assertThat(allowed.headers().firstValue("Access-Control-Allow-Methods").orElseThrow())
          .contains("POST");
      assertThat(
              allowed
                  .headers()
                  .firstValue("Access-Control-Allow-Headers")
                  .orElseThrow()
                  .toLowerCase(Locale.ROOT))
          .contains("authorization", "content-type");
      assertThat(allowed.headers().firstValue("Access-Control-Allow-Credentials")).isEmpty();

      HttpResponse<String> asked =
          fromPage(server, "POST", "https://shop.example", "Authorization", "Bearer " + KEY);
      assertThat(asked.statusCode()).isEqualTo(200);
      assertThat(asked.headers().firstValue("Access-Control-Allow-Origin"))
          .contains("https://shop.example");
      assertThat(asked.headers().allValues("Vary").toString()).contains("Origin");
      HttpResponse<String> refused = fromPage(server, "POST", "https://shop.example");
      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(refused.headers().firstValue("Access-Control-Allow-Origin")).isPresent();

      for (String other :
          List.of(
              "http://shop.example",
              "https://shop.example:8443",
              "https://shop.example.evil.example",
              "https://shopxexample",
              "null")) {
        HttpResponse<String> preflighted = fromPage(server, "OPTIONS", other, preflight);
        assertThat(preflighted.headers().firstValue("Access-Control-Allow-Origin"))
            .as(other)
            .isEmpty();
        assertThat(fromPage(server, "POST", other).headers().map())
            .as(other)
            .doesNotContainKey("access-control-allow-origin");
      }
    }
    try (ModelServer any = builder().origins(Set.of("*")).start();
        ModelServer none = builder().start()) {
      assertThat(
              fromPage(any, "POST", "https://any.example")
                  .headers()
                  .firstValue("Access-Control-Allow-Origin"))
          .isPresent();
      HttpResponse<String> off = fromPage(none, "OPTIONS", "https://any.example", preflight);
      assertThat(off.statusCode()).isEqualTo(405);
      assertThat(off.headers().map()).doesNotContainKey("access-control-allow-origin");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "shop.example",
        "https://shop.example/",
        "https://Shop.example",
        "https://*.example",
        "null",
        ""
      })
  void whatIsNoOriginIsRefused(String origin) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().origins(Set.of(origin)))
        .withMessageStartingWith("expected an origin as browsers send it")
        .withMessageEndingWith("found '" + origin + "'");
  }

  @Test
  void howItIsMayBeAskedByAnyName() throws Exception {
    String probed = "10.0.0.7:8501";
    try (ModelServer server = builder().hosts(Set.of("movies.example")).start();
        Socket socket = new Client(server.uri()).connect()) {
      assertThat(
              Client.exchange(
                  socket,
                  "GET /readyz HTTP/1.1\r\nHost: "
                      + probed
                      + "\r\n\r\nGET /metrics HTTP/1.1\r\nHost: "
                      + probed
                      + "\r\nConnection: close\r\n\r\n"))
          .startsWith("HTTP/1.1 200 ")
          .contains("HTTP/1.1 403 ");
    }
  }

  @Test
  void atTheStopItIsFirstNotReadyThenTakesNoMore() throws Exception {
    ModelServer server = builder().shutdownDelay(Duration.ofDays(1)).start();
    URI before = server.uri();
    try (GrpcClient grpc = grpc(server)) {
      HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(grpc.channel());
      assertThat(ask(server, "readyz").statusCode()).isEqualTo(200);
      Thread stopping = new Thread(server::close);
      stopping.start();
      while (ask(server, "readyz").statusCode() == 200) {
        Thread.onSpinWait();
      }
      assertThat(ask(server, "readyz").body()).isEqualTo("the server is about to stop\n");
      assertThat(ask(server, "livez").statusCode()).isEqualTo(200);
      assertThat(health.check(HealthCheckRequest.getDefaultInstance()).getStatus())
          .isEqualTo(ServingStatus.NOT_SERVING);
      assertThat(ask(HttpClient.newHttpClient(), server.uri(), PREDICT, PERL).statusCode())
          .isEqualTo(200);
      assertThat(call(grpc)).isNotEmpty();
      assertThat(stopping.isAlive()).isTrue();
      stopping.interrupt();
      stopping.join();
      assertThatThrownBy(() -> ask(HttpClient.newHttpClient(), before, "livez", null))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void aModelWithoutAVersionIsNotReadyThoughTheServerLives() throws Exception {
    ServedVersions gone =
        ServedVersions.open(SampleExport.base(), Duration.ofDays(1), System.err::println);
    try (ModelServer server = builder().model("gone", gone).start()) {
      assertThat(ask(server, "readyz").statusCode()).isEqualTo(200);
      gone.close();
      HttpResponse<String> ready = ask(server, "readyz");
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(ready.body()).isEqualTo("a model has no version\n");
      assertThat(ask(server, "livez").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void whatLacksWhereOtherMachinesReachItIsToldOnce() throws Exception {
    InetSocketAddress everywhere = new InetSocketAddress("0.0.0.0", 0);
    builder().start().close();
    assertThat(said).isEmpty();
    builder().http(everywhere).start().close();
    assertThat(said).hasSize(1);
    assertThat(said.get(0))
        .startsWith("WARNING: other machines reach this server, and neither keys nor encryption");
    said.clear();
    builder().grpc(everywhere).apiKeys("shop:" + KEY).start().close();
    assertThat(said.get(0)).contains("what they send, their keys too, is not encrypted");
    said.clear();
    builder().http(everywhere).tls(file("ec.pem"), file("ec.key")).start().close();
    assertThat(said.get(0)).contains("whoever does can ask it: give it keys (--api-keys)");
    said.clear();
    builder()
        .http(everywhere)
        .apiKeys("shop:" + KEY)
        .tls(file("ec.pem"), file("ec.key"))
        .start()
        .close();
    assertThat(said).isEmpty();
  }

  @Test
  void olderProtocolsAreRefused() throws Exception {
    try (ModelServer server = builder().tls(file("ec.pem"), file("ec.key")).start()) {
      for (int port : List.of(server.uri().getPort(), server.grpcPort().getAsInt())) {
        // A ClientHello of TLS 1.1, by hand, as the JVM of the tests would not send one.
        byte[] hello = {
          22,
          3,
          1,
          0,
          47,
          1,
          0,
          0,
          43,
          3,
          2,
          0,
          1,
          2,
          3,
          4,
          5,
          6,
          7,
          8,
          9,
          10,
          11,
          12,
          13,
          14,
          15,
          16,
          17,
          18,
          19,
          20,
          21,
          22,
          23,
          24,
          25,
          26,
          27,
          28,
          29,
          30,
          31,
          0,
          0,
          4,
          (byte) 0xc0,
          9,
          (byte) 0xc0,
          10,
          1,
          0
        };
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
          socket.setSoTimeout(20_000);
          socket.getOutputStream().write(hello);
          // An alert (21) that is fatal (2): protocol_version (70).
          String alert = readAll(socket);
          assertThat(alert.charAt(0)).isEqualTo((char) 21);
          assertThat(alert.substring(5, 7)).isEqualTo("\u0002F");
        }
        assertThatThrownBy(() -> handshake(port, "TLSv1.1").close())
            .isInstanceOfAny(SSLException.class, IllegalArgumentException.class);
      }
    }
  }
}
