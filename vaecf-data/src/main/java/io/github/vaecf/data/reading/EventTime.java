package io.github.vaecf.data.reading;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.Year;

/**
 * Reads when an event was, without making an object an event: a number, or a date with or without a
 * time of day and an offset (ISO 8601; without an offset it is UTC).
 *
 * <p>For one thread.
 */
final class EventTime {
  private static final int BILLION = 1_000_000_000;
  private static final int[] POWERS_OF_TEN = {
    1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, BILLION
  };
  private static final int LONGEST_NUMBER = 40;

  /** What a time is counted in, as far as it shows. */
  enum Unit {
    /** A number so small that it may be counted in anything: 0 for unknown, a place in the log. */
    ANY("as small numbers", 0, BILLION),
    /** A number that could also be seconds of the seventies: a place in a long log. */
    NUMBER("as numbers", 0, BILLION),
    /** Eight digits that make a date. */
    DAY_NUMBER("as dates like 20050906", 1, BILLION),
    /** Seconds since 1970. */
    SECONDS("in seconds since 1970", 2, BILLION),
    /** A date, which becomes seconds since 1970. */
    DATE("as dates", 2, BILLION),
    /** Milliseconds since 1970. */
    MILLISECONDS("in milliseconds since 1970", 3, 1_000_000),
    /** Microseconds since 1970. */
    MICROSECONDS("in microseconds since 1970", 4, 1_000),
    /** Nanoseconds since 1970. */
    NANOSECONDS("in nanoseconds since 1970", 5, 1);

    private final String words;
    private final int scale;
    private final long nanoseconds;

    Unit(String words, int scale, long nanoseconds) {
      this.words = words;
      this.scale = scale;
      this.nanoseconds = nanoseconds;
    }

    /** How a message says it. */
    String words() {
      return words;
    }

    /** Whether times in both units can stand in one log in the right order. */
    boolean fits(Unit other) {
      return scale == 0 || other.scale == 0 || scale == other.scale;
    }

    long nanoseconds() {
      return nanoseconds;
    }
  }

  private long value;
  private int billionths;
  private Unit unit = Unit.ANY;

  /** The time, rounded down to a whole number of its unit. */
  long value() {
    return value;
  }

  /** What was rounded down, in billionths of the unit. */
  int billionths() {
    return billionths;
  }

  Unit unit() {
    return unit;
  }

  /** Reads the time in a field. */
  void require(byte[] bytes, int from, int to, int line) throws LineException {
    if (!read(bytes, from, to)) {
      throw new LineException(
          line,
          "expected a time as in 1112486027, 2005-09-06 or 2005-09-06T17:31:05.25+02:00, found "
              + Fields.shown(bytes, from, to));
    }
  }

  /** Whether the bytes are a time, which then stands here. */
  boolean read(byte[] bytes, int from, int to) {
    billionths = 0;
    int first = from < to && bytes[from] == '-' ? from + 1 : from;
    int digits = to - first;
    if (digits >= 1 && digits <= 18 && Fields.areDigits(bytes, first, to)) {
      long number = Fields.whole(bytes, first, to);
      takeNumber(first > from ? -number : number);
      return true;
    }
    return date(bytes, from, to) || uncommonNumber(bytes, from, to);
  }

  /** Takes a number, which keeps the unit that it has. */
  void takeNumber(long number) {
    value = number;
    billionths = 0;
    unit = unitOf(number == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(number));
  }

  /**
   * Takes a moment.
   *
   * @param seconds since 1970
   * @param nanoseconds what it has beyond whole seconds
   */
  void takeMoment(long seconds, int nanoseconds) {
    value = seconds;
    billionths = nanoseconds;
    unit = Unit.DATE;
  }

  private static Unit unitOf(long magnitude) {
    if (magnitude < 10_000_000L) {
      return Unit.ANY;
    }
    if (magnitude < 100_000_000L) {
      return isDayNumber((int) magnitude) ? Unit.DAY_NUMBER : Unit.NUMBER;
    }
    if (magnitude < 100_000_000_000L) {
      return Unit.SECONDS; // until the year 5138
    }
    if (magnitude < 100_000_000_000_000L) {
      return Unit.MILLISECONDS;
    }
    return magnitude < 100_000_000_000_000_000L ? Unit.MICROSECONDS : Unit.NANOSECONDS;
  }

  private static boolean isDayNumber(int number) {
    int year = number / 10_000;
    return year >= 1900 && year < 2100 && isDay(year, number / 100 % 100, number % 100);
  }

  private static boolean isDay(int year, int month, int day) {
    return month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
  }

  private static int daysOf(int year, int month) {
    return switch (month) {
      case 2 -> Year.isLeap(year) ? 29 : 28;
      case 4, 6, 9, 11 -> 30;
      default -> 31;
    };
  }

  /** Nineteen digits, fractions, exponents. */
  private boolean uncommonNumber(byte[] bytes, int from, int to) {
    if (to - from > LONGEST_NUMBER || from == to) {
      return false;
    }
    int exponent = -1;
    for (int i = from; i < to; i++) {
      byte c = bytes[i];
      if ((c == 'e' || c == 'E') && exponent < 0) {
        exponent = i;
      } else if (!(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '+') {
        return false;
      }
    }
    if (exponent >= 0 && to - exponent > 4) {
      return false; // More than two digits: no time, and long to compute with.
    }
    try {
      BigDecimal number =
          new BigDecimal(new String(bytes, from, to - from, StandardCharsets.US_ASCII));
      BigDecimal whole = number.setScale(0, RoundingMode.FLOOR);
      value = whole.longValueExact();
      billionths = number.subtract(whole).movePointRight(9).intValue();
      unit = unitOf(value == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(value));
      return true;
    } catch (ArithmeticException | NumberFormatException e) {
      return false;
    }
  }

  private boolean date(byte[] bytes, int from, int to) {
    if (to - from < 10
        || !Fields.areDigits(bytes, from, from + 4)
        || (bytes[from + 4] != '-' && bytes[from + 4] != '/')
        || !Fields.areDigits(bytes, from + 5, from + 7)
        || bytes[from + 7] != bytes[from + 4]
        || !Fields.areDigits(bytes, from + 8, from + 10)) {
      return false;
    }
    int year = (int) Fields.whole(bytes, from, from + 4);
    int month = (int) Fields.whole(bytes, from + 5, from + 7);
    int day = (int) Fields.whole(bytes, from + 8, from + 10);
    if (!isDay(year, month, day)) {
      return false;
    }
    value = 86_400 * LocalDate.of(year, month, day).toEpochDay();
    unit = Unit.DATE;
    int clock = from + 10;
    return clock == to
        || ((bytes[clock] == ' ' || bytes[clock] == 'T' || bytes[clock] == 't')
            && timeOfDay(bytes, clock + 1, to));
  }

  /** 17:31, 17:31:05, 17:31:05.25, each also with an offset after it. */
  private boolean timeOfDay(byte[] bytes, int from, int to) {
    if (to - from < 5 || bytes[from + 2] != ':') {
      return false;
    }
    int hour = twoDigits(bytes, from, to);
    int minute = twoDigits(bytes, from + 3, to);
    int second = 0;
    int at = from + 5;
    if (at < to && bytes[at] == ':') {
      second = twoDigits(bytes, at + 1, to);
      at += 3;
      if (at < to && (bytes[at] == '.' || bytes[at] == ',')) {
        int end = at + 1;
        while (end < to && bytes[end] >= '0' && bytes[end] <= '9') {
          end++;
        }
        int digits = Math.min(end - at - 1, 9);
        if (digits == 0) {
          return false;
        }
        billionths = (int) Fields.whole(bytes, at + 1, at + 1 + digits) * POWERS_OF_TEN[9 - digits];
        at = end;
      }
    }
    // A minute of a leap second has a second 60.
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
      return false;
    }
    value += 3600 * hour + 60 * minute + second;
    return at == to || offset(bytes, at, to);
  }

  /** Z, UTC, +02, +0200, +02:00, also after a blank. */
  private boolean offset(byte[] bytes, int from, int to) {
    int at = bytes[from] == ' ' ? from + 1 : from;
    int length = to - at;
    if (length == 1) {
      return bytes[at] == 'Z' || bytes[at] == 'z';
    }
    if (length == 3 && bytes[at] >= 'A') {
      String zone = new String(bytes, at, 3, StandardCharsets.US_ASCII);
      return zone.equals("UTC") || zone.equals("GMT");
    }
    if (length < 3 || (bytes[at] != '+' && bytes[at] != '-')) {
      return false;
    }
    int hours = twoDigits(bytes, at + 1, to);
    int minutes =
        switch (length) {
          case 3 -> 0;
          case 5 -> twoDigits(bytes, at + 3, to);
          case 6 -> bytes[at + 3] == ':' ? twoDigits(bytes, at + 4, to) : -1;
          default -> -1;
        };
    if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) {
      return false;
    }
    int seconds = 3600 * hours + 60 * minutes;
    value += bytes[at] == '-' ? seconds : -seconds;
    return true;
  }

  private static int twoDigits(byte[] bytes, int from, int to) {
    return from + 2 <= to && Fields.areDigits(bytes, from, from + 2)
        ? (int) Fields.whole(bytes, from, from + 2)
        : -1;
  }
}
