package io.github.vaecf.server;

import java.nio.ByteBuffer;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Closes connections whose clients take too long to take an answer, however little at a time. */
final class SlowReaders extends Handler.Wrapper {
  private final Patience patience;

  SlowReaders(Handler handler, Patience patience) {
    super(handler);
    this.patience = patience;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    return super.handle(request, new Timed(request, response), callback);
  }

  /** An answer whose time begins with its first byte. */
  private final class Timed extends Response.Wrapper {
    private boolean begun;

    Timed(Request request, Response response) {
      super(request, response);
    }

    @Override
    public void write(boolean last, ByteBuffer bytes, Callback callback) {
      if (!begun) {
        begun = true;
        Patience.Wait wait =
            patience.begin(
                () -> getRequest().getConnectionMetaData().getConnection().getEndPoint().close());
        Request.addCompletionListener(getRequest(), failure -> wait.done());
      }
      super.write(last, bytes, callback);
    }
  }
}
