package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.export.ServedModel;
import io.github.vaecf.eval.export.ServedSignature;
import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.eclipse.jetty.http.HttpStatus;

/**
 * A request to a signature, in the JSON that TensorFlow Serving takes: by rows ({@code
 * "instances"}: each row an object of named inputs, or the value itself where there is one input)
 * or by columns ({@code "inputs"}: an object of named batches, or the batch itself).
 *
 * @param byRows whether the request came by rows, and so must its answer
 */
record PredictRequest(ServedSignature signature, boolean byRows, Map<String, TensorRows> inputs) {

  /**
   * Reads a request.
   *
   * @throws RequestException if it is malformed, does not fit the signature, or exceeds a limit
   */
  static PredictRequest parse(byte[] body, ServedModel model, Limits limits) {
    JsonNode root = tree(body);
    JsonNode name = root.path("signature_name");
    if (!name.isMissingNode() && !name.isTextual()) {
      throw malformed("signature_name: expected a string, found " + kind(name));
    }
    ServedSignature signature = signature(name.asText(), model);
    boolean byRows = root.has("instances");
    if (byRows == root.has("inputs")) {
      throw malformed("expected either \"instances\" or \"inputs\" in the request");
    }
    Map<String, List<JsonNode>> columns =
        byRows
            ? byRows(signature, elements("instances", root.path("instances")), limits)
            : byColumns(signature, root.path("inputs"), limits);
    Map<String, TensorRows> inputs = new LinkedHashMap<>();
    for (TensorSpec input : signature.inputs()) {
      inputs.put(input.name(), rows(input, columns.get(input.name()), limits));
    }
    return checked(signature, byRows, inputs, model, limits);
  }

  /**
   * A request whose values are there, whatever they were read from.
   *
   * @throws RequestException if they do not fit the signature, or if the answer exceeds a limit
   */
  static PredictRequest checked(
      ServedSignature signature,
      boolean byRows,
      Map<String, TensorRows> inputs,
      ServedModel model,
      Limits limits) {
    try {
      signature.check(inputs);
    } catch (IllegalArgumentException e) {
      throw malformed(e.getMessage());
    }
    long histories = signature.histories(inputs);
    if (histories > Math.max(limits.rows(), inputs.values().iterator().next().rows())) {
      throw tooLarge(
          "signature \""
              + signature.name()
              + "\": to be scored "
              + histories
              + " histories are more than the "
              + limits.rows());
    }
    PredictRequest request = new PredictRequest(signature, byRows, inputs);
    long answer = 0;
    for (TensorSpec output : signature.outputs()) {
      answer += request.rows() * (long) request.width(output, model.itemCount());
    }
    requireWithin(limits, answer);
    return request;
  }

  private static JsonNode tree(byte[] body) {
    JsonNode root;
    try {
      root = Reply.JSON.readTree(body);
    } catch (JsonProcessingException e) {
      throw malformed("the body is no JSON: " + inPlainWords(e.getOriginalMessage()));
    } catch (IOException e) {
      throw malformed("the body is no JSON in UTF-8: " + e.getMessage());
    }
    if (!root.isObject()) {
      throw malformed("the body: expected a JSON object, found " + kind(root));
    }
    return root;
  }

  /** Jackson tells programmers which of its switches would allow it. */
  private static String inPlainWords(String message) {
    return message
        .replaceAll(" \\(bound as `[^`]*`\\)", "")
        .replaceAll(", from `[^`]*`", "")
        .replaceAll(" \\(start marker at \\[Source: [^\\]]*\\]\\)", "")
        .replaceAll(" for `[^`]*`", "")
        .replaceAll(": (enable|not allowed as per|not allowed when) `.*", "");
  }

  /** The signature of a name, which may be left empty. */
  static ServedSignature signature(String name, ServedModel model) {
    String wanted = name.isEmpty() ? ServedSignature.DEFAULT : name;
    ServedSignature signature = model.signatures().get(wanted);
    if (signature == null) {
      throw malformed(
          "the model has no signature \"" + wanted + "\"; it has " + model.signatures().keySet());
    }
    return signature;
  }

  /** The rows of each input, from a list of rows. */
  private static Map<String, List<JsonNode>> byRows(
      ServedSignature signature, List<JsonNode> instances, Limits limits) {
    requireRows("instances", instances.size(), limits);
    Map<String, List<JsonNode>> columns = new LinkedHashMap<>();
    signature.inputs().forEach(input -> columns.put(input.name(), new ArrayList<>()));
    for (int row = 0; row < instances.size(); row++) {
      JsonNode instance = instances.get(row);
      if (isNamed(instance)) {
        requireNames("instances[" + row + "]", signature, names(instance));
        for (TensorSpec input : signature.inputs()) {
          columns.get(input.name()).add(instance.get(input.name()));
        }
      } else {
        columns.get(onlyInput("instances[" + row + "]", signature)).add(instance);
      }
    }
    return columns;
  }

  /** The rows of each input, from a list for each. */
  private static Map<String, List<JsonNode>> byColumns(
      ServedSignature signature, JsonNode inputs, Limits limits) {
    Map<String, List<JsonNode>> columns = new LinkedHashMap<>();
    if (isNamed(inputs)) {
      requireNames("inputs", signature, names(inputs));
      for (TensorSpec input : signature.inputs()) {
        columns.put(input.name(), elements("inputs." + input.name(), inputs.get(input.name())));
      }
    } else {
      columns.put(onlyInput("inputs", signature), elements("inputs", inputs));
    }
    int rows = columns.values().iterator().next().size();
    columns.forEach(
        (name, column) -> {
          requireRows("inputs." + name, column.size(), limits);
          if (column.size() != rows) {
            throw malformed(
                "inputs."
                    + name
                    + ": expected as many rows as the other inputs have, "
                    + rows
                    + ", found "
                    + column.size());
          }
        });
    return columns;
  }

  private static boolean isNamed(JsonNode node) {
    return node.isObject() && !isBytes(node);
  }

  /** Whether this is the form for text in base 64: {"b64": "…"}. */
  private static boolean isBytes(JsonNode node) {
    return node.size() == 1 && node.path("b64").isTextual();
  }

  static void requireNames(String where, ServedSignature signature, Collection<String> names) {
    boolean fits = names.size() == signature.inputs().size();
    for (TensorSpec input : signature.inputs()) {
      fits &= names.contains(input.name());
    }
    if (!fits) {
      throw malformed(
          where
              + ": expected "
              + signature.inputs().stream().map(TensorSpec::name).toList()
              + " for signature \""
              + signature.name()
              + "\", found "
              + names);
    }
  }

  private static List<String> names(JsonNode named) {
    List<String> names = new ArrayList<>();
    named.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static String onlyInput(String where, ServedSignature signature) {
    if (signature.inputs().size() > 1) {
      throw malformed(
          where
              + ": expected an object with "
              + signature.inputs().stream().map(TensorSpec::name).toList()
              + ", as signature \""
              + signature.name()
              + "\" has several inputs");
    }
    return signature.inputs().get(0).name();
  }

  static void requireRows(String where, int rows, Limits limits) {
    if (rows == 0) {
      throw malformed(where + ": expected at least one row, found none");
    }
    if (rows > limits.rows()) {
      throw tooLarge(where + ": " + rows + " rows are more than the " + limits.rows());
    }
  }

  private static List<JsonNode> elements(String where, JsonNode node) {
    if (!node.isArray()) {
      throw malformed(where + ": expected a list, found " + kind(node));
    }
    List<JsonNode> elements = new ArrayList<>(node.size());
    node.forEach(elements::add);
    return elements;
  }

  private static TensorRows rows(TensorSpec input, List<JsonNode> column, Limits limits) {
    boolean flat = input.isFlat();
    int width = flat ? 1 : column.get(0).size();
    if (input.width() >= 0 && width != input.width()) {
      throw malformed(
          "row 0 of \""
              + input.name()
              + "\": expected "
              + input.width()
              + " values, found "
              + width);
    }
    // Before the array is made: one long row would make as long ones of all.
    requireWithin(limits, (long) column.size() * width);
    Object values = array(input, column.size() * width);
    for (int row = 0; row < column.size(); row++) {
      JsonNode node = column.get(row);
      String where = "row " + row + " of \"" + input.name() + "\"";
      if (flat) {
        set(values, row, node, where);
        continue;
      }
      if (!node.isArray()) {
        throw malformed(where + ": expected a list, found " + kind(node));
      }
      if (node.size() != width) {
        throw malformed(
            where
                + ": expected as many values as in row 0, "
                + width
                + ", found "
                + node.size()
                + "; shorter rows are filled up, ids with \"\" and indices with -1");
      }
      for (int i = 0; i < width; i++) {
        set(values, row * width + i, node.get(i), where);
      }
    }
    return new TensorRows(column.size(), width, values);
  }

  private static Object array(TensorSpec input, int size) {
    return switch (input.type()) {
      case STRING -> new String[size];
      case INT64 -> new long[size];
      case INT32 -> new int[size];
      case FLOAT32 -> new float[size];
    };
  }

  private static void set(Object values, int at, JsonNode node, String where) {
    if (values instanceof String[] text) {
      text[at] = text(node, where);
    } else if (values instanceof long[] numbers && (node.isInt() || node.isLong())) {
      numbers[at] = node.longValue();
    } else if (values instanceof int[] numbers && node.isInt()) {
      numbers[at] = node.intValue();
    } else if (values instanceof float[] numbers
        && node.isNumber()
        && Float.isFinite(node.floatValue())) {
      numbers[at] = node.floatValue();
    } else {
      String expected =
          values instanceof long[]
              ? "a whole number of 64 bits"
              : values instanceof int[] ? "a whole number of 32 bits" : "a float";
      String found = node.isNumber() ? DataException.excerpt(node.asText()) : kind(node);
      throw malformed(where + ": expected " + expected + ", found " + found);
    }
  }

  private static String text(JsonNode node, String where) {
    if (node.isTextual()) {
      if (!isUnicode(node.textValue())) {
        throw malformed(where + ": expected Unicode, found half a surrogate pair");
      }
      return node.textValue();
    }
    if (node.isObject() && isBytes(node)) {
      try {
        byte[] bytes = Base64.getDecoder().decode(node.get("b64").textValue());
        return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      } catch (IllegalArgumentException e) {
        throw malformed(where + ": \"b64\" is no base 64 (" + e.getMessage() + ")");
      } catch (CharacterCodingException e) {
        throw malformed(where + ": \"b64\" is no text in UTF-8");
      }
    }
    throw malformed(where + ": expected a string, found " + kind(node));
  }

  private static boolean isUnicode(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (Character.charCount(text.codePointAt(i)) < 2) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  static void requireWithin(Limits limits, long values) {
    if (values > limits.values()) {
      throw tooLarge(
          values + " values in the request or its answer are more than the " + limits.values());
    }
  }

  /** Values in a row of an output, of a model of so many items. */
  private int width(TensorSpec output, int items) {
    int widest = inputs.values().stream().mapToInt(TensorRows::width).max().orElse(0);
    // As the request asks; but no ranking is longer than there are items.
    return Math.min(signature.width(output, inputs), Math.max(items, widest));
  }

  /**
   * About what the request and its answer hold of the heap, until the client has taken the answer.
   *
   * @param items how many the model has
   */
  long bytes(int items) {
    long bytes = 0;
    for (TensorRows input : inputs.values()) {
      bytes += PredictAnswer.bytes(input);
    }
    for (TensorSpec output : signature.outputs()) {
      bytes += PredictAnswer.bytes(output.type(), rows() * (long) width(output, items));
    }
    return bytes;
  }

  /** Rows of the batch. */
  int rows() {
    return inputs.values().iterator().next().rows();
  }

  private static String kind(JsonNode node) {
    return node.isMissingNode() ? "nothing" : node.getNodeType().name().toLowerCase(Locale.ROOT);
  }

  private static RequestException malformed(String problem) {
    return new RequestException(HttpStatus.BAD_REQUEST_400, problem);
  }

  private static RequestException tooLarge(String problem) {
    return new RequestException(
        HttpStatus.PAYLOAD_TOO_LARGE_413, problem + " that this server takes in a request");
  }
}
