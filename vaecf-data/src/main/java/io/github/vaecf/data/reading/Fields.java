package io.github.vaecf.data.reading;

import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.YearMonth;

/**
 * Cuts lines of bytes into fields and reads numbers from them, without making an object a field.
 * The fields of the last line stand in {@link #start} and {@link #end}.
 *
 * <p>For one thread.
 */
final class Fields {
  private static final int LONGEST_SHOWN = 40;
  private static final float[] POWERS_OF_TEN = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f};

  private final byte[] separator;
  private final boolean quoted;
  private final int[] starts;
  private final int[] ends;
  private int count;

  /**
   * A cutter.
   *
   * @param separator stands between fields, at least one byte
   * @param quoted whether a field may stand in double quotes
   * @param mostFields how many fields to remember; more are only counted
   */
  Fields(byte[] separator, boolean quoted, int mostFields) {
    this.separator = separator;
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

  /**
   * Cuts one line. Quoted fields are unquoted in place.
   *
   * @param bytes holds the line
   * @param from where the line begins
   * @param to where the bytes end, if no line break comes before
   * @param line the line's number, for messages
   * @return where the next line begins
   */
  int cut(byte[] bytes, int from, int to, int line) throws LineException {
    count = 0;
    byte first = separator[0];
    boolean single = separator.length == 1;
    int at = from;
    while (true) {
      int start = at;
      int end;
      if (quoted && at < to && bytes[at] == '"') {
        at = unquote(bytes, at, to, line);
        start++;
        end = unquotedEnd;
      } else {
        while (at < to && bytes[at] != '\n') {
          if (bytes[at] == first && (single || separatorAt(bytes, at, to))) {
            break;
          }
          at++;
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

  private boolean separatorAt(byte[] bytes, int at, int to) {
    if (to - at < separator.length) {
      return false;
    }
    for (int i = 1; i < separator.length; i++) {
      if (bytes[at + i] != separator[i]) {
        return false;
      }
    }
    return true;
  }

  private int unquotedEnd;

  /** Unquotes in place and gives the place after the closing quote. */
  private int unquote(byte[] bytes, int from, int to, int line) throws LineException {
    int write = from + 1;
    int at = from + 1;
    while (at < to && bytes[at] != '\n') {
      if (bytes[at] == '"') {
        if (at + 1 < to && bytes[at + 1] == '"') {
          at++;
        } else {
          unquotedEnd = write;
          at++;
          if (at < to && bytes[at] == '\r' && (at + 1 == to || bytes[at + 1] == '\n')) {
            at++;
          }
          if (at < to
              && bytes[at] != '\n'
              && !(bytes[at] == separator[0] && separatorAt(bytes, at, to))) {
            throw new LineException(
                line, "expected a separator after the closing quote, found more text");
          }
          return at;
        }
      }
      bytes[write++] = bytes[at++];
    }
    throw new LineException(line, "a quoted field is not closed on its line");
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

  /** The time in a field of the last line. */
  long requireTime(byte[] bytes, int field, int line) throws LineException {
    long time = time(bytes, starts[field], ends[field]);
    if (time == NO_TIME) {
      throw new LineException(
          line,
          "expected a whole number or a date as time, found "
              + shown(bytes, starts[field], ends[field]));
    }
    return time;
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

  /** A time that is none. */
  static final long NO_TIME = Long.MIN_VALUE;

  /**
   * A whole number, or the second since 1970 at which a date in UTC (2005-09-06, also with 17:31:05
   * after a blank or T, and with Z) begins; {@link #NO_TIME} if the bytes are neither.
   */
  static long time(byte[] bytes, int from, int to) {
    int first = from < to && bytes[from] == '-' ? from + 1 : from;
    int digits = to - first;
    if (digits >= 1 && digits <= 18 && areDigits(bytes, first, to)) {
      long number = whole(bytes, first, to);
      return first > from ? -number : number;
    }
    return date(bytes, from, to);
  }

  private static long date(byte[] bytes, int from, int to) {
    boolean zone = to - from == 20 && bytes[to - 1] == 'Z';
    int length = zone ? 19 : to - from;
    if ((length != 10 && length != 19)
        || !areDigits(bytes, from, from + 4)
        || bytes[from + 4] != '-'
        || !areDigits(bytes, from + 5, from + 7)
        || bytes[from + 7] != '-'
        || !areDigits(bytes, from + 8, from + 10)) {
      return NO_TIME;
    }
    int month = (int) whole(bytes, from + 5, from + 7);
    int day = (int) whole(bytes, from + 8, from + 10);
    int year = (int) whole(bytes, from, from + 4);
    if (month < 1 || month > 12 || day < 1 || day > YearMonth.of(year, month).lengthOfMonth()) {
      return NO_TIME;
    }
    long seconds = 86_400 * LocalDate.of(year, month, day).toEpochDay();
    if (length == 10) {
      return seconds;
    }
    int clock = from + 11;
    if ((bytes[from + 10] != ' ' && bytes[from + 10] != 'T')
        || !areDigits(bytes, clock, clock + 2)
        || bytes[clock + 2] != ':'
        || !areDigits(bytes, clock + 3, clock + 5)
        || bytes[clock + 5] != ':'
        || !areDigits(bytes, clock + 6, clock + 8)) {
      return NO_TIME;
    }
    long hour = whole(bytes, clock, clock + 2);
    long minute = whole(bytes, clock + 3, clock + 5);
    long second = whole(bytes, clock + 6, clock + 8);
    return hour > 23 || minute > 59 || second > 59
        ? NO_TIME
        : seconds + 3600 * hour + 60 * minute + second;
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
        new String(bytes, from, Math.min(to - from, 4 * LONGEST_SHOWN), StandardCharsets.UTF_8);
    StringBuilder shown = new StringBuilder("'");
    int length = Math.min(text.length(), LONGEST_SHOWN);
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c)) {
        shown.append(String.format("\\u%04x", (int) c));
      } else {
        shown.append(c);
      }
    }
    return shown.append(length < text.length() ? "…'" : "'").toString();
  }
}
