package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Finds columns by the names of a header, or by numbers counted from 1. */
final class Columns {
  static final Set<String> USER =
      Set.of(
          "user userid uid username customer customerid custid member memberid visitor visitorid"
              .concat(" session sessionid client clientid person personid reviewer reviewerid")
              .concat(" account accountid who u")
              .split(" "));
  static final Set<String> ITEM =
      Set.of(
          "item itemid iid sid movie movieid film filmid product productid asin parentasin sku"
              .concat(" article articleid track trackid song songid artist artistid book bookid")
              .concat(" isbn game gameid business businessid place placeid venue venueid location")
              .concat(" locationid poi i")
              .split(" "));
  static final Set<String> VALUE =
      Set.of(
          "rating ratings stars score value count counts plays playcount listencount listens"
              .concat(" weight overall preference quantity r")
              .split(" "));
  static final Set<String> TIME =
      Set.of(
          "timestamp time date datetime ts when created createdat unixreviewtime unixtime reviewtime"
              .concat(" eventtime day t")
              .split(" "));

  private Columns() {}

  /**
   * The place of a column.
   *
   * @param column a name of the header or a number
   * @param fields the fields of the first line
   * @param header whether these are names
   * @return counted from 0
   */
  static int find(String column, List<String> fields, boolean header) throws LineException {
    int named = header ? fields.indexOf(column) : -1;
    if (named >= 0) {
      return named;
    }
    String wanted = DataException.excerpt(column);
    if (isNumber(column)) {
      return numbered(Integer.parseInt(column), fields);
    }
    throw new LineException(
        1,
        header
            ? "there is no column '"
                + wanted
                + "': the header names "
                + DataException.excerpt(String.join(", ", fields))
                + otherSeparator(fields)
            : "column '" + wanted + "' must be a number, because the file has no header");
  }

  /** The place of the n-th column, counted from 1. */
  static int numbered(int number, List<String> fields) throws LineException {
    if (number >= 1 && number <= fields.size()) {
      return number - 1;
    }
    throw new LineException(
        1,
        "there is no column "
            + number
            + ": the line has "
            + (fields.size() == 1 ? "one field" : fields.size() + " fields")
            + otherSeparator(fields));
  }

  /** What may be wrong where a line was not cut at all. */
  private static String otherSeparator(List<String> fields) {
    if (fields.size() > 1) {
      return "";
    }
    for (String[] one :
        new String[][] {
          {"\t", "tabs"},
          {";", "semicolons"},
          {"::", "double colons"},
          {"|", "bars"},
          {",", "commas"},
          {" ", "blanks"}
        }) {
      if (fields.get(0).contains(one[0])) {
        return "; it has " + one[1] + " in it, --separator says what stands between fields";
      }
    }
    return "";
  }

  static boolean isNumber(String column) {
    return column.matches("[0-9]{1,9}");
  }

  /** A name as the sets here have it: {@code User_ID} and RecBole's {@code user_id:token} too. */
  static String plain(String name) {
    return name.replaceFirst(":(token|float)(_seq)?$", "")
        .replaceAll("[\\s_\"-]", "")
        .toLowerCase(Locale.ROOT);
  }

  /** The place of the first column that has one of these names, counted from 0, or −1. */
  static int named(List<String> fields, Set<String> names) {
    for (int column = 0; column < fields.size(); column++) {
      if (names.contains(plain(fields.get(column)))) {
        return column;
      }
    }
    return -1;
  }

  /** How many of the fields are names of columns that logs have. */
  static int known(List<String> fields) {
    int known = 0;
    for (String field : fields) {
      String name = plain(field);
      known +=
          USER.contains(name) || ITEM.contains(name) || VALUE.contains(name) || TIME.contains(name)
              ? 1
              : 0;
    }
    return known;
  }
}
