package io.github.vaecf.server;

import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedModel;
import io.github.vaecf.eval.export.ServedVersions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;

/**
 * What TensorFlow Serving has not: the page for people at {@code /}, the titles that it looks up at
 * {@code /titles} ({@code ?query=words&limit=10} or {@code ?id=…&id=…}), both with {@code
 * model=NAME} for another model than the first, and for those who operate the server {@code
 * /metrics}.
 */
final class SiteHandler extends Handler.Abstract {
  /** Where the page is. */
  static final String PAGE = "/";

  private static final int MOST_TITLES = 100;

  /** The page is one file: nothing is loaded from anywhere else, and it is shown in no frame. */
  private static final String POLICY =
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src"
          + " 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private final Models models;
  private final ServerMetrics metrics;
  private final boolean keys;
  private final String page;

  /** The titles that were looked through last, by model. */
  private final Map<String, Titles> titles = new ConcurrentHashMap<>();

  /** What of a version is looked through: its titles may come later than its items. */
  private record Titles(IdIndex items, Map<String, String> byId, TitleSearch search) {
    @SuppressWarnings("ReferenceEquality") // whether they are those of the same model and moment
    boolean areOf(ServedModel model) {
      return items == model.items() && byId == model.titles();
    }
  }

  /**
   * @param keys whether requests need a key: then the page, which needs none, tells nobody which
   *     models there are
   */
  SiteHandler(Models models, ServerMetrics metrics, boolean keys) {
    this.models = models;
    this.metrics = metrics;
    this.keys = keys;
    this.page = page();
  }

  private static String page() {
    try (InputStream in = SiteHandler.class.getResourceAsStream("page.html")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("\"", "&quot;").replace("<", "&lt;");
  }

  /** The model that a request names, or the first. */
  private ModelSpec spec(Request request) {
    String named = Request.extractQueryParameters(request).getValue("model");
    return new ModelSpec(
        named == null ? models.first() : named, Optional.empty(), Optional.empty());
  }

  private Reply page(String name) {
    byte[] html = page.replace("{{model}}", escape(name)).getBytes(StandardCharsets.UTF_8);
    return new Reply(HttpStatus.OK_200, "text/html;charset=utf-8", html);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    String path = Request.getPathInContext(request);
    if (!List.of(PAGE, "/titles", "/metrics").contains(path)) {
      return false;
    }
    Visit.of(request)
        .to(
            switch (path) {
              case "/titles" -> Visit.Route.TITLES;
              case "/metrics" -> Visit.Route.METRICS;
              default -> Visit.Route.PAGE;
            });
    if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
      Reply.refuseMethod(request, response, callback, "GET, HEAD");
      return true;
    }
    Reply reply;
    try {
      reply = reply(path, request, response);
    } catch (RequestException e) {
      reply = Reply.error(e);
    }
    reply.send(response, callback);
    return true;
  }

  private Reply reply(String path, Request request, Response response) {
    return switch (path) {
      case "/titles" -> titles(spec(request), Request.extractQueryParameters(request));
      case "/metrics" -> metrics.reply();
      default -> {
        response.getHeaders().put("Content-Security-Policy", POLICY);
        response.getHeaders().put("X-Content-Type-Options", "nosniff");
        ModelSpec spec = spec(request);
        if (!keys) {
          models.numbers(spec); // says so if there is no such model
        }
        yield page(spec.name());
      }
    };
  }

  private Reply titles(ModelSpec spec, Fields parameters) {
    List<String> ids = parameters.getValuesOrEmpty("id");
    String query = parameters.getValue("query");
    if (ids.isEmpty() == (query == null)) {
      return Reply.error(
          HttpStatus.BAD_REQUEST_400, "expected either a query or ids: /titles?query=… or ?id=…");
    }
    if (query == null) {
      return ids.size() > MOST_TITLES
          ? Reply.error(
              HttpStatus.BAD_REQUEST_400,
              "expected at most " + MOST_TITLES + " ids, found " + ids.size())
          : Reply.json(search(spec).describe(ids));
    }
    String limit = parameters.getValue("limit");
    if (limit != null && !limit.matches("[0-9]{1,3}")) {
      return Reply.error(
          HttpStatus.BAD_REQUEST_400, "limit: expected a small number, found '" + limit + "'");
    }
    int most = limit == null ? 10 : Math.min(MOST_TITLES, Integer.parseInt(limit));
    return Reply.json(search(spec).find(query, most));
  }

  /** The titles of the version that is served now; looked through when it is first asked for. */
  private TitleSearch search(ModelSpec spec) {
    try (ServedVersions.Lease lease = models.lease(spec)) {
      Titles known = titles.get(spec.name());
      ServedModel model = lease.model();
      if (known == null || !known.areOf(model)) {
        Map<String, String> byId = model.titles();
        known = new Titles(model.items(), byId, new TitleSearch(model.items(), byId));
        titles.keySet().removeIf(name -> !models.has(name));
        titles.put(spec.name(), known);
      }
      return known.search();
    }
  }
}
