package io.github.vaecf.server;

import com.google.protobuf.DynamicMessage;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpStatus;

/** Answers calls that bring one message and get one, or a status that says why not. */
final class GrpcHandler implements ServerCallHandler<GrpcBody, DynamicMessage> {
  /** What a method does. */
  @FunctionalInterface
  interface Method {
    /**
     * Answers a message.
     *
     * @param call where it is counted
     * @return what writes the answer, or fails with a {@link RequestException}; cancelled where the
     *     client has given up
     * @throws RequestException if there is none
     */
    CompletableFuture<Supplier<DynamicMessage>> answer(byte[] message, GrpcCall call);
  }

  private final Method method;
  private final Executor executor;

  /**
   * @param executor writes the answers
   */
  GrpcHandler(Method method, Executor executor) {
    this.method = method;
    this.executor = executor;
  }

  @Override
  public ServerCall.Listener<GrpcBody> startCall(
      ServerCall<GrpcBody, DynamicMessage> call, Metadata headers) {
    Answering answering = new Answering(call, GrpcCall.CALL.get());
    // One more than there should be, to notice it.
    call.request(2);
    return answering;
  }

  /** A call on its way from the message to the answer. */
  private final class Answering extends ServerCall.Listener<GrpcBody> {
    private final ServerCall<GrpcBody, DynamicMessage> call;
    private final GrpcCall own;
    private final AtomicBoolean answered = new AtomicBoolean();
    private GrpcBody body;
    private CompletableFuture<Supplier<DynamicMessage>> answer;

    Answering(ServerCall<GrpcBody, DynamicMessage> call, GrpcCall own) {
      this.call = call;
      this.own = own;
      own.onRefusal(this::fail);
    }

    @Override
    public void onMessage(GrpcBody message) {
      if (body != null) {
        fail(new RequestException(HttpStatus.BAD_REQUEST_400, "expected one message, found two"));
      }
      body = message;
    }

    @Override
    public void onHalfClose() {
      own.messageArrived();
      if (answered.get()) {
        return;
      }
      try {
        if (body == null) {
          throw new RequestException(
              HttpStatus.BAD_REQUEST_400, "expected one message, found none");
        }
        if (body.problem().isPresent()) {
          throw body.problem().get();
        }
        answer = method.answer(body.bytes(), own);
      } catch (RuntimeException | Error e) {
        fail(e);
        return;
      } finally {
        body = null;
      }
      var unused = answer.whenCompleteAsync(this::end, executor);
    }

    private void end(Supplier<DynamicMessage> written, Throwable failure) {
      if (failure != null) {
        fail(failure);
        return;
      }
      DynamicMessage message;
      try {
        message = written.get();
      } catch (RuntimeException | Error e) {
        fail(e);
        return;
      }
      if (answered.compareAndSet(false, true)) {
        own.answerBegun();
        call.sendHeaders(new Metadata());
        call.sendMessage(message);
        call.close(Status.OK, new Metadata());
      }
    }

    private void fail(Throwable failure) {
      if (answered.compareAndSet(false, true)) {
        own.answerBegun();
        call.close(GrpcCall.status(RequestException.of(failure)), new Metadata());
      }
    }

    @Override
    public void onCancel() {
      answered.set(true);
      if (answer != null) {
        answer.cancel(false);
      }
    }
  }
}
