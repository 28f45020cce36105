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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
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

  /** Bodies that are read at once: each makes a tree of values, much larger than itself. */
  private static final int PARSERS = 2;

  /** Connections that wait to be taken: a thousand clients may come at once. */
  private static final int BACKLOG = 1024;

  /** Bytes of an answer that the system keeps for a slow reader; it would take megabytes. */
  private static final int SEND_BUFFER = 1 << 18;

  private final Server server;
  private final GracefulHandler underWay;
  private final Optional<GrpcServer> grpc;
  private final Models models;
  private final Readiness readiness;
  private final Batcher batcher;
  private final Limits limits;
  private final Patience patience;
  private final ExecutorService parsers;
  private final Duration shutdownDelay;
  private final Protection protection;
  private final Optional<AccessLog> accessLog;

  private ModelServer(
      Server server,
      GracefulHandler underWay,
      Optional<GrpcServer> grpc,
      Models models,
      Readiness readiness,
      Batcher batcher,
      Limits limits,
      Patience patience,
      ExecutorService parsers,
      Duration shutdownDelay,
      Protection protection,
      Optional<AccessLog> accessLog) {
    this.server = server;
    this.underWay = underWay;
    this.grpc = grpc;
    this.models = models;
    this.readiness = readiness;
    this.batcher = batcher;
    this.limits = limits;
    this.patience = patience;
    this.parsers = parsers;
    this.shutdownDelay = shutdownDelay;
    this.protection = protection;
    this.accessLog = accessLog;
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
    Limits limits = wanted.limits;
    ServerMetrics metrics = new ServerMetrics();
    Visits visits = new Visits(metrics, accessLog);
    Batcher batcher = new Batcher(limits, wanted.runs, metrics);
    MemoryBudget memory = new MemoryBudget(limits.memoryBytes());
    metrics.watch("vaecf_held_bytes", "Memory that requests under way hold, about.", memory::held);
    metrics.watch("vaecf_waiting_requests", "Requests that wait for the model.", batcher::waiting);
    Models models = new Models(wanted.models);
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
    ModelCalls calls = new ModelCalls(models, batcher, limits);

    QueuedThreadPool threads = new QueuedThreadPool();
    threads.setName("vaecf-http");
    Server server = new Server(threads);
    ServerConnector connector = connector(server, wanted.http, limits, protection.tls());
    server.addConnector(connector);
    Patience patience = new Patience(connector.getScheduler(), limits.time());
    ExecutorService parsers =
        Executors.newFixedThreadPool(PARSERS, task -> new Thread(task, "vaecf-parse"));
    Handler handler =
        new Handler.Sequence(
            new ModelHandler(models, calls, limits, memory, patience, parsers),
            new SiteHandler(models, metrics, protection.admission().isPresent()));
    if (protection.admission().isPresent()) {
      handler = new KeyCheck(handler, protection.admission().get());
    }
    Handler named = new HostCheck(handler, wanted.http, wanted.hosts);
    if (!wanted.origins.isEmpty()) {
      named = Origins.allow(wanted.origins, named);
    }
    Readiness readiness = new Readiness(named, models);
    GracefulHandler underWay = new GracefulHandler(new SlowReaders(readiness, patience));
    server.setHandler(underWay);
    server.setErrorHandler(new JsonErrors());
    server.setRequestLog(visits);
    Function<Optional<GrpcServer>, ModelServer> with =
        grpc ->
            new ModelServer(
                server,
                underWay,
                grpc,
                models,
                readiness,
                batcher,
                limits,
                patience,
                parsers,
                wanted.shutdownDelay,
                protection,
                accessLog);
    ModelServer made = with.apply(Optional.empty());
    InetSocketAddress address = wanted.http;
    try {
      server.start();
      if (wanted.grpcAddress == null) {
        return made;
      }
      address = wanted.grpcAddress;
      GrpcServer grpc =
          GrpcServer.start(
              address,
              new GrpcServices(models, calls, limits),
              limits,
              memory,
              patience,
              visits,
              protection.admission(),
              protection.tls());
      return with.apply(Optional.of(grpc));
    } catch (Exception e) {
      made.end();
      if (e instanceof IOException failure) {
        throw new IOException(
            address.getHostString() + ":" + address.getPort() + ": " + reason(failure), e);
      }
      throw new IllegalStateException("the server did not start", e);
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

  private static ServerConnector connector(
      Server server, InetSocketAddress address, Limits limits, Optional<Tls> tls) {
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    // Paths name no files here. A model's name may have any character in it.
    http.setUriCompliance(UriCompliance.UNSAFE);
    HttpConnectionFactory plain = new HttpConnectionFactory(http);
    ServerConnector connector =
        tls.isPresent()
            ? new ServerConnector(
                server,
                1,
                1,
                new SslConnectionFactory(tls.get().forHttp(), plain.getProtocol()),
                plain)
            : new ServerConnector(server, 1, 1, plain);
    connector.setHost(address.getHostString());
    connector.setPort(address.getPort());
    connector.setAcceptQueueSize(BACKLOG);
    connector.setAcceptedSendBufferSize(SEND_BUFFER);
    // Later than the time limits, which say what was wrong.
    long idleMillis = 2 * limits.time().toMillis();
    connector.setIdleTimeout(idleMillis);
    connector.addBean(new SlowHeads(connector.getScheduler(), idleMillis));
    return connector;
  }

  /** Says in TensorFlow Serving's shape what Jetty itself refuses. */
  private static final class JsonErrors extends ErrorHandler {
    @Override
    public boolean errorPageForMethod(String method) {
      return true;
    }

    @Override
    protected void generateResponse(
        Request request,
        Response response,
        int code,
        String message,
        Throwable cause,
        Callback callback) {
      String problem =
          code == HttpStatus.NOT_FOUND_404
              ? "there is nothing at " + Request.getPathInContext(request)
              : HttpStatus.getMessage(code);
      Reply.error(code, problem).send(response, callback);
    }
  }

  /**
   * Where it listens.
   *
   * @return such as {@code http://127.0.0.1:8501/}, or https where it encrypts
   */
  public URI uri() {
    ServerConnector connector = (ServerConnector) server.getConnectors()[0];
    String host = connector.getHost();
    String authority = host.contains(":") ? "[" + host + "]" : host;
    String scheme = protection.tls().isPresent() ? "https" : "http";
    return URI.create(scheme + "://" + authority + ":" + connector.getLocalPort() + "/");
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
    this.models.replace(models);
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
    readiness.announceStop();
    grpc.ifPresent(GrpcServer::announceStop);
    boolean interrupted = false;
    try {
      TimeUnit.NANOSECONDS.sleep(shutdownDelay.toNanos());
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
      ((ServerConnector) server.getConnectors()[0]).close();
      patience.stop();
      CompletableFuture<Void> calls =
          grpc.map(GrpcServer::finish).orElseGet(() -> CompletableFuture.completedFuture(null));
      CompletableFuture.allOf(underWay.shutdown(), calls)
          .completeOnTimeout(null, limits.time().toMillis(), TimeUnit.MILLISECONDS)
          .join();
      grpc.ifPresent(GrpcServer::end);
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("the server did not stop in good order", e);
    } finally {
      parsers.shutdown();
      batcher.close();
      protection.close();
      accessLog.ifPresent(AccessLog::close);
    }
  }
}
