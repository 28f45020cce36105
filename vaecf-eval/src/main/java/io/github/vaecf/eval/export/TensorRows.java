package io.github.vaecf.eval.export;

import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * The values of a tensor on the Java heap, the batch first: what goes into a {@link
 * ServedSignature} and what comes out. Not copied: whoever hands it over leaves the array alone.
 *
 * @param rows rows of the batch, at least 0
 * @param width values in a row, at least 0; 1 for a tensor [batch]
 * @param values rows × width values, row by row: a {@code String[]}, {@code long[]}, {@code int[]}
 *     or {@code float[]}
 */
public record TensorRows(int rows, int width, Object values) {
  /**
   * Checks that there are as many values as there should be.
   *
   * @param rows rows of the batch
   * @param width values in a row
   * @param values the array
   * @throws IllegalArgumentException if the array has another length or type
   */
  public TensorRows {
    typeOf(values);
    if (rows < 0 || width < 0 || Array.getLength(values) != (long) rows * width) {
      throw new IllegalArgumentException(
          "expected "
              + rows
              + " × "
              + width
              + " values, found an array of "
              + Array.getLength(values));
    }
  }

  /**
   * The type of the tensor.
   *
   * @return what the array holds
   */
  public TensorSpec.Type type() {
    return typeOf(values);
  }

  private static TensorSpec.Type typeOf(Object values) {
    if (values instanceof String[]) {
      return TensorSpec.Type.STRING;
    } else if (values instanceof long[]) {
      return TensorSpec.Type.INT64;
    } else if (values instanceof int[]) {
      return TensorSpec.Type.INT32;
    } else if (values instanceof float[]) {
      return TensorSpec.Type.FLOAT32;
    }
    throw new IllegalArgumentException(
        "expected an array of String, long, int or float, found "
            + values.getClass().getSimpleName());
  }

  /**
   * Several batches one under the other. Shorter rows are filled up with what the exports take for
   * padding: "" among strings, −1 among whole numbers, 0 among others.
   *
   * @param parts batches of one type, at least one
   * @return a batch with the rows of all, as wide as the widest
   */
  public static TensorRows join(List<TensorRows> parts) {
    int rows = 0;
    int width = 0;
    for (TensorRows part : parts) {
      rows = Math.addExact(rows, part.rows);
      width = Math.max(width, part.width);
    }
    Object joined = padding(parts.get(0).type(), Math.multiplyExact(rows, width));
    int row = 0;
    for (TensorRows part : parts) {
      for (int from = 0; from < part.rows; from++, row++) {
        System.arraycopy(part.values, from * part.width, joined, row * width, part.width);
      }
    }
    return new TensorRows(rows, width, joined);
  }

  private static Object padding(TensorSpec.Type type, int size) {
    switch (type) {
      case STRING -> {
        String[] text = new String[size];
        Arrays.fill(text, ExportFormat.NO_ID);
        return text;
      }
      case INT64 -> {
        long[] numbers = new long[size];
        Arrays.fill(numbers, ExportFormat.NO_INDEX);
        return numbers;
      }
      case INT32 -> {
        int[] numbers = new int[size];
        Arrays.fill(numbers, (int) ExportFormat.NO_INDEX);
        return numbers;
      }
      default -> {
        return new float[size];
      }
    }
  }

  /**
   * Some of the rows, copied.
   *
   * @param from the first
   * @param to the one after the last
   * @return a batch of them
   */
  public TensorRows slice(int from, int to) {
    int size = (to - from) * width;
    Object some = Array.newInstance(values.getClass().getComponentType(), size);
    System.arraycopy(values, from * width, some, 0, size);
    return new TensorRows(to - from, width, some);
  }

  /**
   * The same with at least one value in a row, which is padding: TensorFlow's Java classes fail now
   * and then on a tensor without values.
   */
  TensorRows withoutEmptyRows() {
    return width == 0 ? new TensorRows(rows, 1, padding(type(), rows)) : this;
  }

  /** The values as a tensor in native memory, to be closed. */
  Tensor toTensor(Shape shape) {
    if (values instanceof String[] text) {
      return TString.tensorOf(shape, DataBuffers.of(text, true, false));
    } else if (values instanceof long[] numbers) {
      return TInt64.tensorOf(shape, DataBuffers.of(numbers, true, false));
    } else if (values instanceof int[] numbers) {
      return TInt32.tensorOf(shape, DataBuffers.of(numbers, true, false));
    }
    return TFloat32.tensorOf(shape, DataBuffers.of((float[]) values, true, false));
  }

  /** A copy of a tensor [batch] or [batch, width]. */
  static TensorRows copyOf(Tensor tensor) {
    int rows = (int) tensor.shape().get(0);
    int width = tensor.shape().numDimensions() == 1 ? 1 : (int) tensor.shape().get(1);
    int size = Math.multiplyExact(rows, width);
    if (tensor instanceof TString text) {
      String[] copy = new String[size];
      text.copyTo(DataBuffers.of(copy, false, false));
      return new TensorRows(rows, width, copy);
    } else if (tensor instanceof TInt64 numbers) {
      long[] copy = new long[size];
      numbers.copyTo(DataBuffers.of(copy, false, false));
      return new TensorRows(rows, width, copy);
    } else if (tensor instanceof TInt32 numbers) {
      int[] copy = new int[size];
      numbers.copyTo(DataBuffers.of(copy, false, false));
      return new TensorRows(rows, width, copy);
    }
    float[] copy = new float[size];
    ((TFloat32) tensor).copyTo(DataBuffers.of(copy, false, false));
    return new TensorRows(rows, width, copy);
  }
}
