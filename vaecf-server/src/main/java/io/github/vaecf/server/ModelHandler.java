package io.github.vaecf.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.eval.export.ServedSignature;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import io.github.vaecf.eval.export.ServedVersions;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * TensorFlow Serving's REST surface: {@code GET /v1/models/NAME[/versions/V]}, {@code GET
 * …/metadata} and {@code POST …:predict}.
 */
final class ModelHandler extends Handler.Abstract {
  private static final Pattern PATH =
      Pattern.compile(
          "/v1/models/(?<name>[^/:]+)(/versions/(?<version>[0-9]+))?"
              + "(?<action>:predict|/metadata)?");

  private final String name;
  private final ServedVersions versions;
  private final Batcher batcher;
  private final Limits limits;

  ModelHandler(String name, ServedVersions versions, Batcher batcher, Limits limits) {
    this.name = name;
    this.versions = versions;
    this.batcher = batcher;
    this.limits = limits;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    String path = Request.getPathInContext(request);
    if (!path.startsWith("/v1/")) {
      return false;
    }
    Matcher parts = PATH.matcher(path);
    String action = parts.matches() && parts.group("action") != null ? parts.group("action") : "";
    boolean predicts = action.equals(":predict");
    if (!parts.matches() || predicts != request.getMethod().equals("POST")) {
      // As TensorFlow Serving, which has no other status for a method that does not fit.
      Reply.error(
              HttpStatus.BAD_REQUEST_400,
              "there is no request " + request.getMethod() + " " + path + " here")
          .send(response, callback);
    } else if (predicts) {
      predict(request, response, callback, parts);
    } else {
      describe(parts, action.isEmpty()).send(response, callback);
    }
    return true;
  }

  private Reply describe(Matcher path, boolean status) {
    try (ServedVersions.Lease lease = lease(path)) {
      return Reply.json(status ? status(lease) : metadata(lease));
    } catch (RequestException e) {
      return Reply.error(e);
    }
  }

  /** The version that a path names. */
  private ServedVersions.Lease lease(Matcher path) {
    if (!path.group("name").equals(name)) {
      throw new RequestException(
          HttpStatus.NOT_FOUND_404,
          "there is no model \"" + path.group("name") + "\" here, only \"" + name + "\"");
    }
    ServedVersions.Lease lease = versions.lease();
    String version = path.group("version");
    if (version != null
        && !ServedVersions.number(version).equals(OptionalLong.of(lease.version()))) {
      long served = lease.version();
      lease.close();
      throw new RequestException(
          HttpStatus.NOT_FOUND_404,
          "version " + version + " of \"" + name + "\" is not served, only " + served);
    }
    return lease;
  }

  private static ObjectNode status(ServedVersions.Lease lease) {
    ObjectNode status = Reply.JSON.createObjectNode();
    ObjectNode version = status.putArray("model_version_status").addObject();
    version.put("version", Long.toString(lease.version())).put("state", "AVAILABLE");
    version.putObject("status").put("error_code", "OK").put("error_message", "");
    return status;
  }

  private ObjectNode metadata(ServedVersions.Lease lease) {
    ObjectNode answer = Reply.JSON.createObjectNode();
    answer
        .putObject("model_spec")
        .put("name", name)
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
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // a failure of the last stage goes to the callback
  private void predict(Request request, Response response, Callback callback, Matcher path) {
    Executor threads = request.getComponents().getExecutor();
    CompletableFuture<byte[]> body = RequestBody.read(request, limits);
    body.thenCompose(bytes -> predict(bytes, path, threads))
        .handle((answer, failure) -> failure == null ? Reply.json(answer) : Reply.error(failure))
        .thenAccept(
            reply -> {
              if (body.isCompletedExceptionally()) {
                // What is left of the body is not waited for.
                response.getHeaders().put(HttpHeader.CONNECTION, "close");
              }
              reply.send(response, callback);
            })
        .exceptionally(
            failure -> {
              callback.failed(failure);
              return null;
            });
  }

  private CompletableFuture<byte[]> predict(byte[] body, Matcher path, Executor threads) {
    ServedVersions.Lease lease = lease(path);
    try {
      PredictRequest predict = PredictRequest.parse(body, lease.model(), limits);
      return batcher
          .call(predict.signature(), predict.inputs())
          .orTimeout(limits.time().toMillis(), TimeUnit.MILLISECONDS)
          .whenComplete((answer, failure) -> lease.close())
          .exceptionally(
              failure -> {
                throw failure instanceof TimeoutException
                    ? new RequestException(
                        HttpStatus.GATEWAY_TIMEOUT_504, "no answer within " + limits.timeInWords())
                    : new CompletionException(failure);
              })
          .thenApplyAsync(answer -> PredictAnswer.toJson(predict, answer), threads);
    } catch (RuntimeException e) {
      lease.close();
      throw e;
    }
  }
}
