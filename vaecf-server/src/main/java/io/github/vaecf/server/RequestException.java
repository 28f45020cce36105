package io.github.vaecf.server;

import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A request that cannot be answered, with the HTTP status that says so. */
final class RequestException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private static final Logger LOG = LoggerFactory.getLogger(RequestException.class);

  private final int status;
  private final String key;
  private final long retrySeconds;

  RequestException(int status, String message) {
    this(status, message, "", 0);
  }

  private RequestException(int status, String message, String key, long retrySeconds) {
    super(message);
    this.status = status;
    this.key = key;
    this.retrySeconds = retrySeconds;
  }

  /** For whoever has no valid key, without a word about what is wrong with theirs. */
  static RequestException unauthorized() {
    return new RequestException(
        HttpStatus.UNAUTHORIZED_401, "expected a valid key, as in Authorization: Bearer KEY");
  }

  /**
   * For whoever asks more often than their key allows.
   *
   * @param key the key's name
   * @param retrySeconds when to try again
   */
  static RequestException tooMany(String key, long retrySeconds) {
    return new RequestException(
        HttpStatus.TOO_MANY_REQUESTS_429,
        "more requests than this key allows; try again in " + retrySeconds + " s",
        key,
        retrySeconds);
  }

  /** The name of the key that the request has; empty where it does not matter. */
  String key() {
    return key;
  }

  /** When to try again; 0 if that is not known. */
  long retrySeconds() {
    return retrySeconds;
  }

  int status() {
    return status;
  }

  /**
   * What went wrong, as far as it is the client's business. A stage of a {@link
   * java.util.concurrent.CompletableFuture} hands on what failed before it as the cause of a {@link
   * CompletionException}, so that is looked through here and nowhere else.
   */
  static RequestException of(Throwable failure) {
    if (failure instanceof CompletionException && failure.getCause() != null) {
      return of(failure.getCause());
    }
    if (failure instanceof TimeoutException) {
      return new RequestException(
          HttpStatus.GATEWAY_TIMEOUT_504,
          "no answer within the time limit; ask for less at once, or try again later");
    }
    if (failure instanceof RequestException refused) {
      return refused;
    }
    LOG.error("a request failed", failure);
    return new RequestException(
        HttpStatus.INTERNAL_SERVER_ERROR_500, "internal error, see the server's log");
  }
}
