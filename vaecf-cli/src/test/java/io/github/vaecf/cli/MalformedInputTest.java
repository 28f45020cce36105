package io.github.vaecf.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Input that cannot be used, a case a line of a table: each gives one line that says where and
 * what, exit status 1, no new folder, and leaves an old one as it was.
 */
class MalformedInputTest {
  private static final String HEADER = "user,item,rating,time\n";
  private static final int MOST_LINE_BYTES = 16 << 20;

  @TempDir Path folder;
  private Path old;

  /**
   * A case of the table.
   *
   * @param name what is wrong
   * @param format the form that the input is said to have
   * @param file name of the file
   * @param content makes the bytes of the file
   * @param options more options, separated by blanks
   * @param message what the message says after the file's name
   */
  private record Case(
      String name,
      String format,
      String file,
      Supplier<byte[]> content,
      String options,
      String message) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final List<Case> TABLE = table();

  static List<Case> table() {
    List<Case> cases = new ArrayList<>();
    // Delimited text: lines and fields.
    csv(cases, "empty file", "", "expected data, found an empty file");
    csv(cases, "byte-order mark alone", "\ufeff", "expected data, found an empty file");
    csv(cases, "header alone", HEADER, "the log is empty");
    csv(cases, "too few fields", HEADER + "1,2,3,4\n1,2,3\n", "line 3: expected 4 fields, found 3");
    csv(cases, "too many fields", HEADER + "1,2,3,4,5\n", "line 2: expected 4 fields, found 5");
    csv(cases, "other separator", HEADER + "1;2;3;4\n", "line 2: expected 4 fields, found 1");
    csv(cases, "last line cut off", HEADER + "1,2,3,4\n1,2", "line 3: expected 4 fields, found 2");
    csv(
        cases,
        "rating is a word",
        HEADER + "1,2,good,4\n",
        "line 2: expected a number as value, found 'good'");
    csv(
        cases,
        "rating is empty",
        HEADER + "1,2,,4\n",
        "line 2: expected a number as value, found ''");
    csv(
        cases,
        "rating is NaN",
        HEADER + "1,2,NaN,4\n",
        "line 2: expected a number as value, found 'NaN'");
    csv(
        cases,
        "rating is infinite",
        HEADER + "1,2,Infinity,4\n",
        "line 2: expected a number as value");
    csv(
        cases,
        "rating overflows",
        HEADER + "1,2,1e99,4\n",
        "line 2: expected a number as value, found '1e99'");
    csv(
        cases,
        "rating is hexadecimal",
        HEADER + "1,2,0x1p3,4\n",
        "line 2: expected a number as value");
    csv(
        cases,
        "rating has two points",
        HEADER + "1,2,3.5.1,4\n",
        "line 2: expected a number as value");
    csv(
        cases,
        "rating has a comma in quotes",
        HEADER + "1,2,\"3,5\",4\n",
        "line 2: expected a number as value, found '3,5'");
    csv(
        cases,
        "rating is a sign",
        HEADER + "1,2,-,4\n",
        "line 2: expected a number as value, found '-'");
    csv(
        cases,
        "user is empty",
        HEADER + ",2,3,4\n",
        "line 2: expected the id of a user, found nothing");
    csv(
        cases,
        "item is empty",
        HEADER + "1,,3,4\n",
        "line 2: expected the id of an item, found nothing");
    csv(
        cases,
        "item is an empty quoted field",
        HEADER + "1,\"\",3,4\n",
        "line 2: expected the id of an item");
    csv(
        cases,
        "NUL in an id",
        HEADER + "1\0,2,3,4\n",
        "line 2: the id of a user must not have control characters, found '1\\u0000'");
    csv(cases, "file of NULs", "\0\0\0\0\0\0\0\0\n", "expected text in UTF-8, found binary data");
    csv(
        cases,
        "tab in an id",
        HEADER + "1,a\tb,3,4\n",
        "line 2: the id of an item must not have control characters");
    csv(
        cases,
        "quote not closed",
        HEADER + "\"1,2,3,4\n1,2,3,4\n",
        "line 2: a quoted field is not closed");
    csv(
        cases,
        "text after a closing quote",
        HEADER + "\"1\"x,2,3,4\n",
        "line 2: expected a separator after the closing quote");
    cases.add(
        bytes(
            "id is not UTF-8",
            "csv",
            "log.csv",
            () -> join(HEADER.getBytes(UTF_8), "é,2,3,4\n".getBytes(ISO_8859_1)),
            "",
            "line 2: the id of a user must be text in UTF-8"));
    cases.add(
        bytes(
            "text is UTF-16",
            "csv",
            "log.csv",
            () -> (HEADER + "1,2,3,4\n").getBytes(UTF_16LE),
            "",
            "expected text in UTF-8, found text in UTF-16LE; iconv -f UTF-16LE -t UTF-8 FILE"));
    cases.add(
        bytes(
            "100 MB line",
            "csv",
            "log.csv",
            () -> join(HEADER.getBytes(UTF_8), filled(100_000_000)),
            "",
            "line 2: a line, or lines that belong together, may have at most "
                + MOST_LINE_BYTES
                + " bytes"));
    // Columns.
    cases.add(
        text(
            "unknown column",
            "csv",
            HEADER + "1,2,3,4\n",
            "--item-column=movie",
            "line 1: there is no column 'movie': the header names user, item, rating, time"));
    cases.add(
        text(
            "column number too large",
            "csv",
            HEADER + "1,2,3,4\n",
            "--value-column=5",
            "line 1: there is no column 5: the line has 4 fields"));
    cases.add(
        text(
            "column zero",
            "csv",
            HEADER + "1,2,3,4\n",
            "--value-column=0",
            "line 1: there is no column 0"));
    cases.add(
        text(
            "name without a header",
            "csv",
            "1,2,3,4\n",
            "--no-header --user-column=user",
            "line 1: column 'user' must be a number, because the file has no header"));
    cases.add(
        text(
            "times in two units",
            "csv",
            HEADER + "1,2,3,1112486027\n1,2,3,1112486027123\n",
            "--time-column=time --split=time",
            "line 3: expected all times in one unit, found this one in milliseconds since 1970"));
    cases.add(
        text(
            "more bad lines than may be skipped",
            "csv",
            HEADER + "1,2,3,4\n1\n2\n",
            "--skip-bad-lines=1",
            "more than 1 bad lines, the first of them"));
    cases.add(
        text(
            "time is a word",
            "csv",
            HEADER + "1,2,3,noon\n",
            "--time-column=time --split=time",
            "line 2: expected a time as in 1112486027, 2005-09-06 or 2005-09-06T17:31:05.25+02:00, found 'noon'"));
    cases.add(
        text(
            "time overflows",
            "csv",
            HEADER + "1,2,3,99999999999999999999\n",
            "--time-column=time --split=time",
            "line 2: expected a time as in 1112486027, 2005-09-06 or 2005-09-06T17:31:05.25+02:00"));
    cases.add(
        text(
            "day does not exist",
            "csv",
            HEADER + "1,2,3,2005-02-30\n",
            "--time-column=time --split=time",
            "line 2: expected a time as in 1112486027, 2005-09-06 or 2005-09-06T17:31:05.25+02:00, found '2005-02-30'"));
    // Compression.
    byte[] zipped = gzip(filled(5000));
    cases.add(
        bytes(
            "gzip cut off",
            "csv",
            "log.csv.gz",
            () -> Arrays.copyOf(zipped, zipped.length - 10),
            "",
            "the compressed data ends too early"));
    cases.add(
        bytes(
            "gzip header alone",
            "csv",
            "log.csv.gz",
            () -> Arrays.copyOf(zipped, 4),
            "",
            "the compressed data ends too early"));
    cases.add(
        bytes(
            "gzip with a wrong checksum",
            "csv",
            "log.csv.gz",
            () -> flipped(gzip((HEADER + "1,2,3,4\n").getBytes(UTF_8)), -6),
            "",
            "the compressed data is damaged"));
    cases.add(
        bytes(
            "gzip bomb",
            "csv",
            "log.csv.gz",
            () -> gzip(repeated("1,2,3,4\n", 70_000_000)),
            "",
            "swell to more than 67108864, which no log does"));
    cases.add(
        bytes(
            "zip cut off",
            "csv",
            "log.zip",
            () -> Arrays.copyOf(zip("a.csv", filled(5000)), 60),
            "",
            "the compressed data is damaged"));
    cases.add(
        bytes(
            "zip with a name outside",
            "csv",
            "log.zip",
            () -> zip("../../evil.csv", HEADER.getBytes(UTF_8)),
            "",
            "the member '../../evil.csv' points outside the archive"));
    cases.add(
        bytes(
            "zip with an absolute name",
            "movielens",
            "ml.zip",
            () -> zip("/etc/ratings.csv", HEADER.getBytes(UTF_8)),
            "",
            "the member '/etc/ratings.csv' points outside the archive"));
    cases.add(
        bytes(
            "zip bomb",
            "csv",
            "log.zip",
            () -> zip("a.csv", repeated("1,2,3,4\n", 70_000_000)),
            "",
            "swell to more than 67108864, which no log does"));
    cases.add(
        bytes(
            "zip without members",
            "csv",
            "log.zip",
            () -> zip("only/", new byte[0]),
            "",
            "expected one log, found no file"));
    // Published forms.
    cases.add(
        text(
            "MovieLens without ratings",
            "movielens",
            "x",
            "",
            "expected a file named ratings.csv, ratings.dat or u.data, found none"));
    cases.add(
        file(
            "CiteULike with a wrong number",
            "citeulike",
            "users.dat",
            "2 10 20 30\n",
            "line 1: expected 2 items to follow, found 3"));
    cases.add(
        file(
            "CiteULike as LightGCN",
            "lightgcn",
            "users.dat",
            "2 10 20\n1 10\n1 20\n",
            "read it with --format citeulike"));
    cases.add(
        file(
            "triplets as LightGCN",
            "lightgcn",
            "train.txt",
            "a x 1\na y 1\n",
            "expected one line a user, found 1 more"));
    cases.add(
        text(
            "JSON lines",
            "csv",
            "{\"user\": 1, \"item\": 2}\n",
            "",
            "expected text in UTF-8, found JSON"));
    cases.add(
        text(
            "play counts",
            "csv",
            "1,10,13883\n1,20,11690\n1,30,2\n",
            "",
            "by default a rating of 4 or more is a like, but the values, from 2 to 13883, are no"
                + " ratings up to 5 or 10 stars; say --value-column none if every event is a like,"
                + " or --min-rating X"));
    cases.add(
        text(
            "counts of which most are one",
            "csv",
            "a,10,1.0\na,20,1.0\na,30,7.0\n",
            "",
            "are 1 in 67 % of the events, as counts are"));
    cases.add(
        text(
            "yes and no",
            "csv",
            "a,10,1\na,20,0\n",
            "",
            "the values, from 0 to 1, never reach it"));
    cases.add(
        file(
            "MovieLens with one colon",
            "movielens",
            "ratings.dat",
            "1:2:3:4\n",
            "line 1: there is no column 2"));
    cases.add(
        file(
            "MovieLens with a short line",
            "movielens",
            "ratings.dat",
            "1::2::3::4\n1::2::3\n",
            "line 2: expected 4 fields, found 3"));
    cases.add(
        file(
            "MovieLens with another header",
            "movielens",
            "ratings.csv",
            "u,i,r,t\n1,2,3,4\n",
            "line 1: there is no column 'userId': the header names u, i, r, t"));
    cases.add(
        file(
            "Netflix without a movie",
            "netflix",
            "mv_0000001.txt",
            "1,5,2005-09-06\n",
            "line 1: expected a movie as in 1:, found '1,5,2005-09-06'"));
    cases.add(
        file(
            "Netflix with a short line",
            "netflix",
            "mv_0000001.txt",
            "1:\n7,5\n",
            "line 2: expected customer,rating,date or a movie as in 1:"));
    cases.add(
        file(
            "Netflix with a bad rating",
            "netflix",
            "mv_0000001.txt",
            "1:\n7,five,2005-09-06\n",
            "line 2: expected a number as value, found 'five'"));
    cases.add(
        bytes(
            "Netflix with a bad date",
            "netflix",
            "mv_0000001.txt",
            () -> "1:\n7,5,06.09.2005\n".getBytes(UTF_8),
            "--split=time",
            "line 2: expected a time as in 1112486027, 2005-09-06 or 2005-09-06T17:31:05.25+02:00, found '06.09.2005'"));
    cases.add(
        text("Netflix without ratings", "netflix", "x", "", "expected files named mv_0000001.txt"));
    cases.add(
        file(
            "Kaggle without ratings",
            "kaggle",
            "movies.csv",
            "movie,name\n1,x\n",
            "expected one .csv file whose header names a movie, a user and a rating, found none"));
    cases.add(
        file(
            "Kaggle with a bad rating",
            "kaggle",
            "r.csv",
            "user,movie,rating\n1,2,x\n",
            "line 2: expected a number as value, found 'x'"));
    cases.add(
        file(
            "triplets with a word as count",
            "msd",
            "t.txt",
            "u\ts\tonce\n",
            "line 1: expected a number as value, found 'once'"));
    cases.add(
        file(
            "triplets with two fields",
            "msd",
            "t.txt",
            "u\ts\t1\nu\ts\n",
            "line 2: expected 3 fields, found 2"));
    cases.add(
        file(
            "LightGCN with a NUL",
            "lightgcn",
            "t.txt",
            "1 2\0 3\n",
            "line 1: the id of an item must not have control characters"));
    return cases;
  }

  private static void csv(List<Case> cases, String name, String content, String message) {
    cases.add(text(name, "csv", content, "", message));
  }

  private static Case text(
      String name, String format, String content, String options, String message) {
    return bytes(name, format, "log.csv", () -> content.getBytes(UTF_8), options, message);
  }

  private static Case file(
      String name, String format, String file, String content, String message) {
    return bytes(name, format, file, () -> content.getBytes(UTF_8), "", message);
  }

  private static Case bytes(
      String name,
      String format,
      String file,
      Supplier<byte[]> content,
      String options,
      String message) {
    return new Case(name, format, file, content, options, message);
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }

  private static byte[] filled(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) ('a' + ((i * 7919) >>> 3) % 26);
    }
    return bytes;
  }

  private static byte[] repeated(String text, int length) {
    byte[] unit = text.getBytes(UTF_8);
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = unit[i % unit.length];
    }
    return bytes;
  }

  private static byte[] flipped(byte[] bytes, int fromEnd) {
    bytes[bytes.length + fromEnd] ^= 1;
    return bytes;
  }

  private static byte[] gzip(byte[] content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] zip(String member, byte[] content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(bytes)) {
      out.putNextEntry(new ZipEntry(member));
      out.write(content);
      out.closeEntry();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  @BeforeEach
  void keepAnOldFolder() throws IOException {
    old = Files.createDirectory(folder.resolve("old"));
    Files.writeString(old.resolve("train.csv"), "precious");
  }

  @Test
  void theTableHasAtLeastFortyCases() {
    assertThat(TABLE).hasSizeGreaterThanOrEqualTo(40);
    assertThat(TABLE.stream().map(Case::name).distinct()).hasSameSizeAs(TABLE);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("table")
  void eachGivesOneClearMessageAndLeavesNothingBehind(Case malformed) throws IOException {
    Path input = folder.resolve("input").resolve(malformed.file());
    Files.createDirectories(input.getParent());
    Files.write(input, malformed.content().get());
    for (String out : new String[] {"new", "old"}) {
      List<Object> arguments = new ArrayList<>();
      arguments.addAll(List.of("prepare", "--format", malformed.format(), "--input", input));
      arguments.addAll(List.of("--out", folder.resolve(out)));
      if (!malformed.options().contains("--split")) {
        arguments.addAll(List.of("--heldout-users", 1));
      }
      if (!malformed.options().isEmpty()) {
        arguments.addAll(Arrays.asList(malformed.options().split(" ", -1)));
      }
      Outcome outcome = Outcome.of(arguments.toArray());
      if (out.equals("old")) { // said before anything is read
        assertThat(outcome.err()).contains(old + ": already exists");
      } else {
        assertThat(outcome.err()).contains(malformed.message());
        if (!malformed.message().equals("the log is empty")) {
          assertThat(outcome.err()).contains(input.toString());
        }
      }
      assertThat(outcome.err().strip().lines()).hasSize(1);
      assertThat(outcome.status()).isEqualTo(1);
      assertNothingChanged();
    }
  }

  private void assertNothingChanged() throws IOException {
    try (var files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("input", "old");
    }
    assertThat(old.resolve("train.csv")).hasContent("precious");
  }

  @Test
  void aFileWithoutPermissionGivesOneClearMessage() throws IOException {
    Path input = Files.createDirectory(folder.resolve("input")).resolve("log.csv");
    Files.writeString(input, HEADER + "1,2,3,4\n");
    Files.setPosixFilePermissions(input, PosixFilePermissions.fromString("---------"));
    assumeFalse(Files.isReadable(input), "permissions do not bind this user");
    Outcome outcome =
        Outcome.of(
            "prepare",
            "--format=csv",
            "--heldout-users=1",
            "--input",
            input,
            "--out",
            folder.resolve("new"));
    assertThat(outcome.err()).contains(input + ": no permission to read it");
    assertThat(outcome.status()).isEqualTo(1);
    assertNothingChanged();
  }

  /**
   * The kernel refuses to write more, as it does on a full disk; that needs a process of its own.
   */
  @Test
  void aWriteThatFailsHalfwayLeavesNothingBehind() throws Exception {
    Path shell = Path.of("/bin/sh");
    assumeTrue(Files.isExecutable(shell), "there is no shell to limit the size of files");
    Path input = Files.createDirectory(folder.resolve("input")).resolve("log.csv");
    StringBuilder log = new StringBuilder("user,item,rating\n");
    for (int user = 0; user < 2000; user++) {
      for (int item = 0; item < 20; item++) {
        log.append(user).append(',').append((user * 31 + item * 7) % 500).append(",5\n");
      }
    }
    Files.writeString(input, log);
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Process process =
        new ProcessBuilder(
                shell.toString(),
                "-c",
                "ulimit -f 64; exec \"$0\" \"$@\"",
                java.toString(),
                "-XX:-UsePerfData",
                "-Xmx200m",
                "-cp",
                System.getProperty("java.class.path"),
                "io.github.vaecf.cli.Vaecf",
                "prepare",
                "--format=csv",
                "--heldout-users=10",
                "--input",
                input.toString(),
                "--out",
                folder.resolve("new").toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said = new String(process.getErrorStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(said).isEqualTo(1);
    assertThat(said).contains(folder.resolve("new") + ": cannot be written (");
    assertThat(said.strip().lines()).hasSize(1);
    assertNothingChanged();
  }
}
