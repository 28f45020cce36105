package io.github.vaecf.data.reading;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.data.Interactions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Rows are the same log as the lines of the file that DuckDB writes of them. */
class SqlReaderPropertiesTest {
  private static final String[] ID_TYPES = {
    "TINYINT", "INTEGER", "BIGINT", "UBIGINT", "HUGEINT", "DECIMAL(5, 1)", "VARCHAR", "UUID"
  };
  private static final String[] VALUE_TYPES = {
    "TINYINT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(9, 3)", "VARCHAR", "UINTEGER"
  };
  private static final String[] TIME_TYPES = {
    "DATE",
    "TIMESTAMP",
    "TIMESTAMP_MS",
    "TIMESTAMP_S",
    "TIMESTAMP_NS",
    "TIMESTAMPTZ",
    "VARCHAR",
    "BIGINT",
    "DOUBLE"
  };

  private static final String[] TEXTS = {"", "x", "x,", "\"é\" ", "it''s ", "東;", "\"", "0"};

  private static Connection connection;

  @BeforeContainer
  static void connect() throws SQLException {
    connection = DriverManager.getConnection("jdbc:duckdb:");
  }

  @AfterContainer
  static void disconnect() throws SQLException {
    connection.close();
  }

  private static String pick(Random random, String[] types) {
    return types[random.nextInt(types.length)];
  }

  private static String id(Random random, String type) {
    int id = random.nextInt(90);
    return switch (type) {
      case "UUID" -> String.format("'00000000-0000-4000-8000-0000000000%02d'", id);
      case "VARCHAR" -> "'" + TEXTS[id % TEXTS.length] + id + "'";
      default -> Integer.toString(id);
    };
  }

  private static String time(Random random, String type) {
    long seconds = 1_000_000_000L + random.nextInt(500_000_000);
    return switch (type) {
      case "BIGINT" -> Long.toString(seconds);
      case "DOUBLE" -> seconds + (random.nextBoolean() ? ".5" : ".0");
      default ->
          String.format(
              Locale.ROOT,
              "'20%02d-%02d-%02d %02d:%02d:%02d%s'",
              random.nextInt(40),
              1 + random.nextInt(12),
              1 + random.nextInt(28),
              random.nextInt(24),
              random.nextInt(60),
              random.nextInt(60),
              random.nextInt(4) == 0 ? ".25" : "");
    };
  }

  @Property(tries = 60)
  void rowsAreTheSameLogAsTheLinesOfTheFileThatIsWrittenOfThem(@ForAll Random random)
      throws SQLException, IOException {
    String users = pick(random, ID_TYPES);
    String items = pick(random, ID_TYPES);
    String values = pick(random, VALUE_TYPES);
    String times = pick(random, TIME_TYPES);
    StringBuilder rows = new StringBuilder();
    int size = 1 + random.nextInt(100);
    for (int row = 0; row < size; row++) {
      rows.append(row == 0 ? "(" : ", (")
          .append(id(random, users))
          .append(", ")
          .append(id(random, items))
          .append(", ")
          .append(random.nextInt(11) / 2.0)
          .append(", ")
          .append(time(random, times))
          .append(")");
    }
    Path file = Files.createTempFile("log", ".csv");
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET TimeZone = 'Asia/Kolkata'");
      statement.execute(
          "CREATE OR REPLACE TABLE log (who %s, what %s, stars %s, seen %s)"
              .formatted(users, items, values, times));
      statement.execute("INSERT INTO log VALUES " + rows);
      statement.execute("COPY log TO '" + file + "' (FORMAT csv, HEADER)");
      Interactions lines =
          DelimitedReader.builder()
              .header(true)
              .userColumn("who")
              .itemColumn("what")
              .valueColumn("stars")
              .timeColumn("seen")
              .build()
              .read(file);
      try (SqlReader reader = SqlReader.of(connection)) {
        Interactions read = reader.read("FROM log");
        assertThat(read.users().ids()).isEqualTo(lines.users().ids());
        assertThat(read.items().ids()).isEqualTo(lines.items().ids());
        assertThat(Fixtures.events(read)).isEqualTo(Fixtures.events(lines));
      }
    } finally {
      Files.delete(file);
    }
  }
}
