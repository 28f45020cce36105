package io.github.vaecf.core;

import com.sun.jna.NativeLibrary;
import io.github.vaecf.data.DataException;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Loader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;

/** What a run on a GPU needs beside this library, and what to tell a person when it is missing. */
final class Gpu {
  private static final Logger LOG = LoggerFactory.getLogger(Gpu.class);

  /**
   * Bytedeco's classes that carry the CUDA libraries, in the order in which they must be loaded.
   */
  private static final List<String> CARRIERS =
      List.of("cudart", "cublas", "cufft", "cusparse", "cusolver", "cudnn");

  /** The libraries that TensorFlow 2.18 opens, the driver's first. */
  private static final List<String> LIBRARIES =
      List.of(
          "libcuda.so.1",
          "libcudart.so.12",
          "libcublas.so.12",
          "libcublasLt.so.12",
          "libcufft.so.11",
          "libcusolver.so.11",
          "libcusparse.so.12",
          "libcudnn.so.9");

  /** Whether there is one, found out once. */
  static final Supplier<Boolean> PRESENT =
      new Supplier<>() {
        private Boolean present;

        @Override
        public synchronized Boolean get() {
          if (present == null) {
            try {
              require();
              present = true;
            } catch (DataException e) {
              LOG.debug("{}", e.getMessage());
              present = false;
            }
          }
          return present;
        }
      };

  private Gpu() {}

  /**
   * Loads the CUDA libraries from the class path, if org.bytedeco:cuda-platform-redist is there, so
   * that TensorFlow finds them without a CUDA installation. Must come before TensorFlow.
   */
  static void loadLibrariesFromClassPath() {
    for (String carrier : CARRIERS) {
      try {
        Loader.load(Class.forName("org.bytedeco.cuda.global." + carrier));
      } catch (ClassNotFoundException e) {
        return; // not on the class path: TensorFlow looks for installed ones
      } catch (UnsatisfiedLinkError e) {
        LOG.warn("CUDA's {} from the class path cannot be loaded: {}", carrier, e.getMessage());
      }
    }
  }

  /**
   * Makes sure that an operation can run on a GPU.
   *
   * @throws DataException if none can, with the reason as far as it can be found out
   */
  static void require() {
    TensorFlowRuntime.prepareSession(ConfigProto.getDefaultInstance());
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      DeviceSpec gpu =
          DeviceSpec.newBuilder().deviceType(DeviceSpec.DeviceType.GPU).deviceIndex(0).build();
      Ops onGpu = tf.withDevice(gpu);
      Operand<TFloat32> sum = onGpu.math.add(onGpu.constant(1f), onGpu.constant(2f));
      try (Session session = new Session(graph);
          Result result = session.runner().fetch(sum).run()) {
        LOG.debug("a GPU added 1 and 2 to {}", result.get(0));
      }
    } catch (TFInvalidArgumentException e) {
      throw new DataException(
          "device gpu: the GPU cannot be used: " + reason(e) + "; use the device cpu or auto", e);
    }
  }

  private static String reason(TFInvalidArgumentException refusal) {
    // TensorFlow's own words for a native library that was built without kernels for a GPU.
    if (refusal.getMessage().contains("CUDA is not enabled")) {
      return "TensorFlow's natives on the class path are those for the CPU, put"
          + " org.tensorflow:tensorflow-core-native with the classifier linux-x86_64-gpu in their"
          + " place";
    }
    for (String library : LIBRARIES) {
      try {
        NativeLibrary.getInstance(library).close();
      } catch (UnsatisfiedLinkError e) {
        return library.equals("libcuda.so.1")
            ? "the NVIDIA driver is not installed (" + library + " was not found)"
            : library
                + " was not found, put org.bytedeco:cuda-platform-redist on the class path or"
                + " install CUDA 12 and cuDNN 9";
      }
    }
    return "TensorFlow found no GPU that it supports";
  }
}
