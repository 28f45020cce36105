package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Logs by queries to the embedded DuckDB. */
class PrepareFromSqlTest {
  @TempDir Path folder;
  private Path csv;

  @BeforeEach
  void nameFiles() {
    csv = folder.resolve("log.csv");
  }

  /** Sixty users with random items, stars and times, as a file; users' ids are text. */
  private void writeLog(int seed) throws IOException {
    Random random = new Random(seed);
    StringBuilder lines = new StringBuilder("user_id,item_id,stars,seen\n");
    for (int event = 0; event < 1500; event++) {
      lines.append(
          String.format(
              Locale.ROOT,
              "\"u,%02d\",%d,%.1f,2024-%02d-%02d 12:%02d:00%s\n",
              random.nextInt(60),
              100 - (int) (100 * Math.sqrt(random.nextDouble())),
              1 + random.nextInt(9) / 2.0,
              1 + random.nextInt(12),
              1 + random.nextInt(28),
              random.nextInt(60),
              event % 3 == 0 ? ".5" : ""));
    }
    Files.writeString(csv, lines);
  }

  /** Runs statements in a DuckDB of their own, in which the log is the table log. */
  private void duckDb(String... statements) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE log AS FROM read_csv('"
              + csv
              + "', header = true, columns = {'user_id': 'VARCHAR', 'item_id': 'INTEGER', 'stars':"
              + " 'DOUBLE', 'seen': 'TIMESTAMP'})");
      for (String one : statements) {
        statement.execute(one.replace("$DIR", folder.toString()));
      }
    }
  }

  private Outcome sql(String query, String out, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("prepare", "--sql"));
    arguments.add(query.replace("$DIR", folder.toString()));
    arguments.add("--out");
    arguments.add(folder.resolve(out));
    arguments.addAll(List.of(more));
    return Outcome.of(arguments.toArray());
  }

  private Path fromCsv(Object... more) {
    Path out = folder.resolve("from-csv");
    List<Object> arguments =
        new ArrayList<>(
            List.of("prepare", "--format", "csv", "--input", csv, "--out", out, "--time-column"));
    arguments.add("seen");
    arguments.addAll(List.of(more));
    assertThat(Outcome.of(arguments.toArray()).err()).isEmpty();
    return out;
  }

  /** All files, by name. */
  private static Map<String, String> files(Path prepared) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(prepared)) {
      for (Path file : (Iterable<Path>) paths.filter(Files::isRegularFile)::iterator) {
        files.put(prepared.relativize(file).toString(), Files.readString(file));
      }
    }
    return files;
  }

  @ParameterizedTest
  @CsvSource({"1, strong", "2, weak", "3, last"})
  void tablesAndParquetFilesGiveTheFolderOfTheSameRowsAsCsv(int seed, String split)
      throws IOException, SQLException {
    writeLog(seed);
    duckDb(
        "COPY log TO '$DIR/log.parquet'",
        "ATTACH '$DIR/log.db' AS stored",
        "CREATE TABLE stored.log AS FROM log");
    Map<String, String> expected = files(fromCsv("--split", split));
    assertThat(expected).containsKeys("train.csv", "test_te.csv", "unique_sid.txt", "stages.tsv");

    assertThat(sql("FROM '$DIR/log.parquet'", "parquet", "--split", split).err()).isEmpty();
    assertThat(files(folder.resolve("parquet"))).isEqualTo(expected);
    Outcome table =
        sql(
            "SELECT seen AS time, stars AS value, item_id AS item, user_id AS user FROM log",
            "table",
            "--split",
            split,
            "--jdbc",
            "jdbc:duckdb:" + folder.resolve("log.db"));
    assertThat(table.err()).isEmpty();
    assertThat(table.out())
        .startsWith("the query: users in column 4 (user), items in column 3 (item), values in");
    assertThat(files(folder.resolve("table"))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "COPY log TO '$DIR/log.json' | FROM '$DIR/log.json'",
        "COPY log TO '$DIR/log.jsonl.gz' (FORMAT json, COMPRESSION gzip) | FROM '$DIR/log.jsonl.gz'",
        "COPY log TO '$DIR/log.csv.zst' (FORMAT csv, COMPRESSION zstd) | FROM '$DIR/log.csv.zst'",
        "COPY log TO '$DIR/parts' (FORMAT parquet, PER_THREAD_OUTPUT false, FILE_SIZE_BYTES 4000,"
            + " ROW_GROUP_SIZE 2048) | FROM '$DIR/parts/*.parquet'",
      })
  void whatDuckDbReadsGivesTheFolderOfTheSameRowsAsCsv(String copy, String query)
      throws IOException, SQLException {
    writeLog(4);
    duckDb(copy);
    Outcome outcome = sql("SELECT user_id, item_id, stars, seen " + query, "data");
    assertThat(outcome.err()).isEmpty();
    assertThat(files(folder.resolve("data"))).isEqualTo(files(fromCsv()));
  }

  @Test
  void titlesComeByASecondQuery() throws IOException, SQLException {
    writeLog(5);
    duckDb(
        "COPY (SELECT i AS id, 'No. ' || i AS name, 1900 + i AS y FROM range(101) t(i)) TO"
            + " '$DIR/items.parquet'");
    String log = "SELECT user_id, item_id, stars FROM '$DIR/log.csv'";
    String titles = "SELECT id, name, y FROM '" + folder + "/items.parquet'";
    assertThat(sql(log, "data", "--titles-sql", titles).err()).isEmpty();
    String item = Files.readAllLines(folder.resolve("data/unique_sid.txt")).get(0);
    assertThat(folder.resolve("data/titles.tsv"))
        .content()
        .contains(item + "\tNo. " + item + " (" + (1900 + Integer.parseInt(item)) + ")\n");
    Outcome swapped = sql(log, "none", "--titles-sql", titles.replace("id, name", "name, id"));
    assertThat(swapped.status()).isEqualTo(1);
    assertThat(swapped.err()).contains("--titles-sql: expected titles of items such as '");
    assertThat(folder.resolve("none")).doesNotExist();
  }

  @Test
  void valuesThatAreNoRatingsAreAskedAbout() {
    Outcome outcome = sql("SELECT range % 50, range, 1700000000 + range FROM range(1000)", "data");
    assertThat(outcome.err())
        .startsWith(
            "vaecf prepare: --sql: by default a rating of 4 or more is a like, but the values")
        .contains(
            "; select no value if every event is a like, AS time what is a time, or say --min-");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--input a.csv | --input is for files, and --sql takes the log from a query",
        "--format csv | --format is for files, and --sql takes the log from a query",
        "--titles a.csv | --titles is for files; the query of --sql selects the columns, and --titles-sql",
        "--value-column none | --value-column is for files; the query of --sql selects the columns",
        "--split given | --split: given takes two logs, each an --input, and --sql is one",
        "--jdbc-user me | --jdbc-user goes with --jdbc; the embedded DuckDB, which reads files, asks for",
        "--jdbc postgres://h/d | --jdbc: expected a URL as in jdbc:postgresql://HOST/DATABASE, found",
        "--jdbc jdbc:mysql://h/d | --jdbc: there is no driver for jdbc:mysql:; DuckDB's and PostgreSQL's",
      })
  void whatDoesNotGoWithAQueryIsRefused(String options, String problem) {
    Outcome outcome = sql("SELECT 1, 2", "data", (Object[]) options.split(" "));
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("vaecf prepare: " + problem);
  }

  @Test
  void whatGoesWithAQueryIsRefusedWithoutOne() {
    assertThat(
            Outcome.of(
                    "prepare",
                    "--out",
                    folder.resolve("a"),
                    "--format",
                    "csv",
                    "--input",
                    csv,
                    "--titles-sql",
                    "SELECT 1, 2")
                .err())
        .startsWith("vaecf prepare: --titles-sql goes with --sql");
    assertThat(Outcome.of("prepare", "--out", folder.resolve("a")).err())
        .startsWith("vaecf prepare: expected a log: files (--input) or a query (--sql)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--jdbc jdbc:postgresql://localhost/d?user=me&password=GEHEIM",
        "--jdbc jdbc:postgresql://me:GEHEIM@localhost/d",
        "--jdbc jdbc:sqlserver://localhost;databaseName=d;password=GEHEIM;encrypt=true",
        "--jdbc jdbc:oracle:thin:me/GEHEIM@localhost:1521/d",
        "--jdbc jdbc:mysql://localhost/d?trustCertificateKeyStorePassword=GEHEIM",
        "--jdbc-password GEHEIM",
        "--jdbc-password=GEHEIM",
        "jdbc:postgresql://me:GEHEIM@localhost/d",
        "--titles jdbc:postgresql://localhost/d?password=GEHEIM",
      })
  void aPasswordOnTheCommandLineIsRefusedAndNotRepeated(String options) {
    Outcome outcome = sql("SELECT 1, 2", "data", (Object[]) ("--debug " + options).split(" "));
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).isNotEmpty().doesNotContain("GEHEIM");
    if (options.startsWith("--jdbc")) {
      assertThat(outcome.err()).contains("VAECF_JDBC_PASSWORD", "--jdbc-password-file");
    }
  }

  @Test
  void aUserNameWithAnAtSignInTheUrlIsNoPassword() {
    Outcome outcome =
        sql("SELECT 1, 2", "data", "--jdbc", "jdbc:postgresql://localhost:1/d?user=me@cloud");
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err()).startsWith("vaecf prepare: no connection to jdbc:postgresql:…: ");
  }

  @Test
  void nothingIsDownloaded() {
    Outcome outcome = sql("SELECT 1, 2 FROM 's3://bucket/log.parquet'", "data");
    assertThat(outcome.err())
        .startsWith("vaecf prepare: the query: Missing Extension Error: ")
        .contains("downloads nothing: bring the data here as files")
        .doesNotContain("INSTALL");
  }

  @Test
  void noDatabaseIsMadeWhereThereIsNone() {
    Path database = folder.resolve("none.db");
    assertThat(sql("SELECT 1, 2", "data", "--jdbc", "jdbc:duckdb:" + database).err())
        .contains("database does not exist");
    assertThat(database).doesNotExist();
  }

  @Test
  void aRowThatCannotBeUsedIsNamedAndNothingIsWritten() {
    Outcome outcome = sql("SELECT range AS user, nullif(range, 7) AS item FROM range(9)", "data");
    assertThat(outcome)
        .isEqualTo(
            new Outcome(
                1,
                outcome.out(),
                "vaecf prepare: the query, row 8: expected an item, found NULL in column 2 (item);"
                    + " leave such rows out (WHERE … IS NOT NULL) or say what stands for it"
                    + " (COALESCE)\n"));
    assertThat(folder.resolve("data")).doesNotExist();
  }
}
