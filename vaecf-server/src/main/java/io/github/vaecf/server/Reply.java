package io.github.vaecf.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a request is answered with. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Reply(int status, String type, byte[] body) {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final String JSON_TYPE = "application/json";
  private static final Logger LOG = LoggerFactory.getLogger(Reply.class);

  static Reply json(byte[] body) {
    return new Reply(HttpStatus.OK_200, JSON_TYPE, body);
  }

  static Reply json(JsonNode body) {
    return new Reply(HttpStatus.OK_200, JSON_TYPE, bytes(body));
  }

  /** An error in the shape of TensorFlow Serving. */
  static Reply error(int status, String message) {
    return new Reply(status, JSON_TYPE, bytes(JSON.createObjectNode().put("error", message)));
  }

  /** What went wrong, as far as it is the client's business. */
  static Reply error(Throwable failure) {
    if (failure instanceof CompletionException && failure.getCause() != null) {
      return error(failure.getCause());
    }
    if (failure instanceof RequestException refused) {
      return error(refused.status(), refused.getMessage());
    }
    LOG.error("a request failed", failure);
    return error(HttpStatus.INTERNAL_SERVER_ERROR_500, "internal error, see the server's log");
  }

  private static byte[] bytes(JsonNode body) {
    try {
      return JSON.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of values could not be written as JSON", e);
    }
  }

  void send(Response response, Callback callback) {
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    response.write(true, ByteBuffer.wrap(body), callback);
  }
}
