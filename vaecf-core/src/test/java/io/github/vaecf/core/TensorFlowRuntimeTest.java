package io.github.vaecf.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Library;
import com.sun.jna.Native;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TensorFlowRuntimeTest {
  private interface CLibrary extends Library {
    String getenv(String name);
  }

  @Test
  void theProcessHasTensorFlowsSettingsUnlessTheCallerSetThemOtherwise() {
    TensorFlowRuntime.prepare();
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
