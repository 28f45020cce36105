package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
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
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code vaecf prepare} of which the form of the input is not said. */
class PrepareAutoTest {
  @TempDir Path folder;

  private Outcome prepare(String out, Object... arguments) {
    List<Object> all = new ArrayList<>(List.of("prepare", "--out", folder.resolve(out)));
    all.addAll(List.of(arguments));
    return Outcome.of(all.toArray());
  }

  /** All files but the cache, by name. */
  private Map<String, String> files(String prepared) throws IOException {
    Map<String, String> files = new TreeMap<>();
    Path root = folder.resolve(prepared);
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path file : (Iterable<Path>) paths.filter(Files::isRegularFile)::iterator) {
        files.put(root.relativize(file).toString(), Files.readString(file));
      }
    }
    assertThat(files).containsKeys("train.csv", "test_te.csv", "unique_sid.txt");
    return files;
  }

  /** Thirty users with ten items each, an event a line. */
  private Path log(String name, String header, String line) throws IOException {
    StringBuilder log = new StringBuilder(header);
    for (int user = 0; user < 30; user++) {
      for (int item = 0; item < 10; item++) {
        log.append(
            String.format(
                Locale.ROOT,
                line,
                user,
                (user + 3 * item) % 20,
                5 - (user + item) % 3,
                1_466_000_000 + 7919 * (item * 7 % 10)));
      }
    }
    return Files.writeString(folder.resolve(name), log);
  }

  private Path sample(String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = Sample.class.getResourceAsStream("debian-dependencies/" + name)) {
      Files.copy(in, file);
    }
    return file;
  }

  @Test
  void theBundledSampleIsRecognised() throws IOException {
    Path input = sample("dependencies.tsv.gz");
    Outcome outcome = prepare("data", "--input", input, "--heldout-users", 100);
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out().lines())
        .contains(
            input
                + ": tsv; users in column 1 (source), items in column 2 (dependency), no values, no"
                + " times; the first line names them (--no-header if it is an event); --format,"
                + " --separator, --user-column, --item-column, --value-column and --time-column say"
                + " otherwise");
    assertThat(folder.resolve("data/stages.tsv"))
        .content()
        .contains("read\t29877\t26083\t192268\n");
    prepare("said", "--format", "tsv", "--input", input, "--heldout-users", 100);
    assertThat(files("data")).isEqualTo(files("said"));
  }

  @Test
  void theSamplesTitlesAreNoLog() throws IOException {
    Outcome outcome = prepare("data", "--input", sample("packages.tsv.gz"));
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err())
        .contains("found the names package, section, description", "--user-column", "--titles")
        .hasLineCount(1);
    assertThat(folder.resolve("data")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '/',
      value = {
        "u%d;i%d;%d;%d\\n / --format csv --separator ; --time-column 4",
        "u%d\\ti%d\\t%d\\t%d\\n / --format tsv --time-column 4",
        "u%d::i%d::%d::%d\\n / --format csv --separator :: --time-column 4",
        "u%d i%d %d %d\\n / --format csv --separator BLANK --time-column 4",
      })
  void whatIsFoundIsWhatTheExactReaderReads(String line, String options) throws IOException {
    Path log = log("log", "", line.strip().replace("\\n", "\n").replace("\\t", "\t"));
    List<Object> said = new ArrayList<>(List.of("--input", log, "--split", "last"));
    assertThat(prepare("found", said.toArray()).err()).isEmpty();
    for (String option : options.strip().split(" ", -1)) {
      said.add(option.equals("BLANK") ? " " : option);
    }
    assertThat(prepare("said", said.toArray()).err()).isEmpty();
    assertThat(files("found")).isEqualTo(files("said"));
  }

  @Test
  void aKnownDataSetIsSaidInOneLine() throws IOException {
    Path log = log("ratings.csv", "userId,movieId,rating,timestamp\n", "%d,%d,%d.0,%d\n");
    Outcome outcome = prepare("data", "--input", log, "--split", "last");
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out()).startsWith(log + ": movielens; --format says otherwise\n");
    Files.writeString(folder.resolve("names.csv"), "movieId,title\n7,Seven\n");
    assertThat(prepare("titled", "--input", log, "--titles", folder.resolve("names.csv")).out())
        .as("options of columns are for delimited text")
        .startsWith(log + ": csv; users in column 1 (userId)");
    assertThat(files("titled")).containsKey("titles.tsv");
  }

  @Test
  void countsAreNotFilteredAsRatingsWithoutAWord() throws IOException {
    Path log = log("plays.tsv", "", "%d\t%d\t%d00\n");
    Outcome outcome = prepare("data", "--input", log);
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err())
        .contains("the values, from 300 to 500, are no ratings", "--value-column none");
    assertThat(prepare("data", "--input", log, "--value-column", "none").err()).isEmpty();
    assertThat(folder.resolve("data/stages.tsv")).content().contains("read\t30\t20\t300\n");
  }

  @Test
  void aDoubtIsSettledByTheOptionsThatItNames() throws IOException {
    Path log = log("log.csv", "", "%4$d,u%1$d,i%2$d,%3$d\n");
    assertThat(prepare("data", "--input", log).err())
        .contains(
            "line 1: expected a user, an item and at most a value and a time in each line, found 4")
        .contains("--user-column and --item-column");
    Object[] said = {"--input", log, "--user-column", 2, "--item-column", 3, "--split", "last"};
    Outcome outcome = prepare("data", said);
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out())
        .contains("users in column 2, items in column 3, values in column 4, times in column 1");
  }

  @Test
  void noTimesAreTakenIfItIsSaid() throws IOException {
    Path log = log("log.csv", "", "u%d,i%d,%d,%d\n");
    assertThat(prepare("data", "--input", log, "--time-column", "none").out())
        .contains("values in column 3, no times; ");
  }

  @Test
  void severalFilesAreOneLogIfTheyHaveOneForm() throws IOException {
    Path one = log("one", "", "u%d i%d %d\n");
    Path other = log("other", "", "v%d i%d %d\n");
    Path third = log("third", "", "w%d,i%d,%d\n");
    assertThat(prepare("data", "--input", one, other).err()).isEmpty();
    assertThat(folder.resolve("data/stages.tsv")).content().contains("read\t60\t20\t600\n");
    assertThat(prepare("given", "--input", one, one, "--split", "given").err())
        .contains("no pair is left to test on");
    Outcome outcome = prepare("mixed", "--input", one, third);
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err())
        .contains("expected files of one form, found that " + one + " and " + third + " differ");
  }

  @Test
  void standardInputIsAskedAbout() {
    assertThat(prepare("data", "--input", "-").err())
        .isEqualTo(
            "vaecf prepare: standard input: what is read once cannot be looked at before; say its"
                + " form, as in --format csv\n");
  }

  @Test
  void aWrongSeparatorIsWrongUsage() throws IOException {
    Outcome outcome = prepare("data", "--input", log("log", "", "%d,%d\n"), "--separator", "");
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("vaecf prepare: --separator: the separator must be");
  }

  private void duckDb(String... statements) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      for (String one : statements) {
        statement.execute(one.replace("$DIR", folder.toString()));
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "log.parquet | (FORMAT parquet) | Parquet",
        "it''''s [a] *?.bin | (FORMAT parquet) | Parquet",
        "log.jsonl | (FORMAT json) | JSON",
        "log.json | (FORMAT json, ARRAY true) | JSON",
        "log | (FORMAT json, COMPRESSION gzip) | JSON",
        "log.ndjson.zst | (FORMAT json, COMPRESSION zstd) | JSON",
        "parts | (FORMAT parquet, FILE_SIZE_BYTES 2000, ROW_GROUP_SIZE 2048) | Parquet",
      })
  void parquetAndJsonAreReadLikeTheSameCsv(String name, String options, String kind)
      throws IOException, SQLException {
    Path csv =
        log(
            "log.csv",
            "item_id,user_id,title,rating,timestamp\n",
            "%2$d,u%1$d,\"a b\",%3$d,%4$d\n");
    assertThat(prepare("said", "--input", csv, "--split", "last").err()).isEmpty();
    duckDb(
        "COPY (FROM read_csv('$DIR/log.csv', parallel = false)) TO '$DIR/" + name + "' " + options);
    Path file = folder.resolve(name.replace("''", "'"));
    Outcome outcome = prepare("found", "--input", file, "--split", "last");
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out().lines().findFirst().orElseThrow())
        .isEqualTo(
            file
                + ": "
                + kind
                + ": users in column 2 (user_id), items in column 1 (item_id), values in column 4"
                + " (rating), times in column 5 (timestamp); --sql says otherwise");
    assertThat(files("found")).isEqualTo(files("said"));

    // A split that does not ask for times does not read them.
    assertThat(prepare("strong-said", "--input", csv).err()).isEmpty();
    Outcome strong = prepare("strong-found", "--input", file);
    assertThat(strong.out().lines().findFirst().orElseThrow())
        .contains(", times in column 5 (timestamp), not read; --sql says otherwise");
    assertThat(files("strong-found")).isEqualTo(files("strong-said"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SELECT 1 AS a, 2 AS b | expected one column named as users are, found none among a, b; a",
        "SELECT 1 AS user_id, 2 AS artist_id, 3 AS track_id | as items are, found 2 among user_id,",
        "SELECT 1 AS user_id, 2 AS item_id, 3 AS note | found column 3 (note); a query says which",
        "SELECT 1 AS user_id, 2 AS item_id, 3 AS rating, 4 AS plays | (rating) and column 4 (plays)",
        "SELECT 1.5::DOUBLE AS user_id, 2 AS item_id | found the type DOUBLE",
      })
  void aTableWhoseColumnsAreInDoubtIsAskedAbout(String query, String problem) throws SQLException {
    duckDb("COPY (" + query + ") TO '$DIR/log.parquet' (FORMAT parquet)");
    Outcome outcome = prepare("data", "--input", folder.resolve("log.parquet"));
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err()).contains("read_parquet(", problem);
    assertThat(outcome.err().strip().lines()).hasSize(1);
    assertThat(folder.resolve("data")).doesNotExist();
  }

  @Test
  void aTableTakesNoOptionsOfTextAndStandsBesideNoOtherFiles() throws IOException, SQLException {
    Path parts = Files.createDirectory(folder.resolve("parts"));
    duckDb("COPY (SELECT 1 AS user_id, 2 AS item_id) TO '$DIR/parts/a.parquet' (FORMAT parquet)");
    Outcome outcome = prepare("data", "--input", parts, "--user-column", "user_id");
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).contains("--user-column is for delimited text", "(--sql)");
    Files.writeString(parts.resolve("b.csv"), "1,2\n");
    assertThat(prepare("data", "--input", parts).err())
        .contains("expected files of one kind, found Parquet and others; name those");
  }
}
