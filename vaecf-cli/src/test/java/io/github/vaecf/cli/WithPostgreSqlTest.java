package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.vaecf.data.reading.SqlTable;
import io.github.vaecf.eval.batch.BatchRecommender;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From and to a real PostgreSQL; skipped where it is not installed. */
class WithPostgreSqlTest {
  private static final String PASSWORD = "Ge&heim=42";
  private static final int USERS = 50;

  @TempDir static Path folder;
  private static PostgreSql server;
  private static Path csv;

  @BeforeAll
  static void startServer() throws Exception {
    Optional<Path> programs = PostgreSql.programs();
    assumeTrue(programs.isPresent(), "skipped: PostgreSQL's initdb is not on this machine");
    server = PostgreSql.start(programs.get(), PASSWORD);
    csv = folder.resolve("log.csv");
    writeLog();
    Files.writeString(folder.resolve("password"), PASSWORD + "\n");
    Files.writeString(folder.resolve("wrong"), PASSWORD + "x\n");
  }

  @AfterAll
  static void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  /** Random events as a file and, in the same order, as a table. */
  private static void writeLog() throws IOException, SQLException {
    Random random = new Random(1);
    List<UUID> users = new ArrayList<>();
    for (int user = 0; user < USERS; user++) {
      users.add(new UUID(random.nextLong(), random.nextLong()));
    }
    StringBuilder lines = new StringBuilder("user,item,rating,time\n");
    StringBuilder rows = new StringBuilder();
    for (int event = 0; event < 1200; event++) {
      UUID user = users.get(random.nextInt(USERS));
      long item = 5_000_000_000L + random.nextInt(60);
      double stars = 1 + random.nextInt(9) / 2.0;
      Instant time = Instant.ofEpochSecond(1_700_000_000 + random.nextInt(9_999_999), 250_000_000);
      lines.append(user + "," + item + "," + stars + "," + time + "\n");
      rows.append(event == 0 ? "" : ", ")
          .append("('" + user + "', " + item + ", " + stars + ", '" + time + "')");
    }
    Files.writeString(csv, lines);
    try (Connection connection =
            DriverManager.getConnection(server.url(), server.user(), PASSWORD);
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE events (place serial, who uuid, what bigint, stars numeric(2, 1), seen"
              + " timestamptz)");
      statement.execute("INSERT INTO events (who, what, stars, seen) VALUES " + rows);
      statement.execute(
          "CREATE TABLE items AS SELECT DISTINCT what AS id, 'Item ' || what AS name FROM events");
    }
  }

  private static Outcome prepare(String query, String out, String passwordFile, Object... more) {
    List<Object> arguments =
        new ArrayList<>(List.of("prepare", "--debug", "--sql", query, "--jdbc", server.url()));
    arguments.addAll(List.of("--jdbc-user", server.user(), "--out", folder.resolve(out)));
    arguments.addAll(List.of("--jdbc-password-file", folder.resolve(passwordFile)));
    arguments.addAll(List.of(more));
    return Outcome.of(arguments.toArray());
  }

  @Test
  void aTableGivesTheFolderOfTheSameRowsAsCsv() throws IOException {
    Path fromCsv = folder.resolve("csv");
    Outcome file =
        Outcome.of(
            "prepare",
            "--format",
            "csv",
            "--input",
            csv,
            "--time-column",
            "time",
            "--split",
            "last",
            "--out",
            fromCsv);
    assertThat(file.err()).isEmpty();
    Outcome table =
        prepare(
            "SELECT who, what, stars, seen FROM events ORDER BY place",
            "table",
            "password",
            "--split",
            "last",
            "--titles-sql",
            "SELECT id, name FROM items");
    assertThat(table.err()).isEmpty();
    assertThat(table.out())
        .startsWith(
            "the query: users in column 1 (who), items in column 2 (what), values in column 3 (stars),"
                + " times in column 4 (seen)\n");
    assertThat(folder.resolve("table/titles.tsv")).content().contains("\tItem 50000000");
    try (Stream<Path> files = Files.list(fromCsv)) {
      assertThat(files.toList())
          .hasSizeGreaterThan(6)
          .allSatisfy(
              one ->
                  assertThat(folder.resolve("table").resolve(one.getFileName()))
                      .hasSameBinaryContentAs(one));
    }
    try (Stream<Path> files = Files.list(folder.resolve("table"))) {
      assertThat(files.toList())
          .allSatisfy(one -> assertThat(Files.readString(one)).doesNotContain(PASSWORD, "heim"));
    }
    assertThat(table.out()).doesNotContain(PASSWORD, "heim");
  }

  @Test
  void aWrongPasswordIsSaidWithoutIt() {
    Outcome outcome = prepare("SELECT 1, 2", "none", "wrong");
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err())
        .contains("no connection to jdbc:postgresql:…: FATAL: password authentication failed")
        .doesNotContain(PASSWORD, "heim");
  }

  @Test
  void thePasswordInTheEnvironmentIsTaken() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Vaecf.class.getName(),
                "prepare",
                "--debug",
                "--sql",
                "SELECT who, what FROM nowhere",
                "--jdbc",
                server.url() + "?user=" + server.user(),
                "--out",
                folder.resolve("none").toString())
            .redirectErrorStream(true);
    builder.environment().put("VAECF_JDBC_PASSWORD", PASSWORD);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(said)
        .contains(
            "vaecf prepare: the query: ERROR: relation \"nowhere\" does not exist Position: 23")
        .doesNotContain(PASSWORD, "heim");
  }

  @Test
  void everybodysRecommendationsGoFromTableToTableAndAreSeenWhenTheyAreWhole() throws Exception {
    Path data = folder.resolve("shop");
    assertThat(prepare("SELECT who, what FROM events ORDER BY place", "shop", "password").status())
        .isZero();
    Path run = folder.resolve("run");
    assertThat(Outcome.of("train", "--data", data, "--model", "knn", "--out", run).status())
        .isZero();
    Path csv = folder.resolve("all.csv");
    List<Object> everybody =
        List.of(
            "recommend",
            "--debug",
            "--model",
            run,
            "--jdbc",
            server.url(),
            "--jdbc-user",
            server.user(),
            "--jdbc-password-file",
            folder.resolve("password"),
            "--histories-sql",
            "SELECT who, what FROM events ORDER BY place",
            "-k",
            "5");
    List<Object> toFile = new ArrayList<>(everybody);
    toFile.addAll(List.of("--out", csv));
    assertThat(Outcome.of(toFile.toArray()).status()).isZero();
    try (Connection connection =
            DriverManager.getConnection(server.url(), server.user(), PASSWORD);
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE best (who uuid, what bigint, score double precision, rank smallint, made"
              + " timestamptz DEFAULT now())");
      List<Object> toTable = new ArrayList<>(everybody);
      toTable.addAll(List.of("--out-jdbc", server.url(), "--out-table", "best"));
      for (int time = 0; time < 2; time++) {
        Outcome outcome = Outcome.of(toTable.toArray());
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out()).doesNotContain(PASSWORD, "heim");
        assertThat(lines(statement)).containsExactlyElementsOf(Files.readAllLines(csv));
      }
      // What is under way nobody else sees, and a program that ends too early leaves no trace.
      Properties properties = new Properties();
      properties.setProperty("user", server.user());
      properties.setProperty("password", PASSWORD);
      try (SqlTable table =
          SqlTable.connect(server.url(), properties, "best", BatchRecommender.COLUMNS)) {
        for (int row = 1; row <= 25_000; row++) {
          table.add(UUID.randomUUID().toString(), Integer.toString(row), 0.5f, 1);
        }
        assertThat(lines(statement)).hasSize(Files.readAllLines(csv).size());
        assertThatThrownBy(() -> table.add("ann", "1", 0.5f, 1))
            .hasMessage(
                "the table best: expected users of the type uuid, which column 1 (who) has, found"
                    + " 'ann'");
      }
      assertThat(lines(statement)).containsExactlyElementsOf(Files.readAllLines(csv));
    }
  }

  private static List<String> lines(Statement statement) throws SQLException {
    List<String> lines = new ArrayList<>(List.of("user,item,score,rank"));
    try (ResultSet rows = statement.executeQuery("SELECT * FROM best ORDER BY ctid")) {
      while (rows.next()) {
        lines.add(
            rows.getString(1)
                + ","
                + rows.getString(2)
                + ","
                + rows.getFloat(3)
                + ","
                + rows.getString(4));
      }
    }
    return lines;
  }

  @Test
  void rowsAreTakenAsTheyComeAndNotHeld() {
    Outcome outcome =
        prepare("SELECT nullif(generate_series(1, 1000000000), 70000), 1", "none", "password");
    assertThat(outcome.err())
        .contains("the query, row 70000: expected a user, found NULL in column 1 (nullif)");
  }

  @Test
  void nothingIsChangedInTheDatabase() {
    assertThat(
            prepare("DELETE FROM events RETURNING who, what", "none", "password", "--seed", "1")
                .err())
        .contains("the query: ERROR: cannot execute DELETE in a read-only transaction");
  }
}
