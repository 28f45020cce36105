package io.github.vaecf.server;

import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Answers over HTTP only those who have a key. The page for people is shown to anybody, as a
 * browser cannot send a key with an address; it asks for one.
 */
final class KeyCheck extends Handler.Wrapper {
  private final Admission admission;

  KeyCheck(Handler handler, Admission admission) {
    super(handler);
    this.admission = admission;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    if (!Request.getPathInContext(request).equals(SiteHandler.PAGE)) {
      try {
        admission.admit(
            request.getHeaders().getValuesList(HttpHeader.AUTHORIZATION), Visit.of(request));
      } catch (RequestException e) {
        if (e.status() == HttpStatus.UNAUTHORIZED_401) {
          response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer realm=\"vaecf\"");
        } else {
          response.getHeaders().put(HttpHeader.RETRY_AFTER, e.retrySeconds());
        }
        Reply.error(e).send(response, callback);
        return true;
      }
    }
    return super.handle(request, response, callback);
  }
}
