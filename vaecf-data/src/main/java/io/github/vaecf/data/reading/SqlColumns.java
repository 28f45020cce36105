package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Which column of a query's rows is which: what its label says, as a header does in a file; one
 * whose label says nothing is what its place says.
 *
 * @param user the users' column
 * @param item the items' column
 * @param value the ratings' or counts' column, or null
 * @param time the times' column, or null
 */
record SqlColumns(SqlColumn user, SqlColumn item, SqlColumn value, SqlColumn time) {
  private static final int VALUE = 2;
  private static final int TIME = 3;
  private static final String BY_QUERY =
      "; a query says which it is: --sql \"SELECT … AS user, … AS item FROM 'FILE'\", and AS value"
          + " and AS time if there are any";
  private static final List<String> WORDS = List.of("user", "item", "value", "time");
  private static final List<Set<String>> NAMES =
      List.of(Columns.USER, Columns.ITEM, Columns.VALUE, Columns.TIME);

  static SqlColumns of(ResultSetMetaData metaData) throws SQLException {
    SqlColumn[] roles = new SqlColumn[WORDS.size()];
    int size = metaData.getColumnCount();
    boolean[] named = new boolean[size];
    SqlColumn[] columns = new SqlColumn[size];
    for (int i = 0; i < size; i++) {
      columns[i] = SqlColumn.of(metaData, i + 1);
      String name = Columns.plain(columns[i].label());
      for (int role = 0; role < WORDS.size(); role++) {
        if (NAMES.get(role).contains(name)) {
          if (roles[role] != null) {
            throw new DataException(
                both(roles[role], columns[i], "are both named as " + WORDS.get(role) + "s are"));
          }
          roles[role] = columns[i];
          named[i] = true;
        }
      }
    }
    for (int i = 0; i < size; i++) {
      if (!named[i]) {
        int role = i == VALUE && roles[TIME] == null && columns[i].isTime() ? TIME : i;
        if (role >= WORDS.size() || roles[role] != null) {
          throw new DataException(
              "expected at most a user, an item, a value and a time a row, found "
                  + columns[i].describe()
                  + " beside them; select only what is one of these, or say which it is (AS user,"
                  + " AS item, AS value, AS time)");
        }
        roles[role] = columns[i];
      }
    }
    if (roles[0] == null || roles[1] == null) {
      throw new DataException(
          "expected a user and an item a row, found "
              + (size == 1
                  ? "one column, " + DataException.excerpt(columns[0].label())
                  : "the columns " + labels(columns))
              + "; select both, as in SELECT user_id, item_id FROM …, or say which is which (AS"
              + " user, AS item)");
    }
    return new SqlColumns(roles[0], roles[1], roles[VALUE], roles[TIME]).ofUsableTypes();
  }

  private SqlColumns ofUsableTypes() {
    user.requireId(WORDS.get(0));
    item.requireId(WORDS.get(1));
    if (value != null) {
      value.requireNumber();
    }
    return this;
  }

  /** These columns of a table, of which not all were asked for. */
  SqlColumns in(SqlColumns table) {
    return new SqlColumns(
        user.in(table.user),
        item.in(table.item),
        value == null ? null : value.in(table.value),
        time == null ? null : time.in(table.time));
  }

  /**
   * The columns of a table whose names say what they are: users, items and, if there are any,
   * values and times.
   *
   * @throws DataException if they do not say it surely
   */
  static SqlColumns certain(ResultSetMetaData metaData) throws SQLException {
    List<SqlColumn> columns = new ArrayList<>();
    for (int place = 1; place <= metaData.getColumnCount(); place++) {
      columns.add(SqlColumn.of(metaData, place));
    }
    List<String> labels = columns.stream().map(SqlColumn::label).toList();
    SqlColumn[] ids = new SqlColumn[VALUE];
    for (int role = 0; role < VALUE; role++) {
      List<Integer> candidates = CertainColumns.candidates(NAMES.get(role), labels, role == 0);
      if (candidates.size() != 1) {
        throw new DataException(
            "expected one column named as "
                + WORDS.get(role)
                + "s are, found "
                + (candidates.isEmpty() ? "none" : candidates.size())
                + " among "
                + DataException.excerpt(String.join(", ", labels))
                + BY_QUERY);
      }
      ids[role] = columns.get(candidates.get(0));
    }
    List<SqlColumn> values = new ArrayList<>();
    List<SqlColumn> numbers = new ArrayList<>();
    List<SqlColumn> times = new ArrayList<>();
    for (SqlColumn column : columns) {
      String name = Columns.plain(column.label());
      if (Columns.VALUE.contains(name)) {
        values.add(column);
      } else if (Columns.TIME.contains(name)) {
        if (column.isTime()
            || (column.isNumber() && CertainColumns.namesAnyNumber(column.label()))) {
          times.add(column);
        }
      } else if (column.isNumber()
          && !Columns.USER.contains(name)
          && !Columns.ITEM.contains(name)
          && !CertainColumns.isAbout(column.label())) {
        numbers.add(column);
      }
    }
    if (values.size() > 1 || (values.isEmpty() && !numbers.isEmpty())) {
      throw new DataException(
          "expected one column named as ratings or counts are, or no numbers, found "
              + (values.isEmpty() ? numbers : values).get(0).describe()
              + (values.isEmpty() ? "" : " and " + values.get(1).describe())
              + BY_QUERY);
    }
    return new SqlColumns(
            ids[0],
            ids[1],
            values.isEmpty() ? null : values.get(0),
            times.size() == 1 ? times.get(0) : null)
        .ofUsableTypes();
  }

  private static String both(SqlColumn one, SqlColumn other, String what) {
    return one.describe()
        + " and "
        + other.describe()
        + " "
        + what
        + "; say which is which (AS user, AS item, AS value, AS time) or leave one out";
  }

  private static String labels(SqlColumn[] columns) {
    return DataException.excerpt(
        String.join(", ", Arrays.stream(columns).map(SqlColumn::label).toList()));
  }

  /**
   * In words: which column was taken as what.
   *
   * @param timesRead whether times are read too
   */
  String describe(boolean timesRead) {
    return "users in "
        + user.describe()
        + ", items in "
        + item.describe()
        + ", "
        + (value == null ? "no values" : "values in " + value.describe())
        + ", "
        + (time == null
            ? "no times"
            : "times in " + time.describe() + (timesRead ? "" : ", not read"));
  }
}
