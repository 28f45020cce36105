package io.github.vaecf.server;

import io.github.vaecf.eval.export.ServedVersions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpStatus;
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
 * people. Meant for tests and small sites; it knows neither users nor encryption, so put a proxy
 * before it where it is to be reached from elsewhere.
 *
 * <p>No thread waits for a client: bodies are read as they arrive, and what arrives together is
 * answered in one run of the model. Safe for use by many threads.
 */
public final class ModelServer implements AutoCloseable {
  /** Batches at once: while one is in the model's products the other's ids are looked up. */
  private static final int RUNS = 2;

  /** Connections that wait to be taken: a thousand clients may come at once. */
  private static final int BACKLOG = 1024;

  private final Server server;
  private final GracefulHandler underWay;
  private final Batcher batcher;
  private final Limits limits;

  private ModelServer(Server server, GracefulHandler underWay, Batcher batcher, Limits limits) {
    this.server = server;
    this.underWay = underWay;
    this.batcher = batcher;
    this.limits = limits;
  }

  /**
   * Starts to serve.
   *
   * @param versions the model's versions; closed by the caller, who closes the server first
   * @param name the model's name in requests, without "/" and ":"
   * @param address host and port to listen at; port 0 for any that is free
   * @param limits what a client may ask
   * @return the server, to be closed
   * @throws IOException if the address cannot be listened at
   */
  public static ModelServer start(
      ServedVersions versions, String name, InetSocketAddress address, Limits limits)
      throws IOException {
    if (!name.matches("[^/:]+")) {
      throw new IllegalArgumentException(
          "a model's name must not be empty and have neither '/' nor ':', found '" + name + "'");
    }
    ServerMetrics metrics = new ServerMetrics();
    Batcher batcher = new Batcher(limits, RUNS, metrics);
    metrics.watch("vaecf_waiting_requests", "Requests that wait for the model.", batcher::waiting);
    metrics.watch("vaecf_model_version", "The version that is served.", versions::version);
    metrics.watchCount(
        "vaecf_failed_loads",
        "Versions that were tried and could not be served; each again when it has changed.",
        versions::failedLoads);

    QueuedThreadPool threads = new QueuedThreadPool();
    threads.setName("vaecf-http");
    Server server = new Server(threads);
    server.addConnector(connector(server, address, limits));
    Handler handler =
        new Handler.Sequence(
            new ModelHandler(name, versions, batcher, limits),
            new SiteHandler(name, versions, metrics));
    GracefulHandler underWay = new GracefulHandler(new Metered(handler, metrics));
    server.setHandler(underWay);
    server.setErrorHandler(new JsonErrors());
    try {
      server.start();
    } catch (IOException e) {
      batcher.close();
      throw e;
    } catch (Exception e) {
      batcher.close();
      throw new IllegalStateException("the HTTP server did not start", e);
    }
    return new ModelServer(server, underWay, batcher, limits);
  }

  private static ServerConnector connector(
      Server server, InetSocketAddress address, Limits limits) {
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
    connector.setHost(address.getHostString());
    connector.setPort(address.getPort());
    connector.setAcceptQueueSize(BACKLOG);
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
          failure -> metrics.requestAnswered(response.getStatus(), System.nanoTime() - start));
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

  /**
   * Stops: takes no more requests, finishes those that are under way within the time limit, and
   * ends.
   */
  @Override
  public void close() {
    try {
      ((ServerConnector) server.getConnectors()[0]).close();
      underWay
          .shutdown()
          .completeOnTimeout(null, limits.time().toMillis(), TimeUnit.MILLISECONDS)
          .join();
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("the HTTP server did not stop in good order", e);
    } finally {
      batcher.close();
    }
  }
}
