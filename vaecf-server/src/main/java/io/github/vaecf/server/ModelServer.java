package io.github.vaecf.server;

import io.github.vaecf.eval.export.ServedVersions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
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
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Serves an export over HTTP: TensorFlow Serving's REST surface, health, metrics, and a page for
 * people; and over gRPC where it is asked to, as TensorFlow Serving does. Meant for tests and small
 * sites; it knows neither users nor encryption, so put a proxy before it where it is to be reached
 * from elsewhere.
 *
 * <p>No thread waits for a client: bodies are read as they arrive, and what arrives together is
 * answered in one run of the model. Safe for use by many threads.
 */
public final class ModelServer implements AutoCloseable {
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
  private final Batcher batcher;
  private final Limits limits;
  private final Patience patience;
  private final ExecutorService parsers;

  private ModelServer(
      Server server,
      GracefulHandler underWay,
      Optional<GrpcServer> grpc,
      Models models,
      Batcher batcher,
      Limits limits,
      Patience patience,
      ExecutorService parsers) {
    this.server = server;
    this.underWay = underWay;
    this.grpc = grpc;
    this.models = models;
    this.batcher = batcher;
    this.limits = limits;
    this.patience = patience;
    this.parsers = parsers;
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
    private Limits limits = Limits.defaults();
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
     * that other machines reach it answers to any name unless some are given.
     *
     * @param hosts names of machines, without port, beside the address' own and {@code localhost}
     * @return this
     */
    public Builder hosts(Set<String> hosts) {
      this.hosts = Set.copyOf(hosts);
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
    Limits limits = wanted.limits;
    ServerMetrics metrics = new ServerMetrics();
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
    ServerConnector connector = connector(server, wanted.http, limits);
    server.addConnector(connector);
    Patience patience = new Patience(connector.getScheduler(), limits.time());
    ExecutorService parsers =
        Executors.newFixedThreadPool(PARSERS, task -> new Thread(task, "vaecf-parse"));
    Handler handler =
        new Handler.Sequence(
            new ModelHandler(models, calls, limits, memory, patience, parsers),
            new SiteHandler(models, metrics));
    Handler checked = new SlowReaders(new HostCheck(handler, wanted.http, wanted.hosts), patience);
    GracefulHandler underWay = new GracefulHandler(new Metered(checked, metrics));
    server.setHandler(underWay);
    server.setErrorHandler(new JsonErrors());
    ModelServer made =
        new ModelServer(
            server, underWay, Optional.empty(), models, batcher, limits, patience, parsers);
    InetSocketAddress address = wanted.http;
    try {
      server.start();
      if (wanted.grpcAddress == null) {
        return made;
      }
      address = wanted.grpcAddress;
      GrpcServer grpc =
          GrpcServer.start(
              address, new GrpcServices(models, calls, limits), limits, memory, patience, metrics);
      return new ModelServer(
          server, underWay, Optional.of(grpc), models, batcher, limits, patience, parsers);
    } catch (Exception e) {
      made.close();
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
      Server server, InetSocketAddress address, Limits limits) {
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    // Paths name no files here. A model's name may have any character in it.
    http.setUriCompliance(UriCompliance.UNSAFE);
    ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
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

  /** Counts and times every request. */
  private static final class Metered extends Handler.Wrapper {
    private final ServerMetrics metrics;

    Metered(Handler handler, ServerMetrics metrics) {
      super(handler);
      this.metrics = metrics;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
      long start = System.nanoTime();
      Request.addCompletionListener(
          request,
          failure ->
              metrics.requestAnswered(
                  Integer.toString(response.getStatus()), System.nanoTime() - start));
      return super.handle(request, response, callback);
    }
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
   * @return such as {@code http://127.0.0.1:8501/}
   */
  public URI uri() {
    ServerConnector connector = (ServerConnector) server.getConnectors()[0];
    String host = connector.getHost();
    String authority = host.contains(":") ? "[" + host + "]" : host;
    return URI.create("http://" + authority + ":" + connector.getLocalPort() + "/");
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
   * Stops: takes no more requests, finishes those that are under way within the time limit, and
   * ends. Clients that have not sent their whole body by now, or not taken their answer, have two
   * seconds to do so.
   */
  @Override
  public void close() {
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
    }
  }
}
