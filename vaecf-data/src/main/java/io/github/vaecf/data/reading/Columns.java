package io.github.vaecf.data.reading;

import java.util.List;

/** Finds columns by the names of a header, or by numbers counted from 1. */
final class Columns {
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
    if (isNumber(column)) {
      int number = Integer.parseInt(column);
      if (number >= 1 && number <= fields.size()) {
        return number - 1;
      }
      throw new LineException(
          1, "there is no column " + column + ": the line has " + fields.size() + " fields");
    }
    throw new LineException(
        1,
        header
            ? "there is no column '" + column + "': the header names " + String.join(", ", fields)
            : "column '" + column + "' must be a number, because the file has no header");
  }

  static boolean isNumber(String column) {
    return column.matches("[0-9]{1,9}");
  }
}
