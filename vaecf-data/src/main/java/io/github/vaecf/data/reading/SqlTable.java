package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.UUID;

/**
 * A table of a database whose rows are replaced, all in one transaction: others see the rows of
 * before until {@link #finish}, then the new ones; a failure or a kill in between leaves what was
 * there. That takes a database with transactions, as nearly all are.
 *
 * <p>Values go into the first columns of the table, in their order, whatever these are called: text
 * into columns of text, and into columns of whole numbers or UUIDs what reads as such.
 *
 * <p>For one thread.
 */
public final class SqlTable implements AutoCloseable {
  private static final int BATCH_ROWS = 10_000;

  private final Connection connection;
  private final SqlFailures failures;
  private final boolean own;
  private final String table;
  private final List<String> values;
  private boolean autoCommit;
  private List<SqlColumn> columns;
  private int[] codes; // of each column, as in java.sql.Types
  private boolean[] uuids; // whether a column holds such
  private PreparedStatement insert;
  private int waiting;
  private long rows;
  private boolean finished;

  private SqlTable(
      Connection connection, SqlFailures failures, boolean own, String table, List<String> values) {
    this.connection = connection;
    this.failures = failures;
    this.own = own;
    this.table = table;
    this.values = List.copyOf(values);
  }

  /**
   * A table of a connection of the caller's, which is left open.
   *
   * @param connection an open connection, used by nobody else meanwhile
   * @param table what the table is called, as SQL writes it: {@code shop.recommendations}
   * @param values what a row has, in the order of the columns; names for messages
   * @return the table, whose rows are deleted in a transaction that {@link #finish} ends
   * @throws DataException if there is no such table, or it has fewer columns
   */
  public static SqlTable of(Connection connection, String table, List<String> values) {
    return new SqlTable(connection, SqlFailures.unknown(), false, table, values).begun();
  }

  /**
   * A table of a database, over a connection of its own.
   *
   * @param url as the driver wants it, {@code jdbc:postgresql://host/database}
   * @param properties as the driver wants them, such as {@code user} and {@code password}; none of
   *     them, nor what the URL has of passwords, stands in the message of any exception
   * @param table what the table is called, as SQL writes it: {@code shop.recommendations}
   * @param values what a row has, in the order of the columns; names for messages
   * @return the table, whose rows are deleted in a transaction that {@link #finish} ends
   * @throws DataException if there is no driver for the URL, no connection, no such table, or it
   *     has fewer columns
   */
  public static SqlTable connect(
      String url, Properties properties, String table, List<String> values) {
    String kind = SqlFailures.kind(url);
    SqlFailures failures = SqlFailures.of(url, properties);
    Properties all = SqlReader.copyOf(properties);
    if (kind.equals("jdbc:postgresql:")) {
      all.putIfAbsent("reWriteBatchedInserts", "true"); // one INSERT of many rows
    }
    Connection connection = SqlReader.connection(url, all, failures);
    return new SqlTable(connection, failures, true, table, values).begun();
  }

  private SqlTable begun() {
    try {
      autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        try (ResultSet none = statement.executeQuery("SELECT * FROM " + table + " WHERE 1 = 0")) {
          lookAt(none.getMetaData());
        }
        statement.executeUpdate("DELETE FROM " + table);
      }
      insert =
          connection.prepareStatement(
              "INSERT INTO "
                  + table
                  + " ("
                  + String.join(", ", quoted())
                  + ") VALUES ("
                  + String.join(", ", Collections.nCopies(columns.size(), "?"))
                  + ")");
      return this;
    } catch (SQLException | RuntimeException e) {
      close();
      throw e instanceof DataException said ? said : failures.explain("the table " + table, e);
    }
  }

  private void lookAt(ResultSetMetaData metaData) throws SQLException {
    if (metaData.getColumnCount() < values.size()) {
      throw new DataException(
          "the table "
              + table
              + ": expected columns for "
              + String.join(", ", values)
              + ", in this order, found "
              + metaData.getColumnCount());
    }
    columns = new ArrayList<>();
    codes = new int[values.size()];
    uuids = new boolean[values.size()];
    for (int place = 1; place <= values.size(); place++) {
      columns.add(SqlColumn.of(metaData, place));
      codes[place - 1] = metaData.getColumnType(place);
      uuids[place - 1] = columns.get(place - 1).typeName().equalsIgnoreCase("uuid");
    }
  }

  private List<String> quoted() throws SQLException {
    String quote = connection.getMetaData().getIdentifierQuoteString();
    return columns.stream()
        .map(column -> quote + column.label().replace(quote, quote + quote) + quote)
        .toList();
  }

  /**
   * Adds a row.
   *
   * @param row the values, in the order of the columns: {@code String}, {@code Integer}, {@code
   *     Float}
   * @throws DataException if a value does not fit the column, or the database refuses the row
   */
  public void add(Object... row) {
    try {
      for (int place = 1; place <= row.length; place++) {
        set(place, row[place - 1]);
      }
      insert.addBatch();
      rows++;
      if (++waiting == BATCH_ROWS) {
        insert.executeBatch();
        waiting = 0;
      }
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private void set(int place, Object value) throws SQLException {
    SqlColumn column = columns.get(place - 1);
    if (!(value instanceof String text)) {
      insert.setObject(place, value);
      return;
    }
    try {
      if (uuids[place - 1]) {
        insert.setObject(place, UUID.fromString(text));
        return;
      }
      switch (column.type()) {
        case WHOLE -> insert.setLong(place, Long.parseLong(text));
        case DECIMAL -> insert.setBigDecimal(place, new BigDecimal(text));
        case TEXT -> insert.setString(place, text);
        default -> insert.setObject(place, text, codes[place - 1]);
      }
    } catch (IllegalArgumentException e) {
      throw new DataException(
          "the table "
              + table
              + ": expected "
              + values.get(place - 1)
              + "s of the type "
              + DataException.excerpt(column.typeName())
              + ", which "
              + column.describe()
              + " has, found '"
              + DataException.excerpt(text)
              + "'",
          e);
    }
  }

  /** Of a batch, the driver says what was wrong in the next exception. */
  private DataException failed(SQLException failure) {
    SQLException next = failure.getNextException();
    return failures.explain(
        "the table " + table + ", among the rows to " + rows, next == null ? failure : next);
  }

  /**
   * Makes the new rows those of the table.
   *
   * @return how many there are
   * @throws DataException if the database refuses them; the rows of before are there then
   */
  public long finish() {
    try {
      if (waiting > 0) {
        insert.executeBatch();
      }
      connection.commit();
      finished = true;
      return rows;
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /**
   * Closes the connection, or leaves that of the caller as it was; without finish, so the table.
   */
  @Override
  public void close() {
    if (insert != null) {
      SqlReader.allowed(insert::close);
    }
    if (!finished) {
      SqlReader.allowed(connection::rollback);
    }
    if (own) {
      SqlReader.allowed(connection::close);
    } else {
      SqlReader.allowed(() -> connection.setAutoCommit(autoCommit));
    }
  }
}
