package io.github.vaecf.server;

import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.handler.CrossOriginHandler;

/** Which other sites' pages may ask over HTTP, and read what is answered (CORS). */
final class Origins {
  private static final String ANY = "*";
  private static final Pattern ORIGIN =
      Pattern.compile("[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\\[[0-9a-f:.]+])(:[0-9]{1,5})?");

  private Origins() {}

  /**
   * Makes sure that browsers can send an origin.
   *
   * @throws IllegalArgumentException if not
   */
  static void require(String origin) {
    if (!origin.equals(ANY) && !ORIGIN.matcher(origin).matches()) {
      throw new IllegalArgumentException(
          "expected an origin as browsers send it, in small letters and without a path, such as"
              + " https://shop.example, or * for any; found '"
              + origin
              + "'");
    }
  }

  /** Lets pages from there through to a handler, and says so to their browsers. */
  static Handler allow(Set<String> origins, Handler handler) {
    CrossOriginHandler allowing = new CrossOriginHandler();
    allowing.setAllowedOriginPatterns(
        origins.stream()
            .map(origin -> origin.equals(ANY) ? ANY : Pattern.quote(origin))
            .collect(Collectors.toSet()));
    allowing.setAllowedMethods(Set.of("GET", "HEAD", "POST"));
    allowing.setAllowedHeaders(Set.of("Authorization", "Content-Encoding", "Content-Type"));
    allowing.setExposedHeaders(Set.of("Retry-After"));
    allowing.setPreflightMaxAge(Duration.ofMinutes(10));
    // Keys are sent by the page itself, never by the browser.
    allowing.setAllowCredentials(false);
    allowing.setDeliverPreflightRequests(false);
    allowing.setHandler(handler);
    return allowing;
  }
}
