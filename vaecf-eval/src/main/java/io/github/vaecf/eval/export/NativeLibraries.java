package io.github.vaecf.eval.export;

import io.github.vaecf.data.DataException;
import java.nio.file.Path;

/** Says why a runtime's native library cannot be used, and what to do about it. */
final class NativeLibraries {
  private NativeLibraries() {}

  /** For a SavedModel. */
  static DataException noTensorFlow(Path export, LinkageError failure) {
    String cause = cause(failure);
    return new DataException(
        export
            + ": a SavedModel needs TensorFlow's native library, which "
            + (cause.contains("Could not find jnitensorflow")
                ? "is not among the program's libraries; take those that have it, or an export to"
                    + " ONNX"
                : "cannot be used ("
                    + cause
                    + "); it is unpacked into the folder that -Dorg.bytedeco.javacpp.cachedir=DIR"
                    + " names, which must be one that can be written, not mounted noexec, and of"
                    + " some size"),
        failure);
  }

  /** For an ONNX file. */
  static DataException noOnnxRuntime(Path export, LinkageError failure) {
    boolean missing =
        failure instanceof NoClassDefFoundError
            && failure.getMessage() != null
            && !failure.getMessage().startsWith("Could not initialize");
    return new DataException(
        export
            + (missing
                ? ": to load an ONNX file, com.microsoft.onnxruntime:onnxruntime must be among the"
                    + " program's dependencies"
                : ": an ONNX file needs ONNX Runtime's native library, which cannot be used ("
                    + cause(failure)
                    + "); it is unpacked into Java's temporary folder, which"
                    + " -Djava.io.tmpdir=DIR names and which must be one that can be written and"
                    + " not mounted noexec; or -Donnxruntime.native.path=DIR names one that it was"
                    + " unpacked into before"),
        failure);
  }

  private static String cause(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.toString();
  }
}
