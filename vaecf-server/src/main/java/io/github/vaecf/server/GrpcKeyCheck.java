package io.github.vaecf.server;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.ArrayList;
import java.util.List;

/** Answers by gRPC only those who have a key; but says to anybody how the server is. */
final class GrpcKeyCheck implements ServerInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** When clients that try again by themselves do so (gRPC's proposal A6, "pushback"). */
  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  private final Admission admission;

  GrpcKeyCheck(Admission admission) {
    this.admission = admission;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (!GrpcServer.HEALTH.equals(call.getMethodDescriptor().getServiceName())) {
      List<String> authorization = new ArrayList<>();
      Iterable<String> sent = headers.getAll(AUTHORIZATION);
      if (sent != null) {
        sent.forEach(authorization::add);
      }
      try {
        admission.admit(authorization, GrpcVisit.CURRENT.get());
      } catch (RequestException e) {
        Metadata trailers = new Metadata();
        if (e.retrySeconds() > 0) {
          trailers.put(PUSHBACK, Long.toString(1000 * e.retrySeconds()));
        }
        call.close(GrpcCall.status(e), trailers);
        return new ServerCall.Listener<>() {};
      }
    }
    return next.startCall(call, headers);
  }
}
