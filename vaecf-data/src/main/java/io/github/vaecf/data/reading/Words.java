package io.github.vaecf.data.reading;

/**
 * Goes through lines of words with blanks or tabs between them, without making an object a word.
 *
 * <p>For one thread.
 */
final class Words {
  private static final int MOST_DIGITS = 18;

  private final byte[] bytes;
  private final int to;
  private int at;
  private int start;
  private boolean begun;

  Words(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    this.at = from;
    this.to = to;
  }

  /** Goes to the next line, past what is left of the last one. Whether there is one. */
  boolean nextLine() {
    if (begun) {
      while (at < to && bytes[at] != '\n') {
        at++;
      }
      at++;
    }
    begun = true;
    return at < to;
  }

  /** Goes to the line's next word. Whether there is one. */
  boolean next() {
    while (at < to && (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\r')) {
      at++;
    }
    start = at;
    while (at < to
        && bytes[at] != ' '
        && bytes[at] != '\t'
        && bytes[at] != '\r'
        && bytes[at] != '\n') {
      at++;
    }
    return at > start;
  }

  int start() {
    return start;
  }

  int end() {
    return at;
  }

  /** The whole number that the word is, or −1. */
  long number() {
    return at - start <= MOST_DIGITS && Fields.areDigits(bytes, start, at)
        ? Fields.whole(bytes, start, at)
        : -1;
  }
}
