package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads a log from the rows of an SQL query, an event a row, from whatever has a JDBC driver on the
 * class path. Rows are taken as they come and not held, so memory is that of the log.
 *
 * <p><b>Columns.</b> A user, an item and, if the query selects them, a value and a time. A column
 * is what its label says, with the names that a header of a file may have ({@code user_id}, {@code
 * item}, {@code rating}, {@code timestamp} …; {@code AS user} gives one); one whose label says
 * nothing is what its place says: user, item, value, time. A third column of dates is the time.
 * Anything else is refused.
 *
 * <p><b>Types.</b> A row means what the same row means in delimited text, so that both give the
 * same log. Ids are whole numbers (their digits), text as it stands, or UUIDs (small letters);
 * values are numbers, of which the nearest float counts, text of numbers, or true (1) and false
 * (0); times are dates and timestamps, which become seconds since 1970 (UTC where they have no
 * zone; nanoseconds for all if one has a fraction), numbers, which keep their unit, or text of
 * either. NULL is no user, item, value or time: such a row is refused.
 *
 * <p><b>Order.</b> Events stand in the order in which the database gives its rows. The order
 * decides which number an item gets and which of repeated events is the first; it is the same again
 * only where the query says so, with {@code ORDER BY} and columns that leave no ties.
 *
 * <p>For one thread.
 */
public final class SqlReader implements AutoCloseable {
  /** Few round trips, and few rows in memory. */
  private static final int FETCHED_ROWS = 10_000;

  private static final int BLOCK_ROWS = 1 << 14;
  private static final String LOG = "the query";
  private static final String TITLES = "the query of the titles";

  /** Parquet says how many rows it has. */
  private static final String PARQUET = "read_parquet(";

  private static final String STREAMS = "jdbc_stream_results";

  private final Connection connection;
  private final SqlFailures failures;
  private final boolean own;

  /** Makes another connection, to which failures of DuckDB are said in full, or null. */
  private final Callable<Connection> other;

  private boolean autoCommit;
  private boolean readOnly;

  private SqlReader(
      Connection connection, SqlFailures failures, boolean own, Callable<Connection> other) {
    this.connection = connection;
    this.failures = failures;
    this.own = own;
    this.other = other;
  }

  /**
   * A reader over a connection of the caller's, which it leaves as it was. Reading turns automatic
   * commits off, without which some drivers hold all rows in memory, and asks for a read-only
   * connection. DuckDB's driver holds all rows unless the connection was made with the property
   * {@code jdbc_stream_results}; its version must be 2 or newer, older ones end a stream that fails
   * as if that were all.
   *
   * @param connection an open connection, used by nobody else meanwhile
   * @return a reader, whose {@link #close} leaves the connection open
   * @throws DataException if the connection cannot be used
   */
  public static SqlReader of(Connection connection) {
    return new SqlReader(connection, SqlFailures.unknown(), false, null).prepared("");
  }

  /**
   * A reader with a connection of its own. On PostgreSQL it turns synchronised scans off, which
   * give the rows of an unchanged table in another order each time.
   *
   * @param url as the driver wants it, {@code jdbc:postgresql://host/database}
   * @param properties as the driver wants them, such as {@code user} and {@code password}; none of
   *     them, nor what the URL has of passwords, stands in the message of any exception
   * @return a reader, whose {@link #close} closes the connection
   * @throws DataException if there is no driver for the URL, or no connection
   */
  public static SqlReader connect(String url, Properties properties) {
    String kind = SqlFailures.kind(url);
    SqlFailures failures = SqlFailures.of(url, properties);
    Properties all = copyOf(properties);
    Callable<Connection> unstreamed = null;
    if (kind.equals("jdbc:duckdb:")) {
      all.putIfAbsent(STREAMS, "true");
      unstreamed = () -> DriverManager.getConnection(url, properties);
    }
    Connection connection = connection(url, all, failures);
    return new SqlReader(connection, failures, true, unstreamed).prepared(kind);
  }

  static Properties copyOf(Properties properties) {
    Properties all = new Properties();
    properties
        .stringPropertyNames()
        .forEach(key -> all.setProperty(key, properties.getProperty(key)));
    return all;
  }

  /** A connection of the program's own. */
  static Connection connection(String url, Properties properties, SqlFailures failures) {
    String kind = SqlFailures.kind(url);
    try {
      DriverManager.getDriver(url);
    } catch (SQLException e) {
      throw new DataException(
          "there is no JDBC driver for " + kind + " on the class path; add its jar", e);
    }
    try {
      return DriverManager.getConnection(url, properties);
    } catch (SQLException | RuntimeException e) {
      throw failures.explain("no connection to " + kind + "…", e);
    }
  }

  /**
   * What of a URL is a password: values of parameters such as {@code password=…}, and what stands
   * after the user before the host. A program that was given such a URL where others can see it
   * refuses it, and repeats none of these.
   *
   * @param url as a driver takes it, or any text
   * @return as they stand in the URL; empty if there is none
   */
  public static List<String> passwordsIn(String url) {
    return List.copyOf(SqlFailures.secretsIn(url));
  }

  private SqlReader prepared(String kind) {
    try {
      autoCommit = connection.getAutoCommit();
      readOnly = connection.isReadOnly();
      if (own && kind.equals("jdbc:postgresql:")) {
        allowed(() -> scanFromTheStart());
      }
      allowed(() -> connection.setReadOnly(true));
      if (autoCommit) {
        connection.setAutoCommit(false);
      }
      return this;
    } catch (SQLException | RuntimeException e) {
      close();
      throw failures.explain("the connection cannot be used", e);
    }
  }

  private void scanFromTheStart() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET synchronize_seqscans = off");
    }
  }

  /** What a driver or a database may allow or not. */
  @FunctionalInterface
  interface Wish {
    void ask() throws SQLException;
  }

  static void allowed(Wish wish) {
    try {
      wish.ask();
    } catch (SQLException e) {
      return; // Reading goes without it.
    }
  }

  /**
   * Reads a log.
   *
   * @param query one SELECT
   * @return the events in the order of the rows, without titles
   * @throws DataException if the database refuses the query, its columns are none of a log, there
   *     is no row, or a row cannot be used; the message says which
   */
  public Interactions read(String query) {
    return read(query, ReadOptions.ALL, note -> {});
  }

  /**
   * Reads a log.
   *
   * @param query one SELECT
   * @param options what of it is read
   * @param notes is told which column was taken as what, a line of text
   * @return the events in the order of the rows, without titles
   * @throws DataException if the database refuses the query, its columns are none of a log, there
   *     is no row, or a row cannot be used; the message says which
   */
  public Interactions read(String query, ReadOptions options, Consumer<String> notes) {
    return read(
        LOG,
        query,
        options,
        new EventCollector(options),
        metaData -> {
          SqlColumns columns = SqlColumns.of(metaData);
          notes.accept(LOG + ": " + columns.describe(options.times()));
          return columns;
        });
  }

  /**
   * Reads a log from a table of which nothing is known: the columns whose names say that they are
   * users, items, values or times, and none of the others.
   *
   * @param table what stands after FROM
   * @param options what of it is read
   * @param notes is told which column was taken as what, a line of text
   * @return the events in the order of the rows, without titles
   * @throws DataException as {@link #read(String, ReadOptions, Consumer)} does, and if the names do
   *     not say surely which column is which
   */
  public Interactions readTable(String table, ReadOptions options, Consumer<String> notes) {
    SqlColumns[] found = new SqlColumns[1];
    String[] labels = new String[1];
    forEachRow(
        table,
        "SELECT * FROM " + table + " LIMIT 0",
        metaData -> {
          String quote = connection.getMetaData().getIdentifierQuoteString();
          SqlColumns columns = SqlColumns.certain(metaData);
          // Nothing in the place of times that are not read: a column of NULLs costs more than ids.
          labels[0] =
              Stream.of(
                      columns.user(),
                      columns.item(),
                      columns.value(),
                      options.times() ? columns.time() : null)
                  .filter(Objects::nonNull)
                  .map(column -> quote + column.label().replace(quote, quote + quote) + quote)
                  .collect(Collectors.joining(", "));
          found[0] = columns;
          return new OneNumber();
        });
    notes.accept(table + ": " + found[0].describe(options.times()));
    EventCollector events = new EventCollector(options);
    if (table.startsWith(PARQUET)) {
      events.expect(count(table));
    }
    return read(
        table,
        "SELECT " + labels[0] + " FROM " + table,
        options,
        events,
        metaData -> SqlColumns.of(metaData).in(found[0]));
  }

  private long count(String table) {
    OneNumber count = new OneNumber();
    forEachRow(table, "SELECT count(*) FROM " + table, metaData -> count);
    return count.number;
  }

  private Interactions read(
      String name, String query, ReadOptions options, EventCollector events, ColumnFinder columns) {
    long size =
        forEachRow(
            name, query, metaData -> new EventRows(columns.of(metaData), options.times(), events));
    if (size == 0) {
      throw new DataException(name + ": expected at least one row, found none");
    }
    return events.toInteractions();
  }

  /**
   * Reads what to call items when a person reads them.
   *
   * @param query one SELECT of an id, a title and, if wanted, a year to stand behind it, in this
   *     order; ids are as in {@link #read(String)}
   * @return titles by raw id, in the order of the rows, without items whose title is NULL; of an id
   *     that comes twice, the first
   * @throws DataException if the database refuses the query, there are not two or three columns, or
   *     an id cannot be used; the message says which
   */
  public Map<String, String> titles(String query) {
    Map<String, String> titles = new LinkedHashMap<>();
    forEachRow(TITLES, query, metaData -> new TitleRows(metaData, titles));
    return titles;
  }

  /** Takes rows. */
  private interface Rows {
    /**
     * Takes all rows.
     *
     * @throws LineException if one cannot be used, with its number since {@link #before}
     */
    void take(ResultSet rows) throws SQLException, LineException;

    /** How many rows were taken, those that messages count among them. */
    long size();

    /** How many rows were taken before those that messages count. */
    default long before() {
      return 0;
    }
  }

  /** Looks at the columns before any row is taken. */
  @FunctionalInterface
  private interface Start {
    Rows of(ResultSetMetaData columns) throws SQLException;
  }

  /** Finds which column is what. */
  @FunctionalInterface
  private interface ColumnFinder {
    SqlColumns of(ResultSetMetaData columns) throws SQLException;
  }

  private long forEachRow(String name, String query, Start start) {
    Rows taker = null;
    try (Statement statement =
        connection.createStatement(ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
      statement.setFetchSize(fetchSize());
      try (ResultSet rows = statement.executeQuery(query)) {
        taker = startOf(name, start, rows.getMetaData());
        taker.take(rows);
      }
      return taker.size();
    } catch (LineException e) {
      throw new DataException(
          name + ", row " + (taker.before() + e.line()) + ": " + e.getMessage());
    } catch (SQLException | RuntimeException e) {
      if (e instanceof DataException said) {
        throw said;
      }
      long size = taker == null ? 0 : taker.size();
      throw size == 0
          ? failures.explain(name, inFull(query, e))
          : failures.explain(name + ", after row " + size, e);
    } finally {
      if (own || autoCommit) {
        allowed(connection::rollback); // After a failure nothing else is answered.
      }
    }
  }

  /** What failed. Of what fails before the first row, DuckDB says nothing while it streams. */
  private Exception inFull(String query, Exception failure) {
    if (other == null || !String.valueOf(failure.getMessage()).contains("Invalid result set")) {
      return failure;
    }
    try (Connection unstreamed = other.call();
        Statement statement = unstreamed.createStatement()) {
      statement.executeQuery(query).close();
      return failure;
    } catch (Exception said) {
      return said;
    }
  }

  private static Rows startOf(String name, Start start, ResultSetMetaData columns)
      throws SQLException {
    try {
      return start.of(columns);
    } catch (DataException e) {
      throw new DataException(name + ": " + e.getMessage(), e);
    }
  }

  private int fetchSize() throws SQLException {
    String driver = String.valueOf(connection.getMetaData().getDriverName());
    // MySQL's own driver knows one number that makes it stream.
    return driver.toLowerCase(Locale.ROOT).contains("mysql connector")
        ? Integer.MIN_VALUE
        : FETCHED_ROWS;
  }

  /** A row, if there is one, of one number. */
  private static final class OneNumber implements Rows {
    private long number;
    private int size;

    @Override
    public void take(ResultSet rows) throws SQLException {
      while (rows.next()) {
        number = rows.getLong(1);
        size++;
      }
    }

    @Override
    public long size() {
      return size;
    }
  }

  /** Rows of which each is an event. */
  private static final class EventRows implements Rows {
    private final SqlColumns columns;
    private final EventCollector events;
    private final FieldBytes field = new FieldBytes();
    private final EventTime time; // null where none is read
    private final NumberedIds users; // null where they are no numbers
    private final NumberedIds items;
    private final EventBlock block;
    private long before;

    /** Rows that were taken and not handed on when a failure ended it. */
    private int inHand;

    EventRows(SqlColumns columns, boolean timesRead, EventCollector events) {
      this.columns = columns;
      this.events = events;
      this.time = columns.time() == null || !timesRead ? null : new EventTime();
      this.users = columns.user().hasNumbers() ? new NumberedIds(events.userIds()) : null;
      this.items = columns.item().hasNumbers() ? new NumberedIds(events.itemIds()) : null;
      this.block =
          new EventBlock(BLOCK_ROWS, time != null, "row", events.userIds(), events.itemIds());
      block.standsIn(LOG, before);
    }

    @Override
    public void take(ResultSet rows) throws SQLException, LineException {
      if (users != null && items != null && (time == null || columns.time().hasNumbers())) {
        takeNumbers(rows);
      } else {
        while (rows.next()) {
          if (block.lines() == BLOCK_ROWS) {
            handOn();
          }
          take(rows, block.nextLine());
        }
      }
      handOn();
    }

    /** What most logs are: this thread takes the rows, another looks up their ids. */
    private void takeNumbers(ResultSet rows) throws SQLException, LineException {
      NumberBlock filling = new NumberBlock(BLOCK_ROWS, columns, time != null);
      NumberBlock handedOn = new NumberBlock(BLOCK_ROWS, columns, time != null);
      Future<Void> lookUp = CompletableFuture.completedFuture(null);
      try {
        while (filling.fill(rows)) {
          Workers.await(lookUp, LOG + ": reading");
          NumberBlock filled = filling;
          filling = handedOn;
          handedOn = filled;
          lookUp =
              Workers.submit(
                  () -> {
                    filled.addTo(block, users, items, time);
                    handOn();
                    return null;
                  });
        }
      } finally {
        Workers.await(lookUp, LOG + ": reading"); // What is wrong with rows before is told first.
        inHand = filling.size();
      }
    }

    private void take(ResultSet rows, int row) throws SQLException, LineException {
      int user;
      int item;
      if (users == null) {
        columns.user().id(rows, field, "user", row);
        user = block.user(field.bytes(), field.from(), field.to());
      } else {
        user = users.indexOf(columns.user().number(rows, "user", row));
      }
      if (items == null) {
        columns.item().id(rows, field, "item", row);
        item = block.item(field.bytes(), field.from(), field.to());
      } else {
        item = items.indexOf(columns.item().number(rows, "item", row));
      }
      float value = columns.value() == null ? 1 : columns.value().value(rows, field, row);
      if (time != null) {
        columns.time().time(rows, field, time, row);
      }
      block.add(user, item, value, time);
    }

    @Override
    public long size() {
      return before + block.size() + inHand;
    }

    @Override
    public long before() {
      return before;
    }

    private void handOn() throws LineException {
      events.accept(block);
      before += block.lines();
      block.clear();
      block.standsIn(LOG, before);
    }
  }

  /** Rows of which each is a title. */
  private static final class TitleRows implements Rows {
    private final Map<String, String> titles;
    private final FieldBytes field = new FieldBytes();
    private final SqlColumn id;
    private final SqlColumn title;
    private final SqlColumn year;
    private int size;

    TitleRows(ResultSetMetaData columns, Map<String, String> titles) throws SQLException {
      int size = columns.getColumnCount();
      if (size != 2 && size != 3) {
        throw new DataException(
            "expected the columns id, title and, if wanted, year, found " + size);
      }
      this.titles = titles;
      this.id = SqlColumn.of(columns, 1);
      this.title = SqlColumn.of(columns, 2);
      this.year = size == 3 ? SqlColumn.of(columns, 3) : null;
      id.requireId("item");
    }

    @Override
    public void take(ResultSet rows) throws SQLException, LineException {
      while (rows.next()) {
        id.id(rows, field, "item", size + 1);
        String name = title.title(rows);
        if (name != null) {
          String itsYear = year == null ? null : year.title(rows);
          titles.putIfAbsent(field.text(), ItemTitles.withYear(name, itsYear));
        }
        size++;
      }
    }

    @Override
    public long size() {
      return size;
    }
  }

  /** Closes the connection, or leaves that of the caller as it was. */
  @Override
  public void close() {
    allowed(
        () -> {
          if (own) {
            connection.close();
          } else if (autoCommit) {
            connection.setAutoCommit(true);
          }
        });
    if (!own) {
      allowed(() -> connection.setReadOnly(readOnly));
    }
  }
}
