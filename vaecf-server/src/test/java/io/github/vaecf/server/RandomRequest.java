package io.github.vaecf.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedSignature;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.tensorflow.proto.TensorProto;

/**
 * A request by chance to a signature, the same by REST and by gRPC: unknown ids, padding and
 * indices outside are in it.
 *
 * @param json the body, by columns
 * @param inputs the tensors
 */
record RandomRequest(String signature, ObjectNode json, Map<String, TensorProto> inputs) {
  private static final int MOST_ROWS = 3;
  private static final int MOST_PLACES = 30;
  private static final int MOST_PEOPLE = 4;

  static RandomRequest of(ServedSignature signature, IdIndex items, Random random) {
    int rows = 1 + random.nextInt(MOST_ROWS);
    int places = random.nextInt(MOST_PLACES); // of people as of their items
    ObjectNode json = Client.JSON.createObjectNode().put("signature_name", signature.name());
    ObjectNode columns = json.putObject("inputs");
    Map<String, TensorProto> inputs = new LinkedHashMap<>();
    for (TensorSpec input : signature.inputs()) {
      boolean asItems = input.name().equals("items") || input.name().equals("person");
      int width =
          input.width() >= 0 ? input.width() : asItems ? places : random.nextInt(MOST_PLACES);
      List<Object> values = new ArrayList<>();
      ArrayNode column = columns.putArray(input.name());
      for (int row = 0; row < rows; row++) {
        List<Object> cells = new ArrayList<>();
        for (int place = 0; place < width; place++) {
          cells.add(value(input, places, items, random));
        }
        values.addAll(cells);
        column.addPOJO(input.isFlat() ? cells.get(0) : cells);
      }
      int[] shape = input.isFlat() ? new int[] {rows} : new int[] {rows, width};
      inputs.put(input.name(), tensor(input, values, shape));
    }
    return new RandomRequest(signature.name(), json, inputs);
  }

  private static Object value(TensorSpec input, int places, IdIndex items, Random random) {
    return switch (input.type()) {
      case STRING ->
          switch (random.nextInt(12)) {
            case 0 -> "";
            case 1 -> "żółw \u0000 \uD83D\uDC22 " + random.nextInt(9);
            default -> items.id(random.nextInt(items.size()));
          };
      case INT64 -> (long) random.nextInt(items.size() + 60) - 1;
      case INT32 ->
          switch (input.name()) {
            case "k" -> 1 + random.nextInt(random.nextInt(9) == 0 ? 2 * items.size() : 40);
            case "person" -> random.nextInt(Math.min(MOST_PEOPLE, Math.max(1, places))) - 1;
            case "offset" -> random.nextInt(30);
            default -> random.nextInt(2);
          };
      case FLOAT32 ->
          input.name().equals("lambda") ? random.nextFloat() : (float) random.nextGaussian();
    };
  }

  private static TensorProto tensor(TensorSpec input, List<Object> values, int[] shape) {
    return switch (input.type()) {
      case STRING -> GrpcClient.strings(values.stream().map(String.class::cast).toList(), shape);
      case INT64 -> GrpcClient.longs(values.stream().map(Long.class::cast).toList(), shape);
      case INT32 -> GrpcClient.ints(values.stream().map(Integer.class::cast).toList(), shape);
      case FLOAT32 -> GrpcClient.floats(values.stream().map(Float.class::cast).toList(), shape);
    };
  }
}
