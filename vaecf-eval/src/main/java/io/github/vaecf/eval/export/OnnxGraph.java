package io.github.vaecf.eval.export;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import io.github.vaecf.core.model.TensorFlowLayers.ItemKernel;
import io.github.vaecf.data.IdIndex;
import java.util.List;
import java.util.Optional;

/**
 * What stands around a model's layers in ONNX: from raw ids or indices to histories, and from
 * scores to a ranking, as {@link InferenceGraph} does it.
 */
final class OnnxGraph {
  /** Set of the machine learning operators: 2 is the first with LabelEncoder for any two types. */
  static final int ML_OPSET = 2;

  private static final String BATCH = "batch";
  private static final String LENGTH = "length";
  private static final String EXCLUDED = "excluded";
  private static final String RANKED = "ranked";

  private final OnnxNodes nodes;
  private final IdIndex items;
  private final boolean rawIds;
  private final OnnxLayers layers;

  /**
   * The ranking of histories.
   *
   * @param weights how the kernels are held
   * @param rawIds whether the model takes and gives raw ids; otherwise indices
   * @param exclude whether there is an input for what is to be left out beside the history
   * @param beside whether the scores of all items, and the latent vector where there is one, are
   *     outputs too
   * @param data takes the large weights; without it they stand in the graph
   */
  OnnxGraph(
      ModelSnapshot model,
      ExportedWeights weights,
      boolean rawIds,
      boolean exclude,
      boolean beside,
      Optional<OnnxData> data) {
    this.nodes = new OnnxNodes("recommend", data);
    this.items = model.items();
    this.rawIds = rawIds;
    DataType type = rawIds ? DataType.STRING : DataType.INT64;
    nodes.input(ExportFormat.ITEMS, type, BATCH, LENGTH);
    if (exclude) {
      nodes.input(ExportFormat.EXCLUDE, type, BATCH, EXCLUDED);
    }
    nodes.input(ExportFormat.K, DataType.INT64, "1");
    nodes.output(ExportFormat.ITEMS_RANKED, type, BATCH, RANKED);
    nodes.output(ExportFormat.SCORES, DataType.FLOAT, BATCH, RANKED);

    String history = sorted(indices(ExportFormat.ITEMS));
    layers = new OnnxLayers(nodes, model, weights, histories(history));
    // What decodes takes the output itself, so that it can be cut out there.
    String scores =
        model
            .answer(
                layers,
                latent ->
                    beside ? output(ExportFormat.LATENT, latent, model.latentWidth()) : latent)
            .scores();
    if (beside) {
      output(ExportFormat.ALL_SCORES, scores, items.size());
    }
    String leftOut =
        exclude
            ? nodes.node("Concat", OnnxNodes.axis(1), history, indices(ExportFormat.EXCLUDE))
            : history;
    rank(masked(scores, leftOut));
  }

  private String output(String name, String tensor, int width) {
    nodes.output(name, DataType.FLOAT, BATCH, Integer.toString(width));
    nodes.node("", "Identity", List.of(), List.of(tensor), List.of(name));
    return name;
  }

  GraphProto build() {
    return nodes.build();
  }

  /** The set of operators that it needs. */
  int opset() {
    return layers.opset();
  }

  /** Which weight has the vectors of the items. */
  Optional<ItemKernel> itemKernel() {
    return layers.itemKernel();
  }

  /** Floats that it holds for each place of a history. */
  int floatsPerPlace() {
    return layers.floatsPerPlace();
  }

  /** The indices of an input, −1 for what is none of an item. */
  private String indices(String input) {
    return rawIds
        ? encodeLabels(input)
        : nodes.node(
            "Where",
            nodes.node("Less", input, nodes.scalar(items.size())),
            input,
            nodes.scalar(ExportFormat.NO_INDEX));
  }

  /**
   * Indices [batch, length + 1] from high to low. The additional −1 at each row's end makes the row
   * of an empty history one entry long.
   */
  private String sorted(String indices) {
    String padded = nodes.node("Concat", OnnxNodes.axis(1), indices, column(indices));
    String sorted = nodes.nextName();
    nodes.node(
        "",
        "TopK",
        List.of(OnnxNodes.axis(1)),
        List.of(padded, nodes.size(padded, 1)),
        List.of(sorted, nodes.nextName()));
    return sorted;
  }

  /** A column [batch, 1] of −1. */
  private String column(String tensor) {
    return nodes.node(
        "Expand",
        nodes.matrix(ExportFormat.NO_INDEX),
        nodes.node("Concat", OnnxNodes.axis(0), nodes.size(tensor, 0), nodes.vector(1)));
  }

  /** What of sorted histories counts: known items, each once. */
  private OnnxLayers.Histories histories(String sorted) {
    String before =
        nodes.node(
            "Concat",
            OnnxNodes.axis(1),
            column(sorted),
            nodes.node("Slice", sorted, nodes.vector(0), nodes.vector(-1), nodes.vector(1)));
    String counts =
        nodes.node(
            "And",
            nodes.node("GreaterOrEqual", sorted, nodes.scalar(0)),
            nodes.node("Not", nodes.node("Equal", sorted, before)));
    String ones = nodes.cast(counts, DataType.FLOAT);
    String size = nodes.node("ReduceSum", ones, nodes.vector(1));
    // Row / √size is the row at unit length, as all its entries are 1.
    String unit =
        nodes.node("Div", ones, nodes.node("Sqrt", nodes.node("Max", size, nodes.scalar(1f))));
    return new OnnxLayers.Histories(sorted, ones, unit);
  }

  /** The scores with the lowest finite number for what is left out. */
  private String masked(String scores, String leftOut) {
    // Every place must be written to somewhere. A −1 writes what its row's highest index writes
    // too, or, in a row that leaves nothing out, the score of item 0 over itself.
    String highest = nodes.node("ReduceMax", OnnxNodes.integers("axes", 1), leftOut);
    String target =
        nodes.node(
            "Where",
            nodes.node("GreaterOrEqual", leftOut, nodes.scalar(0)),
            leftOut,
            nodes.node("Max", highest, nodes.scalar(0)));
    String update =
        nodes.node(
            "Where",
            nodes.node("GreaterOrEqual", highest, nodes.scalar(0)),
            nodes.scalar(ExportFormat.LEFT_OUT),
            nodes.node("Slice", scores, nodes.vector(0), nodes.vector(1), nodes.vector(1)));
    String updates = nodes.node("Expand", update, nodes.node("Shape", leftOut));
    return nodes.node("ScatterElements", OnnxNodes.axis(1), scores, target, updates);
  }

  /** Adds everything from the masked scores to the outputs. */
  private void rank(String masked) {
    String k = nodes.node("Min", ExportFormat.K, nodes.vector(items.size()));
    String place = nodes.nextName();
    nodes.node(
        "",
        "TopK",
        List.of(OnnxNodes.axis(1)),
        List.of(masked, k),
        List.of(ExportFormat.SCORES, place));
    String ranked =
        nodes.node(
            "Where",
            nodes.node("Greater", ExportFormat.SCORES, nodes.scalar(ExportFormat.LEFT_OUT)),
            place,
            nodes.scalar(ExportFormat.NO_INDEX));
    if (rawIds) {
      decodeLabels(ranked);
    } else {
      nodes.node("", "Identity", List.of(), List.of(ranked), List.of(ExportFormat.ITEMS_RANKED));
    }
  }

  private String encodeLabels(String ids) {
    AttributeProto.Builder keys =
        OnnxNodes.attribute("keys_strings", AttributeProto.AttributeType.STRINGS);
    AttributeProto.Builder values =
        OnnxNodes.attribute("values_int64s", AttributeProto.AttributeType.INTS);
    for (int index = 0; index < items.size(); index++) {
      keys.addStrings(ByteString.copyFromUtf8(items.id(index)));
      values.addInts(index);
    }
    String indices = nodes.nextName();
    labelEncoder(
        ids, indices, keys, values, OnnxNodes.integer("default_int64", ExportFormat.NO_INDEX));
    return indices;
  }

  private void decodeLabels(String indices) {
    AttributeProto.Builder keys =
        OnnxNodes.attribute("keys_int64s", AttributeProto.AttributeType.INTS);
    AttributeProto.Builder values =
        OnnxNodes.attribute("values_strings", AttributeProto.AttributeType.STRINGS);
    for (int index = 0; index < items.size(); index++) {
      keys.addInts(index);
      values.addStrings(ByteString.copyFromUtf8(items.id(index)));
    }
    labelEncoder(
        indices,
        ExportFormat.ITEMS_RANKED,
        keys,
        values,
        OnnxNodes.text("default_string", ExportFormat.NO_ID));
  }

  private void labelEncoder(
      String input,
      String output,
      AttributeProto.Builder keys,
      AttributeProto.Builder values,
      AttributeProto unknown) {
    nodes.node(
        OnnxNodes.ML_DOMAIN,
        "LabelEncoder",
        List.of(keys.build(), values.build(), unknown),
        List.of(input),
        List.of(output));
  }
}
