package io.github.vaecf.server;

import io.grpc.Status;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.RequestLog;
import org.eclipse.jetty.server.Response;

/**
 * Counts and logs requests when they have ended, those that Jetty refuses by itself too. Safe for
 * use by many threads.
 */
final class Visits implements RequestLog {
  private final ServerMetrics metrics;
  private final Optional<AccessLog> log;

  Visits(ServerMetrics metrics, Optional<AccessLog> log) {
    this.metrics = metrics;
    this.log = log;
  }

  /** A request by HTTP has ended. */
  @Override
  public void log(Request request, Response response) {
    Visit visit = Visit.of(request);
    long nanos = System.nanoTime() - request.getBeginNanoTime();
    int status = response.getStatus();
    metrics.requestAnswered(visit, Integer.toString(status), nanos);
    log.ifPresent(
        lines ->
            lines.write(
                new AccessLog.Entry(
                    Request.getRemoteAddr(request),
                    request.getMethod(),
                    request.getHttpURI() == null ? null : request.getHttpURI().getPathQuery(),
                    request.getConnectionMetaData().getHttpVersion().asString(),
                    status,
                    Response.getContentBytesWritten(response),
                    request.getHeaders().get(HttpHeader.REFERER),
                    request.getHeaders().get(HttpHeader.USER_AGENT),
                    nanos),
                visit));
  }

  /**
   * A call by gRPC has ended.
   *
   * @param address whose it was; null if that is not known
   */
  void ended(
      Visit visit,
      String method,
      String agent,
      SocketAddress address,
      Status status,
      long bytes,
      long nanos) {
    metrics.requestAnswered(visit, status.getCode().name(), nanos);
    log.ifPresent(
        lines ->
            lines.write(
                new AccessLog.Entry(
                    address instanceof InetSocketAddress internet && !internet.isUnresolved()
                        ? internet.getAddress().getHostAddress()
                        : null,
                    "POST",
                    "/" + method,
                    "HTTP/2.0",
                    GrpcCall.httpStatus(status.getCode()),
                    bytes,
                    null,
                    agent,
                    nanos),
                visit));
  }
}
