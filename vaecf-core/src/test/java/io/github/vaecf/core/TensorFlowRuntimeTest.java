package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Library;
import com.sun.jna.Native;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;

class TensorFlowRuntimeTest {
  private interface CLibrary extends Library {
    String getenv(String name);
  }

  /** Adds two numbers in a session, the first of its process. */
  public static void main(String... arguments) {
    TensorFlowRuntime.prepareSession(ConfigProto.getDefaultInstance());
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> sum = tf.math.add(tf.constant(1f), tf.constant(2f));
      try (Session session = new Session(graph);
          Result result = session.runner().fetch(sum).run()) {
        System.out.println(((TFloat32) result.get(0)).getFloat());
      }
    }
  }

  /** What the error stream has of a process of its own: its log can be seen from outside only. */
  private static String log(Map<String, String> environment) throws Exception {
    ProcessBuilder process =
        new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
            "-cp",
            System.getProperty("java.class.path"),
            TensorFlowRuntimeTest.class.getName());
    process.environment().remove("TF_CPP_MIN_LOG_LEVEL");
    process.environment().putAll(environment);
    Process running = process.start();
    String log = new String(running.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(running.waitFor()).as(log).isZero();
    assertThat(running.inputReader().readLine()).isEqualTo("3.0");
    return log;
  }

  @Test
  void aSessionWritesNothingIntoTheErrorStreamUnlessItIsAskedTo() throws Exception {
    assertThat(log(Map.of())).doesNotContain("absl", "mlir", "MLIR", ".cc:");
    assertThat(log(Map.of("TF_CPP_MIN_LOG_LEVEL", "0"))).contains("MLIR V1 optimization pass");
  }

  @Test
  void theProcessHasTensorFlowsSettingsUnlessTheCallerSetThemOtherwise() {
    TensorFlowRuntime.prepareSession(ConfigProto.getDefaultInstance());
    CLibrary library = Native.load("c", CLibrary.class);
    Map.of(
            "TF_ENABLE_ONEDNN_OPTS", "1",
            "TF_CPU_ALLOCATOR_USE_BFC", "1",
            "NVIDIA_TF32_OVERRIDE", "0",
            "TF_CPP_MIN_LOG_LEVEL", "2")
        .forEach(
            (name, value) ->
                assertThat(library.getenv(name))
                    .as(name)
                    .isEqualTo(System.getenv().getOrDefault(name, value)));
  }
}
