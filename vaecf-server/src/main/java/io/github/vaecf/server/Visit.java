package io.github.vaecf.server;

import java.util.Locale;
import org.eclipse.jetty.server.Request;

/**
 * A request as far as it is counted and logged: where it goes to, whose it is, what answers it. By
 * REST and by gRPC alike. What is not known stays empty, so that what clients make up is no value
 * that is counted.
 *
 * <p>Safe for use by many threads, one after the other.
 */
final class Visit {
  /** Where requests go to; {@link #OTHER} unless something says so. */
  enum Route {
    PREDICT,
    METADATA,
    STATUS,
    TITLES,
    PAGE,
    HEALTH,
    METRICS,
    REFLECTION,
    OTHER;

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A model's version that answers; without a name where none does. */
  record Answering(String model, String version) {
    static final Answering NONE = new Answering("", "");
  }

  private volatile Route route = Route.OTHER;
  private volatile Answering answering = Answering.NONE;
  private volatile String key = "";

  /** The one of a request by HTTP. */
  static Visit of(Request request) {
    String name = Visit.class.getName();
    if (request.getAttribute(name) instanceof Visit visit) {
      return visit;
    }
    Visit visit = new Visit();
    request.setAttribute(name, visit);
    return visit;
  }

  Route route() {
    return route;
  }

  Visit to(Route route) {
    this.route = route;
    return this;
  }

  Answering answering() {
    return answering;
  }

  /** Tells which version of which model answers, once that is known. */
  void answeredBy(String model, long version) {
    answering = new Answering(model, Long.toString(version));
  }

  /** Tells which model a request is about that no version of it answers. */
  void about(String model) {
    answering = new Answering(model, "");
  }

  /** The name of the key that the request came with; empty without one. */
  String key() {
    return key;
  }

  void by(String key) {
    this.key = key;
  }
}
