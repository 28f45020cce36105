package io.github.vaecf.core;

import static java.util.Locale.ROOT;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.TensorFlow;
import org.tensorflow.types.TInt32;

/**
 * Settings that TensorFlow reads from the process environment, and the library that it is called
 * through from the system properties, once, when they are first used. They are set here so that a
 * program that uses vaecf as a library need not know of them; what the user has set is left alone.
 */
public final class TensorFlowRuntime {
  private static final Logger LOG = LoggerFactory.getLogger(TensorFlowRuntime.class);

  private static final Map<String, String> SETTINGS =
      Map.of(
          // oneDNN's matrix products and softmax; off by default in the Java natives.
          "TF_ENABLE_ONEDNN_OPTS", "1",
          // Memory of large tensors is kept and used again. Without it each tensor of users × items
          // is mapped afresh, and the page faults cost as much as the arithmetic.
          "TF_CPU_ALLOCATOR_USE_BFC", "1",
          // On NVIDIA GPUs products are taken in float32, as on the CPU, and not in TF32, whose
          // factors have 10 bits of mantissa; 1 allows it.
          "NVIDIA_TF32_OVERRIDE", "0",
          // Errors only: what goes wrong here is an exception with a message of its own.
          "TF_CPP_MIN_LOG_LEVEL", "2");

  private interface CLibrary extends Library {
    int setenv(String name, String value, int overwrite);
  }

  /**
   * JavaCPP, which TensorFlow for Java stands on, refuses native memory once the process has four
   * times the size of the Java heap. That says nothing here: weights and activations lie outside
   * the heap, and a server with a small heap may well have a large model.
   */
  private static final List<String> UNLIMITED =
      List.of("org.bytedeco.javacpp.maxBytes", "org.bytedeco.javacpp.maxPhysicalBytes");

  static {
    for (String limit : UNLIMITED) {
      if (System.getProperty(limit) == null
          && System.getProperty(limit.toLowerCase(ROOT)) == null) {
        System.setProperty(limit, "0");
      }
    }
    if (!Platform.isWindows()) {
      try {
        CLibrary library = Native.load("c", CLibrary.class);
        SETTINGS.forEach((name, value) -> library.setenv(name, value, 0));
        LOG.info("TensorFlow runs with {} unless the environment says otherwise", SETTINGS);
      } catch (UnsatisfiedLinkError e) {
        LOG.warn("TensorFlow will be slower: {} could not be set ({})", SETTINGS, e.getMessage());
      }
    }
    Gpu.loadLibrariesFromClassPath();
    // The first tensor of a process decides where the memory of all tensors that are fed comes
    // from.
    // After a first session that would be an allocator that has none for an empty tensor, which the
    // Java binding does not survive: a history without items.
    TInt32.scalarOf(0).close();
  }

  private TensorFlowRuntime() {}

  /**
   * Sets them. Must be called before the first use of a TensorFlow class, its version included:
   * loaded without the settings TensorFlow takes other kernels, which are slower and differ in the
   * last bits. The classes of vaecf that use TensorFlow do so themselves. Calling it again does
   * nothing.
   */
  public static void prepare() {
    // The work is done once, by the static initialiser.
  }

  /**
   * Makes sure that an operation can run on a GPU.
   *
   * @throws io.github.vaecf.data.DataException if none can, with the reason as far as it can be
   *     found out
   */
  public static void requireGpu() {
    prepare();
    Gpu.require();
  }

  /**
   * TensorFlow's version, asked for without loading TensorFlow before the settings are made.
   *
   * @return for example 2.18.0
   */
  public static String version() {
    prepare();
    return TensorFlow.version();
  }
}
