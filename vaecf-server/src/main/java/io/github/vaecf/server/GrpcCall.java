package io.github.vaecf.server;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpStatus;

/**
 * A call by gRPC while it is under way: what it holds of the memory, from the first byte of its
 * message to the last of its answer, and how long its client is waited for.
 */
final class GrpcCall extends GrpcVisit {
  /** The call to which the running code belongs. */
  static final Context.Key<GrpcCall> CALL = Context.key("vaecf-call");

  /** Characters: percent-encoded they must fit the 8 KiB that clients take of headers. */
  private static final int LONGEST_DESCRIPTION = 600;

  private final Limits limits;
  private final Patience patience;
  private final MemoryBudget.Share share;
  private final Runnable ended;

  private Context.CancellableContext context;
  private Patience.Wait wait;
  private long arrived;
  private boolean whole;
  private boolean answering;
  private boolean closed;
  private RequestException problem;
  private Consumer<RequestException> refusal;

  /**
   * @param ended done once when the call has ended
   */
  GrpcCall(
      Visits visits,
      String method,
      Metadata headers,
      Limits limits,
      Patience patience,
      MemoryBudget.Share share,
      Runnable ended) {
    super(visits, method, headers);
    this.limits = limits;
    this.patience = patience;
    this.share = share;
    this.ended = ended;
  }

  /** Where the call is counted. */
  MemoryBudget.Share share() {
    return share;
  }

  @Override
  public synchronized Context filterContext(Context outer) {
    context = super.filterContext(outer).withValue(CALL, this).withCancellation();
    wait = patience.begin(() -> refuse(RequestBody.late(patience, limits)));
    return context;
  }

  @Override
  public void inboundWireSize(long bytes) {
    RequestException refused;
    synchronized (this) {
      if (whole) {
        return;
      }
      arrived += bytes;
      try {
        // As for a body by HTTP.
        share.resize(3 * arrived);
        return;
      } catch (RequestException e) {
        refused = e;
      }
    }
    refuse(refused);
  }

  private void refuse(RequestException why) {
    Consumer<RequestException> told;
    synchronized (this) {
      if (problem != null) {
        return;
      }
      problem = why;
      told = refusal;
    }
    if (told != null) {
      told.accept(why);
    }
  }

  /** Lets what is wrong with the call before its message has arrived be told the client. */
  void onRefusal(Consumer<RequestException> refusal) {
    RequestException already;
    synchronized (this) {
      this.refusal = refusal;
      already = problem;
    }
    if (already != null) {
      refusal.accept(already);
    }
  }

  /** The client has sent its part. */
  synchronized void messageArrived() {
    whole = true;
    if (!answering) {
      wait.done();
    }
  }

  /** The answer is on its way: from now on the client is waited for until it has taken it. */
  synchronized void answerBegun() {
    answering = true;
    wait.done();
    if (!closed) {
      // What ends a call in gRPC's own code is a deadline only.
      wait =
          patience.begin(
              () ->
                  context.cancel(
                      new TimeoutException(
                          "the answer was not taken within " + limits.timeInWords())));
    }
  }

  @Override
  public void streamClosed(Status status) {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      if (wait != null) {
        wait.done();
      }
    }
    share.close();
    super.streamClosed(status);
    ended.run();
    if (context != null) {
      context.cancel(null);
    }
  }

  /** A problem in gRPC's words. */
  static Status status(RequestException problem) {
    Status status =
        switch (problem.status()) {
          case HttpStatus.UNAUTHORIZED_401 -> Status.UNAUTHENTICATED;
          case HttpStatus.NOT_FOUND_404 -> Status.NOT_FOUND;
          case HttpStatus.REQUEST_TIMEOUT_408, HttpStatus.GATEWAY_TIMEOUT_504 ->
              Status.DEADLINE_EXCEEDED;
          case HttpStatus.PAYLOAD_TOO_LARGE_413, HttpStatus.TOO_MANY_REQUESTS_429 ->
              Status.RESOURCE_EXHAUSTED;
          case HttpStatus.SERVICE_UNAVAILABLE_503 -> Status.UNAVAILABLE;
          case HttpStatus.INTERNAL_SERVER_ERROR_500 -> Status.INTERNAL;
          default -> Status.INVALID_ARGUMENT;
        };
    return status.withDescription(Reply.fit(problem.getMessage(), LONGEST_DESCRIPTION));
  }

  /** A status as HTTP has it, by Google's {@code google/rpc/code.proto}. */
  static int httpStatus(Status.Code code) {
    return switch (code) {
      case OK -> HttpStatus.OK_200;
      case CANCELLED -> 499; // the client has gone, as nginx says
      case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE -> HttpStatus.BAD_REQUEST_400;
      case UNAUTHENTICATED -> HttpStatus.UNAUTHORIZED_401;
      case PERMISSION_DENIED -> HttpStatus.FORBIDDEN_403;
      case NOT_FOUND -> HttpStatus.NOT_FOUND_404;
      case ALREADY_EXISTS, ABORTED -> HttpStatus.CONFLICT_409;
      case RESOURCE_EXHAUSTED -> HttpStatus.TOO_MANY_REQUESTS_429;
      case UNIMPLEMENTED -> HttpStatus.NOT_IMPLEMENTED_501;
      case UNAVAILABLE -> HttpStatus.SERVICE_UNAVAILABLE_503;
      case DEADLINE_EXCEEDED -> HttpStatus.GATEWAY_TIMEOUT_504;
      case UNKNOWN, INTERNAL, DATA_LOSS -> HttpStatus.INTERNAL_SERVER_ERROR_500;
    };
  }
}
