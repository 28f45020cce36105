package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Which column is which in a log of which nothing was said: told by the names of a header and by
 * what the first lines hold, or refused with the option that says it, never guessed. Columns are
 * counted from 0, −1 where there is none.
 *
 * @param user the users' column
 * @param item the items' column
 * @param value the ratings' or counts' column
 * @param time the times' column
 */
record CertainColumns(int user, int item, int value, int time) {
  /** Fewer lines show little of what comes again. */
  private static final int FEWEST_LINES = 10;

  private static final double LARGEST_RATING = 10;
  private static final long FROM_1990 = 631_152_000L;
  private static final long TO_2040 = 2_208_988_800L;

  /** Names that say more surely than others what a column is. */
  private static final Set<String> EXACTLY_USER = Set.of("user", "userid", "uid");

  private static final Set<String> EXACTLY_ITEM = Set.of("item", "itemid", "iid");

  /** Of other names of times ({@code day}) a small number may be anything. */
  private static final Set<String> ANY_NUMBER =
      Set.of("timestamp", "ts", "unixreviewtime", "unixtime");

  /** Names of what describes and is neither an id nor a value, or numbers the lines. */
  private static final String ABOUT =
      "|id|idx|index|row|rowid|unnamed:0"
          + "|.*(name|title|genre|desc|text|category|year|month|hour|price|age|gender|sex).*";

  private static final String COLUMNS = "--user-column and --item-column";

  /** What a column holds. */
  private enum Kind {
    NOTHING,
    NUMBER,
    MOMENT,
    OTHER
  }

  /**
   * The columns.
   *
   * @param wanted what was said, which goes before what is told
   * @param first the fields of the first line
   * @param events the first lines that are events
   * @param header whether the first line names columns
   * @throws LineException if something tells two things, or nothing
   */
  static CertainColumns of(
      Layout.Wanted wanted, List<String> first, List<List<String>> events, boolean header)
      throws LineException {
    int user = said(wanted.user(), first, header);
    int item = said(wanted.item(), first, header);
    int value = said(wanted.value(), first, header);
    int time = said(wanted.time(), first, header);
    if (user >= 0 && user == item) {
      throw new LineException(
          1, "expected users and items in a column each, found both in column " + (user + 1));
    }
    Doubts doubts = new Doubts(first, events, header);
    if (user < 0 || item < 0) {
      int[] both =
          header ? doubts.named(user, item, value, time) : doubts.numbered(user, item, value, time);
      user = both[0];
      item = both[1];
      doubts.requireIds("users", user, wanted.separator());
      doubts.requireIds("items", item, wanted.separator());
    }
    if (wanted.value() == null && wanted.guessValue()) {
      value = doubts.value(user, item, time);
    }
    if (wanted.user() == null && wanted.item() == null && !header) {
      doubts.requireNoMixedUp(user, item, value);
    }
    if (wanted.time() == null && wanted.guessTime()) {
      time = time(first, events, header, user, item, value);
    }
    return new CertainColumns(user, item, value, time);
  }

  private static int said(String column, List<String> first, boolean header) throws LineException {
    return column == null ? -1 : Columns.find(column, first, header);
  }

  /**
   * The column of the times.
   *
   * @return the only one that can be it, or −1
   */
  static int time(
      List<String> first,
      List<List<String>> events,
      boolean header,
      int user,
      int item,
      int value) {
    List<Integer> times = new ArrayList<>();
    for (int column = 0; column < first.size(); column++) {
      if (column == user || column == item || column == value || events.isEmpty()) {
        continue;
      }
      boolean moments = kind(events, column) == Kind.MOMENT;
      if (!header) {
        if (moments) {
          times.add(column);
        }
        continue;
      }
      String name = Columns.plain(first.get(column));
      if (Columns.TIME.contains(name)) {
        if (count(events, column, field -> field.matches("[0-9]{1,2}:[0-9]{2}.*")) > 0) {
          return -1; // The time of day alone: with the day in another column, neither orders.
        }
        boolean readable = count(events, column, CertainColumns::isTime) == events.size();
        if (readable && (moments || ANY_NUMBER.contains(name))) {
          times.add(column);
        }
      }
    }
    return times.size() == 1 ? times.get(0) : -1;
  }

  /** Whether a name says that a number is a time, whatever its size. */
  static boolean namesAnyNumber(String name) {
    return ANY_NUMBER.contains(Columns.plain(name));
  }

  /** Whether a name is that of what describes. */
  static boolean isAbout(String name) {
    return Columns.plain(name).matches(ABOUT);
  }

  /**
   * The columns of which a name may be: the one that is named exactly so, or all.
   *
   * @param names the names
   * @param labels those of all columns
   * @param user whether users are looked for, not items
   */
  static List<Integer> candidates(Set<String> names, List<String> labels, boolean user) {
    Set<String> exactly = user ? EXACTLY_USER : EXACTLY_ITEM;
    List<Integer> all = new ArrayList<>();
    List<Integer> exact = new ArrayList<>();
    for (int column = 0; column < labels.size(); column++) {
      String name = Columns.plain(labels.get(column));
      if (names.contains(name)) {
        all.add(column);
        if (exactly.contains(name)) {
          exact.add(column);
        }
      }
    }
    return exact.size() == 1 ? exact : all;
  }

  private static Kind kind(List<List<String>> events, int column) {
    if (count(events, column, String::isBlank) == events.size()) {
      return Kind.NOTHING;
    }
    if (areMoments(events, column)) {
      return Kind.MOMENT;
    }
    return 2 * count(events, column, Layout::isNumber) > events.size() ? Kind.NUMBER : Kind.OTHER;
  }

  /** Whether most fields of a column are dates or moments of the years in which logs are. */
  static boolean areMoments(List<List<String>> events, int column) {
    return 2 * count(events, column, CertainColumns::isMoment) > events.size();
  }

  private static int count(List<List<String>> events, int column, Predicate<String> condition) {
    int count = 0;
    for (List<String> event : events) {
      count += condition.test(event.get(column)) ? 1 : 0;
    }
    return count;
  }

  private static boolean isTime(String field) {
    byte[] bytes = field.getBytes(StandardCharsets.UTF_8);
    return new EventTime().read(bytes, 0, bytes.length);
  }

  /** Whether a field is a date, or a number that is a moment of the years in which logs are. */
  private static boolean isMoment(String field) {
    byte[] bytes = field.getBytes(StandardCharsets.UTF_8);
    EventTime time = new EventTime();
    if (!time.read(bytes, 0, bytes.length) || time.unit().compareTo(EventTime.Unit.NUMBER) <= 0) {
      return false;
    }
    if (time.unit() == EventTime.Unit.DAY_NUMBER || time.unit() == EventTime.Unit.DATE) {
      return true;
    }
    double seconds = time.value() * (time.unit().nanoseconds() / 1e9);
    return seconds >= FROM_1990 && seconds < TO_2040;
  }

  private static boolean hasFraction(String field) {
    return field.indexOf('.') >= 0
        && Layout.isNumber(field)
        && Float.parseFloat(field) != Math.rint(Float.parseFloat(field));
  }

  /**
   * What speaks against taking a column for something.
   *
   * @param first the fields of the first line
   * @param events the first lines that are events
   * @param header whether the first line names columns
   */
  private record Doubts(List<String> first, List<List<String>> events, boolean header) {
    /** Users' and items' columns by the header. */
    int[] named(int saidUser, int saidItem, int value, int time) throws LineException {
      int user = saidUser >= 0 ? saidUser : only("users", Columns.USER, true, saidItem);
      int item = saidItem >= 0 ? saidItem : only("items", Columns.ITEM, false, user);
      if (user >= 0 && item >= 0) {
        return new int[] {user, item};
      }
      List<Integer> rest = new ArrayList<>();
      for (int column = 0; column < first.size(); column++) {
        String name = Columns.plain(first.get(column));
        if (column != user
            && column != item
            && column != value
            && column != time
            && !Columns.VALUE.contains(name)
            && !Columns.TIME.contains(name)
            && !isAbout(first.get(column))) {
          rest.add(column);
        }
      }
      if (user < 0 && item < 0 && rest.size() == 2) {
        requireComingAgain("user", rest.get(0));
        return new int[] {rest.get(0), rest.get(1)};
      }
      if (user < 0 == item < 0 || rest.size() != 1) {
        throw doubt(
            "expected a column of users and one of items, found the names "
                + DataException.excerpt(String.join(", ", first))
                + ", which do not say which they are; "
                + COLUMNS
                + " do; what items are called is given beside a log (--titles)");
      }
      if (item < 0) {
        requireComingAgain("user", user);
        return new int[] {user, rest.get(0)};
      }
      requireComingAgain("user", rest.get(0));
      requireComingAgain("item", item);
      return new int[] {rest.get(0), item};
    }

    /** The column that has one of these names, or −1. */
    private int only(String what, Set<String> names, boolean user, int taken) throws LineException {
      List<Integer> candidates = new ArrayList<>(candidates(names, first, user));
      candidates.remove((Integer) taken);
      if (candidates.size() > 1) {
        throw doubt(
            "columns "
                + (candidates.get(0) + 1)
                + " ("
                + DataException.excerpt(first.get(candidates.get(0)))
                + ") and "
                + (candidates.get(1) + 1)
                + " ("
                + DataException.excerpt(first.get(candidates.get(1)))
                + ") are both named as "
                + what
                + " are; "
                + (user ? "--user-column" : "--item-column")
                + " says which it is");
      }
      return candidates.isEmpty() ? -1 : candidates.get(0);
    }

    /** Users' and items' columns where no header names them: by custom the first two. */
    int[] numbered(int saidUser, int saidItem, int value, int time) throws LineException {
      if (first.size() < 2) {
        throw doubt(
            "expected a user and an item in each line, found one field, '"
                + DataException.excerpt(first.get(0))
                + "'; --separator says what stands between fields");
      }
      int user = saidUser >= 0 ? saidUser : saidItem == 0 ? 1 : 0;
      int item = saidItem >= 0 ? saidItem : saidUser == 1 ? 0 : 1;
      int values = 0;
      int times = 0;
      int others = 0;
      for (int column = 0; column < first.size(); column++) {
        if (column != user && column != item && column != value && column != time) {
          switch (kind(events, column)) {
            case NUMBER -> values++;
            case MOMENT -> times++;
            case OTHER -> others++;
            case NOTHING -> {}
          }
        }
      }
      if (user == item || user > 1 || item > 1 || values > 1 || times > 1 || others > 0) {
        throw doubt(
            "expected a user, an item and at most a value and a time in each line, found "
                + first.size()
                + " fields without names, as in "
                + DataException.excerpt(String.join(" ", first))
                + "; "
                + COLUMNS
                + " say which they are");
      }
      if (values == 0) {
        requireComingAgain("user", user);
      }
      return new int[] {user, item};
    }

    private void requireComingAgain(String what, int column) throws LineException {
      if (events.size() >= FEWEST_LINES && distinct(column) == events.size()) {
        throw doubt(
            "expected a log, found no "
                + what
                + " that comes again in the first "
                + events.size()
                + " lines; "
                + COLUMNS
                + " say that it is one");
      }
    }

    /** Refuses what is no id. Where the separator stands in an id, it was quoted on purpose. */
    void requireIds(String what, int column, String separator) throws LineException {
      String found = null;
      if (most(column, String::isBlank)) {
        found = "mostly nothing";
      } else if (areMoments(events, column)) {
        found = "what look like times";
      } else if (most(column, Layout::isNumber)
          && count(events, column, CertainColumns::hasFraction) > 0) {
        found = "numbers with fractions";
      } else if (most(column, field -> field.replace(separator, "").matches("(?s).*([\t,;|]|::).*"))
          || most(column, field -> field.matches("[0-9]+( +[0-9]+)+"))) {
        found = "what look like several fields";
      } else if (most(column, field -> field.matches("(['\"]).*\\1"))) {
        found = "fields in quotes, which would stay part of the ids";
      }
      if (found != null) {
        throw doubt(
            "expected "
                + what
                + " in column "
                + (column + 1)
                + ", found "
                + found
                + ", as in '"
                + DataException.excerpt(events.get(0).get(column))
                + "'; "
                + COLUMNS
                + ", or --separator, say what stands where");
      }
    }

    /** The column of the values, or −1. */
    int value(int user, int item, int time) throws LineException {
      List<Integer> named = new ArrayList<>();
      List<Integer> numbers = new ArrayList<>();
      for (int column = 0; column < first.size(); column++) {
        if (column == user || column == item || column == time) {
          continue;
        }
        String name = header ? Columns.plain(first.get(column)) : "value";
        if (header && Columns.VALUE.contains(name)) {
          named.add(column);
        } else if (kind(events, column) == Kind.NUMBER
            && (!header
                || !(Columns.TIME.contains(name)
                    || Columns.USER.contains(name)
                    || Columns.ITEM.contains(name)
                    || isAbout(first.get(column))))) {
          numbers.add(column);
        }
      }
      List<Integer> candidates = named.isEmpty() ? numbers : named;
      if (candidates.size() > 1
          || (candidates.size() == 1
              && header
              && named.isEmpty()
              && distinct(candidates.get(0)) > 1)) {
        throw doubt(
            "expected one column of ratings or counts, or none, found numbers in column "
                + (candidates.get(0) + 1)
                + (header ? " (" + DataException.excerpt(first.get(candidates.get(0))) + ")" : "")
                + (candidates.size() > 1 ? " and " + (candidates.get(1) + 1) : "")
                + "; --value-column says which it is, or none");
      }
      return candidates.isEmpty() ? -1 : candidates.get(0);
    }

    /** Refuses columns without names that look as if they stood in another order. */
    void requireNoMixedUp(int user, int item, int value) throws LineException {
      if (most(user, field -> field.matches("B0[0-9A-Z]{8}|[0-9]{9}[0-9X]"))
          && most(item, field -> field.matches("A[0-9A-Z]{11,20}"))) {
        throw doubt(
            "expected users in column 1 and items in column 2, found Amazon's numbers of products"
                + " before those of reviewers; --user-column 2 --item-column 1 says so");
      }
      if (value < 0 || events.size() < FEWEST_LINES || isRating(value)) {
        return;
      }
      boolean ratingFirst = isRating(user) && !isGrouped(user);
      boolean ratingSecond = isRating(item) && !isGrouped(item);
      boolean lists = distinct(user) == events.size() && distinct(value) > LARGEST_RATING;
      if (ratingFirst || ratingSecond || lists) {
        throw doubt(
            "expected users in column 1, items in column 2 and values in column "
                + (value + 1)
                + ", found "
                + (lists
                    ? "no user that comes again in the first " + events.size() + " lines"
                    : "few numbers, as ratings are, in column " + (ratingSecond ? 2 : 1))
                + "; --user-column, --item-column and --value-column say which they are");
      }
    }

    private boolean isRating(int column) {
      return count(
              events,
              column,
              field ->
                  Layout.isNumber(field)
                      && Float.parseFloat(field) >= 0
                      && Float.parseFloat(field) <= LARGEST_RATING)
          == events.size();
    }

    private boolean most(int column, Predicate<String> condition) {
      return !events.isEmpty() && 2 * count(events, column, condition) > events.size();
    }

    private int distinct(int column) {
      Set<String> seen = new HashSet<>();
      events.forEach(event -> seen.add(event.get(column).toLowerCase(Locale.ROOT)));
      return seen.size();
    }

    /** Whether all lines of a field stand together, as those of a user or an item may. */
    private boolean isGrouped(int column) {
      int groups = 0;
      String last = null;
      for (List<String> event : events) {
        groups += event.get(column).equals(last) ? 0 : 1;
        last = event.get(column);
      }
      return groups == distinct(column);
    }

    private static LineException doubt(String message) {
      return new LineException(1, message);
    }
  }
}
