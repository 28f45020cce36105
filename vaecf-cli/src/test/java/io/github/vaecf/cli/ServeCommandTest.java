package io.github.vaecf.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServeCommandTest {
  private static final Pattern STARTED =
      Pattern.compile(
          "Serving (\\S+), version 1, at (http://127\\.0\\.0\\.1:\\d+/) and by gRPC at"
              + " 127\\.0\\.0\\.1:(\\d+) .*");

  @TempDir Path folder;

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void itServesChangesVersionsAndEndsInGoodOrder() throws Exception {
    Path base = Files.createDirectories(folder.resolve("packages"));
    SampleRun.copyExport(base.resolve("1"));
    Path err = folder.resolve("err");
    Process server =
        command("--model", base.toString(), "--port=0", "--grpc-port=0", "--refresh=1")
            .redirectError(err.toFile())
            .start();
    try (BufferedReader out = server.inputReader()) {
      Matcher started = STARTED.matcher(out.readLine());
      assertThat(started.matches()).isTrue();
      assertThat(started.group(1)).isEqualTo("packages");
      URI model = URI.create(started.group(2)).resolve("v1/models/packages");
      assertThat(get(model).body()).contains("\"version\":\"1\"");
      try (Socket grpc =
          new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(started.group(3)))) {
        // What an HTTP/2 server sends first: its settings, a frame of type 4.
        assertThat(grpc.getInputStream().readNBytes(4)[3]).isEqualTo((byte) 4);
      }

      Files.createDirectory(base.resolve("2"));
      Files.createFile(base.resolve("2/saved_model.pb"));
      waitFor(err, "vaecf serve: version 1 stays: " + base.resolve("2") + ": not an export");
      SampleRun.copyExport(base.resolve("3"));
      waitFor(err, "vaecf serve: now version 3");
      assertThat(get(model).body()).contains("\"version\":\"3\"");

      CompletableFuture<HttpResponse<String>> last =
          http.sendAsync(
              HttpRequest.newBuilder(URI.create(model + ":predict"))
                  .POST(
                      HttpRequest.BodyPublishers.ofString(
                          "{\"signature_name\": \"score\", \"instances\": [[]"
                              + ",[]".repeat(199)
                              + "]}"))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      while (!get(model.resolve("/metrics")).body().contains("vaecf_waiting_requests 0.0")) {
        Thread.sleep(1);
      }
      Thread.sleep(50);
      server.destroy();

      assertThat(last.get().statusCode()).as(Files.readString(err)).isEqualTo(200);
      assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(server.exitValue()).as("128 + SIGTERM").isEqualTo(143);
      assertThat(err).content().contains("vaecf serve: finishing what is under way");
    } finally {
      server.destroyForcibly();
    }
  }

  private HttpResponse<String> get(URI uri) throws Exception {
    return http.send(
        HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString(UTF_8));
  }

  /** A process of its own that serves. */
  private static ProcessBuilder command(String... options) {
    List<String> words = new ArrayList<>();
    words.add(ProcessHandle.current().info().command().orElseThrow());
    words.addAll(List.of("-cp", System.getProperty("java.class.path")));
    words.addAll(List.of(Vaecf.class.getName(), "serve"));
    words.addAll(List.of(options));
    return new ProcessBuilder(words);
  }

  private static void waitFor(Path file, String text) throws Exception {
    for (int i = 0; i < 600 && !Files.readString(file).contains(text); i++) {
      Thread.sleep(50);
    }
    assertThat(file).content().contains(text);
  }

  /** With keys from the environment, encryption, and the log on standard output. */
  @Test
  void itServesOnANetwork() throws Exception {
    Path base = Files.createDirectories(folder.resolve("packages"));
    SampleRun.copyExport(base.resolve("1"));
    Path tests = Path.of("../vaecf-server/src/test/resources/tls");
    Path err = folder.resolve("err");
    Path out = folder.resolve("out");
    ProcessBuilder command =
        command(
            "--model",
            base.toString(),
            "--port=0",
            "--host=0.0.0.0",
            "--access-log=-",
            "--tls-certificate=" + tests.resolve("ec.pem"),
            "--tls-key=" + tests.resolve("ec.key"));
    String key = "0123456789abcdef0123456789abcdef";
    command.environment().put("VAECF_API_KEYS", "shop:" + key + "; old:" + "0".repeat(32));
    Process server = command.redirectError(err.toFile()).redirectOutput(out.toFile()).start();
    try {
      waitFor(err, "(Ctrl-C ends it)");
      assertThat(err) // the JVM may warn of other things
          .content()
          .doesNotContain("WARNING: other machines reach", "WARNING: clients will refuse");
      Matcher address = Pattern.compile("https://0.0.0.0:(\\d+)/").matcher(Files.readString(err));
      assertThat(address.find()).isTrue();
      URI model = URI.create("https://localhost:" + address.group(1) + "/v1/models/packages");
      KeyStore known = KeyStore.getInstance("PKCS12");
      known.load(null, null);
      try (InputStream in = Files.newInputStream(tests.resolve("ca.pem"))) {
        known.setCertificateEntry(
            "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(known);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      HttpClient encrypted = HttpClient.newBuilder().sslContext(context).build();
      HttpRequest.Builder request = HttpRequest.newBuilder(model);
      HttpResponse.BodyHandler<String> text = HttpResponse.BodyHandlers.ofString();
      assertThat(encrypted.send(request.build(), text).statusCode()).isEqualTo(401);
      request.header("Authorization", "Bearer " + key);
      assertThat(encrypted.send(request.build(), text).statusCode()).isEqualTo(200);
      waitFor(out, " - - [");
      waitFor(out, " - shop [");
      assertThat(Files.readAllLines(out)).hasSize(2).allMatch(line -> line.contains("HTTP/1.1\""));
      assertThat(Files.readString(out) + Files.readString(err)).doesNotContain(key);
    } finally {
      server.destroy();
      assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--refresh=0, '--refresh must be at least 1, found 0'",
    "--port=70000, '--port must be from 0 to 65535, found 70000'",
    "--grpc-port=-1, '--grpc-port must be from 0 to 65535, found -1'",
    "--grpc-port=8501, '--port and --grpc-port must not be the same, found 8501 twice'",
    "--label=stable, '--label: expected NAME:LABEL=N such as movies:stable=3, found stable'",
    "--label=nobody:stable=1, '--label nobody:stable=1: there is no model ''nobody'', only ['",
    "--models-file=x, '--models-file says which models there are: no --model, --name, --label'",
    "--max-memory=0, 'the memory for requests must be positive, found 0'",
    "--max-batch=0, 'the size of a batch must be positive, found 0'",
    "--shutdown-delay=-1, '--shutdown-delay must be at least 0, found -1'",
    "--tls-key=x, '--tls-certificate and --tls-key go together, found --tls-key alone'",
    "--tls-certificate=x, '--tls-certificate and --tls-key go together, found --tls-certificate'",
    "--allowed-origin=shop.example, '--allowed-origin: expected an origin as browsers send it'",
    "--host=no.such.host.invalid, --host: there is no machine 'no.such.host.invalid'"
  })
  void wrongOptionsAreRefused(String option, String problem) {
    Outcome outcome = Outcome.of("serve", "--model", folder, option);
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("vaecf serve: " + problem);
  }

  @Test
  void modelsWithoutNamesOfTheirOwnAreRefused() {
    Path other = folder.resolve("other").resolve(folder.getFileName());
    Outcome twice = Outcome.of("serve", "--model", folder, "--model", other);
    assertThat(twice.status()).isEqualTo(2);
    assertThat(twice.err())
        .contains("two models have the name")
        .contains("write --model NAME=BASE");
    Outcome none = Outcome.of("serve");
    assertThat(none.status()).isEqualTo(2);
    assertThat(none.err()).startsWith("vaecf serve: expected --model BASE or --models-file FILE");
  }

  @Test
  void aFolderWithoutVersionsIsRefused() {
    Outcome outcome = Outcome.of("serve", "--model", folder);
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err())
        .isEqualTo(
            "vaecf serve: "
                + folder
                + ": expected a folder with exported versions BASE/<number>, found none\n");
  }

  @Test
  void aPortInUseIsToldWithTheCure() throws Exception {
    Path base = Files.createDirectories(folder.resolve("packages"));
    SampleRun.copyExport(base.resolve("1"));
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Outcome outcome = Outcome.of("serve", "--model", base, "--port=" + taken.getLocalPort());
      assertThat(outcome.status()).isEqualTo(1);
      assertThat(outcome.err())
          .isEqualTo(
              "vaecf serve: 127.0.0.1:"
                  + taken.getLocalPort()
                  + ": another program listens at this port; choose another port with --port (0 for"
                  + " any that is free) or another address with --host\n");
      Outcome grpc =
          Outcome.of("serve", "--model", base, "--port=0", "--grpc-port=" + taken.getLocalPort());
      assertThat(grpc.status()).isEqualTo(1);
      assertThat(grpc.err())
          .isEqualTo(
              "vaecf serve: 127.0.0.1:"
                  + taken.getLocalPort()
                  + ": another program listens at this port; choose another port with --port or"
                  + " --grpc-port (0 for any that is free) or another address with --host\n");
    }
  }

  @Test
  void aNameThatNoRequestCanHaveIsRefusedWithTheCure() throws Exception {
    Path base = Files.createDirectories(folder.resolve("my:movies"));
    SampleRun.copyExport(base.resolve("1"));
    Outcome outcome = Outcome.of("serve", "--model", base, "--port=0");
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err())
        .startsWith("vaecf serve: a model's name must not be empty, '.' or '..' and have neither")
        .contains("found 'my:movies'; choose another with --name");
  }
}
