package io.github.vaecf.server;

import io.grpc.Context;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpStatus;

/**
 * A call by gRPC while it is under way: what it holds of the memory, from the first byte of its
 * message to the last of its answer, and how long its client is waited for.
 */
final class GrpcCall extends ServerStreamTracer {
  /** The call to which the running code belongs. */
  static final Context.Key<GrpcCall> CURRENT = Context.key("vaecf-call");

  /** Characters: percent-encoded they must fit the 8 KiB that clients take of headers. */
  private static final int LONGEST_DESCRIPTION = 600;

  private final Limits limits;
  private final Patience patience;
  private final MemoryBudget.Share share;
  private final Consumer<Status> ended;

  private Context.CancellableContext context;
  private Patience.Wait wait;
  private long arrived;
  private boolean whole;
  private boolean answering;
  private boolean closed;
  private RequestException problem;
  private Consumer<RequestException> refusal;

  /**
   * @param ended told once how the call ended
   */
  GrpcCall(Limits limits, Patience patience, MemoryBudget.Share share, Consumer<Status> ended) {
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
    context = outer.withValue(CURRENT, this).withCancellation();
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
    ended.accept(status);
    if (context != null) {
      context.cancel(null);
    }
  }

  /** A problem in gRPC's words. */
  static Status status(RequestException problem) {
    Status status =
        switch (problem.status()) {
          case HttpStatus.NOT_FOUND_404 -> Status.NOT_FOUND;
          case HttpStatus.REQUEST_TIMEOUT_408, HttpStatus.GATEWAY_TIMEOUT_504 ->
              Status.DEADLINE_EXCEEDED;
          case HttpStatus.PAYLOAD_TOO_LARGE_413 -> Status.RESOURCE_EXHAUSTED;
          case HttpStatus.SERVICE_UNAVAILABLE_503 -> Status.UNAVAILABLE;
          case HttpStatus.INTERNAL_SERVER_ERROR_500 -> Status.INTERNAL;
          default -> Status.INVALID_ARGUMENT;
        };
    return status.withDescription(Reply.fit(problem.getMessage(), LONGEST_DESCRIPTION));
  }
}
