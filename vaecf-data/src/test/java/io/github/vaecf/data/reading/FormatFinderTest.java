package io.github.vaecf.data.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.synthetic.Shape;
import io.github.vaecf.data.synthetic.SyntheticLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FormatFinderTest {
  private static final String HEADER = "; the first line names them";
  private static final String NO_HEADER = "; the first line is an event";

  @TempDir Path folder;

  /** Forty events of ten users, each of four of thirteen items. */
  private static String lines(String first, IntFunction<String> line) {
    StringBuilder lines = new StringBuilder(first);
    for (int event = 0; event < 40; event++) {
      lines.append(line.apply(event)).append('\n');
    }
    return lines.toString();
  }

  private static int user(int event) {
    return 101 + event / 4;
  }

  private static int item(int event) {
    return 7 * event % 13 + 50;
  }

  private static String of(String first, String pattern) {
    return lines(first, event -> filled(pattern, event));
  }

  /** U, I, R, C, S, M, D stand for user, item, rating, count, seconds, milliseconds, date. */
  private static String filled(String pattern, int event) {
    long seconds = 1_466_000_000L + 86_407L * (event * 11 % 40);
    return pattern
        .replace("<U>", Integer.toString(user(event)))
        .replace("<I>", Integer.toString(item(event)))
        .replace("<R>", Integer.toString(1 + event * 3 % 5))
        .replace("<C>", Integer.toString(1 + event * event * 37 % 911))
        .replace("<S>", Long.toString(seconds))
        .replace("<M>", seconds + "123")
        .replace("<D>", String.format(Locale.ROOT, "2013-05-%02d", 1 + event % 28))
        .replace("<T>", String.format(Locale.ROOT, "%02d:31:05", event % 24))
        .replace("<N>", Integer.toString(event));
  }

  /** What a log holds, and what must be found. */
  static Stream<Arguments> told() {
    String pair = "; users in column 1, items in column 2, no values, no times";
    String rated = "; users in column 1, items in column 2, values in column 3, no times";
    return Stream.of(
        Arguments.of(
            "semicolons", of("", "<U>;<I>;<R>"), "csv with ';' between fields" + rated + NO_HEADER),
        Arguments.of("bars", of("", "<U>|<I>"), "csv with '|' between fields" + pair + NO_HEADER),
        Arguments.of(
            "double colons",
            of("", "<U>::<I>::<R>::<S>"),
            "csv with '::' between fields; users in column 1, items in column 2, values in column 3, times in column 4"
                + NO_HEADER),
        Arguments.of(
            "blanks", of("", "<U> <I> <R>"), "csv with ' ' between fields" + rated + NO_HEADER),
        Arguments.of(
            "blanks and two columns",
            of("", "<U> <I>"),
            "csv with ' ' between fields" + pair + NO_HEADER),
        Arguments.of(
            "a byte-order mark",
            of("\ufeffuserId,itemId,rating\n", "<U>,<I>,<R>"),
            "csv; users in column 1 (userId), items in column 2 (itemId), values in column 3 (rating), no times"
                + HEADER),
        Arguments.of("two columns", of("", "<U>,<I>"), "csv" + pair + NO_HEADER),
        Arguments.of("Windows lines", of("", "<U>\t<I>\r"), "tsv" + pair + NO_HEADER),
        Arguments.of(
            "words",
            of("reader\tbook\n", "r<U>\tb<I>"),
            "tsv; users in column 1 (reader), items in column 2 (book), no values, no times"
                + HEADER),
        Arguments.of(
            "quoted fields",
            of("", "\"u<U>\",\"one, \"\"<I>\"\" or so\",<R>"),
            "csv" + rated + NO_HEADER),
        Arguments.of(
            "quoted fields and tabs",
            of("\"user\"\t\"item\"\n", "\"<U>\"\t\"<I>\""),
            "tsv in double quotes; users in column 1 (user), items in column 2 (item), no values, no times"
                + HEADER),
        Arguments.of("counts", of("", "<U>\t<I>\t<C>"), "tsv" + rated + NO_HEADER),
        Arguments.of(
            "named counts",
            of("user,artist,plays\n", "<U>,<I>,<C>"),
            "csv; users in column 1 (user), items in column 2 (artist), values in column 3 (plays), no times"
                + HEADER),
        Arguments.of(
            "milliseconds",
            of("", "<U>,<I>,<M>"),
            "csv; users in column 1, items in column 2, no values, times in column 3" + NO_HEADER),
        Arguments.of(
            "milliseconds after ratings",
            of("", "<U>,<I>,<R>,<M>"),
            "csv; users in column 1, items in column 2, values in column 3, times in column 4"
                + NO_HEADER),
        Arguments.of(
            "times before ratings",
            of("", "<U>,<I>,<S>,<R>"),
            "csv; users in column 1, items in column 2, values in column 4, times in column 3"
                + NO_HEADER),
        Arguments.of(
            "dates with a time of day",
            of("", "<U>,<I>,<D> <T>"),
            "csv; users in column 1, items in column 2, no values, times in column 3" + NO_HEADER),
        Arguments.of(
            "items first",
            of("timestamp,movie_id,score,user_id\n", "<S>,<I>,<R>,<U>"),
            "csv; users in column 4 (user_id), items in column 2 (movie_id), values in column 3 (score), times in column 1 (timestamp)"
                + HEADER),
        Arguments.of(
            "RecBole's names",
            of(
                "user_id:token\titem_id:token\trating:float\ttimestamp:float\n",
                "<U>\t<I>\t<R>\t<S>"),
            "tsv; users in column 1 (user_id:token), items in column 2 (item_id:token), values in column 3 (rating:float), times in column 4 (timestamp:float)"
                + HEADER),
        Arguments.of(
            "a shop's events",
            of("timestamp,visitorid,event,itemid,transactionid\n", "<M>,<U>,view,<I>,"),
            "csv; users in column 2 (visitorid), items in column 4 (itemid), no values, times in column 1 (timestamp)"
                + HEADER),
        Arguments.of(
            "sessions beside users",
            of("session_id,user_id,item_id\n", "s<N>,<U>,<I>"),
            "csv; users in column 2 (user_id), items in column 3 (item_id), no values, no times"
                + HEADER),
        Arguments.of(
            "pandas' index",
            of(",userId,movieId,rating\n", "<N>,<U>,<I>,<R>"),
            "csv; users in column 2 (userId), items in column 3 (movieId), values in column 4 (rating), no times"
                + HEADER),
        Arguments.of(
            "one value only",
            of("User_ID\tGame_ID\tPurchase\n", "<U>\t<I>\t1.0"),
            "tsv; users in column 1 (User_ID), items in column 2 (Game_ID), values in column 3 (Purchase), no times"
                + HEADER),
        Arguments.of(
            "tags",
            of("userId,movieId,tag,timestamp\n", "<U>,<I>,\"dark, wet\",<S>"),
            "csv; users in column 1 (userId), items in column 2 (movieId), no values, times in column 4 (timestamp)"
                + HEADER),
        Arguments.of(
            "Amazon's ratings",
            of("", "A10BB77SEB<U>,B000A<U><I>,5.0,<S>"),
            "csv; users in column 1, items in column 2, values in column 3, times in column 4"
                + NO_HEADER),
        Arguments.of(
            "ids as long as times", of("", "765611980000<U>00,<I>,<C>"), "csv" + rated + NO_HEADER),
        Arguments.of(
            "a time of day apart",
            of("user,item,date,time\n", "<U>,<I>,<D>,<T>"),
            "csv; users in column 1 (user), items in column 2 (item), no values, no times"
                + HEADER),
        Arguments.of(
            "days of a week",
            of("user,item,day\n", "<U>,<I>,<R>"),
            "csv; users in column 1 (user), items in column 2 (item), no values, no times"
                + HEADER),
        Arguments.of("a user and its items", lists("<U> <I>", 1), "lightgcn"),
        Arguments.of("a user, a tab and its items", lists("<U>\t<I>", 1), "lightgcn"),
        Arguments.of("a number and as many items", "2 5 6\n3 5 7 8\n1 5\n0\n", "citeulike"),
        Arguments.of(
            "the Million Song Dataset's",
            lines(
                "",
                event ->
                    "b80344d063b5ccb3212f76538f3d9e43d87d"
                        + (1000 + user(event))
                        + "\tSOAKIMP12A8C1309"
                        + (10 + item(event))
                        + "\t1"),
            "msd"));
  }

  /** A line a user, with more items the later it comes. */
  private static String lists(String beginning, int least) {
    StringBuilder lines = new StringBuilder();
    for (int user = 0; user < 12; user++) {
      lines.append(filled(beginning, 4 * user));
      for (int item = 0; item < least + user / 2; item++) {
        lines.append(' ').append(300 + (5 * user + item) % 40);
      }
      lines.append('\n');
    }
    return lines.toString();
  }

  /** What a log holds that could be two things, and what must be asked for. */
  static Stream<Arguments> doubtful() {
    return Stream.of(
        Arguments.of("times first", of("", "<S>,<U>,<I>"), "--user-column"),
        Arguments.of("times second", of("", "<U>,<D>,<I>"), "--user-column"),
        Arguments.of("ratings first", of("", "<R>,<U>,<I>"), "--user-column"),
        Arguments.of("ratings second", of("", "<U>,<R>,<I>"), "--user-column"),
        Arguments.of("decimals second", of("", "<U>,<R>.5,<I>"), "--user-column"),
        Arguments.of(
            "Amazon's newer ratings",
            of("", "B000A<U><I>,A10BB77SEB<U>,5.0,<S>"),
            "--user-column 2"),
        Arguments.of("an index without a name", of("", "<N>,<U>,<I>,<R>"), "--user-column"),
        Arguments.of("numbered pairs", of("", "<N>,<U>,<I>"), "--user-column"),
        Arguments.of("a row of ratings", of("", "<R>,0,<R>,5,1"), "--user-column"),
        Arguments.of(
            "two columns of items",
            of("user_id,artist_id,track_id\n", "<U>,<I>,<N>"),
            "--item-column"),
        Arguments.of(
            "two columns of users",
            of("session_id,customer_id,item\n", "<N>,<U>,<I>"),
            "--user-column"),
        Arguments.of(
            "titles",
            lines("movieId,title,genres\n", event -> event + ",Film " + event + ",Drama|War"),
            "--titles"),
        Arguments.of(
            "names of items",
            lines("Game_ID\tGame Name\n", event -> event + "\tGame " + event),
            "--titles"),
        Arguments.of(
            "titles without a header",
            lines("", event -> event + "::Film " + event + "::Drama"),
            "--user-column"),
        Arguments.of(
            "a dictionary", lines("", event -> event + "," + "word" + event), "--user-column"),
        Arguments.of(
            "a price list",
            lines("product,amount\n", event -> "p" + event + "," + event % 7),
            "--user-column"),
        Arguments.of("people", of("user,age,sex\n", "<N>,<C>,F"), "--user-column"),
        Arguments.of(
            "unnamed numbers", of("userId;movieId;note\n", "<U>;<I>;<R>"), "--value-column"),
        Arguments.of(
            "two named values",
            of("user,item,rating,count\n", "<U>,<I>,<R>,<C>"),
            "--value-column"),
        Arguments.of("decimal commas", of("", "<U>;<I>;<R>,5"), "--user-column"),
        Arguments.of("items in one field", of("", "<U>,<I>|<R>|<N>"), "--separator"),
        Arguments.of("several blanks", of("", "<U>   <I>"), "tr -s"),
        Arguments.of(
            "lists of words",
            "ann apples pears\nbob plums\ncid pears plums figs\n",
            "--format lightgcn"),
        Arguments.of("lists or events", of("", "<N> <I>"), "--format lightgcn"),
        Arguments.of("counted lists or events", "1 10\n1 11\n1 10\n1 12\n", "--format citeulike"),
        Arguments.of("users on several lines", "1 10 11\n1 12\n2 10 12 11\n", "--format csv"),
        Arguments.of(
            "a matrix of Matrix Market",
            "%%MatrixMarket matrix coordinate real general\n3 3 2\n1 1 5.0\n2 3 4.0\n",
            "--format"),
        Arguments.of("prose", "What this is.\nNobody knows what\nit is for, or why.\n", "--format"),
        Arguments.of("one column", of("", "<U>"), "--format"),
        Arguments.of(
            "another's name for Netflix",
            "1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n",
            "combined_data_1.txt"),
        Arguments.of("single quotes", of("", "'<U>','<I>'"), "--user-column"),
        Arguments.of("JSON", of("", "{\"user\": <U>, \"item\": <I>}"), "--format csv"),
        Arguments.of("a page", "<html><body>Not found</body></html>\n", "export the log"));
  }

  private static String found(Path path) {
    LogFormat format = LogFormat.find(path);
    if (format.separator().isEmpty()) {
      return format.name();
    }
    List<String> notes = new ArrayList<>();
    format.columns().valueColumnIfAny().timeColumnIfAny().notes(notes::add).build().read(path);
    return notes.get(0);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("told")
  void whatNamesOrContentTellIsFound(String name, String content, String expected)
      throws IOException {
    Path file = Files.writeString(folder.resolve("log.txt"), content);
    assertThat(found(file))
        .startsWith(expected.matches("[a-z]+") ? expected : file + ": " + expected);
    Path gzip = folder.resolve("log");
    Files.write(gzip, Fixtures.gzip(content.getBytes(StandardCharsets.UTF_8)));
    assertThat(LogFormat.find(gzip).name()).isEqualTo(LogFormat.find(file).name());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("doubtful")
  void whatCouldBeTwoThingsIsAskedFor(String name, String content, String asked)
      throws IOException {
    Path file = Files.writeString(folder.resolve("log.txt"), content);
    assertThatThrownBy(() -> found(file))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(asked)
        .hasMessageNotContaining("\n");
  }

  @Test
  void allEventsAreRead() throws IOException {
    Path file = Files.writeString(folder.resolve("log"), of("", "<U>;<I>;<R>;<M>"));
    Interactions log =
        LogFormat.find(file).columns().valueColumnIfAny().timeColumnIfAny().build().read(file);
    assertThat(Fixtures.events(log))
        .hasSize(40)
        .startsWith("101|50|1.0|1466000000123", "101|57|4.0|1466950477123");
  }

  @Test
  void whatWasSaidGoesBeforeWhatIsFound() throws IOException {
    Path file = Files.writeString(folder.resolve("log"), of("", "<S>,<I>,<R>,<U>"));
    List<String> notes = new ArrayList<>();
    LogFormat.find(file)
        .columns()
        .userColumn("4")
        .itemColumn("2")
        .valueColumnIfAny()
        .timeColumnIfAny()
        .notes(notes::add)
        .build()
        .read(file);
    assertThat(notes.get(0))
        .contains("users in column 4, items in column 2, values in column 3, times in column 1");
    Path blanks = Files.writeString(folder.resolve("blanks"), "1 10\n2 11\n3 12\n");
    assertThat(LogFormat.findDelimited(blanks, Optional.empty()).separator()).contains(" ");
    assertThat(LogFormat.findDelimited(blanks, Optional.of("1")).separator()).contains("1");
  }

  @Test
  void aBadLineIsReportedAndHidesNothing() throws IOException {
    Path file =
        Files.writeString(folder.resolve("log"), of("", "<U>,<I>,<R>") + "oops\n" + "1,2,3\n");
    assertThatThrownBy(() -> found(file))
        .hasMessageContaining("log, line 41: expected 3 fields, found 1");
  }

  static Iterable<LogFormat> published() {
    return LogFormat.all().stream().filter(LogFormat::isWritable).toList();
  }

  @ParameterizedTest
  @MethodSource("published")
  void publishedDataSetsAreFoundByTheNamesOfTheirFiles(LogFormat format) throws IOException {
    format.write(SyntheticLog.generate(new Shape(30, 40, 300), 3), folder);
    Files.writeString(folder.resolve("README.txt"), "What this is, and whose.\n");
    assertThat(LogFormat.find(folder)).isSameAs(format);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(file -> !file.endsWith("README.txt")).toList()) {
        assertThat(LogFormat.find(file).name())
            .isEqualTo(format.name().equals("msd") ? "tsv" : format.name());
      }
    }
  }

  static Stream<Arguments> archives() {
    String csv = of("userId,movieId,rating,timestamp\n", "<U>,<I>,<R>,<S>");
    return Stream.of(
        Arguments.of(
            "movielens",
            Map.of(
                "ml-1m/ratings.dat",
                of("", "<U>::<I>::<R>::<S>"),
                "ml-1m/users.dat",
                "1::F::1::10::48067\n")),
        Arguments.of(
            "movielens",
            Map.of(
                "ml-100k/u.data",
                of("", "<U>\t<I>\t<R>\t<S>"),
                "ml-100k/u1.base",
                of("", "<U>\t<I>\t<R>\t<S>"))),
        Arguments.of(
            "movielens",
            Map.of(
                "ml-latest/ratings.csv",
                csv,
                "ml-latest/tags.csv",
                "userId,movieId,tag,timestamp\n")),
        Arguments.of(
            "netflix",
            Map.of(
                "training_set/mv_0000001.txt",
                "1:\n5,3,2005-09-06\n",
                "movie_titles.txt",
                "1,2003,A\n")),
        Arguments.of("msd", Map.of("train_triplets.txt", of("", "<U>\t<I>\t<C>"))),
        Arguments.of(
            "kaggle",
            Map.of(
                "data.csv",
                of("Movie_ID,User_ID,Rating\n", "<I>,<U>,<R>"),
                "movies.csv",
                "Movie_ID,Year,Name\n1,2003,A\n")),
        Arguments.of("csv", Map.of("log.csv", of("", "<U>;<I>"), "titles.csv", "id;title\n1;A\n")),
        Arguments.of(
            "tsv",
            Map.of(
                "part-00000",
                of("", "<U>\t<I>"),
                "part-00001",
                of("", "<U>\t<I>"),
                "_SUCCESS",
                "")));
  }

  @ParameterizedTest
  @MethodSource("archives")
  void archivesAndFoldersAreLookedInto(String expected, Map<String, String> files)
      throws IOException {
    Map<String, byte[]> bytes = new TreeMap<>();
    for (Map.Entry<String, String> file : files.entrySet()) {
      bytes.put(file.getKey(), Fixtures.utf8(file.getValue()));
      Path path = folder.resolve("folder").resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
    Path zip = Files.write(folder.resolve("a.zip"), Fixtures.zip(bytes));
    Path tar = Files.write(folder.resolve("a.tgz"), Fixtures.gzip(Fixtures.tar(bytes)));
    for (Path path : List.of(folder.resolve("folder"), zip, tar)) {
      assertThat(LogFormat.find(path).name()).isEqualTo(expected);
    }
  }

  @Test
  void twoLogsAreNamed() throws IOException {
    Files.writeString(folder.resolve("a.csv"), of("", "<U>,<I>"));
    Files.writeString(folder.resolve("b.csv"), of("", "<U>,<I>"));
    assertThatThrownBy(() -> LogFormat.find(folder))
        .hasMessageContaining("expected one log, found a.csv, b.csv; name one");
  }

  @Test
  void trainAndTestOfAnotherFormAreAskedFor() throws IOException {
    Files.writeString(folder.resolve("train.txt"), of("", "<U> <I>"));
    Files.writeString(folder.resolve("test.txt"), of("", "<U> <I>"));
    assertThatThrownBy(() -> LogFormat.find(folder)).hasMessageContaining("--split given");
  }

  @Test
  void aPreparedFolderIsNoLog() throws IOException {
    Files.writeString(folder.resolve("train.csv"), "uid,sid\n0,0\n");
    Files.writeString(folder.resolve("unique_sid.txt"), "7\n");
    assertThatThrownBy(() -> LogFormat.find(folder)).hasMessageContaining("--data takes as it is");
  }

  @Test
  void whatIsReadOnceOrNotThereIsSaid() throws IOException {
    assertThatThrownBy(() -> LogFormat.find(Path.of("-")))
        .hasMessage(
            "standard input: what is read once cannot be looked at before; say its form, as in"
                + " --format csv");
    assertThatThrownBy(() -> LogFormat.find(folder.resolve("none")))
        .hasMessageEndingWith("none: there is no such file");
    Path empty = Files.writeString(folder.resolve("empty"), "\n\n");
    assertThatThrownBy(() -> LogFormat.find(empty)).hasMessageContaining("found none");
  }
}
