package io.github.vaecf.data.reading;

import java.io.Serial;

/** A line that cannot be used, within a block of lines. */
final class LineException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  private final int line;

  /**
   * A problem.
   *
   * @param line the line's number within its block, counted from 1
   * @param problem what was expected and what was found
   */
  LineException(int line, String problem) {
    super(problem, null, false, false);
    this.line = line;
  }

  int line() {
    return line;
  }
}
