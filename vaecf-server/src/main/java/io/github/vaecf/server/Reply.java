package io.github.vaecf.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** What a request is answered with. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Reply(int status, String type, byte[] body) {
  /**
   * Reads and writes all JSON. A key that comes twice, or text after the value, makes a text that
   * may be meant in several ways.
   */
  static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** Characters of an error: it repeats what was sent, but not a whole body. */
  private static final int LONGEST_ERROR = 1000;

  static final String JSON_TYPE = "application/json";

  static Reply json(byte[] body) {
    return new Reply(HttpStatus.OK_200, JSON_TYPE, body);
  }

  static Reply json(JsonNode body) {
    return new Reply(HttpStatus.OK_200, JSON_TYPE, bytes(body));
  }

  /** Refuses a method at a place that has others. */
  static void refuseMethod(Request request, Response response, Callback callback, String allowed) {
    response.getHeaders().put(HttpHeader.ALLOW, allowed);
    String path = request.getHttpURI().getPath();
    error(
            HttpStatus.METHOD_NOT_ALLOWED_405,
            path + ": expected " + allowed + ", found " + request.getMethod())
        .send(response, callback);
  }

  /** An error in the shape of TensorFlow Serving. */
  static Reply error(int status, String message) {
    return new Reply(
        status,
        JSON_TYPE,
        bytes(JSON.createObjectNode().put("error", fit(message, LONGEST_ERROR))));
  }

  /** A message that is not too long, and is Unicode: half a surrogate pair cannot be written. */
  static String fit(String message, int longest) {
    String start = message.length() <= longest ? message : message.substring(0, longest) + "…";
    return new String(start.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  /** What went wrong, as far as it is the client's business. */
  static Reply error(Throwable failure) {
    RequestException problem = RequestException.of(failure);
    return error(problem.status(), problem.getMessage());
  }

  private static byte[] bytes(JsonNode body) {
    try {
      return JSON.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of values could not be written as JSON", e);
    }
  }

  /** Says what an answer is, before its body. */
  static void head(Response response, int status, String type) {
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
  }

  void send(Response response, Callback callback) {
    head(response, status, type);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    response.write(true, ByteBuffer.wrap(body), callback);
  }
}
