package io.github.vaecf.server;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/** Reads a request's body as it arrives, up to a size and within a time, and holds no thread. */
final class RequestBody implements Runnable {
  private final Request request;
  private final int largest;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CompletableFuture<byte[]> body = new CompletableFuture<>();

  private RequestBody(Request request, int largest) {
    this.request = request;
    this.largest = largest;
  }

  /** The body; or a {@link RequestException} if it is too long, too slow or ends early. */
  static CompletableFuture<byte[]> read(Request request, Limits limits) {
    RequestBody reader = new RequestBody(request, limits.bodyBytes());
    if (request.getLength() > limits.bodyBytes()) {
      reader.refuseLength();
    } else {
      reader.run();
    }
    return reader
        .body
        .orTimeout(limits.time().toMillis(), TimeUnit.MILLISECONDS)
        .handle(
            (bytes, failure) -> {
              if (failure == null) {
                return bytes;
              } else if (failure instanceof RequestException refused) {
                throw refused;
              } else if (failure instanceof TimeoutException) {
                throw new RequestException(
                    HttpStatus.REQUEST_TIMEOUT_408,
                    "the body did not arrive within " + limits.timeInWords());
              }
              throw new RequestException(
                  HttpStatus.BAD_REQUEST_400, "the body ended before its end");
            });
  }

  private void refuseLength() {
    body.completeExceptionally(
        new RequestException(
            HttpStatus.PAYLOAD_TOO_LARGE_413,
            "the body is longer than " + largest + " bytes, the most that this server takes"));
  }

  /** Takes what has arrived, and asks to be called again when more has. */
  @Override
  public void run() {
    while (!body.isDone()) {
      Content.Chunk chunk = request.read();
      if (chunk == null) {
        request.demand(this);
        return;
      }
      if (Content.Chunk.isFailure(chunk)) {
        body.completeExceptionally(chunk.getFailure());
        return;
      }
      ByteBuffer arrived = chunk.getByteBuffer();
      if (bytes.size() + arrived.remaining() > largest) {
        refuseLength();
      } else {
        byte[] copy = new byte[arrived.remaining()];
        arrived.get(copy);
        bytes.writeBytes(copy);
      }
      boolean last = chunk.isLast();
      chunk.release();
      if (last) {
        body.complete(bytes.toByteArray());
      }
    }
  }
}
