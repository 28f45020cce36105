package io.github.vaecf.server;

import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.export.ServedVersions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves an export over HTTP: TensorFlow Serving's REST surface, health, metrics, and a page for
 * people; and over gRPC where it is asked to, as TensorFlow Serving does. Where it is to be reached
 * from elsewhere, give it {@linkplain Builder#apiKeys keys} and {@linkplain Builder#tls
 * encryption}.
 *
 * <p>No thread waits for a client: bodies are read as they arrive, and what arrives together is
 * answered in one run of the model. Safe for use by many threads.
 */
public final class ModelServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelServer.class);

  /** Batches at once: while one is in the model's products the other's ids are looked up. */
  private static final int RUNS = 2;

  private final Backend backend;
  private final HttpServer http;
  private final Optional<GrpcServer> grpc;

  private ModelServer(Backend backend, HttpServer http, Optional<GrpcServer> grpc) {
    this.backend = backend;
    this.http = http;
    this.grpc = grpc;
  }

  /**
   * Starts to serve over HTTP. At an address of this machine alone it answers only to that address'
   * names.
   *
   * @param versions the model's versions; closed by the caller, who closes the server first
   * @param name the model's name in requests, percent-encoded there where it must be; without "/"
   *     and ":"
   * @param address host and port to listen at; port 0 for any that is free
   * @param limits what a client may ask
   * @return the server, to be closed
   * @throws IllegalArgumentException if no request could have such a name
   * @throws IOException if the address cannot be listened at; the message says why
   */
  public static ModelServer start(
      ServedVersions versions, String name, InetSocketAddress address, Limits limits)
      throws IOException {
    return builder().model(name, versions).http(address).limits(limits).start();
  }

  /**
   * A server to be: {@link Builder#model} and {@link Builder#http} are needed.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** What a server is to be like. */
  public static final class Builder {
    private final Map<String, ServedVersions> models = new LinkedHashMap<>();
    private InetSocketAddress http;
    private InetSocketAddress grpcAddress;
    private Set<String> hosts = Set.of();
    private Set<String> origins = Set.of();
    private Path keysFile;
    private String keys;
    private Path certificate;
    private Path certificateKey;
    private Path accessLogFile;
    private Consumer<String> accessLog;
    private Limits limits = Limits.defaults();
    private Duration refresh = Duration.ofSeconds(2);
    private Duration shutdownDelay = Duration.ZERO;
    private Consumer<String> log = LOG::warn;
    private int runs = RUNS;

    private Builder() {}

    /**
     * What is served; again for another model, the first being the one of the page at {@code /}.
     *
     * @param name the model's name in requests, percent-encoded in paths where it must be; without
     *     "/" and ":"
     * @param versions the model's versions; closed by the caller, who closes the server first
     * @return this
     * @throws IllegalArgumentException if no request could have such a name, or it is taken
     */
    public Builder model(String name, ServedVersions versions) {
      requireName(name);
      if (models.putIfAbsent(name, Objects.requireNonNull(versions, "versions")) != null) {
        throw new IllegalArgumentException("two models have the name '" + name + "'");
      }
      return this;
    }

    /**
     * Where it listens for HTTP.
     *
     * @param address host and port; port 0 for any that is free
     * @return this
     */
    public Builder http(InetSocketAddress address) {
      this.http = Objects.requireNonNull(address, "address");
      return this;
    }

    /**
     * Where it listens for gRPC too; nowhere unless said.
     *
     * @param address host and port; port 0 for any that is free
     * @return this
     */
    public Builder grpc(InetSocketAddress address) {
      this.grpcAddress = Objects.requireNonNull(address, "address");
      return this;
    }

    /**
     * By which other names it is known over HTTP, such as that of a proxy before it. At an address
     * that other machines reach it answers to any name unless some are given. What asks how it is
     * ({@code /livez}, {@code /readyz}) may do so by any name.
     *
     * @param hosts names of machines, without port, beside the address' own and {@code localhost}
     * @return this
     */
    public Builder hosts(Set<String> hosts) {
      this.hosts = Set.copyOf(hosts);
      return this;
    }

    /**
     * From which other sites a browser's pages may ask over HTTP (CORS); from none unless said.
     *
     * @param origins such as {@code https://shop.example}: a scheme, a name and a port where it is
     *     not the scheme's own; or {@code *} for any
     * @return this
     * @throws IllegalArgumentException if one is none
     */
    public Builder origins(Set<String> origins) {
      origins.forEach(Origins::require);
      this.origins = Set.copyOf(origins);
      return this;
    }

    /**
     * Answers only requests that come with a key of this file, {@code Authorization: Bearer KEY},
     * over HTTP and by gRPC; all but those about its health, and for the page itself. What the file
     * says takes over whenever it changes; if that cannot be used it is said and nothing changes.
     *
     * <p>A line for each key: {@code NAME:KEY}, or {@code NAME:sha256:HEX} with the key's SHA-256,
     * and behind it, where wanted, {@code rate=} requests a second and {@code burst=} at once, and
     * {@code expires=} the day (UTC) or time from which the key is not valid. The name appears in
     * metrics and the access log, the key nowhere.
     *
     * @param file the file
     * @return this
     */
    public Builder apiKeys(Path file) {
      this.keysFile = Objects.requireNonNull(file, "file");
      return this;
    }

    /**
     * The same with the lines themselves, which do not change.
     *
     * @param lines the lines, divided by line breaks or semicolons
     * @return this
     */
    public Builder apiKeys(String lines) {
      this.keys = lines.replace(';', '\n');
      return this;
    }

    /**
     * Encrypts, by TLS 1.3 or 1.2, what goes over HTTP and by gRPC. The files may change together
     * while it runs: new connections get the new certificate. A pair that cannot be used is said
     * and changes nothing.
     *
     * @param certificate a PEM file with the server's certificate and then those of its issuers, as
     *     far as clients do not know them
     * @param key a PEM file with its private key, not encrypted; RSA, EC or EdDSA
     * @return this
     */
    public Builder tls(Path certificate, Path key) {
      this.certificate = Objects.requireNonNull(certificate, "certificate");
      this.certificateKey = Objects.requireNonNull(key, "key");
      return this;
    }

    /**
     * Appends a line for each request to a file, in the combined log format of Apache's httpd with
     * the seconds that it took behind. The file may be moved away at any time; a new one is begun.
     *
     * @param file the file, in a folder that is there
     * @return this
     */
    public Builder accessLog(Path file) {
      this.accessLogFile = Objects.requireNonNull(file, "file");
      return this;
    }

    /**
     * The same lines for whatever keeps them.
     *
     * @param lines gets each line without its end; called by many threads, which wait for it
     * @return this
     */
    public Builder accessLog(Consumer<String> lines) {
      this.accessLog = Objects.requireNonNull(lines, "lines");
      return this;
    }

    /**
     * How often it looks whether the files of keys and certificates have changed; 2 seconds unless
     * said. A change takes over at the second look that finds it.
     *
     * @param every the time from one look to the next
     * @return this
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder refresh(Duration every) {
      if (every.isNegative() || every.isZero()) {
        throw new IllegalArgumentException("the time between looks must be positive");
      }
      this.refresh = every;
      return this;
    }

    /**
     * How long requests are still taken after {@link ModelServer#close} was called, while it says
     * already that it is not ready: so that load balancers send it no more. None unless said.
     *
     * @param delay the time
     * @return this
     * @throws IllegalArgumentException if it is negative
     */
    public Builder shutdownDelay(Duration delay) {
      if (delay.isNegative()) {
        throw new IllegalArgumentException("the delay of the shutdown must not be negative");
      }
      this.shutdownDelay = delay;
      return this;
    }

    /**
     * What gets a sentence when something is of interest to whoever runs it: that nothing protects
     * it, that files have changed or cannot be used. The log (SLF4J, as warnings) unless said.
     *
     * @param log gets the sentences, also from threads of the server
     * @return this
     */
    public Builder log(Consumer<String> log) {
      this.log = Objects.requireNonNull(log, "log");
      return this;
    }

    /**
     * What a client may ask; {@link Limits#defaults} unless said.
     *
     * @param limits the limits
     * @return this
     */
    public Builder limits(Limits limits) {
      this.limits = Objects.requireNonNull(limits, "limits");
      return this;
    }

    /** Batches at once; with none no request is ever answered, as by a model that hangs. */
    Builder runs(int runs) {
      this.runs = runs;
      return this;
    }

    /**
     * Starts to serve.
     *
     * @return the server, to be closed
     * @throws IllegalStateException if the model or the address is missing
     * @throws DataException if a file of keys, certificates or the log cannot be used
     * @throws IOException if an address cannot be listened at; the message says which and why
     */
    public ModelServer start() throws IOException {
      if (models.isEmpty() || http == null) {
        throw new IllegalStateException("a server needs a model and an address for HTTP");
      }
      return ModelServer.start(this);
    }
  }

  private static ModelServer start(Builder wanted) throws IOException {
    Protection protection = new Protection(wanted.refresh, wanted.log);
    if (wanted.keysFile != null) {
      protection.useKeys(wanted.keysFile);
    } else if (wanted.keys != null) {
      protection.useKeys("the API keys", wanted.keys);
    }
    if (wanted.certificate != null) {
      protection.useIdentity(wanted.certificate, wanted.certificateKey);
    }
    Optional<AccessLog> accessLog = Optional.empty();
    if (wanted.accessLogFile != null) {
      accessLog = Optional.of(AccessLog.toFile(wanted.accessLogFile, wanted.log));
    } else if (wanted.accessLog != null) {
      accessLog = Optional.of(new AccessLog(wanted.accessLog));
    }
    ModelServer made = start(wanted, protection, accessLog);
    protection.lacking(wanted.http, wanted.grpcAddress).ifPresent(wanted.log);
    protection.start();
    return made;
  }

  private static ModelServer start(
      Builder wanted, Protection protection, Optional<AccessLog> accessLog) throws IOException {
    Backend backend = new Backend(wanted, protection, accessLog);
    HttpServer http = backend.http();
    InetSocketAddress address = wanted.http;
    try {
      http.start();
      Optional<GrpcServer> grpc = Optional.empty();
      if (wanted.grpcAddress != null) {
        address = wanted.grpcAddress;
        grpc = Optional.of(backend.grpc(address, http.patience()));
      }
      return new ModelServer(backend, http, grpc);
    } catch (IOException | RuntimeException e) {
      new ModelServer(backend, http, Optional.empty()).end();
      if (e instanceof IOException failure) {
        throw new IOException(
            address.getHostString() + ":" + address.getPort() + ": " + reason(failure), e);
      }
      throw e;
    }
  }

  /** What is behind HTTP and gRPC alike. */
  private static final class Backend {
    final Builder wanted;
    final Protection protection;
    final Optional<AccessLog> accessLog;
    final ServerMetrics metrics = new ServerMetrics();
    final Visits visits;
    final Batcher batcher;
    final MemoryBudget memory;
    final Models models;
    final ModelCalls calls;

    Backend(Builder wanted, Protection protection, Optional<AccessLog> accessLog) {
      this.wanted = wanted;
      this.protection = protection;
      this.accessLog = accessLog;
      Limits limits = wanted.limits;
      visits = new Visits(metrics, accessLog);
      batcher = new Batcher(limits, wanted.runs, metrics);
      memory = new MemoryBudget(limits.memoryBytes());
      metrics.watch(
          "vaecf_held_bytes", "Memory that requests under way hold, about.", memory::held);
      metrics.watch(
          "vaecf_waiting_requests", "Requests that wait for the model.", batcher::waiting);
      models = new Models(wanted.models);
      metrics.watchEach(
          "vaecf_model_version",
          "The version that requests get which name none.",
          models,
          ServedVersions::version);
      metrics.countEach(
          "vaecf_failed_loads",
          "Versions that were tried and could not be served; each again when it has changed.",
          models,
          ServedVersions::failedLoads);
      calls = new ModelCalls(models, batcher, limits);
    }

    HttpServer http() {
      return new HttpServer(
          wanted.http,
          wanted.hosts,
          wanted.origins,
          protection,
          wanted.limits,
          memory,
          models,
          calls,
          metrics,
          visits);
    }

    GrpcServer grpc(InetSocketAddress address, Patience patience) throws IOException {
      return GrpcServer.start(
          address,
          new GrpcServices(models, calls, wanted.limits),
          wanted.limits,
          memory,
          patience,
          visits,
          protection.admission(),
          protection.tls());
    }

    void close() {
      batcher.close();
      protection.close();
      accessLog.ifPresent(AccessLog::close);
    }
  }

  /**
   * Why an address cannot be listened at. Jetty says only that, and the system's words behind it.
   */
  private static String reason(IOException failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    String system = String.valueOf(cause.getMessage());
    if (system.contains("in use")) {
      return "another program listens at this port";
    }
    if (system.contains("assign requested address")) {
      return "this machine has no such address";
    }
    return system.contains("denied")
        ? "this user may not listen at this port (those below 1024 are for root)"
        : "cannot be listened at (" + system + ")";
  }

  /**
   * Where it listens.
   *
   * @return such as {@code http://127.0.0.1:8501/}, or https where it encrypts
   */
  public URI uri() {
    return http.uri();
  }

  private static void requireName(String name) {
    // "." and ".." mean another path to clients, and U+FFFD is what no text could be made of.
    if (!name.matches("[^/:\uFFFD\\p{Cs}]+") || name.matches("\\.\\.?")) {
      throw new IllegalArgumentException(
          "a model's name must not be empty, '.' or '..' and have neither '/' nor ':', as it is a"
              + " part of the path in requests; found '"
              + name
              + "'");
    }
  }

  /**
   * Serves other models from now on. Requests that have begun end on the model that they began on,
   * so the versions of one that is left out may be closed at once, which waits for them.
   *
   * @param models the models' versions by name, at least one; closed by the caller
   * @throws IllegalArgumentException if there is none, or no request could have such a name
   */
  public void serve(Map<String, ServedVersions> models) {
    if (models.isEmpty()) {
      throw new IllegalArgumentException("a server needs a model");
    }
    models.keySet().forEach(ModelServer::requireName);
    backend.models.replace(models);
  }

  /**
   * The port at which it listens for gRPC.
   *
   * @return the port; empty if it does not
   */
  public OptionalInt grpcPort() {
    return grpc.isPresent() ? OptionalInt.of(grpc.get().port()) : OptionalInt.empty();
  }

  /**
   * Stops: says that it is not ready any more, goes on for the {@linkplain Builder#shutdownDelay
   * delay} if there is one, takes no more requests, finishes those that are under way within the
   * time limit, and ends. An interrupt ends the delay. Clients that have not sent their whole body
   * by then, or not taken their answer, have two seconds to do so.
   */
  @Override
  public void close() {
    http.announceStop();
    grpc.ifPresent(GrpcServer::announceStop);
    boolean interrupted = false;
    try {
      TimeUnit.NANOSECONDS.sleep(backend.wanted.shutdownDelay.toNanos());
    } catch (InterruptedException e) {
      interrupted = true;
    }
    end();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void end() {
    try {
      CompletableFuture<Void> requests = http.finish();
      CompletableFuture<Void> calls =
          grpc.map(GrpcServer::finish).orElseGet(() -> CompletableFuture.completedFuture(null));
      CompletableFuture.allOf(requests, calls)
          .completeOnTimeout(null, backend.wanted.limits.time().toMillis(), TimeUnit.MILLISECONDS)
          .join();
      grpc.ifPresent(GrpcServer::end);
      http.end();
    } catch (Exception e) {
      throw new IllegalStateException("the server did not stop in good order", e);
    } finally {
      backend.close();
    }
  }
}
