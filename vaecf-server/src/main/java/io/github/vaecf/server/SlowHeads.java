package io.github.vaecf.server;

import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Closes connections on which a request's head arrives so slowly that they are never idle: in a
 * whole period bytes came, but no request began, and none was under way.
 */
final class SlowHeads implements Connection.Listener {
  private final Scheduler scheduler;
  private final long periodMillis;

  SlowHeads(Scheduler scheduler, long periodMillis) {
    this.scheduler = scheduler;
    this.periodMillis = periodMillis;
  }

  @Override
  public void onOpened(Connection connection) {
    // With encryption there is one around that of HTTP, on which no requests begin.
    if (!(connection instanceof SslConnection)) {
      lookAgain(connection, 0, 0);
    }
  }

  /** Bytes as they come, so that those of a handshake without an end count. */
  private static long bytesIn(Connection connection) {
    return connection.getEndPoint() instanceof SslConnection.SslEndPoint encrypted
        ? encrypted.getSslConnection().getBytesIn()
        : connection.getBytesIn();
  }

  /** Looks once more after a period, and compares with what had come by now. */
  private void lookAgain(Connection connection, long requests, long bytes) {
    scheduler.schedule(
        () -> {
          long requestsNow = connection.getMessagesIn();
          long bytesNow = bytesIn(connection);
          boolean underWay = requestsNow > connection.getMessagesOut();
          if (requestsNow == requests && bytesNow > bytes && !underWay) {
            connection.getEndPoint().close();
          } else if (connection.getEndPoint().isOpen()) {
            lookAgain(connection, requestsNow, bytesNow);
          }
        },
        periodMillis,
        TimeUnit.MILLISECONDS);
  }
}
