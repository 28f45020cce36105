package io.github.vaecf.server;

import org.eclipse.jetty.http.HttpStatus;

/**
 * The heap that all requests under way may hold together: bodies that arrive, the values in them,
 * and answers that wait to be taken. Whoever asks for much while others hold much is refused, and
 * those who ask for little are not, as the last quarter is for them.
 *
 * <p>Safe for use by many threads.
 */
final class MemoryBudget {
  /** What a request may hold and count as small: some hundred ids, and a ranking or two. */
  private static final int SMALL = 1 << 18;

  private final long bytes;
  private long held;

  MemoryBudget(long bytes) {
    this.bytes = bytes;
  }

  /** Bytes that are held now, as far as they are counted. */
  synchronized long held() {
    return held;
  }

  /** What one request holds; nothing at first. */
  Share share() {
    return new Share();
  }

  /** What one request holds, until it is closed. */
  final class Share implements AutoCloseable {
    private long size;
    private boolean closed;

    private Share() {}

    /**
     * Holds so much from now on, more or less than before. Does nothing once it is closed.
     *
     * @throws RequestException if that is more than there is now, or at all
     */
    void resize(long wanted) {
      synchronized (MemoryBudget.this) {
        if (closed) {
          return;
        }
        long most = wanted <= SMALL ? bytes : bytes - bytes / 4;
        if (wanted > most) {
          throw new RequestException(
              HttpStatus.PAYLOAD_TOO_LARGE_413,
              "the request and its answer would hold about "
                  + wanted
                  + " bytes of memory, more than the "
                  + most
                  + " that this server has for one");
        }
        if (wanted > size && held - size + wanted > most) {
          throw new RequestException(
              HttpStatus.SERVICE_UNAVAILABLE_503,
              "the server's memory is taken by other requests and by answers that wait to be"
                  + " taken; try again later");
        }
        held += wanted - size;
        size = wanted;
      }
    }

    /** Gives all back. Closing once more does nothing. */
    @Override
    public void close() {
      synchronized (MemoryBudget.this) {
        closed = true;
        held -= size;
        size = 0;
      }
    }
  }
}
