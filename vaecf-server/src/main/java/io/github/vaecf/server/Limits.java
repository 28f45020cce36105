package io.github.vaecf.server;

import java.time.Duration;

/**
 * What a client may ask of the server. Beyond it a request is refused, and the others go on.
 *
 * @param bodyBytes bytes in a request's body
 * @param rows rows of the batch in one request
 * @param values values in one request, and in its answer: ids, padding included, or numbers
 * @param waiting requests that may wait for the model; more are refused with status 503
 * @param batch rows that are answered in one run of the model, where several requests wait
 * @param memoryBytes heap that all requests under way may hold together: bodies, values, and
 *     answers until they are taken; more are refused with status 503
 * @param time for a request's body to arrive, then for its answer, and then for the client to take
 *     it; a connection on which nothing happens is closed after twice that time
 */
public record Limits(
    int bodyBytes, int rows, int values, int waiting, int batch, long memoryBytes, Duration time) {
  /**
   * Checks the limits.
   *
   * @param bodyBytes bytes in a request's body
   * @param rows rows in one request
   * @param values values in one request and in its answer
   * @param waiting requests that may wait
   * @param batch rows that are answered in one run
   * @param memoryBytes heap for all requests under way
   * @param time for the body, for the answer, and for the client to take it
   * @throws IllegalArgumentException if one is not positive
   */
  public Limits {
    requirePositive("the largest body", bodyBytes);
    requirePositive("the number of rows", rows);
    requirePositive("the number of values", values);
    requirePositive("the number of waiting requests", waiting);
    requirePositive("the size of a batch", batch);
    requirePositive("the memory for requests", memoryBytes);
    requirePositive("the time limit", time.toMillis());
  }

  private static void requirePositive(String what, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " must be positive, found " + value);
    }
  }

  /** The time limit in words. */
  String timeInWords() {
    return time.toMillis() / 1000.0 + " s";
  }

  /**
   * Limits for a small site: 1 MiB, 1,000 rows, a million values, 2,048 waiting requests, batches
   * of 128, a quarter of the heap, 30 seconds.
   *
   * @return the limits
   */
  public static Limits defaults() {
    return new Limits(
        1 << 20,
        1000,
        1_000_000,
        2048,
        128,
        Runtime.getRuntime().maxMemory() / 4,
        Duration.ofSeconds(30));
  }
}
