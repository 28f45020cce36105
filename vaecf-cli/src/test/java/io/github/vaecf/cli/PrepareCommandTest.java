package io.github.vaecf.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrepareCommandTest {
  private static final Path GOLDEN = Path.of("../vaecf-data/src/test/resources/golden/split");

  @TempDir Path folder;
  private Path data;
  private Path ratings;

  @BeforeEach
  void nameFiles() {
    data = folder.resolve("data");
    ratings = folder.resolve("ratings.csv");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "train.csv",
        "validation_tr.csv",
        "validation_te.csv",
        "test_tr.csv",
        "test_te.csv",
        "unique_sid.txt",
        "unique_uid.txt"
      })
  void theGoldenSplitIsReproducedByteForByte(String file) {
    Outcome outcome = prepare(GOLDEN.resolve("ratings.csv"), "--heldout-users", 60);
    assertThat(outcome).isEqualTo(new Outcome(0, outcome.out(), ""));
    assertThat(data.resolve(file)).hasSameBinaryContentAs(GOLDEN.resolve(file));
  }

  @Test
  void theStagesAreShownAndWrittenAsJson() throws IOException {
    Path json = folder.resolve("new/counts.json");
    Outcome outcome = prepare(GOLDEN.resolve("ratings.csv"), "--heldout-users", 60, "--json", json);
    assertThat(outcome.out())
        .contains("value at least 4", "users with at least 5 items", "validation", "Written to ");
    JsonNode counts = new ObjectMapper().readTree(json.toFile());
    assertThat(counts.path("validation_users").asInt()).isEqualTo(60);
    assertThat(counts.path("stages").get(0).path("name").asText()).isEqualTo("read");
    assertThat(counts.path("items").asInt())
        .isEqualTo(Files.readAllLines(GOLDEN.resolve("unique_sid.txt")).size());
  }

  @Test
  void titlesComeAlong() throws IOException {
    Path titles = folder.resolve("titles.csv");
    String item = Files.readAllLines(GOLDEN.resolve("unique_sid.txt")).get(0);
    Files.writeString(titles, "name,id\n\"One, two\"," + item + "\n");
    prepare(
        GOLDEN.resolve("ratings.csv"),
        "--heldout-users",
        60,
        "--titles",
        titles,
        "--title-columns",
        "id,name");
    assertThat(data.resolve("titles.tsv")).hasContent("item\ttitle\n" + item + "\tOne, two\n");
  }

  @Test
  void pairsWithoutRatingsAreLikes() throws IOException {
    StringBuilder pairs = new StringBuilder("item|who\n");
    for (int user = 0; user < 30; user++) {
      for (int item = 0; item < 10; item++) {
        pairs.append("i").append((user + item) % 20).append("|u").append(user).append('\n');
      }
    }
    Files.writeString(ratings, pairs);
    Outcome outcome =
        prepare(
            ratings,
            "--separator",
            "|",
            "--user-column",
            "who",
            "--item-column",
            "item",
            "--value-column",
            "none",
            "--heldout-users",
            5);
    assertThat(outcome.err()).isEmpty();
    assertThat(Files.readAllLines(data.resolve("unique_uid.txt"))).hasSize(30).contains("u7");
  }

  /** Thirty users with ten items each, lines of a pattern of user, item and 1 to 5. */
  private void log(String header, String line) throws IOException {
    StringBuilder log = new StringBuilder(header);
    for (int user = 0; user < 30; user++) {
      for (int item = 0; item < 10; item++) {
        log.append(String.format(Locale.ROOT, line, user, (user + item) % 20, 1 + item % 5));
      }
    }
    Files.writeString(ratings, log);
  }

  @Test
  void twoColumnsWithoutAHeaderNeedNoOption() throws IOException {
    log("", "%d,%d\n");
    Outcome outcome = prepare(ratings);
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out())
        .contains("training       24      240")
        .startsWith(
            ratings
                + ": users in column 1, items in column 2, no values, no times; the first line is an"
                + " event, there is no header (--header if it names them)\n\n");
    assertThat(data.resolve("stages.tsv")).content().contains("read\t30\t20\t300\n");
  }

  @Test
  void theBundledSampleNeedsNoOption() throws IOException {
    Path sample = folder.resolve("dependencies.tsv.gz");
    try (InputStream in =
        Sample.class.getResourceAsStream("debian-dependencies/dependencies.tsv.gz")) {
      Files.copy(in, sample);
    }
    Outcome outcome =
        Outcome.of(
            "prepare", "--format=tsv", "--input", sample, "--heldout-users=100", "--out", data);
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out())
        .contains(
            "users in column 1 (source), items in column 2 (dependency), no values, no times; the"
                + " first line names them (--no-header if it is an event)");
    assertThat(data.resolve("stages.tsv")).content().contains("read\t29877\t26083\t192268\n");
  }

  @Test
  void theFirstEventOfALogWithoutAHeaderIsKept() throws IOException {
    log("", "u%d,i%d,%d\n");
    prepare(ratings, "--heldout-users=5", "--min-rating=1");
    assertThat(data.resolve("stages.tsv")).content().contains("read\t30\t20\t300\n");
  }

  @Test
  void countsAreTakenWhenItIsSaidWhatTheyMean() throws IOException {
    log("", "%d,%d,%d000\n");
    assertFailure(prepare(ratings, "--heldout-users=5"), "--value-column none if every event is a");
    assertThat(prepare(ratings, "--heldout-users=5", "--min-rating=2000").err()).isEmpty();
    data = folder.resolve("likes");
    assertThat(prepare(ratings, "--heldout-users=5", "--value-column=none").err()).isEmpty();
    assertThat(data.resolve("stages.tsv")).content().contains("read\t30\t20\t300\n");
  }

  @Test
  void oneValueOnlyMakesEachEventALike() throws IOException {
    log("User_ID\tGame_ID\tPurchase\n", "%d\t%d\t1.0\n");
    Outcome outcome = prepare(ratings, "--heldout-users=5", "--separator=\\t");
    assertThat(outcome.err()).isEmpty();
    assertThat(data.resolve("stages.tsv"))
        .content()
        .contains("read\t30\t20\t300\n")
        .doesNotContain("value at least");
  }

  @Test
  void badLinesAreSkippedAndListed() throws IOException {
    log("user,item,rating\n", "%d,%d,5\n");
    Files.writeString(ratings, "broken\n", StandardOpenOption.APPEND);
    Outcome outcome = prepare(ratings, "--heldout-users=5", "--skip-bad-lines=3");
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out())
        .contains("1 bad line skipped:\n  " + ratings + ", line 302: expected 3 fields, found 1\n");
  }

  @Test
  void standardInputIsReadUnderTheNameOfADash() throws IOException {
    log("", "%d,%d\n");
    InputStream before = System.in;
    try (InputStream in = Files.newInputStream(ratings)) {
      System.setIn(in);
      Outcome outcome = prepare(Path.of("-"), "--heldout-users", 5);
      assertThat(outcome.err()).isEmpty();
      assertThat(outcome.out()).startsWith("standard input: users in column 1, ");
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void titlesWithoutAHeaderLoseNoTitle() throws IOException {
    log("", "%d,%d\n");
    Path titles = Files.writeString(folder.resolve("titles.csv"), "0,Zero\n1,One\n");
    prepare(ratings, "--heldout-users=5", "--titles", titles);
    assertThat(data.resolve("titles.tsv")).hasContent("item\ttitle\n0\tZero\n1\tOne\n");
  }

  @Test
  void aGivenSplitIsJoinedFromTwoInputs() throws IOException {
    Path train = Files.writeString(folder.resolve("train.txt"), "0 1 2 3 4 5 6 7 8 9 10\n1 2 3\n");
    Path test = Files.writeString(folder.resolve("test.txt"), "0 11 12\n1 4\n");
    Outcome outcome =
        Outcome.of(
            "prepare", "--format=lightgcn", "--split=given", "--input", train, test, "--out", data);
    assertThat(outcome.err()).isEmpty();
    assertThat(Files.readAllLines(data.resolve("test_te.csv"))).hasSize(1 + 3);
    assertThat(Files.readAllLines(data.resolve("validation_te.csv"))).hasSize(1 + 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"weak", "last"})
  void otherSplitsKeepAllUsersForTraining(String split) throws IOException {
    Path golden = GOLDEN.resolve("ratings.csv");
    Outcome outcome = prepare(golden, "--split", split, "--time-column", "timestamp");
    assertThat(outcome.err()).isEmpty();
    long users =
        Files.readAllLines(data.resolve("train.csv")).stream()
            .skip(1)
            .map(line -> line.split(",", -1)[0])
            .distinct()
            .count();
    assertThat(Files.readAllLines(data.resolve("unique_uid.txt"))).hasSize((int) users);
  }

  @Test
  void undersamplingLeavesLessToTrainOn() throws IOException {
    Path golden = GOLDEN.resolve("ratings.csv");
    prepare(golden, "--heldout-users=60", "--most-user-items=6", "--popular-items=5,0.5");
    assertThat(Files.readAllLines(data.resolve("train.csv")))
        .hasSizeLessThan(Files.readAllLines(GOLDEN.resolve("train.csv")).size());
    assertThat(data.resolve("stages.tsv")).content().contains("keep at most 6 items");
  }

  @Test
  void aPresetHoldsOutAsPublished() {
    assertFailure(
        prepare(GOLDEN.resolve("ratings.csv"), "--preset=ml-20m"), "cannot hold out 10000 users");
  }

  @Test
  void aMissingFileFails() {
    assertFailure(
        prepare(folder.resolve("nothing.csv"), "--heldout-users", 1),
        folder.resolve("nothing.csv") + ": there is no such file");
  }

  @Test
  void anEmptyFolderFails() {
    assertFailure(
        prepare(folder, "--heldout-users", 1), folder + ": expected one log, found no file");
  }

  @Test
  void aBrokenLineIsReportedWithFileAndNumber() throws IOException {
    Files.writeString(ratings, "user,item,rating\n1,10,5\n2,10\n");
    assertFailure(
        prepare(ratings, "--heldout-users", 1), ratings + ", line 3: expected 3 fields, found 2");
  }

  @Test
  void aRatingThatIsNoNumberIsReportedWithFileAndLine() throws IOException {
    Files.writeString(ratings, "user,item,rating\n1,10,good\n");
    assertFailure(
        prepare(ratings, "--heldout-users", 1),
        ratings + ", line 2: expected a number as value, found 'good'");
  }

  @Test
  void anUnknownColumnIsReportedWithTheKnownOnes() {
    Path golden = GOLDEN.resolve("ratings.csv");
    assertFailure(
        prepare(golden, "--heldout-users", 60, "--user-column", "customer"),
        golden + ", line 1: there is no column 'customer': the header names userId, movieId");
  }

  @Test
  void nothingLeftAfterFilteringFails() {
    assertFailure(
        prepare(GOLDEN.resolve("ratings.csv"), "--heldout-users", 60, "--min-rating", 6),
        "no event is left after filtering");
  }

  @Test
  void nothingLeftAfterFilteringNamesTheCure() throws IOException {
    Files.writeString(ratings, "user,item,rating\n1,a,1\n1,b,3\n2,a,2\n");
    assertFailure(
        prepare(ratings, "--heldout-users", 1, "--min-rating", 4),
        "no event is left after filtering: read: 3, value at least 4: 0, users with at least 5"
            + " items: 0 events; the values lie within 1 and 3: lower the least rating"
            + " (--min-rating), or read none where they are no ratings (--value-column none)");
    assertFailure(
        prepare(ratings, "--heldout-users", 1, "--min-rating", 2),
        "value at least 2: 2, users with at least 5 items: 0 events; the most items that a user has"
            + " are 1: ask for fewer (--min-user-items); the values lie within 1 and 3");
  }

  /** Ten users who each like two of ten items, at different times. */
  private void writeShortHistories() throws IOException {
    StringBuilder lines = new StringBuilder("user,item,rating,time\n");
    for (int user = 0; user < 10; user++) {
      for (int i = 0; i < 2; i++) {
        lines.append(user + "," + (user + i) % 10 + ",5," + (10 * user + i) + "\n");
      }
    }
    Files.writeString(ratings, lines.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--heldout-users=2|validation|hold out more users (--heldout-users)",
        "--split=weak|validation|raise --validation-share, or say --validation-share 0 to do",
        "--split=weak --validation-share=0|test|of at most 2 items a user, 0.2 is less than one",
        "--split=last --time-column=time|validation|no user has the 3 items that it takes",
        "--split=time --time-column=time|validation|learn from; raise --validation-share, or say"
      })
  void aPartForWhichNothingIsHeldOutFails(String options, String part, String cure)
      throws IOException {
    writeShortHistories();
    List<Object> arguments = new ArrayList<>(List.of(options.split(" ")));
    arguments.addAll(List.of("--min-user-items", 1));
    assertFailure(prepare(ratings, arguments.toArray()), "no pair is held out for " + part + ": ");
    assertThat(prepare(ratings, arguments.toArray()).err()).contains(cure);
  }

  /** Ten users, each with six items, the first of them a day earlier than the next. */
  @Test
  void aSplitByDateAndAShareOfUsersAreAsTheOptionsSay() throws IOException {
    StringBuilder lines = new StringBuilder("user,item,rating,time\n");
    for (int user = 0; user < 10; user++) {
      for (int day = 1; day <= 6; day++) {
        lines.append(user + "," + (user + day) % 10 + ",5,2024-01-0" + day + "T0" + user + ":00\n");
      }
    }
    Files.writeString(ratings, lines.toString());
    Outcome byDate =
        prepare(
            ratings,
            "--split=time",
            "--time-column=time",
            "--validation-from=2024-01-05",
            "--test-from=2024-01-06T00:00+00:00");
    assertThat(byDate.status()).as(byDate.err()).isZero();
    assertThat(byDate.out()).containsPattern("training +10 +40\\n");
    assertThat(byDate.out()).containsPattern("validation +10 +40 +10\\n");
    assertThat(byDate.out()).containsPattern("test +10 +50 +10\\n");

    data = folder.resolve("shares");
    Outcome shares = prepare(ratings, "--heldout-users=0.3");
    assertThat(shares.out()).containsPattern("training +4 ").containsPattern("test +3 ");
  }

  @Test
  void withoutASharePartsAreLeftOutInSilence() throws IOException {
    writeShortHistories();
    Outcome outcome =
        prepare(
            ratings,
            "--split=weak",
            "--validation-share=0",
            "--test-share=0",
            "--min-user-items",
            1);
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.status()).isZero();
  }

  @Test
  void aTestThatHasNothingToDoWithTheTrainingFails() throws IOException {
    Path train = Files.writeString(folder.resolve("train.csv"), "u,i\n1,a\n1,b\n2,a\n");
    Path otherUsers = Files.writeString(folder.resolve("users.csv"), "u,i\nx,b\n");
    Path otherItems = Files.writeString(folder.resolve("items.csv"), "u,i\n1,7\n");
    for (Path test : List.of(otherUsers, train)) {
      assertFailure(given(train, test), "no pair is left to test on: each is for training too, or");
    }
    assertFailure(
        given(train, otherItems),
        "no item to test on, such as '7', is one that training users have, such as 'a'");
  }

  private Outcome given(Path train, Path test) {
    return Outcome.of(
        "prepare",
        "--format=csv",
        "--value-column=none",
        "--split=given",
        "--validation-share=0",
        "--input",
        train,
        test,
        "--out",
        data);
  }

  @Test
  void titlesOfOtherItemsFail() throws IOException {
    Path titles = Files.writeString(folder.resolve("titles.csv"), "title,movieId\nOne,1\n");
    assertFailure(
        prepare(GOLDEN.resolve("ratings.csv"), "--heldout-users", 60, "--titles", titles),
        titles + ": expected titles of items such as '");
  }

  @Test
  void anEmptyFolderIsAsGoodAsNone() throws IOException {
    Files.createDirectory(data);
    Outcome outcome = prepare(GOLDEN.resolve("ratings.csv"), "--heldout-users", 60);
    assertThat(outcome).isEqualTo(new Outcome(0, outcome.out(), ""));
    assertThat(data.resolve("train.csv")).hasSameBinaryContentAs(GOLDEN.resolve("train.csv"));
  }

  @Test
  void moreHeldOutUsersThanUsersFails() {
    assertFailure(
        prepare(GOLDEN.resolve("ratings.csv"), "--heldout-users", 100_000),
        "cannot hold out 100000 users for validation and 100000 for test");
  }

  @Test
  void whatIsThereAlreadyIsLeftAsItIs() throws IOException {
    Files.createDirectories(data);
    Files.writeString(data.resolve("mine"), "precious");
    assertFailure(
        prepare(GOLDEN.resolve("ratings.csv"), "--heldout-users", 60), data + ": already exists");
    assertThat(data.resolve("mine")).hasContent("precious");
  }

  @Test
  void anUnwritableOutputFails() throws IOException {
    // A file where a folder is needed stops also those whom permissions do not.
    Path file = Files.createFile(folder.resolve("file"));
    data = file.resolve("data");
    assertFailure(
        prepare(GOLDEN.resolve("ratings.csv"), "--heldout-users", 60), "cannot be written");
  }

  @Test
  void aFolderWithoutPermissionFails() throws IOException {
    Path locked = Files.createDirectory(folder.resolve("locked"));
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
    assumeThat(Files.isWritable(locked)).as("permissions do not bind this user").isFalse();
    data = locked.resolve("data");
    assertFailure(prepare(GOLDEN.resolve("ratings.csv"), "--heldout-users", 60), "no permission");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--heldout-users=0",
        "--heldout-users=60 --min-user-items=-1",
        "--heldout-users=60 --seed=-1",
        "--heldout-users=many",
        "--heldout-users=60 --format=parquet",
        "--heldout-users=60 --title-columns=1",
        "--heldout-users=60 --separator=",
        "--heldout-users=60 --colour=red",
        "--split=given",
        "--format=movielens --input=y --heldout-users=60",
        "--heldout-users=60 --popular-items=5",
        "--split=weak --test-share=1",
        "--heldout-users=60 --skip-bad-lines=-1",
        "--preset=ml-21m"
      })
  void wrongUsageIsExplainedInTwoLines(String options) {
    Outcome outcome =
        Outcome.of(
            (Object[])
                ("prepare --format=csv --input=x --out=y " + options).strip().split(" ", -1));
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err())
        .startsWith("vaecf prepare: ")
        .endsWith("See 'vaecf prepare --help'.\n");
  }

  private Outcome prepare(Path input, Object... more) {
    Object[] arguments = new Object[7 + more.length];
    Object[] first = {"prepare", "--format", "csv", "--input", input, "--out", data};
    System.arraycopy(first, 0, arguments, 0, first.length);
    System.arraycopy(more, 0, arguments, first.length, more.length);
    return Outcome.of(arguments);
  }

  private void assertFailure(Outcome outcome, String message) {
    assertThat(outcome.err()).startsWith("vaecf prepare: ").contains(message);
    assertThat(outcome.err().strip().lines()).hasSize(1);
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.out()).doesNotContain("read  ", "Written to ");
  }
}
