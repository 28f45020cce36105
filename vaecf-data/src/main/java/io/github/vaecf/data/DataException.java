package io.github.vaecf.data;

import java.io.Serial;
import java.nio.file.Path;

/**
 * Input that cannot be used: the message is one sentence that says where (file, and line or field
 * where there is one), what was expected and what was found. It is meant to be shown to a person as
 * it is.
 */
public final class DataException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * An exception with a message that already says where.
   *
   * @param message one sentence for a person to read
   */
  public DataException(String message) {
    super(message);
  }

  /**
   * An exception with a message that already says where, and the failure beneath it.
   *
   * @param message one sentence for a person to read
   * @param cause what went wrong beneath
   */
  public DataException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * An exception about one line of a file.
   *
   * @param file the file
   * @param line the line's number, counted from 1
   * @param problem what was expected and what was found
   */
  public DataException(Path file, long line, String problem) {
    super(file + ", line " + line + ": " + problem);
  }
}
