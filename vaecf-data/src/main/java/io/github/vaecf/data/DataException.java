package io.github.vaecf.data;

import java.io.Serial;
import java.nio.file.Path;

/**
 * Input that cannot be used: the message is one sentence that says where (file, and line or field
 * where there is one), what was expected and what was found. It is meant to be shown to a person as
 * it is: control characters, which could steer a terminal, are escaped.
 */
public final class DataException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private static final int LONGEST_EXCERPT = 100;

  /**
   * An exception with a message that already says where.
   *
   * @param message one sentence for a person to read
   */
  public DataException(String message) {
    super(printable(message));
  }

  /**
   * An exception with a message that already says where, and the failure beneath it.
   *
   * @param message one sentence for a person to read
   * @param cause what went wrong beneath
   */
  public DataException(String message, Throwable cause) {
    super(printable(message), cause);
  }

  /**
   * An exception about one line of a file.
   *
   * @param file the file
   * @param line the line's number, counted from 1
   * @param problem what was expected and what was found
   */
  public DataException(Path file, long line, String problem) {
    super(printable(file + ", line " + line + ": " + problem));
  }

  /**
   * Input as a message repeats it: at most 100 characters, then an ellipsis; control characters,
   * which could steer a terminal, are escaped.
   *
   * @param input any text
   * @return a line of text
   */
  public static String excerpt(String input) {
    if (input.length() <= LONGEST_EXCERPT) {
      return printable(input);
    }
    int end = LONGEST_EXCERPT;
    if (Character.isHighSurrogate(input.charAt(end - 1))) {
      end--;
    }
    return printable(input.substring(0, end)) + "…";
  }

  /**
   * Text as it can be shown at a terminal: control characters, which could steer it, are escaped.
   *
   * @param text any text, or null
   * @return a line of text, or null
   */
  public static String printable(String text) {
    if (text == null || text.codePoints().noneMatch(DataException::mustBeEscaped)) {
      return text;
    }
    StringBuilder escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (mustBeEscaped(c)) {
                escaped.append(String.format("\\u%04x", c));
              } else {
                escaped.appendCodePoint(c);
              }
            });
    return escaped.toString();
  }

  /** What steers a terminal, breaks the line, turns the text around or is half a character. */
  private static boolean mustBeEscaped(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      case Character.FORMAT -> (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
      default -> false;
    };
  }
}
