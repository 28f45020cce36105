package io.github.vaecf.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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

/** Serves by HTTP: requests to the models, health, metrics, and the page for people. */
final class HttpServer {
  /** Bodies that are read at once: each makes a tree of values, much larger than itself. */
  private static final int PARSERS = 2;

  /** Connections that wait to be taken: a thousand clients may come at once. */
  private static final int BACKLOG = 1024;

  /** Bytes of an answer that the system keeps for a slow reader; it would take megabytes. */
  private static final int SEND_BUFFER = 1 << 18;

  private final Server server;
  private final ServerConnector connector;
  private final boolean encrypts;
  private final Patience patience;
  private final ExecutorService parsers;
  private final Readiness readiness;
  private final GracefulHandler underWay;

  /**
   * @param hosts names by which it may be asked for, beside its own
   * @param origins whose pages may ask
   */
  HttpServer(
      InetSocketAddress address,
      Set<String> hosts,
      Set<String> origins,
      Protection protection,
      Limits limits,
      MemoryBudget memory,
      Models models,
      ModelCalls calls,
      ServerMetrics metrics,
      Visits visits) {
    QueuedThreadPool threads = new QueuedThreadPool();
    threads.setName("vaecf-http");
    server = new Server(threads);
    encrypts = protection.tls().isPresent();
    connector = connector(server, address, limits, protection.tls());
    server.addConnector(connector);
    patience = new Patience(connector.getScheduler(), limits.time());
    parsers = Executors.newFixedThreadPool(PARSERS, task -> new Thread(task, "vaecf-parse"));
    Handler handler =
        new Handler.Sequence(
            new ModelHandler(models, calls, limits, memory, patience, parsers),
            new SiteHandler(models, metrics, protection.admission().isPresent()));
    if (protection.admission().isPresent()) {
      handler = new KeyCheck(handler, protection.admission().get());
    }
    Handler named = new HostCheck(handler, address, hosts);
    if (!origins.isEmpty()) {
      named = Origins.allow(origins, named);
    }
    readiness = new Readiness(named, models);
    underWay = new GracefulHandler(new SlowReaders(readiness, patience));
    server.setHandler(underWay);
    server.setErrorHandler(new JsonErrors());
    server.setRequestLog(visits);
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
   * Starts to serve.
   *
   * @throws IOException if the address cannot be listened at
   */
  void start() throws IOException {
    try {
      server.start();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("the server did not start", e);
    }
  }

  /** The time that clients have. */
  Patience patience() {
    return patience;
  }

  /** Where it listens. */
  URI uri() {
    String host = connector.getHost();
    String authority = host.contains(":") ? "[" + host + "]" : host;
    String scheme = encrypts ? "https" : "http";
    return URI.create(scheme + "://" + authority + ":" + connector.getLocalPort() + "/");
  }

  /** Says that it is about to stop, and goes on. */
  void announceStop() {
    readiness.announceStop();
  }

  /**
   * Takes no new connections.
   *
   * @return done when the requests that are under way have ended
   */
  CompletableFuture<Void> finish() {
    connector.close();
    patience.stop();
    return underWay.shutdown();
  }

  /** Ends, and with it what is still under way. */
  void end() throws Exception {
    try {
      server.stop();
    } finally {
      parsers.shutdown();
    }
  }
}
