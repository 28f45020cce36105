package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Optional;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Says over HTTP how the server is, to anybody and by whatever name: at {@code /livez} that it
 * answers, at {@code /readyz} whether requests should be sent to it.
 */
final class Readiness extends Handler.Wrapper {
  private static final String LIVE = "/livez";
  private static final String READY = "/readyz";

  private final Models models;
  private volatile boolean stopping;

  Readiness(Handler handler, Models models) {
    super(handler);
    this.models = models;
  }

  /** Is not ready from now on. */
  void announceStop() {
    stopping = true;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    String path = Request.getPathInContext(request);
    if (!path.equals(LIVE) && !path.equals(READY)) {
      return super.handle(request, response, callback);
    }
    Visit.of(request).to(Visit.Route.HEALTH);
    if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
      Reply.refuseMethod(request, response, callback, "GET, HEAD");
      return true;
    }
    Optional<String> obstacle = path.equals(READY) ? obstacle() : Optional.empty();
    new Reply(
            obstacle.isPresent() ? HttpStatus.SERVICE_UNAVAILABLE_503 : HttpStatus.OK_200,
            "text/plain",
            (obstacle.orElse("ok") + "\n").getBytes(UTF_8))
        .send(response, callback);
    return true;
  }

  /** Why it is not ready. */
  private Optional<String> obstacle() {
    if (stopping) {
      return Optional.of("the server is about to stop");
    }
    return models.allAvailable() ? Optional.empty() : Optional.of("a model has no version");
  }
}
