package io.github.vaecf.cli;

import io.github.vaecf.core.training.Trainer.TrainingDivergedException;
import io.github.vaecf.core.training.Trainer.TrainingStoppedException;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Says in one sentence, to the person at the terminal, what a failure was and what to do. */
final class Failures {
  private Failures() {}

  static String explain(Throwable failure) {
    if (failure instanceof DataException
        || failure instanceof IllegalArgumentException
        || failure instanceof ArithmeticException // a model whose numbers are none
        || failure instanceof TrainingStoppedException
        || failure instanceof TrainingDivergedException) {
      return failure.getMessage();
    }
    if (failure instanceof UncheckedIOException unchecked) {
      return explain(unchecked.getCause());
    }
    if (failure instanceof FileSystemException fileSystem) {
      return fileSystem.getFile() + ": " + reason(fileSystem);
    }
    if (failure instanceof IOException) {
      return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }
    if (failure instanceof OutOfMemoryError) {
      // Who waited for another thread has an error of its own, without a message.
      Throwable first = failure;
      while (first.getMessage() == null && first.getCause() instanceof OutOfMemoryError earlier) {
        first = earlier;
      }
      return "out of memory ("
          + first.getMessage()
          + "); the JVM's heap is "
          + (Runtime.getRuntime().maxMemory() >> 20)
          + " MiB, give it more with VAECF_JAVA_OPTS=-Xmx8g, for example";
    }
    if (failure instanceof LinkageError) {
      return "a native library cannot be used on this machine (" + rootOf(failure) + ")";
    }
    return "unexpected failure: " + failure + "; please report it with the output of --debug";
  }

  /** What stands behind a failure, such as a folder that is not there. */
  static Throwable rootOf(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  private static String reason(FileSystemException failure) {
    if (failure instanceof NoSuchFileException) {
      return "no such file or folder";
    }
    if (failure instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (failure instanceof FileAlreadyExistsException) {
      return "is there already and is left as it is; name another place or remove it";
    }
    if (failure instanceof NotDirectoryException) {
      return "expected a folder, found a file";
    }
    if (failure instanceof DirectoryNotEmptyException) {
      return "the folder is not empty";
    }
    return failure.getReason() == null ? failure.getMessage() : failure.getReason();
  }
}
