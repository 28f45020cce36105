package io.github.vaecf.server;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerStreamTracer;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Serves by gRPC, at a port of its own: TensorFlow Serving's methods, gRPC's own health service,
 * and reflection, by which clients without the messages' definitions get them. The limits are those
 * of the requests by HTTP.
 */
final class GrpcServer {
  /** The health service's name. */
  static final String HEALTH = "grpc.health.v1.Health";

  /** Messages that are read or answers that are written at once. */
  private static final int THREADS = 2;

  /** What is left to connections when all calls have ended. */
  private static final long SECONDS_AT_THE_END = 2;

  private final Server server;
  private final HealthStatusManager health;
  private final Calls calls;
  private final ExecutorService threads;

  private GrpcServer(
      Server server, HealthStatusManager health, Calls calls, ExecutorService threads) {
    this.server = server;
    this.health = health;
    this.calls = calls;
    this.threads = threads;
  }

  /**
   * Starts to serve.
   *
   * @throws IOException if the address cannot be listened at
   */
  static GrpcServer start(
      InetSocketAddress address,
      GrpcServices services,
      Limits limits,
      MemoryBudget memory,
      Patience patience,
      Visits visits,
      Optional<Admission> admission,
      Optional<Tls> tls)
      throws IOException {
    ExecutorService threads =
        Executors.newFixedThreadPool(THREADS, task -> new Thread(task, "vaecf-grpc"));
    Calls calls = new Calls(limits, memory, patience, visits);
    HealthStatusManager health = new HealthStatusManager();
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(address)
            .executor(threads)
            .addStreamTracerFactory(calls)
            .maxInboundMessageSize(limits.bodyBytes())
            // One connection may have all that may wait, as a channel of gRPC is one connection.
            .maxConcurrentCallsPerConnection(limits.waiting())
            .handshakeTimeout(limits.time().toMillis(), TimeUnit.MILLISECONDS)
            .maxConnectionIdle(2 * limits.time().toMillis(), TimeUnit.MILLISECONDS)
            .addService(health.getHealthService())
            .addService(ProtoReflectionServiceV1.newInstance())
            .addService(olderReflection());
    admission.map(GrpcKeyCheck::new).ifPresent(builder::intercept);
    tls.map(Tls::forGrpc).ifPresent(builder::sslContext);
    services
        .definitions(threads)
        .forEach(
            service -> {
              builder.addService(service);
              health.setStatus(service.getServiceDescriptor().getName(), ServingStatus.SERVING);
            });
    try {
      return new GrpcServer(builder.build().start(), health, calls, threads);
    } catch (IOException e) {
      threads.shutdown();
      throw e;
    }
  }

  /** For clients that do not know reflection in its first whole version. */
  @SuppressWarnings("deprecation") // clients that ask for it are not
  private static io.grpc.BindableService olderReflection() {
    return io.grpc.protobuf.services.ProtoReflectionService.newInstance();
  }

  int port() {
    return server.getPort();
  }

  /** Says that it is about to stop, and goes on. */
  void announceStop() {
    health.enterTerminalState();
  }

  /**
   * Takes no new connections.
   *
   * @return done when the calls that are under way have ended
   */
  CompletableFuture<Void> finish() {
    server.shutdown();
    return calls.finish();
  }

  /** Ends, and with it what is still under way, such as whoever watches the health. */
  void end() {
    server.shutdownNow();
    try {
      server.awaitTermination(SECONDS_AT_THE_END, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    threads.shutdown();
  }

  /** The calls under way, but those to gRPC's own services, which may last as long as wanted. */
  private static final class Calls extends ServerStreamTracer.Factory {
    private final Limits limits;
    private final MemoryBudget memory;
    private final Patience patience;
    private final Visits visits;

    /** One more than the calls until it is about to stop. */
    private final AtomicInteger underWay = new AtomicInteger(1);

    private final CompletableFuture<Void> finished = new CompletableFuture<>();

    Calls(Limits limits, MemoryBudget memory, Patience patience, Visits visits) {
      this.limits = limits;
      this.memory = memory;
      this.patience = patience;
      this.visits = visits;
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
      if (!method.startsWith(ServingProtocol.PACKAGE + ".")) {
        return new GrpcVisit(visits, method, headers);
      }
      underWay.incrementAndGet();
      return new GrpcCall(visits, method, headers, limits, patience, memory.share(), this::leave);
    }

    private void leave() {
      if (underWay.decrementAndGet() == 0) {
        finished.complete(null);
      }
    }

    CompletableFuture<Void> finish() {
      leave();
      return finished;
    }
  }
}
