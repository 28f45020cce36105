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
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.layout.DataLayouts;

/**
 * Puts the graph of an ONNX model together, node by node. Tensors are known by their names; what
 * this makes up begins with "node", so that it never meets the name of an input, an output or a
 * weight.
 */
final class OnnxNodes {
  /** Domain of the machine learning operators. */
  static final String ML_DOMAIN = "ai.onnx.ml";

  private final GraphProto.Builder graph;
  private final Optional<OnnxData> data;
  private int names;

  /** A graph without nodes, in which all values stand. */
  OnnxNodes(String name) {
    this(name, Optional.empty());
  }

  /**
   * A graph without nodes.
   *
   * @param data takes the values of large tensors; without it they stand in the graph
   */
  OnnxNodes(String name, Optional<OnnxData> data) {
    this.graph = GraphProto.newBuilder().setName(name);
    this.data = data;
  }

  GraphProto build() {
    return graph.build();
  }

  /** Adds an input; a dimension is a number, or a name for any size. */
  void input(String name, DataType type, String... dimensions) {
    graph.addInput(value(name, type, dimensions));
  }

  /** Adds an output, whose dimensions are as those of an input. */
  void output(String name, DataType type, String... dimensions) {
    graph.addOutput(value(name, type, dimensions));
  }

  private static ValueInfoProto value(String name, DataType type, String... dimensions) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (String dimension : dimensions) {
      if (Character.isDigit(dimension.charAt(0))) {
        shape.addDim(
            TensorShapeProto.Dimension.newBuilder().setDimValue(Long.parseLong(dimension)));
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

  /** Adds a node with one output. */
  String node(String type, String... inputs) {
    return node(type, List.of(), inputs);
  }

  /** Adds a node with one output. */
  String node(String type, AttributeProto attribute, String... inputs) {
    return node(type, List.of(attribute), inputs);
  }

  /** Adds a node with one output. */
  String node(String type, List<AttributeProto> attributes, String... inputs) {
    String output = nextName();
    node("", type, attributes, List.of(inputs), List.of(output));
    return output;
  }

  /** Adds any node. */
  void node(
      String domain,
      String type,
      List<AttributeProto> attributes,
      List<String> inputs,
      List<String> outputs) {
    graph.addNode(
        NodeProto.newBuilder()
            .setDomain(domain)
            .setOpType(type)
            .addAllAttribute(attributes)
            .addAllInput(inputs)
            .addAllOutput(outputs));
  }

  /** A name for an output. */
  String nextName() {
    return "node" + names++;
  }

  /** The size [1] of an axis. */
  String size(String tensor, int axis) {
    return node("Gather", axis(0), node("Shape", tensor), vector(axis));
  }

  /** The tensor as another type. */
  String cast(String tensor, DataType type) {
    return node("Cast", integer("to", type.getNumber()), tensor);
  }

  String scalar(long value) {
    return constant(nextName(), new long[] {value});
  }

  String scalar(float value) {
    return floats(nextName(), new float[] {value});
  }

  String vector(long... values) {
    return constant(nextName(), values, values.length);
  }

  String matrix(long value) {
    return constant(nextName(), new long[] {value}, 1, 1);
  }

  private String constant(String name, long[] values, long... shape) {
    return tensor(
        name,
        DataType.INT64,
        new Values(
            values.length,
            Long.BYTES,
            (from, count, buffer) -> buffer.asLongBuffer().put(values, from, count)),
        shape);
  }

  /** Adds values, row-major. */
  String floats(String name, float[] values, long... shape) {
    return tensor(
        name,
        DataType.FLOAT,
        new Values(
            values.length,
            Float.BYTES,
            (from, count, buffer) -> buffer.asFloatBuffer().put(values, from, count)),
        shape);
  }

  /** Adds values rounded to half precision, row-major. */
  String halves(String name, float[] values, long... shape) {
    return tensor(
        name,
        DataType.FLOAT16,
        new Values(
            values.length,
            Short.BYTES,
            (from, count, buffer) -> {
              short[] halves = new short[count];
              DataLayouts.FLOAT16
                  .applyTo(DataBuffers.of(halves, false, false))
                  .write(values, from, count);
              buffer.asShortBuffer().put(halves);
            }),
        shape);
  }

  /** Adds values that are whole numbers, row-major. */
  String ints(String name, float[] values, long... shape) {
    return tensor(
        name,
        DataType.INT32,
        new Values(
            values.length,
            Integer.BYTES,
            (from, count, buffer) -> {
              for (int place = from; place < from + count; place++) {
                buffer.putInt((int) values[place]);
              }
            }),
        shape);
  }

  /**
   * Adds values, row-major, each divided by its column's scale and rounded.
   *
   * @param scales one for each column
   */
  String bytes(String name, float[] values, float[] scales, long... shape) {
    return tensor(
        name,
        DataType.INT8,
        new Values(
            values.length,
            1,
            (from, count, buffer) -> {
              for (int place = from; place < from + count; place++) {
                buffer.put((byte) Math.round(values[place] / scales[place % scales.length]));
              }
            }),
        shape);
  }

  /**
   * The values of a tensor, which become bytes when these are needed: those of large weights are
   * never all in memory.
   *
   * @param count how many
   * @param bytesEach of one of them
   * @param encoder makes the bytes
   */
  record Values(int count, int bytesEach, Encoder encoder) {
    /** Makes bytes of some values. */
    @FunctionalInterface
    interface Encoder {
      /**
       * Makes them.
       *
       * @param from the first value
       * @param count how many
       * @param buffer takes their bytes from its start on; little-endian
       */
      void put(int from, int count, ByteBuffer buffer);
    }

    long bytes() {
      return (long) count * bytesEach;
    }

    /** All at once. */
    ByteString toByteString() {
      ByteBuffer buffer =
          ByteBuffer.allocate(Math.toIntExact(bytes())).order(ByteOrder.LITTLE_ENDIAN);
      encoder.put(0, count, buffer);
      // Not copied, as nobody writes into the values.
      return UnsafeByteOperations.unsafeWrap(buffer.clear());
    }
  }

  private String tensor(String name, DataType type, Values values, long... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(type.getNumber());
    for (long dimension : shape) {
      tensor.addDims(dimension);
    }
    if (data.isPresent() && OnnxData.takes(values.bytes())) {
      try {
        data.get().write(tensor, values);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    } else {
      tensor.setRawData(values.toByteString());
    }
    graph.addInitializer(tensor);
    return name;
  }

  static AttributeProto axis(long axis) {
    return integer("axis", axis);
  }

  static AttributeProto integer(String name, long value) {
    return attribute(name, AttributeProto.AttributeType.INT).setI(value).build();
  }

  static AttributeProto integers(String name, long value) {
    return attribute(name, AttributeProto.AttributeType.INTS).addInts(value).build();
  }

  static AttributeProto text(String name, String value) {
    return attribute(name, AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  static AttributeProto.Builder attribute(String name, AttributeProto.AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }
}
