package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.github.vaecf.core.model.ItemKnn;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Recommendations for everybody by the command line. */
class BatchCommandTest {
  @TempDir static Path made;

  private static Path data;
  private static Path run;
  private static Split split;

  @TempDir Path folder;

  @BeforeAll
  static void makeAModel() {
    split = BatchFixture.make(made, 1_500, Settings.published(new ItemKnn()));
    data = made.resolve("data");
    run = made.resolve("run");
  }

  /** A line of a result. */
  record Row(String user, String item, float score, int rank) {}

  @Test
  void theThreeFormsHoldTheSameAndTheSameBytesEachTime() throws Exception {
    Path csv = folder.resolve("all.csv");
    Path lines = folder.resolve("all.jsonl");
    Path parquet = folder.resolve("all's.parquet");
    for (Path file : List.of(csv, lines, parquet)) {
      Path json = folder.resolve("counts.json");
      Outcome outcome = all("-k=7", "--out", file, "--json", json);
      assertThat(outcome.err()).isEmpty();
      assertThat(outcome.out())
          .startsWith(
              String.format(
                  Locale.ROOT,
                  "%,d users, %,d recommendations, ",
                  split.users().size(),
                  7 * split.users().size()));
      assertThat(new ObjectMapper().readTree(json.toFile()).get("users").asInt())
          .isEqualTo(split.users().size());
      byte[] bytes = Files.readAllBytes(file);
      assertThat(all("-k=7", "--out", file).status()).isZero();
      assertThat(file).hasBinaryContent(bytes);
    }
    List<Row> rows = readCsv(csv);
    assertThat(rows).hasSize(7 * split.users().size());
    assertThat(readParquet(parquet)).isEqualTo(rows);
    assertThat(readJsonLines(lines)).isEqualTo(rows);
    assertThat(rows.stream().map(Row::user).distinct())
        .containsExactlyElementsOf(split.users().ids());
  }

  @Test
  void aUsersRowsAreWhatTheUserGetsAlone() throws IOException {
    Path csv = folder.resolve("all.csv");
    assertThat(all("-k=9", "--out", csv).status()).isZero();
    Map<String, List<Row>> lists = byUser(readCsv(csv));
    // The first user of training, of validation and of test: the latter with what is held out.
    for (int user : new int[] {0, split.validation().firstUser(), split.test().firstUser()}) {
      List<String> history = history(user);
      Path json = folder.resolve("one.json");
      Outcome ofItems =
          Outcome.of(
              "recommend",
              "--model",
              run,
              "--items",
              String.join(",", history),
              "-k=9",
              "--json",
              json);
      assertThat(ofItems.status()).isZero();
      JsonNode alone = new ObjectMapper().readTree(json.toFile()).get("recommendations");
      List<Row> rows = lists.get(split.users().id(user));
      assertThat(alone).hasSameSizeAs(rows).isNotEmpty();
      for (int rank = 0; rank < rows.size(); rank++) {
        assertThat(rows.get(rank).score())
            .isCloseTo((float) alone.get(rank).get("score").asDouble(), within(1e-5f));
        assertThat(rows.get(rank).item()).isEqualTo(alone.get(rank).get("item").asText());
        assertThat(history).doesNotContain(rows.get(rank).item());
      }
      Outcome ofUser =
          Outcome.of(
              "recommend",
              "--model",
              run,
              "--data",
              data,
              "--user",
              split.users().id(user),
              "-k=9");
      assertThat(ofUser.out()).isEqualTo(ofItems.out());
    }
  }

  private static List<String> history(int user) {
    List<String> history = new ArrayList<>();
    Stream.of(
            Map.entry(0, split.train()),
            Map.entry(split.validation().firstUser(), split.validation().foldIn()),
            Map.entry(split.validation().firstUser(), split.validation().heldOut()),
            Map.entry(split.test().firstUser(), split.test().foldIn()),
            Map.entry(split.test().firstUser(), split.test().heldOut()))
        .filter(part -> user >= part.getKey() && user < part.getKey() + part.getValue().rows())
        .forEach(
            part ->
                part.getValue()
                    .row(user - part.getKey())
                    .forEach(item -> history.add(split.items().id(item))));
    return history;
  }

  @Test
  void exclusionsAndAllowancesAreRespectedAndUnknownIdsSaid() throws IOException {
    List<String> items = split.items().ids();
    Path exclude = Files.write(folder.resolve("sold out.txt"), items.subList(0, 25));
    List<String> allowed = new ArrayList<>(items.subList(20, 40));
    allowed.add("never-heard-of");
    Path allow = Files.write(folder.resolve("allow.txt"), allowed);
    Path csv = folder.resolve("some.csv");
    Outcome outcome = all("--exclude", exclude, "--allow", allow, "--out", csv);
    assertThat(outcome.err())
        .isEqualTo(
            "vaecf recommend: "
                + allow
                + ": the model does not know 1 of 21 items, such as 'never-heard-of'; ignored\n");
    List<Row> rows = readCsv(csv);
    assertThat(rows.stream().map(Row::item).distinct())
        .containsExactlyInAnyOrderElementsOf(items.subList(25, 40));

    Files.write(allow, List.of("no", "nor this"));
    assertThat(all("--allow", allow, "--out", csv).err())
        .contains(allow + ": expected an item of the model, found none; it has ");
    Files.write(allow, new byte[] {'a', (byte) 0xff, '\n'});
    assertThat(all("--allow", allow, "--out", csv).err())
        .contains(allow + ": expected an id a line in UTF-8");
    assertThat(readCsv(csv)).isEqualTo(rows);
  }

  @Test
  void whoWantsItGetsItemsOfTheHistoryToo() throws IOException {
    Path csv = folder.resolve("all.csv");
    assertThat(all("--with-history", "-k=100", "--out", csv).status()).isZero();
    List<String> items = split.items().ids();
    byUser(readCsv(csv))
        .values()
        .forEach(
            list ->
                assertThat(list.stream().map(Row::item))
                    .containsExactlyInAnyOrderElementsOf(items));
    assertThat(all("-k=100", "--out", csv).status()).isZero();
    assertThat(byUser(readCsv(csv)).values()).anyMatch(list -> list.size() < items.size());
  }

  @Test
  void exportsRecommendTheHistoryTooAsFarAsTheirFormCan() throws IOException {
    Path version = folder.resolve("model/1");
    Path onnx = folder.resolve("model.onnx");
    assertThat(Outcome.of("export", "--run", run, "--out", version).status()).isZero();
    assertThat(Outcome.of("export", "--run", run, "--out", onnx, "--format=onnx").status())
        .isZero();
    String liked = String.join(",", split.items().ids().subList(0, 3));
    Outcome ofRun = one(run, liked, "--with-history", "-k=100");
    assertThat(ofRun.out().lines()).hasSize(1 + split.items().size());
    assertThat(one(version, liked, "--with-history", "-k=100").out()).isEqualTo(ofRun.out());
    assertThat(one(onnx, liked, "--with-history").err())
        .isEqualTo(
            "vaecf recommend: "
                + onnx
                + ": an ONNX file leaves the items of a history out by itself; for --with-history"
                + " name the run folder or a SavedModel\n");
  }

  @Test
  void aPageBeginsWhereTheOneBeforeEnds() {
    String liked = split.items().id(3);
    List<String> pages = new ArrayList<>();
    for (int offset = 0; offset < 10; offset += 5) {
      pages.addAll(rows(one(run, liked, "-k=5", "--offset", offset)));
    }
    assertThat(pages).isEqualTo(rows(one(run, liked, "-k=10"))).hasSize(10);
    assertThat(one(run, liked, "--offset=100000").out().lines()).hasSize(1);
    assertThat(one(run, liked, "--offset=-1").err())
        .startsWith("vaecf recommend: --offset: expected at least 0, found -1");
  }

  @Test
  void whatCarriesAnItemIsShownBelowItWithItsNumber() throws IOException {
    String first = split.items().id(3);
    String second = split.items().id(5);
    Path json = folder.resolve("because.json");
    Outcome outcome = one(run, first + "," + second, "-k=2", "--because=1", "--json", json);
    assertThat(outcome.out().lines()).hasSize(5);
    JsonNode list = new ObjectMapper().readTree(json.toFile()).get("recommendations");
    for (JsonNode entry : list) {
      assertThat(entry.get("because")).hasSize(1);
      String carries = entry.at("/because/0/item").asText();
      assertThat(carries).isIn(first, second);
      assertThat(outcome.out()).contains("  because of " + carries);
      // Item-kNN adds up what each item of the history gives.
      Path alone = folder.resolve("alone.json");
      one(run, carries, "-k=100", "--json", alone);
      for (JsonNode other : new ObjectMapper().readTree(alone.toFile()).get("recommendations")) {
        if (other.get("item").equals(entry.get("item"))) {
          assertThat(entry.at("/because/0/contribution").floatValue())
              .isCloseTo(other.get("score").floatValue(), within(1e-5f));
        }
      }
    }
    assertThat(one(run, first, "-k=2").out()).doesNotContain("because");
    assertThat(one(run, first, "--because=-1").err())
        .startsWith("vaecf recommend: --because: expected at least 0, found -1");
  }

  @Test
  void severalUsersGetOneListWithoutWhatAnybodyHas() throws IOException {
    List<String> both = new ArrayList<>(history(0));
    both.addAll(history(1));
    List<List<JsonNode>> lists = new ArrayList<>();
    for (String strategy : List.of("average", "least-misery")) {
      Path json = folder.resolve(strategy + ".json");
      Outcome outcome =
          Outcome.of(
              "recommend",
              "--model",
              run,
              "--data",
              data,
              "--user",
              split.users().id(0),
              "--user",
              split.users().id(1),
              "--group",
              strategy,
              "-k=100",
              "--json",
              json);
      assertThat(outcome.err()).isEmpty();
      JsonNode answer = new ObjectMapper().readTree(json.toFile());
      assertThat(answer.get("group").asText()).isEqualTo(strategy);
      assertThat(answer.get("users")).hasSize(2);
      List<JsonNode> list = new ArrayList<>();
      answer.get("recommendations").forEach(list::add);
      assertThat(list.stream().map(one -> one.get("item").asText()))
          .containsExactlyInAnyOrderElementsOf(
              split.items().ids().stream().filter(id -> !both.contains(id)).toList());
      lists.add(list);
    }
    assertThat(lists.get(0)).isNotEqualTo(lists.get(1));
  }

  @Test
  void aMoreDiverseListTakesAModelThatComparesItems() {
    Outcome outcome = one(run, split.items().id(3), "--mmr=0.5");
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err())
        .startsWith("vaecf recommend: " + run + ": has no vectors of its items to compare; for");
    assertThat(one(run, split.items().id(3), "--mmr=1.5").err())
        .startsWith("vaecf recommend: --mmr: expected 0 to 1, found 1.5");
  }

  /** The lines of a table, whatever the width of its columns. */
  private static List<String> rows(Outcome outcome) {
    return outcome.out().lines().skip(1).map(line -> line.replaceAll(" +", " ")).toList();
  }

  private static Outcome one(Path model, String liked, Object... options) {
    List<Object> arguments =
        new ArrayList<>(List.of("recommend", "--model", model, "--items", liked));
    arguments.addAll(List.of(options));
    return Outcome.of(arguments.toArray());
  }

  @Test
  void historiesMayComeInAnyOrderAndWithUnknownItems() throws IOException {
    List<String> items = split.items().ids();
    Path file = folder.resolve("likes.csv");
    Files.writeString(
        file,
        String.join(
            "\n",
            "user,item",
            "b," + items.get(3),
            "\"a, a\"," + items.get(5),
            "b,gone",
            "nobody,gone",
            "b," + items.get(9),
            ""));
    Path csv = folder.resolve("some.csv");
    Outcome outcome =
        Outcome.of("recommend", "--model", run, "--histories", file, "-k=3", "--out", csv);
    assertThat(outcome.status()).isZero();
    assertThat(outcome.err())
        .isEqualTo(
            "vaecf recommend: the model does not know 1 of the users' items, such as 'gone': 2 of 5"
                + " pairs left out\n");
    Map<String, List<Row>> lists = byUser(readCsv(csv));
    assertThat(lists.keySet()).containsExactly("b", "a, a", "nobody");
    Outcome alone =
        Outcome.of(
            "recommend", "--model", run, "--items", items.get(9) + "," + items.get(3), "-k=3");
    lists.get("b").forEach(row -> assertThat(alone.out()).contains(row.item()));

    Files.writeString(file, "user,item\nb,gone\n");
    assertThat(Outcome.of("recommend", "--model", run, "--histories", file, "--out", csv).err())
        .contains("knows none of the items; it has " + split.items().size() + " others");
    assertThat(byUser(readCsv(csv))).isEqualTo(lists);
  }

  @Test
  void aTableHoldsWhatTheFileHoldsInPlaceOfWhatItHeld() throws Exception {
    Path csv = folder.resolve("all.csv");
    assertThat(all("-k=7", "--out", csv).status()).isZero();
    Path database = folder.resolve("shop.db");
    sql(
        database,
        "CREATE TABLE \"best of\" (\"user\" VARCHAR, item VARCHAR, how DOUBLE, place INT)");
    sql(database, "INSERT INTO \"best of\" VALUES ('gone', 'gone', 1, 1)");
    for (int time = 0; time < 2; time++) {
      Outcome outcome =
          all("-k=7", "--out-jdbc", "jdbc:duckdb:" + database, "--out-table", "\"best of\"");
      assertThat(outcome.err()).isEmpty();
      assertThat(outcome.out())
          .contains(String.format(Locale.ROOT, "%,d recommendations", 7 * split.users().size()))
          .endsWith(": table \"best of\"\n");
      assertThat(readTable(database, "\"best of\"")).isEqualTo(readCsv(csv));
    }
  }

  @Test
  void aTableThatRefusesARowKeepsThoseOfBefore() throws Exception {
    Path database = folder.resolve("shop.db");
    sql(database, "CREATE TABLE best (u VARCHAR, i VARCHAR, s REAL, r INT CHECK (r < 7))");
    sql(database, "INSERT INTO best VALUES ('a', 'b', 0.5, 1)");
    Outcome outcome = all("-k=7", "--out-jdbc", "jdbc:duckdb:" + database, "--out-table", "best");
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err()).contains("vaecf recommend: the table best, among the rows to ");
    assertThat(readTable(database, "best")).containsExactly(new Row("a", "b", 0.5f, 1));

    sql(database, "CREATE TABLE narrow (u BIGINT, i VARCHAR, s REAL)");
    assertThat(all("--out-jdbc", "jdbc:duckdb:" + database, "--out-table", "narrow").err())
        .contains(
            "the table narrow: expected columns for user, item, score, rank, in this order, found 3");
    assertThat(all("--out-jdbc", "jdbc:duckdb:" + database, "--out-table", "none").err())
        .contains("the table none: ")
        .contains("none does not exist");
    sql(database, "CREATE TABLE counted (u BIGINT, i VARCHAR, s REAL, r INT)");
    assertThat(
            Outcome.of(
                    "recommend",
                    "--model",
                    run,
                    "--histories-sql",
                    "SELECT 'ann' AS user, '" + split.items().id(0) + "' AS item",
                    "--out-jdbc",
                    "jdbc:duckdb:" + database,
                    "--out-table",
                    "counted")
                .err())
        .contains(
            "the table counted: expected users of the type BIGINT, which column 1 (u) has, found 'ann'");
  }

  @Test
  void historiesOfAQueryAreThoseOfTheFile() throws IOException {
    Path likes = folder.resolve("likes.csv");
    List<String> lines = new ArrayList<>(List.of("user,item"));
    for (int user = 0; user < 30; user++) {
      for (int item = 0; item < 6; item++) {
        lines.add(
            "u" + user + "," + split.items().id((7 * user + 5 * item) % split.items().size()));
      }
    }
    Files.write(likes, lines);
    Path ofFile = folder.resolve("file.csv");
    Path ofQuery = folder.resolve("query.csv");
    assertThat(
            Outcome.of("recommend", "--model", run, "--histories", likes, "--out", ofFile).status())
        .isZero();
    Outcome outcome =
        Outcome.of(
            "recommend",
            "--model",
            run,
            "--histories-sql",
            "SELECT item, user FROM '" + likes + "'",
            "--out",
            ofQuery);
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out())
        .startsWith("the query: users in column 2 (user), items in column 1 (item)");
    assertThat(ofQuery).hasSameBinaryContentAs(ofFile);
  }

  @Test
  void aUserWhoIsNotThereIsNamed() {
    assertThat(Outcome.of("recommend", "--model", run, "--data", data, "--user", "nobody").err())
        .contains(data + ": has no user 'nobody'; it has " + split.users().size() + ", such as '");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--all --out=x.csv",
        "--all --data=d",
        "--all --data=d --out=x.txt",
        "--all --data=d --out=x --out-format=xml",
        "--all --data=d --out=- --out-format=parquet",
        "--all --data=d --user=7 --out=x.csv",
        "--all --data=d --items=7 --out=x.csv",
        "--all --histories=h --data=d --out=x.csv",
        "--histories=h --data=d --out=x.csv",
        "--user=7",
        "--items=7 --data=d",
        "--items=7 --out=x.csv",
        "--all --data=d --offset=3 --out=x.csv",
        "--items=7 --group=average",
        "--data=d --user=7 --user=8 --group=sum",
        "--data=d --user=7 --user=8 --because=1",
        "--items=7 --out-format=csv",
        "--items=7 --out-jdbc=jdbc:duckdb:x",
        "--all --data=d --out=x.csv --out-jdbc=jdbc:duckdb:x",
        "--all --data=d --out=x.csv --out-table=t",
        "--all --data=d --out-jdbc=jdbc:duckdb:x --out-format=csv",
        "--all --data=d --out-jdbc=jdbc:nothing:x",
        "--all --data=d --out-jdbc=duckdb:x",
        "--all --data=d --out-jdbc=jdbc:postgresql://h/d?password=x",
        "--all --data=d --out=x.csv --jdbc=jdbc:duckdb:x",
        "--all --data=d --out=x.csv --jdbc-user=x",
        "--all --data=d --histories-sql=q --out=x.csv"
      })
  void wrongUsageIsExplained(String options) {
    Outcome outcome = Outcome.of((Object[]) ("recommend --model=m " + options).split(" "));
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("vaecf recommend: --").contains("--help'.");
  }

  @Test
  void aKilledBatchLeavesNoHalfFile() throws Exception {
    int kills = Integer.getInteger("vaecf.kills", 1);
    List<String> names = List.of("all.parquet", "all.csv");
    Map<String, byte[]> whole = new LinkedHashMap<>();
    for (String name : names) {
      assertThat(all("-k=20", "--out", folder.resolve(name)).status()).isZero();
      whole.put(name, Files.readAllBytes(folder.resolve(name)));
    }
    Path out = Files.createDirectory(folder.resolve("out"));
    Random random = new Random(4);
    for (int kill = 0; kill < kills; kill++) {
      List<String> command =
          new ArrayList<>(
              List.of(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  BatchForever.class.getName(),
                  made.toString(),
                  out.toString()));
      command.addAll(names);
      Process writer =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      try (BufferedReader said = writer.inputReader()) {
        assertThat(said.readLine()).isEqualTo(names.get(0));
        assertThat(said.readLine()).isEqualTo(names.get(1));
        Thread.sleep(random.nextInt(500));
      } finally {
        writer.destroyForcibly();
      }
      assertThat(writer.waitFor(10, TimeUnit.SECONDS)).isTrue();
      for (String name : names) {
        assertThat(out.resolve(name)).hasBinaryContent(whole.get(name));
      }
    }
    // The next one clears away what the killed ones left.
    for (String name : names) {
      assertThat(all("-k=20", "--out", out.resolve(name)).status()).isZero();
    }
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(names);
    }
  }

  @Test
  void aParquetFileThatFailsLeavesWhatWasThere() throws IOException {
    Path file = Files.writeString(folder.resolve("a.parquet"), "as it was");
    List<ParquetWriter.Column> columns =
        List.of(new ParquetWriter.Column("number", ParquetWriter.Type.INT32));
    assertThatThrownBy(
            () ->
                WholeFile.remake(
                    file,
                    partial -> {
                      try (ParquetWriter parquet =
                          new ParquetWriter(partial, columns, ParquetWriter.names(columns))) {
                        for (int row = 0; row < 100_000; row++) {
                          parquet.set(0, row);
                          parquet.endRow();
                        }
                        throw new ArithmeticException("no number");
                      }
                    }))
        .hasMessage("no number");
    assertThat(file).hasContent("as it was");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).hasSize(1);
    }
  }

  private static Outcome all(Object... options) {
    List<Object> arguments =
        new ArrayList<>(List.of("recommend", "--model", run, "--data", data, "--all"));
    arguments.addAll(List.of(options));
    return Outcome.of(arguments.toArray());
  }

  private static Map<String, List<Row>> byUser(List<Row> rows) {
    Map<String, List<Row>> lists = new LinkedHashMap<>();
    rows.forEach(row -> lists.computeIfAbsent(row.user(), user -> new ArrayList<>()).add(row));
    return lists;
  }

  private static List<Row> readCsv(Path file) throws IOException {
    try (CsvReader<CsvRecord> csv = CsvReader.builder().ofCsvRecord(file)) {
      return csv.stream()
          .skip(1)
          .map(
              line ->
                  new Row(
                      line.getField(0),
                      line.getField(1),
                      Float.parseFloat(line.getField(2)),
                      Integer.parseInt(line.getField(3))))
          .toList();
    }
  }

  private static List<Row> readJsonLines(Path file) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      JsonNode user = new ObjectMapper().readTree(line);
      IntStream.range(0, user.get("items").size())
          .mapToObj(
              place ->
                  new Row(
                      user.get("user").asText(),
                      user.get("items").get(place).asText(),
                      Float.parseFloat(user.get("scores").get(place).asText()),
                      place + 1))
          .forEach(rows::add);
    }
    return rows;
  }

  private static void sql(Path database, String statement) throws SQLException {
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:" + database);
        Statement one = duckdb.createStatement()) {
      one.execute(statement);
    }
  }

  private static List<Row> readParquet(Path file) throws SQLException {
    return read(
        "",
        "SELECT \"user\", item, score, rank FROM read_parquet('"
            + file.toString().replace("'", "''")
            + "')");
  }

  private static List<Row> readTable(Path database, String table) throws SQLException {
    return read(database.toString(), "SELECT * FROM " + table + " ORDER BY rowid");
  }

  private static List<Row> read(String database, String query) throws SQLException {
    List<Row> rows = new ArrayList<>();
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:" + database);
        Statement statement = duckdb.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      while (result.next()) {
        rows.add(
            new Row(
                result.getString(1), result.getString(2), result.getFloat(3), result.getInt(4)));
      }
    }
    return rows;
  }
}
