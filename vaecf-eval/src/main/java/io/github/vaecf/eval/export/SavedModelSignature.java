package io.github.vaecf.eval.export;

import io.github.vaecf.eval.export.ServedSignature.TensorRows;
import io.github.vaecf.eval.export.ServedSignature.TensorSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** A signature of a SavedModel, run by TensorFlow. */
final class SavedModelSignature {
  private final SignatureDef definition;
  private final Session session;
  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;

  private SavedModelSignature(SignatureDef definition, Session session) {
    this.definition = definition;
    this.session = session;
    this.inputs = specs(definition.getInputsMap());
    this.outputs = specs(definition.getOutputsMap());
  }

  /**
   * The signature of a definition.
   *
   * @throws IllegalArgumentException if it has tensors of other types than ours
   */
  static ServedSignature of(String name, SignatureDef definition, Session session) {
    SavedModelSignature signature = new SavedModelSignature(definition, session);
    return new ServedSignature(name, signature.inputs, signature.outputs, true, signature::run);
  }

  private static List<TensorSpec> specs(Map<String, TensorInfo> tensors) {
    List<TensorSpec> specs = new ArrayList<>();
    new TreeMap<>(tensors).forEach((name, info) -> specs.add(spec(name, info)));
    return List.copyOf(specs);
  }

  private static TensorSpec spec(String name, TensorInfo info) {
    List<Long> shape = new ArrayList<>();
    info.getTensorShape().getDimList().forEach(dimension -> shape.add(dimension.getSize()));
    TensorSpec.Type type = TensorSpec.Type.named(info.getDtype().name());
    return new TensorSpec(name, type, shape, info.getName());
  }

  private Map<String, TensorRows> run(Map<String, TensorRows> values) {
    Session.Runner runner = session.runner();
    List<Tensor> fed = new ArrayList<>(inputs.size());
    try {
      for (TensorSpec input : inputs) {
        Tensor tensor = tensor(input, values.get(input.name()));
        fed.add(tensor);
        runner.feed(definition.getInputsOrThrow(input.name()).getName(), tensor);
      }
      for (TensorSpec output : outputs) {
        runner.fetch(definition.getOutputsOrThrow(output.name()).getName());
      }
      try (Result result = runner.run()) {
        Map<String, TensorRows> answer = new HashMap<>();
        for (int i = 0; i < outputs.size(); i++) {
          answer.put(outputs.get(i).name(), copyOf(result.get(i)));
        }
        return answer;
      }
    } finally {
      fed.forEach(Tensor::close);
    }
  }

  /** The values as a tensor in native memory, to be closed. */
  private static Tensor tensor(TensorSpec input, TensorRows rows) {
    Shape shape = input.isFlat() ? Shape.of(rows.rows()) : Shape.of(rows.rows(), rows.width());
    if (rows.values() instanceof String[] text) {
      return TString.tensorOf(shape, DataBuffers.of(text, true, false));
    } else if (rows.values() instanceof long[] numbers) {
      return TInt64.tensorOf(shape, DataBuffers.of(numbers, true, false));
    } else if (rows.values() instanceof int[] numbers) {
      return TInt32.tensorOf(shape, DataBuffers.of(numbers, true, false));
    }
    return TFloat32.tensorOf(shape, DataBuffers.of((float[]) rows.values(), true, false));
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
