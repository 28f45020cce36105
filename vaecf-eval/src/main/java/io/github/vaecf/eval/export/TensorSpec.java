package io.github.vaecf.eval.export;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorInfo;

/**
 * One of the tensors that a {@link ServedSignature} takes or gives.
 *
 * @param name its name within the signature
 * @param type type of its values
 * @param shape its dimensions: the batch first, −1 where a request may choose
 */
public record TensorSpec(String name, Type type, List<Long> shape) {
  /** The type of a tensor's values. */
  public enum Type {
    /** Text. */
    STRING(DataType.DT_STRING),
    /** Whole numbers of 64 bits. */
    INT64(DataType.DT_INT64),
    /** Whole numbers of 32 bits. */
    INT32(DataType.DT_INT32),
    /** Numbers of 32 bits. */
    FLOAT32(DataType.DT_FLOAT);

    private final DataType proto;

    Type(DataType proto) {
      this.proto = proto;
    }

    DataType proto() {
      return proto;
    }

    static Type of(DataType proto) {
      for (Type type : values()) {
        if (type.proto == proto) {
          return type;
        }
      }
      throw new IllegalArgumentException(
          "expected tensors of strings, whole numbers or floats, found " + proto);
    }

    /**
     * The name that TensorFlow Serving's REST interface has for it.
     *
     * @return such as {@code DT_FLOAT}
     */
    public String tensorFlowName() {
      return proto.name();
    }
  }

  /**
   * Checks the parts.
   *
   * @param name its name within the signature
   * @param type type of its values
   * @param shape its dimensions, one or two; copied
   */
  public TensorSpec {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
    shape = List.copyOf(shape);
  }

  static TensorSpec of(String name, TensorInfo info) {
    List<Long> shape = new ArrayList<>();
    info.getTensorShape().getDimList().forEach(dimension -> shape.add(dimension.getSize()));
    return new TensorSpec(name, Type.of(info.getDtype()), shape);
  }

  /**
   * Whether a row of the batch is a single value.
   *
   * @return true for a tensor [batch], false for [batch, width]
   */
  public boolean isFlat() {
    return shape.size() == 1;
  }

  /**
   * How many values a row of the batch has.
   *
   * @return 1 for a tensor [batch], else the second dimension; −1 where a request may choose
   */
  public int width() {
    return isFlat() ? 1 : shape.get(1).intValue();
  }

  /**
   * The tensor's shape for so many rows of such a width.
   *
   * @param rows rows of the batch
   * @param width values in a row
   * @return the shape
   */
  Shape shape(int rows, int width) {
    return isFlat() ? Shape.of(rows) : Shape.of(rows, width);
  }
}
