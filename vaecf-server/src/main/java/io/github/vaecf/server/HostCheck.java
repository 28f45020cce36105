package io.github.vaecf.server;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Answers only those who ask for this machine by a name that it is meant to have. A page from
 * elsewhere could otherwise let its own name point to this machine and read here whatever the
 * person at the browser can read (DNS rebinding).
 *
 * <p>A server that listens to other machines is known by names that it cannot tell: it answers to
 * all, unless it was told some.
 */
final class HostCheck extends Handler.Wrapper {
  private final Set<String> names = new HashSet<>();
  private final boolean all;

  HostCheck(Handler handler, InetSocketAddress address, Set<String> others) {
    super(handler);
    InetAddress where = address.getAddress();
    all = others.isEmpty() && where != null && !where.isLoopbackAddress();
    names.addAll(Set.of("localhost", "127.0.0.1", "::1"));
    names.add(plain(address.getHostString()));
    others.forEach(name -> names.add(plain(name)));
  }

  /** A name without what does not count: case, the brackets of IPv6, and the root's dot. */
  private static String plain(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    if (name.startsWith("[") && name.endsWith("]")) {
      return name.substring(1, name.length() - 1);
    }
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    // Without a Host header, which every browser sends, the machine's own address.
    String host = Request.getServerName(request);
    if (all || (host != null && names.contains(plain(host)))) {
      return super.handle(request, response, callback);
    }
    Reply.error(
            HttpStatus.FORBIDDEN_403,
            "this server is not asked for by the name '"
                + host
                + "'; whoever starts it can allow that name (vaecf serve --allowed-host)")
        .send(response, callback);
    return true;
  }
}
