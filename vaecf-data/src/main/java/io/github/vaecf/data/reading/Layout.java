package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Which column of delimited text is which, and whether the first line names them: what was not said
 * is told from the first lines. Columns are counted from 0, −1 where there is none.
 *
 * @param first the fields of the first line
 * @param lines how many lines of text that one takes
 * @param header whether these are names
 * @param user the users' column
 * @param item the items' column
 * @param value the ratings' or counts' column
 * @param time the times' column
 * @param why in words, why the first line was taken as what it was
 */
record Layout(
    List<String> first,
    int lines,
    boolean header,
    int user,
    int item,
    int value,
    int time,
    String why) {
  private static final int MOST_LINES = 1000;
  private static final int MOST_FIELDS = 1 << 16;
  private static final Set<String> NOTHING = Set.of("", "null", "na", "nan", "none", "\\n", "-");

  /**
   * What is wanted, as the builder of the reader collected it.
   *
   * @param separator between fields
   * @param quoted whether fields may be quoted
   * @param header whether there is a header, or null to tell it from the lines
   * @param user a column, or null for the one named so, or else the first
   * @param item a column, or null for the one named so, or else the second
   * @param value a column, or null for none
   * @param time a column, or null for none
   * @param guessValue whether the value's column is told from the lines
   * @param guessTime whether the time's column is told from the lines
   * @param found the form that was found out, in words, of which only columns are taken that are
   *     told surely; null where the form was said
   */
  record Wanted(
      String separator,
      boolean quoted,
      Boolean header,
      String user,
      String item,
      String value,
      String time,
      boolean guessValue,
      boolean guessTime,
      String found) {
    byte[] separatorBytes() {
      return separator.getBytes(StandardCharsets.UTF_8);
    }
  }

  /**
   * The layout of a file.
   *
   * @param wanted what was said
   * @param bytes holds lines; left as it is
   * @param from where the first line begins
   * @param to where the lines end
   */
  static Layout of(Wanted wanted, byte[] bytes, int from, int to) throws LineException {
    Head head = head(wanted, bytes, from, to);
    boolean header = wanted.header == null ? namesColumns(wanted, head) : wanted.header;
    List<String> first = head.first;
    if (wanted.found != null) {
      CertainColumns columns = CertainColumns.of(wanted, first, events(head, header), header);
      return new Layout(
          first,
          head.firstLines,
          header,
          columns.user(),
          columns.item(),
          columns.value(),
          columns.time(),
          why(wanted, header));
    }
    int named = header ? Columns.named(first, Columns.USER) : -1;
    int namedItem = header ? Columns.named(first, Columns.ITEM) : -1;
    boolean both = named >= 0 && namedItem >= 0;
    int user =
        wanted.user != null
            ? Columns.find(wanted.user, first, header)
            : both ? named : Columns.numbered(1, first);
    int item =
        wanted.item != null
            ? Columns.find(wanted.item, first, header)
            : both ? namedItem : Columns.numbered(2, first);
    if (user == item) {
      throw new LineException(
          1,
          "expected users and items in a column each, found both in column "
              + (user + 1)
              + "; --user-column and --item-column choose");
    }
    int time = wanted.time == null ? -1 : Columns.find(wanted.time, first, header);
    int value = wanted.value == null ? -1 : Columns.find(wanted.value, first, header);
    if (wanted.value == null && wanted.guessValue) {
      value = guessedValue(head, header, user, item, time);
    }
    if (wanted.time == null && wanted.guessTime) {
      time = CertainColumns.time(first, events(head, header), header, user, item, value);
    }
    return new Layout(first, head.firstLines, header, user, item, value, time, why(wanted, header));
  }

  private static String why(Wanted wanted, boolean header) {
    String why =
        header ? "the first line names them" : "the first line is an event, there is no header";
    return wanted.header != null
        ? why
        : why + (header ? " (--no-header if it is an event)" : " (--header if it names them)");
  }

  /**
   * The layout of a later file of the log of which this is the first one's. It has the same columns
   * and may have a header, in any order, if this one has.
   *
   * @param wanted what was said
   * @param bytes holds lines; left as it is
   * @param from where the first line begins
   * @param to where the lines end
   */
  Layout ofLater(Wanted wanted, byte[] bytes, int from, int to) throws LineException {
    if (wanted.header != null) {
      return of(wanted, bytes, from, to);
    }
    Head head = head(wanted, bytes, from, to);
    List<String> found = head.first;
    if (found.size() != first.size()) {
      throw new LineException(
          1, "expected " + first.size() + " fields as in the first file, found " + found.size());
    }
    if (header && found.equals(first)) {
      return this;
    }
    if (header) {
      int[] places = {user, item, value, time};
      String[] numbered = {wanted.user, wanted.item, wanted.value, wanted.time};
      boolean all = true;
      for (int i = 0; i < places.length; i++) {
        if (places[i] >= 0) {
          int place = found.indexOf(first.get(places[i]));
          all &= place >= 0;
          places[i] = numbered[i] != null && Columns.isNumber(numbered[i]) ? places[i] : place;
        }
      }
      if (all) {
        return new Layout(
            found, head.firstLines, true, places[0], places[1], places[2], places[3], why);
      }
      if (looksLikeHeader(head, value, time)) {
        throw new LineException(
            1,
            "expected the columns of the first file, "
                + DataException.excerpt(String.join(", ", first))
                + ", found "
                + DataException.excerpt(String.join(", ", found)));
      }
    }
    return new Layout(found, 0, false, user, item, value, time, why(wanted, false));
  }

  /** Whether a file has lines that all have as many fields, and the columns that are wanted. */
  static boolean fits(Wanted wanted, byte[] bytes, int from, int to) {
    try {
      of(wanted, bytes, from, to);
      return head(wanted, bytes, from, to).regular();
    } catch (LineException e) {
      return false;
    }
  }

  /** Whether another layout takes the same columns. */
  boolean hasColumnsOf(Layout other) {
    return user == other.user && item == other.item && value == other.value && time == other.time;
  }

  /**
   * In words: which column was taken as what.
   *
   * @param timesRead whether times are read too
   */
  String describe(boolean timesRead) {
    return "users in "
        + column(user)
        + ", items in "
        + column(item)
        + ", "
        + (value < 0 ? "no values" : "values in " + column(value))
        + ", "
        + (time < 0 ? "no times" : "times in " + column(time) + (timesRead ? "" : ", not read"))
        + "; "
        + why;
  }

  private String column(int column) {
    return "column "
        + (column + 1)
        + (header ? " (" + DataException.excerpt(first.get(column)) + ")" : "");
  }

  /**
   * The first lines of a file.
   *
   * @param first the fields of the first line
   * @param firstLines how many lines of text that one takes
   * @param others those of the next ones, as far as they have as many
   * @param lines how many there are
   */
  record Head(List<String> first, int firstLines, List<List<String>> others, int lines) {
    /** Whether all have as many fields. */
    boolean regular() {
      return others.size() + 1 == lines;
    }
  }

  static Head head(Wanted wanted, byte[] bytes, int from, int to) throws LineException {
    byte[] copy = Arrays.copyOfRange(bytes, from, to);
    Fields fields = new Fields(wanted.separatorBytes(), wanted.quoted, MOST_FIELDS);
    int at = fields.cut(copy, 0, copy.length, 1);
    if (fields.count() > MOST_FIELDS) {
      throw new LineException(
          1, "expected at most " + MOST_FIELDS + " fields, found " + fields.count());
    }
    List<String> first = texts(copy, fields);
    int firstLines = 1 + fields.lineBreaks();
    List<List<String>> others = new ArrayList<>();
    int lines = 1;
    while (at < copy.length && others.size() < MOST_LINES) {
      int start = at;
      try {
        at = fields.cut(copy, start, copy.length, 1);
        if (fields.blank()) {
          continue;
        }
        lines++;
        if (fields.count() == first.size()) {
          others.add(texts(copy, fields));
        }
      } catch (LineException e) {
        lines++;
        at = fields.afterRefused(copy, copy.length);
      }
    }
    return new Head(first, firstLines, others, lines);
  }

  private static List<String> texts(byte[] bytes, Fields fields) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < fields.count(); i++) {
      texts.add(
          new String(
              bytes, fields.start(i), fields.end(i) - fields.start(i), StandardCharsets.UTF_8));
    }
    return texts;
  }

  /** The first lines that are events. */
  private static List<List<String>> events(Head head, boolean header) {
    List<List<String>> events = new ArrayList<>();
    if (!header) {
      events.add(head.first);
    }
    events.addAll(head.others);
    return events;
  }

  private static int guessedValue(Head head, boolean header, int user, int item, int time) {
    List<String> first = head.first;
    int named = header ? Columns.named(first, Columns.VALUE) : -1;
    if (named >= 0 && named != user && named != item && named != time) {
      return named;
    }
    int third = 2;
    if (first.size() <= third
        || third == user
        || third == item
        || third == time
        || (header && Columns.TIME.contains(Columns.plain(first.get(third))))) {
      return -1;
    }
    List<List<String>> events = events(head, header);
    int numbers = 0;
    int times = 0;
    for (List<String> event : events) {
      numbers += isNumber(event.get(third)) ? 1 : 0;
      times += isMoment(event.get(third)) ? 1 : 0;
    }
    return 2 * numbers > events.size() && 2 * times <= events.size() ? third : -1;
  }

  /** Whether the first line names columns. */
  private static boolean namesColumns(Wanted wanted, Head head) throws LineException {
    for (String column : new String[] {wanted.user, wanted.item, wanted.value, wanted.time}) {
      if (column != null && !Columns.isNumber(column)) {
        return true; // Chosen by name, so there must be names.
      }
    }
    return looksLikeHeader(
        head,
        wanted.value == null ? -1 : Columns.find(wanted.value, head.first, false),
        wanted.time == null ? -1 : Columns.find(wanted.time, head.first, false));
  }

  private static boolean looksLikeHeader(Head head, int value, int time) {
    List<List<String>> others = head.others;
    boolean wordAboveNumbers = false;
    for (int column = 0; column < head.first.size(); column++) {
      String field = head.first.get(column);
      int numbers = 0;
      for (List<String> line : others) {
        numbers += isNumberOrTime(line.get(column)) ? 1 : 0;
      }
      if (isNumberOrTime(field)) {
        if (2 * numbers >= others.size()) {
          return false; // A number where the other lines have numbers.
        }
      } else if (!NOTHING.contains(field.toLowerCase(Locale.ROOT))) {
        wordAboveNumbers |=
            column == value || column == time || (numbers > 0 && numbers == others.size());
      }
    }
    int known = Columns.known(head.first);
    return wordAboveNumbers
        || known >= 2
        || (head.first.size() >= 2 && !others.isEmpty() && standsApart(head.first, others, known));
  }

  /** Where all is words: whether those of the first line come in no other line, which others do. */
  private static boolean standsApart(List<String> first, List<List<String>> others, int known) {
    boolean apart = known > 0;
    for (int column = 0; column < Math.min(2, first.size()); column++) {
      Set<String> seen = new HashSet<>();
      int repeated = 0;
      int withDigit = 0;
      boolean again = false;
      for (List<String> line : others) {
        String field = line.get(column);
        repeated += seen.add(field) ? 0 : 1;
        withDigit += hasDigit(field) ? 1 : 0;
        again |= field.equals(first.get(column));
      }
      if (again) {
        return false;
      }
      apart |= others.size() >= 10 && 2 * repeated > others.size();
      apart |= others.size() >= 2 && withDigit == others.size() && !hasDigit(first.get(column));
    }
    return apart;
  }

  private static boolean hasDigit(String text) {
    return text.chars().anyMatch(Character::isDigit);
  }

  private static boolean isNumberOrTime(String field) {
    byte[] bytes = field.getBytes(StandardCharsets.UTF_8);
    return isNumber(field) || new EventTime().read(bytes, 0, bytes.length);
  }

  static boolean isNumber(String field) {
    byte[] bytes = field.getBytes(StandardCharsets.UTF_8);
    return !Float.isNaN(Fields.number(bytes, 0, bytes.length));
  }

  /** Whether a field is a time and hardly anything else: a date, or a number as large. */
  private static boolean isMoment(String field) {
    byte[] bytes = field.getBytes(StandardCharsets.UTF_8);
    EventTime time = new EventTime();
    return time.read(bytes, 0, bytes.length) && time.unit().compareTo(EventTime.Unit.NUMBER) > 0;
  }
}
