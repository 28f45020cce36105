package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.eval.export.ServedSignature;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import io.github.vaecf.eval.export.ServedVersions;
import java.net.URLDecoder;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * TensorFlow Serving's REST surface: {@code GET /v1/models/NAME[/versions/V|/labels/L]}, {@code GET
 * …/metadata} and {@code POST …:predict}.
 */
final class ModelHandler extends Handler.Abstract {
  private static final Pattern PATH =
      Pattern.compile(
          "/v1/models/(?<name>[^/:]+)(/versions/(?<version>[0-9]+)|/labels/(?<label>[^/:]+))?"
              + "(?<action>:predict|/metadata)?");

  private final Models models;
  private final ModelCalls calls;
  private final Limits limits;
  private final MemoryBudget memory;
  private final Patience patience;
  private final Executor parsers;

  /**
   * @param parsers reads bodies. What is made of a body while it is read may be thirty times its
   *     size, so it should have few threads
   */
  ModelHandler(
      Models models,
      ModelCalls calls,
      Limits limits,
      MemoryBudget memory,
      Patience patience,
      Executor parsers) {
    this.models = models;
    this.calls = calls;
    this.limits = limits;
    this.memory = memory;
    this.patience = patience;
    this.parsers = parsers;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    String path = decode(request.getHttpURI().getPath());
    if (!path.startsWith("/v1/")) {
      return false;
    }
    Matcher parts = PATH.matcher(path);
    if (!parts.matches()) {
      // As TensorFlow Serving, where it has no other status either.
      Reply.error(
              HttpStatus.BAD_REQUEST_400,
              "there is no request " + request.getMethod() + " " + path + " here")
          .send(response, callback);
      return true;
    }
    String action = parts.group("action");
    Visit visit =
        Visit.of(request)
            .to(
                action == null
                    ? Visit.Route.STATUS
                    : action.equals(":predict") ? Visit.Route.PREDICT : Visit.Route.METADATA);
    if (":predict".equals(action)) {
      if (request.getMethod().equals("POST")) {
        predict(request, response, callback, parts, visit);
      } else {
        Reply.refuseMethod(request, response, callback, "POST");
      }
    } else if (request.getMethod().equals("GET") || request.getMethod().equals("HEAD")) {
      describe(parts, action == null, visit).send(response, callback);
    } else {
      Reply.refuseMethod(request, response, callback, "GET, HEAD");
    }
    return true;
  }

  /**
   * A path with its percent encoding undone, once and for all. Nothing is looked up by it outside
   * of this server, so that no path is dangerous; one that cannot be decoded names nothing.
   */
  private static String decode(String path) {
    try {
      // A plus is a space in forms only.
      return path == null ? "" : URLDecoder.decode(path.replace("+", "%2B"), UTF_8);
    } catch (IllegalArgumentException e) {
      return path;
    }
  }

  private Reply describe(Matcher path, boolean status, Visit visit) {
    ModelSpec spec = spec(path);
    try {
      if (status) {
        List<Long> numbers = models.numbers(spec);
        visit.about(spec.name());
        return Reply.json(status(numbers));
      }
      try (ServedVersions.Lease lease = models.lease(spec)) {
        visit.answeredBy(spec.name(), lease.version());
        return Reply.json(metadata(spec, lease));
      }
    } catch (RequestException e) {
      return Reply.error(e);
    }
  }

  private static ModelSpec spec(Matcher path) {
    return new ModelSpec(
        path.group("name"),
        Optional.ofNullable(path.group("version")),
        Optional.ofNullable(path.group("label")));
  }

  private static ObjectNode status(List<Long> numbers) {
    ObjectNode status = Reply.JSON.createObjectNode();
    ArrayNode versions = status.putArray("model_version_status");
    for (long number : numbers) {
      ObjectNode version = versions.addObject();
      version.put("version", Long.toString(number)).put("state", "AVAILABLE");
      version.putObject("status").put("error_code", "OK").put("error_message", "");
    }
    return status;
  }

  private static ObjectNode metadata(ModelSpec spec, ServedVersions.Lease lease) {
    ObjectNode answer = Reply.JSON.createObjectNode();
    answer
        .putObject("model_spec")
        .put("name", spec.name())
        .put("signature_name", "")
        .put("version", Long.toString(lease.version()));
    ObjectNode map = answer.putObject("metadata").putObject("signature_def");
    ObjectNode signatures = map.putObject("signature_def");
    for (ServedSignature signature : lease.model().signatures().values()) {
      ObjectNode definition = signatures.putObject(signature.name());
      describe(definition.putObject("inputs"), signature.inputs());
      describe(definition.putObject("outputs"), signature.outputs());
      definition.put("method_name", signature.method());
    }
    return answer;
  }

  private static void describe(ObjectNode tensors, List<TensorSpec> specs) {
    for (TensorSpec spec : specs) {
      ObjectNode tensor = tensors.putObject(spec.name()).put("dtype", spec.type().tensorFlowName());
      ObjectNode shape = tensor.putObject("tensor_shape");
      ArrayNode dimensions = shape.putArray("dim");
      for (long size : spec.shape()) {
        dimensions.addObject().put("size", Long.toString(size)).put("name", "");
      }
      shape.put("unknown_rank", false);
      tensor.put("name", spec.tensor());
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // a failure of the last stage goes to the callback
  private void predict(
      Request request, Response response, Callback callback, Matcher path, Visit visit) {
    MemoryBudget.Share share = memory.share();
    Callback done = Callback.from(callback, share::close);
    CompletableFuture<RequestBody> body = RequestBody.read(request, limits, share, patience);
    body.thenComposeAsync(whole -> answer(whole, path, share, visit), parsers)
        .handleAsync(
            (answer, failure) -> {
              if (body.isCompletedExceptionally()) {
                // What is left of the body is not waited for.
                response.getHeaders().put(HttpHeader.CONNECTION, "close");
              }
              if (failure == null) {
                PredictAnswer.send(answer.request(), answer.values(), response, done);
              } else {
                Reply.error(failure).send(response, done);
              }
              return null;
            },
            request.getComponents().getExecutor())
        .exceptionally(
            failure -> {
              done.failed(failure);
              return null;
            });
  }

  private CompletableFuture<ModelCalls.Answer> answer(
      RequestBody body, Matcher path, MemoryBudget.Share share, Visit visit) {
    return calls.answer(
        spec(path), model -> PredictRequest.parse(body.plain(), model, limits), share, visit);
  }
}
