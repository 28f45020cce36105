package io.github.vaecf.data.reading;

/**
 * How the lines of a file are read, in blocks of whole lines that may be parsed at the same time.
 *
 * @param <B> what a block of lines becomes
 */
@FunctionalInterface
interface LineFormat<B extends LineFormat.Block> {
  /** What a block of lines became. */
  interface Block {
    /** How many lines it had. */
    int lines();

    /**
     * Says where the block stood, before it is taken.
     *
     * @param file name of its file
     * @param linesBefore how many lines of the file come before
     */
    default void standsIn(String file, long linesBefore) {}
  }

  /**
   * Parses blocks; used by many threads at once.
   *
   * @param <B> what a block of lines becomes
   */
  @FunctionalInterface
  interface Parser<B> {
    /**
     * Parses whole lines.
     *
     * @param bytes holds the lines; may be written to
     * @param from where the first line begins
     * @param to where the last line ends; its line break may be missing at the end of the file
     */
    B parse(byte[] bytes, int from, int to) throws LineException;
  }

  /**
   * What the first lines of a file decide.
   *
   * @param parser reads the file's lines
   * @param headerLines how many lines at the beginning are none of them
   */
  record Start<B>(Parser<B> parser, int headerLines) {
    Start(Parser<B> parser, boolean header) {
      this(parser, header ? 1 : 0);
    }
  }

  /**
   * Looks at the first line of a file.
   *
   * @param bytes holds the line
   * @param from where the line begins
   * @param to where it ends, before its line break
   * @param end where the lines end that are there already, whole ones
   */
  Start<B> start(byte[] bytes, int from, int to, int end) throws LineException;

  /**
   * Where a block may end, so that the next one can be parsed without it: after the last line break
   * if the format has no lines that belong together.
   *
   * @param bytes holds the lines
   * @param from where the lines begin
   * @param to where the bytes end
   * @return the end of the block, or {@code from} if it must be longer
   */
  default int cut(byte[] bytes, int from, int to) {
    int at = to;
    while (at > from && bytes[at - 1] != '\n') {
      at--;
    }
    return at;
  }
}
