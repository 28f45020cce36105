package io.github.vaecf.eval.export;

import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * A function of an export, as TensorFlow Serving calls it: named tensors in, named tensors out, all
 * with the batch as their first dimension. {@link SavedModelExporter} and {@link OnnxExporter} say
 * which ones an export has.
 *
 * <p>Safe for use by many threads at once. Belongs to its {@link ServedModel} and ends with it.
 */
public final class ServedSignature {
  /** The name of the signature that servers call when a request names none: it recommends. */
  public static final String DEFAULT = ExportFormat.RECOMMEND;

  private final String name;
  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;
  private final boolean keepsHistory;
  private final UnaryOperator<Map<String, TensorRows>> function;

  /** What answers in the place of the function; null where the function does. */
  private volatile UnaryOperator<Map<String, TensorRows>> instead;

  /**
   * A function with a name.
   *
   * @param inputs by name in alphabetical order, as are the outputs
   * @param keepsHistory whether "with_history" may be 1
   * @param function gets batches that were checked, each row of at least one value, and gives a
   *     batch for each output; safe for use by many threads
   */
  ServedSignature(
      String name,
      List<TensorSpec> inputs,
      List<TensorSpec> outputs,
      boolean keepsHistory,
      UnaryOperator<Map<String, TensorRows>> function) {
    this.name = name;
    this.inputs = List.copyOf(inputs);
    this.outputs = List.copyOf(outputs);
    this.keepsHistory = keepsHistory;
    this.function = function;
  }

  /**
   * The name, by which servers know it.
   *
   * @return such as {@code serving_default}
   */
  public String name() {
    return name;
  }

  /**
   * The kind of call that servers know it under.
   *
   * @return such as {@code tensorflow/serving/predict}
   */
  public String method() {
    return ExportFormat.METHOD;
  }

  /**
   * What it takes.
   *
   * @return the tensors, by name in alphabetical order
   */
  public List<TensorSpec> inputs() {
    return inputs;
  }

  /**
   * What it gives.
   *
   * @return the tensors, by name in alphabetical order
   */
  public List<TensorSpec> outputs() {
    return outputs;
  }

  /**
   * Calls it. Rows without a value count as rows with one that is padding.
   *
   * @param values a batch for each input, all of the same number of rows, at least 1
   * @return a batch for each output, with as many rows, each as wide as {@link #width} says
   * @throws IllegalArgumentException as for {@link #check}
   * @throws IllegalStateException if the model is closed
   */
  public Map<String, TensorRows> call(Map<String, TensorRows> values) {
    check(values);
    UnaryOperator<Map<String, TensorRows>> other = instead;
    return other == null ? run(values) : other.apply(values);
  }

  /** Has calls answered by something that knows a faster way to what the function gives. */
  void answerBy(UnaryOperator<Map<String, TensorRows>> other) {
    instead = other;
  }

  /** Has the function answer what was checked. */
  Map<String, TensorRows> run(Map<String, TensorRows> values) {
    Map<String, TensorRows> given = new LinkedHashMap<>();
    inputs.forEach(input -> given.put(input.name(), values.get(input.name()).withoutEmptyRows()));
    Map<String, TensorRows> results = function.apply(given);
    Map<String, TensorRows> answer = new LinkedHashMap<>();
    for (TensorSpec output : outputs) {
      TensorRows rows = results.get(output.name());
      // A list without items was filled up with padding, which nobody asked about.
      boolean asked = output.width() >= 0 || width(output, values) > 0;
      answer.put(
          output.name(),
          asked ? rows : new TensorRows(rows.rows(), 0, TensorRows.padding(output.type(), 0)));
    }
    return answer;
  }

  /**
   * How wide a row of an output is: as its {@link TensorSpec} says, or else as wide as the request
   * asks, which is the largest "k" where there is such an input, and the inputs' width where not.
   *
   * @param output one of {@link #outputs}
   * @param values a batch for each input, as for {@link #call}
   * @return values in a row, at least 0; the answer has fewer where there are fewer items than "k"
   */
  public int width(TensorSpec output, Map<String, TensorRows> values) {
    if (output.width() >= 0) {
      return output.width();
    }
    TensorRows lengths = values.get(ExportFormat.K);
    if (lengths != null) {
      return Arrays.stream((int[]) lengths.values()).max().orElse(0);
    }
    int width = 0;
    for (TensorSpec input : inputs) {
      if (!input.isFlat()) {
        width = Math.max(width, values.get(input.name()).width());
      }
    }
    return width;
  }

  /**
   * How many histories are scored for an answer, which is what it costs: one a row, but one for
   * each person of a group, and for what carries an item one without each place of a history and
   * one more.
   *
   * @param values a batch for each input, as for {@link #call}
   * @return at least the number of rows
   */
  public long histories(Map<String, TensorRows> values) {
    TensorRows items = values.get(ExportFormat.ITEMS);
    if (name.equals(ExportFormat.BECAUSE)) {
      return items.rows() * (items.width() + 1L);
    }
    TensorRows persons = values.get(ExportFormat.PERSON);
    if (persons == null) {
      return values.values().iterator().next().rows();
    }
    int largest = Arrays.stream((int[]) persons.values()).max().orElse(0);
    return persons.rows() * (largest + 1L);
  }

  /**
   * Checks what {@link #call} would be given.
   *
   * @param values a batch for each input
   * @throws IllegalArgumentException if an input is missing, is not among the signature's, or has
   *     another type, width or number of rows than it should, if a "k" is below 1 or an "offset"
   *     below 0, a "lambda" outside 0 … 1, if "person" has not as many places as "items" or a
   *     number that is not below that of the places or below −1, or if a "least_misery" or
   *     "with_history" is neither 0 nor 1, or the latter is 1 and the model leaves the items of a
   *     history out by itself, as an ONNX file does that is not in a version's folder
   */
  public void check(Map<String, TensorRows> values) {
    int rows = -1;
    for (TensorSpec input : inputs) {
      TensorRows value = values.get(input.name());
      if (value == null) {
        throw refused("expected an input '" + input.name() + "', found " + values.keySet());
      }
      if (value.type() != input.type()) {
        throw refused(input, "type " + input.type(), value.type());
      }
      if (input.width() >= 0 && value.width() != input.width()) {
        throw refused(input, input.width() + " values in a row", value.width());
      }
      rows = rows < 0 ? value.rows() : rows;
      if (value.rows() != rows || rows == 0) {
        throw refused(input, rows == 0 ? "at least one row" : rows + " rows", value.rows());
      }
      if (value.values() instanceof int[] numbers) {
        checkNumbers(input, value.width(), numbers);
      }
      if (input.name().equals(ExportFormat.LAMBDA)) {
        for (float weight : (float[]) value.values()) {
          if (!(weight >= 0 && weight <= 1)) {
            throw refused(input, "numbers from 0 to 1", weight);
          }
        }
      }
    }
    TensorRows persons = values.get(ExportFormat.PERSON);
    if (persons != null && persons.width() != values.get(ExportFormat.ITEMS).width()) {
      throw refused(
          "input '"
              + ExportFormat.PERSON
              + "': expected one for each place of '"
              + ExportFormat.ITEMS
              + "', "
              + values.get(ExportFormat.ITEMS).width()
              + " in a row, found "
              + persons.width());
    }
    if (values.size() > inputs.size()) {
      throw refused("expected " + inputs.size() + " inputs, found " + values.keySet());
    }
  }

  private void checkNumbers(TensorSpec input, int width, int[] numbers) {
    String what = input.name();
    boolean keeps = what.equals(ExportFormat.WITH_HISTORY);
    int least = what.equals(ExportFormat.K) ? 1 : what.equals(ExportFormat.PERSON) ? -1 : 0;
    int most =
        keeps || what.equals(ExportFormat.LEAST_MISERY)
            ? 1
            : what.equals(ExportFormat.PERSON) ? width - 1 : Integer.MAX_VALUE;
    for (int number : numbers) {
      if (number == 1 && keeps && !keepsHistory) {
        throw refused(input, "0, as this model leaves the items of a history out by itself", 1);
      }
      if (number < least || number > most) {
        String expected =
            least < 0
                ? "numbers of people, from 0 and below the number of places, or -1 for nobody"
                : most == 1 ? "numbers 0 or 1" : "numbers of at least " + least;
        throw refused(input, expected, number);
      }
    }
  }

  private IllegalArgumentException refused(TensorSpec input, String expected, Object found) {
    return refused("input '" + input.name() + "': expected " + expected + ", found " + found);
  }

  private IllegalArgumentException refused(String problem) {
    return new IllegalArgumentException("signature " + name + ": " + problem);
  }

  @Override
  public String toString() {
    return name + inputs + " → " + outputs;
  }

  /**
   * One of the tensors that a {@link ServedSignature} takes or gives.
   *
   * @param name its name within the signature
   * @param type type of its values
   * @param shape its dimensions: the batch first, −1 where a request may choose
   * @param tensor its name in the graph, such as {@code items:0}; its own where there is no graph
   */
  public record TensorSpec(String name, Type type, List<Long> shape, String tensor) {
    /** The type of a tensor's values. */
    public enum Type {
      /** Text. */
      STRING("DT_STRING"),
      /** Whole numbers of 64 bits. */
      INT64("DT_INT64"),
      /** Whole numbers of 32 bits. */
      INT32("DT_INT32"),
      /** Numbers of 32 bits. */
      FLOAT32("DT_FLOAT");

      private final String tensorFlowName;

      Type(String tensorFlowName) {
        this.tensorFlowName = tensorFlowName;
      }

      static Type named(String tensorFlowName) {
        for (Type type : values()) {
          if (type.tensorFlowName.equals(tensorFlowName)) {
            return type;
          }
        }
        throw new IllegalArgumentException(
            "expected tensors of strings, whole numbers or floats, found " + tensorFlowName);
      }

      /**
       * The name that TensorFlow Serving's REST interface has for it.
       *
       * @return such as {@code DT_FLOAT}
       */
      public String tensorFlowName() {
        return tensorFlowName;
      }
    }

    /**
     * Checks the parts.
     *
     * @param name its name within the signature
     * @param type type of its values
     * @param shape its dimensions, one or two; copied
     * @param tensor its name in the graph
     */
    public TensorSpec {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(type, "type");
      Objects.requireNonNull(tensor, "tensor");
      shape = List.copyOf(shape);
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
  }

  /**
   * The values of a tensor on the Java heap, the batch first: what goes into a {@link
   * ServedSignature} and what comes out. Not copied: whoever hands it over leaves the array alone.
   *
   * @param rows rows of the batch, at least 0
   * @param width values in a row, at least 0; 1 for a tensor [batch]
   * @param values rows × width values, row by row: a {@code String[]}, {@code long[]}, {@code
   *     int[]} or {@code float[]}
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
     * Several batches one under the other. Shorter rows are filled up with what the exports take
     * for padding: "" among strings, −1 among whole numbers, 0 among others.
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

    static Object padding(TensorSpec.Type type, int size) {
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
     * The same with at least one value in a row, which is padding: TensorFlow's Java classes fail
     * now and then on a tensor without values.
     */
    TensorRows withoutEmptyRows() {
      return width == 0 ? new TensorRows(rows, 1, padding(type(), rows)) : this;
    }
  }
}
