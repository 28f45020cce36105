package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.duckdb.DuckDBDataChunkWriter;
import org.duckdb.DuckDBFunctions;
import org.duckdb.DuckDBTableFunction;
import org.duckdb.DuckDBTableFunctionBindInfo;
import org.duckdb.DuckDBTableFunctionBuilder;
import org.duckdb.DuckDBTableFunctionCallInfo;
import org.duckdb.DuckDBTableFunctionInitInfo;

/**
 * Writes rows to a Parquet file as they come: DuckDB copies what a table function of this gives it,
 * which waits for the rows. Of them no more than a row group and a few blocks are in memory.
 *
 * <p>Rows are added by one thread; the file is whole once {@link #finish} has returned.
 */
final class ParquetWriter implements AutoCloseable {
  /** DuckDB's own size of a vector. */
  private static final int BLOCK = 2048;

  private static final int WAITING_BLOCKS = 16;

  private static final String MEMORY = "1GB";

  /** Rows of a row group, which DuckDB keeps in memory; its own default. */
  private static final int ROW_GROUP = 122_880;

  /** Entries that a row group of many columns may have. */
  private static final int MOST_ENTRIES = 1 << 25;

  private static final String FUNCTION = "rows_to_write";

  /** A block that says that no other follows. */
  private static final Block END = new Block(List.of());

  /** A block that says that the rows end before they are whole. */
  private static final Block FAILURE = new Block(List.of());

  /** The type of a column. */
  enum Type {
    TEXT(String.class),
    FLOAT32(Float.class),
    INT32(Integer.class);

    private final Class<?> sql;

    Type(Class<?> sql) {
      this.sql = sql;
    }

    private Object array() {
      return switch (this) {
        case TEXT -> new String[BLOCK];
        case FLOAT32 -> new float[BLOCK];
        case INT32 -> new int[BLOCK];
      };
    }
  }

  /** A column of the rows that are added. */
  record Column(String name, Type type) {}

  /** Some rows: an array a column. */
  private static final class Block {
    final Object[] values;
    int rows;

    Block(List<Column> columns) {
      values = columns.stream().map(column -> column.type().array()).toArray();
    }
  }

  private final Path file;
  private final List<Column> columns;
  private final BlockingQueue<Block> blocks = new ArrayBlockingQueue<>(WAITING_BLOCKS);
  private final Connection connection;
  private final Thread copying;
  private volatile SQLException failure;
  private volatile boolean over; // the last block was read
  private boolean ended;
  private Block block;

  /**
   * Begins a file.
   *
   * @param file where to; replaced if it is there
   * @param columns what rows are added
   * @param select the columns of the file, in SQL over those of the rows
   */
  ParquetWriter(Path file, List<Column> columns, String select) throws IOException {
    this.file = file;
    this.columns = columns;
    this.block = new Block(columns);
    this.connection = connect();
    // Nothing beside the file itself: it has a name that nothing looks at until it is whole.
    String copy =
        "COPY (SELECT "
            + select
            + " FROM "
            + FUNCTION
            + "()) TO '"
            + file.toAbsolutePath().toString().replace("'", "''")
            + "' (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false, ROW_GROUP_SIZE "
            + Math.max(BLOCK, Math.min(ROW_GROUP, MOST_ENTRIES / columns.size()))
            + ")";
    try {
      prepare();
    } catch (SQLException e) {
      disconnect();
      throw new IOException("DuckDB: " + e.getMessage(), e);
    }
    copying = new Thread(() -> copy(copy), "vaecf-parquet");
    copying.setDaemon(true);
    copying.start();
  }

  /** Columns as they are, for {@code select}. */
  static String names(List<Column> columns) {
    return columns.stream()
        .map(column -> '"' + column.name() + '"')
        .collect(Collectors.joining(", "));
  }

  private static Connection connect() throws IOException {
    try {
      return DriverManager.getConnection(EmbeddedEngine.URL);
    } catch (SQLException e) {
      throw new IOException("DuckDB: " + e.getMessage(), e);
    } catch (LinkageError e) {
      throw new DataException(
          "DuckDB, which writes Parquet, cannot be loaded ("
              + e
              + "): it unpacks its native library into "
              + System.getProperty("java.io.tmpdir")
              + ", which must be a folder that can be written (-Djava.io.tmpdir=DIR in"
              + " VAECF_JAVA_OPTS)",
          e);
    }
  }

  private void prepare() throws SQLException {
    try (Statement statement = connection.createStatement();
        DuckDBTableFunctionBuilder function = DuckDBFunctions.tableFunction()) {
      statement.execute("SET memory_limit = '" + MEMORY + "'");
      statement.execute("SET temp_directory = ''");
      statement.execute("SET autoinstall_known_extensions = false");
      statement.execute("SET enable_progress_bar = false");
      function.withName(FUNCTION).withFunction(new Rows()).register(connection);
    }
  }

  private void copy(String statement) {
    try (Statement copy = connection.createStatement()) {
      copy.executeLargeUpdate(statement);
    } catch (SQLException e) {
      failure = e;
    }
  }

  /** What DuckDB reads from. Its threads may ask in turn, but one at a time. */
  private final class Rows implements DuckDBTableFunction<Object, Object, Object> {
    @Override
    public Object bind(DuckDBTableFunctionBindInfo info) {
      columns.forEach(column -> info.addResultColumn(column.name(), column.type().sql));
      return columns;
    }

    @Override
    public Object init(DuckDBTableFunctionInitInfo info) {
      info.setMaxThreads(1); // so that the order is kept
      return columns;
    }

    @Override
    public long apply(DuckDBTableFunctionCallInfo info, DuckDBDataChunkWriter chunk)
        throws InterruptedException {
      if (over) {
        return 0;
      }
      Block next = blocks.take();
      if (next == FAILURE) {
        throw new IllegalStateException("the rows ended too early");
      }
      over = next == END;
      for (int column = 0; column < next.values.length; column++) {
        var vector = chunk.vector(column);
        if (next.values[column] instanceof String[] texts) {
          vector.setStrings(0, next.rows == BLOCK ? texts : Arrays.copyOf(texts, next.rows));
        } else if (next.values[column] instanceof float[] numbers) {
          for (int row = 0; row < next.rows; row++) {
            vector.setFloat(row, numbers[row]);
          }
        } else {
          int[] numbers = (int[]) next.values[column];
          for (int row = 0; row < next.rows; row++) {
            vector.setInt(row, numbers[row]);
          }
        }
      }
      return next.rows;
    }
  }

  /** Sets a text of the row that is being filled. */
  void set(int column, String value) {
    ((String[]) block.values[column])[block.rows] = value;
  }

  /** Sets a number of the row that is being filled. */
  void set(int column, float value) {
    ((float[]) block.values[column])[block.rows] = value;
  }

  /** Sets a number of the row that is being filled. */
  void set(int column, int value) {
    ((int[]) block.values[column])[block.rows] = value;
  }

  /** Ends the row that is being filled. */
  void endRow() throws IOException {
    block.rows++;
    if (block.rows == BLOCK) {
      put(block);
      block = new Block(columns);
    }
  }

  private void put(Block full) throws IOException {
    try {
      while (!blocks.offer(full, 1, TimeUnit.SECONDS)) {
        if (!copying.isAlive()) {
          throw failed();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    }
  }

  private IOException failed() {
    return new IOException(
        "DuckDB: " + (failure == null ? "ended early" : failure.getMessage()), failure);
  }

  /** Writes what is left, and waits until the file is whole. */
  void finish() throws IOException {
    if (block.rows > 0) {
      put(block);
    }
    end(END);
    if (failure != null) {
      throw failed();
    }
  }

  private void end(Block last) throws IOException {
    ended = true;
    if (copying.isAlive()) {
      put(last);
    }
    try {
      copying.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    }
  }

  private void disconnect() throws IOException {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IOException("DuckDB: " + e.getMessage(), e);
    }
  }

  /** Gives back what DuckDB holds; a file that was not finished is not whole. */
  @Override
  public void close() throws IOException {
    try {
      if (!ended) {
        blocks.clear();
        end(FAILURE);
      }
    } finally {
      disconnect();
    }
  }

  @Override
  public String toString() {
    return "ParquetWriter[" + file + "]";
  }
}
