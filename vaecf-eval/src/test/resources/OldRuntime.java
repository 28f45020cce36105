import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.framework.SignatureDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Run from its source by a test, in a JVM of its own whose class path has TensorFlow Java 0.5.0:
 * loads an export, answers histories, and calls every signature.
 *
 * <p>Arguments: the version's folder, and a file with a history a line, ids separated by bars. For
 * each history it prints the recommended ids and scores, alternating, separated by bars, and then
 * a line of the same form for a question with filters.
 */
final class OldRuntime {
  public static void main(String[] arguments) throws Exception {
    System.out.println("TensorFlow " + TensorFlow.version());
    try (SavedModelBundle bundle = SavedModelBundle.load(arguments[0], "serve")) {
      for (String line : Files.readAllLines(Path.of(arguments[1]))) {
        // An empty history becomes one id of padding: this version cannot make an empty tensor.
        String[] ids = line.split("\\|", -1);
        try (TString items =
            TString.tensorOf(Shape.of(1, ids.length), DataBuffers.ofObjects(ids))) {
          Result outputs = call(bundle, "serving_default", List.of(items));
          TString recommended = (TString) outputs.get(0);
          TFloat32 scores = (TFloat32) outputs.get(1);
          StringBuilder answer = new StringBuilder();
          for (long rank = 0; rank < recommended.shape().size(1); rank++) {
            answer.append(recommended.getObject(0, rank)).append('|');
            answer.append(scores.getFloat(0, rank)).append('|');
          }
          System.out.println(answer);
          System.out.println(filtered(bundle, items, recommended));
          outputs.close();
        }
      }
      try (TString items = TString.tensorOf(Shape.of(1, 2), DataBuffers.ofObjects("x", ""));
          TString item = TString.vectorOf("x");
          TString others = TString.tensorOf(Shape.of(1, 2), DataBuffers.ofObjects("x", ""));
          TInt64 indices = TInt64.tensorOf(Shape.of(1, 1), DataBuffers.of(2L));
          TInt32 k = TInt32.vectorOf(3)) {
        call(bundle, "recommend_excluding", List.of(items, items));
        call(bundle, "score", List.of(items));
        call(bundle, "decode", List.of(call(bundle, "encode", List.of(items)).get(0)));
        call(bundle, "recommend_indices", List.of(indices));
        call(bundle, "rank_indices", List.of(indices, k));
        call(bundle, "similar_items", List.of(item));
        call(bundle, "similarity", List.of(item, others));
      }
      System.out.println("all signatures answered");
    }
  }

  /** The third to seventh of every other one of the recommended items, without the first. */
  private static StringBuilder filtered(SavedModelBundle bundle, TString items, TString best) {
    String[] others = new String[(int) best.shape().size(1) / 2];
    for (int i = 0; i < others.length; i++) {
      others[i] = best.getObject(0, 2 * i);
    }
    StringBuilder answer = new StringBuilder();
    try (TString allow =
            TString.tensorOf(Shape.of(1, others.length), DataBuffers.ofObjects(others));
        TString exclude = TString.tensorOf(Shape.of(1, 1), DataBuffers.ofObjects(others[0]));
        TInt32 k = TInt32.vectorOf(5);
        TInt32 offset = TInt32.vectorOf(2);
        TInt32 withHistory = TInt32.vectorOf(0);
        Result outputs =
            call(
                bundle,
                "recommend_filtered",
                List.of(allow, exclude, items, k, offset, withHistory))) {
      for (long rank = 0; rank < 5; rank++) {
        answer.append(((TString) outputs.get(0)).getObject(0, rank)).append('|');
        answer.append(((TFloat32) outputs.get(1)).getFloat(0, rank)).append('|');
      }
    }
    return answer;
  }

  /** Feeds the inputs, in the order of their names, and gives the outputs in that of theirs. */
  private static Result call(SavedModelBundle bundle, String name, List<Tensor> tensors) {
    SignatureDef signature = bundle.metaGraphDef().getSignatureDefOrThrow(name);
    Session.Runner runner = bundle.session().runner();
    List<String> inputs = new ArrayList<>(new TreeMap<>(signature.getInputsMap()).keySet());
    for (int i = 0; i < inputs.size(); i++) {
      runner.feed(signature.getInputsOrThrow(inputs.get(i)).getName(), tensors.get(i));
    }
    for (String output : new TreeMap<>(signature.getOutputsMap()).keySet()) {
      runner.fetch(signature.getOutputsOrThrow(output).getName());
    }
    return runner.run();
  }
}
