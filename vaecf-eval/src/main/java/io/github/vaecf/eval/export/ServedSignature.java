package io.github.vaecf.eval.export;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;

/**
 * A function of a SavedModel, as TensorFlow Serving calls it: named tensors in, named tensors out,
 * all with the batch as their first dimension. {@link
 * SavedModelExporter} says which ones an export has.
 *
 * <p>Safe for use by many threads at once. Belongs to its {@link ServedModel} and ends with it.
 */
public final class ServedSignature {
  /** The name of the signature that servers call when a request names none: it recommends. */
  public static final String DEFAULT = ExportFormat.RECOMMEND;

  private final String name;
  private final Session session;
  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;
  private final SignatureDef definition;

  ServedSignature(String name, SignatureDef definition, Session session) {
    this.name = name;
    this.session = session;
    this.inputs = specs(definition.getInputsMap());
    this.outputs = specs(definition.getOutputsMap());
    this.definition = definition;
  }

  private static List<TensorSpec> specs(Map<String, TensorInfo> tensors) {
    List<TensorSpec> specs = new ArrayList<>();
    new TreeMap<>(tensors).forEach((name, info) -> specs.add(TensorSpec.of(name, info)));
    return List.copyOf(specs);
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
    return definition.getMethodName();
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
   * @return a batch for each output, with as many rows
   * @throws IllegalArgumentException if an input is missing, is not among the signature's, or has
   *     another type, width or number of rows than it should
   * @throws IllegalStateException if the model is closed
   */
  public Map<String, TensorRows> call(Map<String, TensorRows> values) {
    requireInputs(values);
    Session.Runner runner = session.runner();
    List<Tensor> fed = new ArrayList<>(inputs.size());
    try {
      for (TensorSpec input : inputs) {
        TensorRows value = values.get(input.name()).withoutEmptyRows();
        Tensor tensor = value.toTensor(input.shape(value.rows(), value.width()));
        fed.add(tensor);
        runner.feed(definition.getInputsOrThrow(input.name()).getName(), tensor);
      }
      for (TensorSpec output : outputs) {
        runner.fetch(definition.getOutputsOrThrow(output.name()).getName());
      }
      try (Result result = runner.run()) {
        Map<String, TensorRows> answer = new LinkedHashMap<>();
        for (int i = 0; i < outputs.size(); i++) {
          answer.put(outputs.get(i).name(), TensorRows.copyOf(result.get(i)));
        }
        return answer;
      }
    } finally {
      fed.forEach(Tensor::close);
    }
  }

  private void requireInputs(Map<String, TensorRows> values) {
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
    }
    if (values.size() > inputs.size()) {
      throw refused("expected " + inputs.size() + " inputs, found " + values.keySet());
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
}
