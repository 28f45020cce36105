package io.github.vaecf.server;

import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** A call by gRPC of any service, as far as it is counted and logged. */
class GrpcVisit extends ServerStreamTracer {
  /** The visit to which the running code belongs. */
  static final Context.Key<Visit> CURRENT = Context.key("vaecf-visit");

  private static final Metadata.Key<String> AGENT =
      Metadata.Key.of("user-agent", Metadata.ASCII_STRING_MARSHALLER);

  private final Visits visits;
  private final String method;
  private final String agent;
  private final Visit visit;
  private final long start = System.nanoTime();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile SocketAddress address;

  GrpcVisit(Visits visits, String method, Metadata headers) {
    this.visits = visits;
    this.method = method;
    this.agent = headers.get(AGENT);
    this.visit = new Visit().to(route(method));
  }

  private static Visit.Route route(String method) {
    return switch (method) {
      case ServingProtocol.PACKAGE + ".PredictionService/Predict" -> Visit.Route.PREDICT;
      case ServingProtocol.PACKAGE + ".PredictionService/GetModelMetadata" -> Visit.Route.METADATA;
      case ServingProtocol.PACKAGE + ".ModelService/GetModelStatus" -> Visit.Route.STATUS;
      default ->
          method.startsWith(GrpcServer.HEALTH + "/")
              ? Visit.Route.HEALTH
              : method.startsWith("grpc.reflection.") ? Visit.Route.REFLECTION : Visit.Route.OTHER;
    };
  }

  /** Whose call it is, and what answers it. */
  final Visit visit() {
    return visit;
  }

  @Override
  public Context filterContext(Context outer) {
    return outer.withValue(CURRENT, visit);
  }

  @Override
  public void serverCallStarted(ServerCallInfo<?, ?> call) {
    address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
  }

  @Override
  public void outboundWireSize(long size) {
    bytes.addAndGet(size);
  }

  @Override
  public void streamClosed(Status status) {
    if (!ended.getAndSet(true)) {
      long nanos = System.nanoTime() - start;
      visits.ended(visit, method, agent, address, status, bytes.get(), nanos);
    }
  }
}
