package io.github.vaecf.eval.serving;

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
 * @param type string, int64, int32 or float32
 * @param shape its dimensions: the batch first, −1 where a request may choose
 */
public record TensorSpec(String name, DataType type, List<Long> shape) {
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
    return new TensorSpec(name, info.getDtype(), shape);
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
