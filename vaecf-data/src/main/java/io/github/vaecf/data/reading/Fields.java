package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Cuts lines of bytes into fields and reads numbers from them, without making an object a field.
 * The fields of the last line stand in {@link #start} and {@link #end}.
 *
 * <p>For one thread.
 */
final class Fields {
  private static final int LONGEST_SHOWN = 400;

  /** Longer is no field: its quote was never meant to open one. */
  static final int LONGEST_QUOTED = 1 << 20;

  private static final int NOT_CLOSED = -1;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long TOP_BITS = 0x8080808080808080L;
  private static final long LINE_BREAKS = '\n' * ONES;
  private static final float[] POWERS_OF_TEN = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f};

  private final byte[] separator;
  private final long separators; // the first byte, eight times
  private final boolean quoted;
  private final int[] starts;
  private final int[] ends;
  private int count;
  private int lineBreaks;
  private int fieldStart;

  /**
   * A cutter.
   *
   * @param separator stands between fields, at least one byte
   * @param quoted whether a field may stand in double quotes
   * @param mostFields how many fields to remember; more are only counted
   */
  Fields(byte[] separator, boolean quoted, int mostFields) {
    this.separator = separator;
    this.separators = (separator[0] & 0xFF) * ONES;
    this.quoted = quoted;
    this.starts = new int[mostFields];
    this.ends = new int[mostFields];
  }

  /** The number of fields of the last line. */
  int count() {
    return count;
  }

  int start(int field) {
    return starts[field];
  }

  int end(int field) {
    return ends[field];
  }

  /** Whether the last line was empty. */
  boolean blank() {
    return count == 1 && starts[0] == ends[0];
  }

  /** How many line breaks stood in quoted fields of the last line. */
  int lineBreaks() {
    return lineBreaks;
  }

  /**
   * Cuts one line, which may go on over line breaks in quoted fields (RFC 4180). Quoted fields are
   * unquoted in place.
   *
   * @param bytes holds the line
   * @param from where the line begins
   * @param to where the bytes end, if no line break comes before
   * @param line the line's number, for messages
   * @return where the next line begins
   */
  int cut(byte[] bytes, int from, int to, int line) throws LineException {
    count = 0;
    lineBreaks = 0;
    boolean single = separator.length == 1;
    int at = from;
    while (true) {
      int start = at;
      int end;
      fieldStart = at;
      if (quoted && at < to && bytes[at] == '"') {
        int closing = closingQuote(bytes, at, to);
        if (closing == NOT_CLOSED) {
          throw new LineException(line + lineBreaks, "a quoted field is not closed");
        }
        at = afterQuote(bytes, closing, to, separator);
        if (at < 0) {
          throw new LineException(
              line + lineBreaks, "expected a separator after the closing quote, found more text");
        }
        start++;
        end = unquote(bytes, start, closing);
      } else {
        at = endOfField(bytes, at, to);
        while (!single && at < to && bytes[at] != '\n' && !startsWith(separator, bytes, at, to)) {
          at = endOfField(bytes, at + 1, to);
        }
        end = at;
        if (end > start && bytes[end - 1] == '\r' && (at == to || bytes[at] == '\n')) {
          end--;
        }
      }
      if (count < starts.length) {
        starts[count] = start;
        ends[count] = end;
      }
      count++;
      if (at >= to) {
        return to;
      }
      if (bytes[at] == '\n') {
        return at + 1;
      }
      at += separator.length;
    }
  }

  /**
   * The place of the next line break or first byte of a separator; looked for in eights, since
   * fields are longer than that as often as not.
   */
  private int endOfField(byte[] bytes, int from, int to) {
    int at = from;
    for (; at + Long.BYTES <= to; at += Long.BYTES) {
      long eight = (long) LONGS.get(bytes, at);
      // The lowest byte that is marked is one that was looked for, whatever is marked above it.
      long found = zeros(eight ^ separators) | zeros(eight ^ LINE_BREAKS);
      if (found != 0) {
        return at + (Long.numberOfTrailingZeros(found) >>> 3);
      }
    }
    while (at < to && bytes[at] != '\n' && bytes[at] != separator[0]) {
      at++;
    }
    return at;
  }

  /** Marks the bytes that are 0, and perhaps some above the lowest of these. */
  private static long zeros(long eight) {
    return (eight - ONES) & ~eight & TOP_BITS;
  }

  /** Where the next line begins after one that {@link #cut} refused. */
  int afterRefused(byte[] bytes, int to) {
    return nextLine(bytes, fieldStart, to);
  }

  private static int nextLine(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to && bytes[at] != '\n') {
      at++;
    }
    return Math.min(at + 1, to);
  }

  private static boolean startsWith(byte[] separator, byte[] bytes, int at, int to) {
    if (to - at < separator.length) {
      return false;
    }
    for (int i = 0; i < separator.length; i++) {
      if (bytes[at + i] != separator[i]) {
        return false;
      }
    }
    return true;
  }

  /** The place of the quote that closes the one at a place, or {@link #NOT_CLOSED}. */
  private static int closingQuote(byte[] bytes, int opening, int to) {
    int most = to - opening > LONGEST_QUOTED ? opening + LONGEST_QUOTED : to;
    for (int at = opening + 1; at < most; at++) {
      if (bytes[at] == '"') {
        if (at + 1 == to || bytes[at + 1] != '"') {
          return at;
        }
        at++;
      }
    }
    return NOT_CLOSED;
  }

  /** The place of what ends a field after its closing quote, or −1 if there is more text. */
  private static int afterQuote(byte[] bytes, int closing, int to, byte[] separator) {
    int at = closing + 1;
    if (at < to && bytes[at] == '\r' && (at + 1 == to || bytes[at + 1] == '\n')) {
      at++;
    }
    return at == to || bytes[at] == '\n' || startsWith(separator, bytes, at, to) ? at : -1;
  }

  /** Joins doubled quotes in place, counts line breaks and gives the new end. */
  private int unquote(byte[] bytes, int from, int closing) {
    int write = from;
    for (int at = from; at < closing; at++) {
      byte c = bytes[at];
      if (c == '"') {
        at++;
      } else if (c == '\n') {
        lineBreaks++;
      }
      bytes[write++] = c;
    }
    return write;
  }

  /**
   * Where the last line ends that is whole, as {@link #cut} would cut lines one after another.
   *
   * @param bytes holds the lines; more may follow
   * @param from where the first line begins
   * @param to where the bytes end
   * @param separator stands between fields
   * @return the end, or {@code from} if no line is whole
   */
  static int lastLineEnd(byte[] bytes, int from, int to, byte[] separator) {
    int end = from;
    int at = from;
    while (at < to) {
      // A field begins.
      if (bytes[at] == '"') {
        int closing = closingQuote(bytes, at, to);
        if (closing == NOT_CLOSED && to - at <= LONGEST_QUOTED) {
          return end;
        }
        int after = closing == NOT_CLOSED ? -1 : afterQuote(bytes, closing, to, separator);
        if (closing >= 0 && to - closing <= 1 + separator.length) {
          return end; // What comes after the quote is not all there.
        }
        if (after < 0) {
          at = nextLine(bytes, at, to);
          end = bytes[at - 1] == '\n' ? at : end;
          continue;
        }
        at = after;
      }
      while (at < to && bytes[at] != '\n' && !startsWith(separator, bytes, at, to)) {
        at++;
      }
      if (at == to) {
        break;
      }
      if (bytes[at] == '\n') {
        at++;
        end = at;
      } else {
        at += separator.length;
      }
    }
    return end;
  }

  /** Whether a double quote is among the bytes; looked for in eights, since most logs have none. */
  static boolean hasQuote(byte[] bytes, int from, int to) {
    long found = 0;
    int at = from;
    for (; at + Long.BYTES <= to; at += Long.BYTES) {
      found |= zeros((long) LONGS.get(bytes, at) ^ '"' * ONES);
    }
    boolean quote = found != 0;
    for (; at < to; at++) {
      quote |= bytes[at] == '"';
    }
    return quote;
  }

  /** The number in a field of the last line. */
  float requireNumber(byte[] bytes, int field, int line) throws LineException {
    float number = number(bytes, starts[field], ends[field]);
    if (Float.isNaN(number)) {
      throw new LineException(
          line, "expected a number as value, found " + shown(bytes, starts[field], ends[field]));
    }
    return number;
  }

  /** A finite decimal number, or NaN if the bytes are none. */
  static float number(byte[] bytes, int from, int to) {
    int at = from;
    boolean negative = at < to && bytes[at] == '-';
    if (negative) {
      at++;
    }
    int digits = 0;
    int digitCount = 0;
    int decimals = 0;
    boolean point = false;
    for (; at < to; at++) {
      byte c = bytes[at];
      if (c >= '0' && c <= '9') {
        digits = 10 * digits + (c - '0');
        digitCount++;
        decimals += point ? 1 : 0;
      } else if (c == '.' && !point) {
        point = true;
      } else {
        return uncommonNumber(bytes, from, to);
      }
    }
    // Up to 7 digits, numerator and denominator are exact as floats, so the quotient is the float
    // nearest to the number.
    if (digitCount == 0 || digitCount > 7) {
      return uncommonNumber(bytes, from, to);
    }
    float value = digits / POWERS_OF_TEN[decimals];
    return negative ? -value : value;
  }

  private static float uncommonNumber(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      byte c = bytes[i];
      if (!(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E') {
        return Float.NaN;
      }
    }
    try {
      float value = Float.parseFloat(new String(bytes, from, to - from, StandardCharsets.US_ASCII));
      return Float.isFinite(value) ? value : Float.NaN;
    } catch (NumberFormatException e) {
      return Float.NaN;
    }
  }

  /** Whether there is at least one byte and all are digits. */
  static boolean areDigits(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] < '0' || bytes[i] > '9') {
        return false;
      }
    }
    return from < to;
  }

  /** The number that at most 18 digits make. */
  static long whole(byte[] bytes, int from, int to) {
    long number = 0;
    for (int i = from; i < to; i++) {
      number = 10 * number + (bytes[i] - '0');
    }
    return number;
  }

  /** The bytes as a message shows them: in quotes, shortened, control characters escaped. */
  static String shown(byte[] bytes, int from, int to) {
    String text =
        new String(bytes, from, Math.min(to - from, LONGEST_SHOWN), StandardCharsets.UTF_8);
    return "'" + DataException.excerpt(text) + "'";
  }
}
