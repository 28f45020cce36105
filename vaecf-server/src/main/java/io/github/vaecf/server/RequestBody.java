package io.github.vaecf.server;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPInputStream;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/**
 * A request's body: read as it arrives, up to a size and within a time, holding no thread; plain or
 * by gzip.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record RequestBody(byte[] arrived, boolean gzip, int largest) {
  /**
   * Reads a body; or fails with a {@link RequestException} if it is too long, too slow, ends early
   * or is encoded in another way.
   *
   * @param share where the body is counted
   */
  static CompletableFuture<RequestBody> read(
      Request request, Limits limits, MemoryBudget.Share share, Patience patience) {
    String encoding = request.getHeaders().get(HttpHeader.CONTENT_ENCODING);
    String plain = encoding == null ? "identity" : encoding.strip().toLowerCase(Locale.ROOT);
    boolean gzip = plain.equals("gzip") || plain.equals("x-gzip");
    if (!gzip && !plain.equals("identity")) {
      return CompletableFuture.failedFuture(
          new RequestException(
              HttpStatus.UNSUPPORTED_MEDIA_TYPE_415,
              "Content-Encoding: expected gzip or none, found '" + encoding + "'"));
    }
    if (request.getLength() > limits.bodyBytes()) {
      return CompletableFuture.failedFuture(tooLong(limits.bodyBytes()));
    }
    Reader reader = new Reader(request, limits.bodyBytes(), share);
    Patience.Wait wait = patience.begin(() -> reader.refuse(late(patience, limits)));
    reader.run();
    return reader
        .whole
        .whenComplete((bytes, failure) -> wait.done())
        .thenApply(bytes -> new RequestBody(bytes, gzip, limits.bodyBytes()));
  }

  /** Why a body that has not arrived by now is not waited for any longer. */
  static RequestException late(Patience patience, Limits limits) {
    return patience.isStopping()
        ? new RequestException(HttpStatus.SERVICE_UNAVAILABLE_503, "the server is about to stop")
        : new RequestException(
            HttpStatus.REQUEST_TIMEOUT_408,
            "the body did not arrive within " + limits.timeInWords());
  }

  private static RequestException tooLong(int largest) {
    return new RequestException(
        HttpStatus.PAYLOAD_TOO_LARGE_413,
        "the body is longer than " + largest + " bytes, the most that this server takes");
  }

  /** Collects what arrives. */
  private static final class Reader implements Runnable {
    private final Request request;
    private final int largest;
    private final MemoryBudget.Share share;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final CompletableFuture<byte[]> whole = new CompletableFuture<>();

    Reader(Request request, int largest, MemoryBudget.Share share) {
      this.request = request;
      this.largest = largest;
      this.share = share;
    }

    void refuse(RequestException problem) {
      whole.completeExceptionally(problem);
    }

    /** Takes what has arrived, and asks to be called again when more has. */
    @Override
    public void run() {
      try {
        read();
      } catch (RequestException e) {
        refuse(e);
      }
    }

    private void read() {
      while (!whole.isDone()) {
        Content.Chunk chunk = request.read();
        if (chunk == null) {
          request.demand(this);
          return;
        }
        if (Content.Chunk.isFailure(chunk)) {
          throw new RequestException(
              HttpStatus.BAD_REQUEST_400, "the body is malformed or ended before its end");
        }
        boolean last = chunk.isLast();
        try {
          take(chunk.getByteBuffer());
        } finally {
          chunk.release();
        }
        if (last) {
          whole.complete(bytes.toByteArray());
        }
      }
    }

    private void take(ByteBuffer arrived) {
      int size = arrived.remaining();
      if (size > largest - bytes.size()) {
        throw tooLong(largest);
      }
      // A stream of bytes has room for twice as many, and is copied at its end.
      share.resize(3L * (bytes.size() + size));
      byte[] copy = new byte[size];
      arrived.get(copy);
      bytes.writeBytes(copy);
    }
  }

  /**
   * The body without its encoding.
   *
   * @throws RequestException if it is no gzip though it should be, or longer than allowed
   */
  byte[] plain() {
    if (!gzip) {
      return arrived;
    }
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(arrived))) {
      byte[] plain = in.readNBytes((int) Math.min(Integer.MAX_VALUE, largest + 1L));
      if (plain.length > largest) {
        throw tooLong(largest);
      }
      return plain;
    } catch (EOFException e) {
      throw new RequestException(
          HttpStatus.BAD_REQUEST_400, "the body is no whole gzip (it ends early)");
    } catch (IOException e) {
      throw new RequestException(
          HttpStatus.BAD_REQUEST_400, "the body is no whole gzip (" + e.getMessage() + ")");
    }
  }
}
