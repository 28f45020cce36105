package io.github.vaecf.eval.export;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import io.github.vaecf.core.DenseLayer;
import io.github.vaecf.data.IdIndex;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.layout.DataLayouts;

/**
 * The same computation as {@link InferenceGraph}, in the operators of ONNX. The rows of the first
 * kernel that a history needs are gathered, weighted and added up, so that one request does not
 * read the whole encoder; a batch takes batch × length × width floats for it.
 */
final class OnnxGraph {
  /**
   * Set of operators: 13 is the first with axes as inputs, and every runtime since 2021 knows it.
   */
  static final int OPSET = 13;

  /** Set of the machine learning operators: 2 is the first with LabelEncoder for any two types. */
  static final int ML_OPSET = 2;

  static final String ML_DOMAIN = "ai.onnx.ml";

  private static final String BATCH = "batch";
  private static final String LENGTH = "length";
  private static final String EXCLUDED = "excluded";
  private static final String RANKED = "ranked";

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("recommend");
  private final OnnxWeights weights;
  private int nodes;

  private OnnxGraph(OnnxWeights weights) {
    this.weights = weights;
  }

  /** The ranking of histories of raw ids. */
  static GraphProto overIds(ServingLayers layers, IdIndex items, OnnxOptions options) {
    OnnxGraph onnx = new OnnxGraph(options.weights());
    onnx.input("items", DataType.STRING, BATCH, LENGTH);
    String indices = onnx.encodeLabels("items", items);
    Optional<String> excluded = Optional.empty();
    if (options.exclude()) {
      onnx.input("exclude", DataType.STRING, BATCH, EXCLUDED);
      excluded = Optional.of(onnx.encodeLabels("exclude", items));
    }
    onnx.output("items_ranked", DataType.STRING);
    String ranked = onnx.rank(indices, excluded, layers);
    onnx.decodeLabels(ranked, items, "items_ranked");
    return onnx.graph.build();
  }

  /** The ranking of histories of indices. */
  static GraphProto overIndices(ServingLayers layers, OnnxOptions options) {
    OnnxGraph onnx = new OnnxGraph(options.weights());
    onnx.input("items", DataType.INT64, BATCH, LENGTH);
    String indices = onnx.inRange("items", layers);
    Optional<String> excluded = Optional.empty();
    if (options.exclude()) {
      onnx.input("exclude", DataType.INT64, BATCH, EXCLUDED);
      excluded = Optional.of(onnx.inRange("exclude", layers));
    }
    onnx.output("items_ranked", DataType.INT64);
    String ranked = onnx.rank(indices, excluded, layers);
    onnx.add("Identity", "items_ranked", ranked);
    return onnx.graph.build();
  }

  /** Indices with −1 in place of those beyond the last item. */
  private String inRange(String indices, ServingLayers layers) {
    return node("Where", node("Less", indices, scalar(layers.items())), indices, scalar(-1));
  }

  /**
   * Adds everything from indices [batch, length], and those of what is to be left out beside them,
   * to ranked indices and the output of the scores.
   */
  private String rank(String indices, Optional<String> excluded, ServingLayers layers) {
    input("k", DataType.INT64, "1");
    output("scores", DataType.FLOAT);

    String unknowns =
        node("Expand", matrix(-1), node("Concat", axis(0), size(indices, 0), vector(1)));
    String padded = node("Concat", axis(1), indices, unknowns);
    String sorted = nodes("TopK", 2, axis(1), padded, size(padded, 1));

    String before =
        node("Concat", axis(1), unknowns, node("Slice", sorted, vector(0), vector(-1), vector(1)));
    String counts =
        node(
            "And",
            node("GreaterOrEqual", sorted, scalar(0)),
            node("Not", node("Equal", sorted, before)));
    String ones = node("Cast", integer("to", DataType.FLOAT.getNumber()), counts);
    String size = node("ReduceSum", ones, vector(1));
    String row = node("Div", ones, node("Sqrt", node("Max", size, scalar(1f))));

    DenseLayer first = layers.encoder().get(0);
    String rows = gathered("encoder/0", first, node("Max", sorted, scalar(0)));
    String summed = node("MatMul", node("Unsqueeze", row, vector(1)), rows);
    String hidden = node("Add", node("Squeeze", summed, vector(1)), bias("encoder/0", first));
    for (int i = 1; i < layers.encoder().size(); i++) {
      hidden = affine("encoder/" + i, layers.encoder().get(i), node("Tanh", hidden));
    }
    hidden = layers.meanIsLinear() ? hidden : node("Tanh", hidden);
    for (int i = 0; i < layers.decoder().size(); i++) {
      hidden =
          affine("decoder/" + i, layers.decoder().get(i), i == 0 ? hidden : node("Tanh", hidden));
    }

    String leftOut = excluded.isEmpty() ? sorted : node("Concat", axis(1), sorted, excluded.get());
    // Every place must be written to somewhere. A −1 writes what its row's highest index writes
    // too, or, in a row that leaves nothing out, the score of item 0 over itself.
    String highest = node("ReduceMax", integers("axes", 1), leftOut);
    String target =
        node(
            "Where",
            node("GreaterOrEqual", leftOut, scalar(0)),
            leftOut,
            node("Max", highest, scalar(0)));
    String update =
        node(
            "Where",
            node("GreaterOrEqual", highest, scalar(0)),
            scalar(InferenceGraph.LEFT_OUT),
            node("Slice", hidden, vector(0), vector(1), vector(1)));
    String updates = node("Expand", update, node("Shape", leftOut));
    String masked = node("ScatterElements", axis(1), hidden, target, updates);

    String k = node("Min", "k", vector(layers.items()));
    String place = nextName();
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType("TopK")
            .addInput(masked)
            .addInput(k)
            .addOutput("scores")
            .addOutput(place)
            .addAttribute(axis(1)));
    return node(
        "Where", node("Greater", "scores", scalar(InferenceGraph.LEFT_OUT)), place, scalar(-1));
  }

  private String affine(String name, DenseLayer layer, String input) {
    return node("Add", node("MatMul", input, kernel(name, layer)), bias(name, layer));
  }

  private String bias(String name, DenseLayer layer) {
    return initializer(name + "/bias", DataType.FLOAT, bytes(layer.bias()), layer.outputs());
  }

  /** The whole kernel as float32. */
  private String kernel(String name, DenseLayer layer) {
    String stored = stored(name, layer);
    return switch (weights) {
      case FLOAT32 -> stored;
      case FLOAT16 -> node("Cast", integer("to", DataType.FLOAT.getNumber()), stored);
      case INT8 -> node("DequantizeLinear", axis(1), stored, name + "/scale");
    };
  }

  /** The kernel's rows at indices [batch, length], as float32 [batch, length, outputs]. */
  private String gathered(String name, DenseLayer layer, String indices) {
    String rows = node("Gather", axis(0), stored(name, layer), indices);
    return switch (weights) {
      case FLOAT32 -> rows;
      case FLOAT16 -> node("Cast", integer("to", DataType.FLOAT.getNumber()), rows);
      case INT8 -> node("DequantizeLinear", axis(2), rows, name + "/scale");
    };
  }

  private String stored(String name, DenseLayer layer) {
    String kernel = name + "/kernel";
    long[] shape = {layer.inputs(), layer.outputs()};
    return switch (weights) {
      case FLOAT32 -> initializer(kernel, DataType.FLOAT, bytes(layer.kernel()), shape);
      case FLOAT16 -> initializer(kernel, DataType.FLOAT16, halfBytes(layer.kernel()), shape);
      case INT8 -> {
        float[] scales = scales(layer);
        initializer(name + "/scale", DataType.FLOAT, bytes(scales), layer.outputs());
        yield initializer(kernel, DataType.INT8, ByteString.copyFrom(whole(layer, scales)), shape);
      }
    };
  }

  /** Of each column the factor that makes its largest weight 127. */
  private static float[] scales(DenseLayer layer) {
    float[] scales = new float[layer.outputs()];
    for (int place = 0; place < layer.kernel().length; place++) {
      int column = place % scales.length;
      scales[column] = Math.max(scales[column], Math.abs(layer.kernel()[place]) / 127);
    }
    for (int column = 0; column < scales.length; column++) {
      // A column of zeros: any factor does, but runtimes want one above 0.
      scales[column] = scales[column] == 0 ? 1 : scales[column];
    }
    return scales;
  }

  private static byte[] whole(DenseLayer layer, float[] scales) {
    byte[] whole = new byte[layer.kernel().length];
    for (int place = 0; place < whole.length; place++) {
      whole[place] = (byte) Math.round(layer.kernel()[place] / scales[place % scales.length]);
    }
    return whole;
  }

  private static ByteString bytes(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return ByteString.copyFrom(bytes);
  }

  private static ByteString halfBytes(float[] values) {
    short[] halves = new short[values.length];
    DataLayouts.FLOAT16.applyTo(DataBuffers.of(halves, false, false)).write(values);
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, Short.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asShortBuffer().put(halves);
    return ByteString.copyFrom(bytes);
  }

  private String encodeLabels(String ids, IdIndex items) {
    String indices = nextName();
    AttributeProto.Builder keys = attribute("keys_strings", AttributeProto.AttributeType.STRINGS);
    AttributeProto.Builder values = attribute("values_int64s", AttributeProto.AttributeType.INTS);
    for (int index = 0; index < items.size(); index++) {
      keys.addStrings(ByteString.copyFromUtf8(items.id(index)));
      values.addInts(index);
    }
    graph.addNode(
        labelEncoder(ids, indices)
            .addAttribute(keys)
            .addAttribute(values)
            .addAttribute(integer("default_int64", -1)));
    return indices;
  }

  private void decodeLabels(String indices, IdIndex items, String ids) {
    AttributeProto.Builder keys = attribute("keys_int64s", AttributeProto.AttributeType.INTS);
    AttributeProto.Builder values =
        attribute("values_strings", AttributeProto.AttributeType.STRINGS);
    for (int index = 0; index < items.size(); index++) {
      keys.addInts(index);
      values.addStrings(ByteString.copyFromUtf8(items.id(index)));
    }
    graph.addNode(
        labelEncoder(indices, ids)
            .addAttribute(keys)
            .addAttribute(values)
            .addAttribute(
                attribute("default_string", AttributeProto.AttributeType.STRING)
                    .setS(ByteString.EMPTY)));
  }

  private static NodeProto.Builder labelEncoder(String input, String output) {
    return NodeProto.newBuilder()
        .setOpType("LabelEncoder")
        .setDomain(ML_DOMAIN)
        .addInput(input)
        .addOutput(output);
  }

  /** The size [1] of an axis. */
  private String size(String tensor, int axis) {
    return node("Gather", axis(0), node("Shape", tensor), vector(axis));
  }

  private String node(String type, String... inputs) {
    String output = nextName();
    add(type, output, inputs);
    return output;
  }

  private String node(String type, AttributeProto attribute, String... inputs) {
    return nodes(type, 1, attribute, inputs);
  }

  /** Adds a node with several outputs, of which the first is of interest. */
  private String nodes(String type, int outputs, AttributeProto attribute, String... inputs) {
    NodeProto.Builder node =
        NodeProto.newBuilder().setOpType(type).addAllInput(List.of(inputs)).addAttribute(attribute);
    String first = nextName();
    node.addOutput(first);
    for (int output = 1; output < outputs; output++) {
      node.addOutput(nextName());
    }
    graph.addNode(node);
    return first;
  }

  private void add(String type, String output, String... inputs) {
    graph.addNode(
        NodeProto.newBuilder().setOpType(type).addAllInput(List.of(inputs)).addOutput(output));
  }

  private String nextName() {
    return "node" + nodes++;
  }

  private String scalar(long value) {
    return initializer(nextName(), DataType.INT64, bytes(value));
  }

  private String scalar(float value) {
    return initializer(nextName(), DataType.FLOAT, bytes(new float[] {value}));
  }

  private String vector(long value) {
    return initializer(nextName(), DataType.INT64, bytes(value), 1);
  }

  private String matrix(long value) {
    return initializer(nextName(), DataType.INT64, bytes(value), 1, 1);
  }

  private static ByteString bytes(long value) {
    return ByteString.copyFrom(
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).flip());
  }

  private String initializer(String name, DataType type, ByteString bytes, long... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(type.getNumber()).setRawData(bytes);
    for (long dimension : shape) {
      tensor.addDims(dimension);
    }
    graph.addInitializer(tensor);
    return name;
  }

  private void input(String name, DataType type, String... dimensions) {
    graph.addInput(value(name, type, dimensions));
  }

  /** Adds an output of shape [batch, ranked]. */
  private void output(String name, DataType type) {
    graph.addOutput(value(name, type, BATCH, RANKED));
  }

  private static ValueInfoProto value(String name, DataType type, String... dimensions) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (String dimension : dimensions) {
      if (dimension.equals("1")) {
        shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(1));
      } else {
        shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam(dimension));
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }

  private static AttributeProto axis(long axis) {
    return integer("axis", axis);
  }

  private static AttributeProto integer(String name, long value) {
    return attribute(name, AttributeProto.AttributeType.INT).setI(value).build();
  }

  private static AttributeProto integers(String name, long value) {
    return attribute(name, AttributeProto.AttributeType.INTS).addInts(value).build();
  }

  private static AttributeProto.Builder attribute(String name, AttributeProto.AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }
}
