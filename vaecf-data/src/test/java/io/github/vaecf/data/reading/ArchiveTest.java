package io.github.vaecf.data.reading;

import static io.github.vaecf.data.reading.Fixtures.bzip2;
import static io.github.vaecf.data.reading.Fixtures.events;
import static io.github.vaecf.data.reading.Fixtures.gzip;
import static io.github.vaecf.data.reading.Fixtures.tar;
import static io.github.vaecf.data.reading.Fixtures.utf8;
import static io.github.vaecf.data.reading.Fixtures.zip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.vaecf.data.DataException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which file of a folder, zip or tar is the log, and what can be read from a pipe. */
class ArchiveTest {
  private static final DelimitedReader READER = DelimitedReader.builder().build();

  @TempDir Path folder;

  private Path file(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, content);
  }

  /** A log and what lies beside logs. */
  private static Map<String, byte[]> logAndOthers() {
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put("data/README.txt", utf8("user,item: what\nthe columns, are\n"));
    members.put("data/LICENSE", utf8("MIT, and so on\n"));
    members.put("data/.DS_Store", new byte[] {0, 1, 2});
    members.put("__MACOSX/data/._log.csv", new byte[] {0, 5, 22, 7});
    members.put("data/notes.txt", utf8("Collected in 2020.\nBy us, of course.\n"));
    members.put("data/log.csv", utf8("user,item\na,x\n"));
    return members;
  }

  @Test
  void theLogIsFoundBesideWhatLiesBesideLogs() throws IOException {
    assertThat(events(READER.read(file("log.zip", zip(logAndOthers())))))
        .containsExactly("a|x|1.0");
    assertThat(events(READER.read(file("log.tgz", gzip(tar(logAndOthers()))))))
        .containsExactly("a|x|1.0");
    assertThat(events(READER.read(file("log.tar.bz2", bzip2(tar(logAndOthers()))))))
        .containsExactly("a|x|1.0");
    for (Map.Entry<String, byte[]> member : logAndOthers().entrySet()) {
      file("as-folder/" + member.getKey(), member.getValue());
    }
    assertThat(events(READER.read(folder.resolve("as-folder")))).containsExactly("a|x|1.0");
  }

  @Test
  void theFileWithTheColumnsThatAreWantedIsTheLog() throws IOException {
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put("movies.csv", utf8("movieId,title,genres\n1,x,y\n"));
    members.put("ratings.csv", utf8("userId,movieId,rating\na,1,4\n"));
    members.put("tags.csv", utf8("userId,movieId,tag\na,1,z\n"));
    Path zip = file("ml.zip", zip(members));
    DelimitedReader reader =
        DelimitedReader.builder()
            .userColumn("userId")
            .itemColumn("movieId")
            .valueColumn("rating")
            .build();
    assertThat(events(reader.read(zip))).containsExactly("a|1|4.0");
    assertThatThrownBy(() -> READER.read(zip))
        .isInstanceOf(DataException.class)
        .hasMessage(
            zip
                + ": expected one log, found movies.csv, ratings.csv, tags.csv; name one, as in "
                + zip
                + "!movies.csv");
    assertThat(events(READER.read(Path.of(zip + "!ratings.csv")))).containsExactly("a|1|1.0");
  }

  @Test
  void allPartsOfATableAreReadByName() throws IOException {
    file("log/_SUCCESS", new byte[0]);
    file("log/.part-00000.csv.crc", utf8("crc"));
    file("log/part-00001-x.csv", utf8("user,item\nb,y\n"));
    file("log/part-00000-x.csv", utf8("user,item\na,x\n"));
    file("log/part-00002-x.csv.gz", gzip(new byte[0]));
    file("log/part-00003-x.csv.gz", gzip(utf8("user,item\nc,z\n")));
    assertThat(events(READER.read(folder.resolve("log"))))
        .containsExactly("a|x|1.0", "b|y|1.0", "c|z|1.0");
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put("out/_SUCCESS", new byte[0]);
    members.put("out/part-r-00001", utf8("b,y\n"));
    members.put("out/part-r-00000", utf8("a,x\n"));
    members.put("other.csv", utf8("q,r\n"));
    assertThat(events(READER.read(Path.of(file("log.tar", tar(members)) + "!out"))))
        .containsExactly("a|x|1.0", "b|y|1.0");
    assertThat(events(READER.read(Path.of(file("log.zip", zip(members)) + "!other.csv"))))
        .containsExactly("q|r|1.0");
  }

  @Test
  void aMemberThatIsNotThereIsReportedWithThoseThatAre() throws IOException {
    Path tar = file("a.tar", tar(Map.of("log.csv", utf8("a,x\n"))));
    assertThatThrownBy(() -> READER.read(Path.of(tar + "!b.csv")))
        .isInstanceOf(DataException.class)
        .hasMessage(tar + ": expected a member 'b.csv', found log.csv");
    Path plain = file("a.csv", utf8("a,x\n"));
    assertThatThrownBy(() -> READER.read(Path.of(plain + "!b.csv")))
        .hasMessage(plain + ": expected an archive with a member 'b.csv', found a file alone");
    assertThatThrownBy(() -> READER.read(folder.resolve("no.zip!b.csv")))
        .hasMessage(folder.resolve("no.zip") + ": there is no such file");
    assertThat(events(READER.read(file("odd!name.csv", utf8("a,x\n"))))).hasSize(1);
  }

  @Test
  void titlesAreReadOutOfAnArchiveToo() throws IOException {
    Path zip =
        file("ml.zip", zip(Map.of("movies.csv", utf8("1,Léon\n"), "ratings.csv", utf8("a,1\n"))));
    assertThat(ItemTitles.read(Path.of(zip + "!movies.csv"), ",", "1", "2"))
        .containsExactly(Map.entry("1", "Léon"));
  }

  @Test
  void namesInAZipMayBeOfAnOldCodePage() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(bytes, Charset.forName("IBM437"))) {
      out.putNextEntry(new ZipEntry("Käufe.csv"));
      out.write(utf8("a,x\n"));
    }
    assertThat(events(READER.read(file("log.zip", bytes.toByteArray()))))
        .containsExactly("a|x|1.0");
  }

  @Test
  void severalMembersOfGzipAndBzip2AreOneFile() throws IOException {
    byte[] first = utf8("a,x\n");
    byte[] second = utf8("b,y\n");
    for (byte[][] pieces :
        new byte[][][] {{gzip(first), gzip(second)}, {bzip2(first), bzip2(second)}}) {
      ByteArrayOutputStream both = new ByteArrayOutputStream();
      both.write(pieces[0]);
      both.write(pieces[1]);
      assertThat(events(READER.read(file("log", both.toByteArray()))))
          .containsExactly("a|x|1.0", "b|y|1.0");
    }
  }

  @Test
  void standardInputIsReadUnderTheNameOfADash() throws IOException {
    InputStream before = System.in;
    try {
      System.setIn(new ByteArrayInputStream(gzip(utf8("a,x\nb,y\n"))));
      assertThat(events(READER.read(Path.of("-")))).containsExactly("a|x|1.0", "b|y|1.0");
      System.setIn(new ByteArrayInputStream(utf8("a,x\nb\n")));
      assertThatThrownBy(() -> READER.read(Path.of("-")))
          .hasMessage("standard input, line 2: expected 2 fields, found 1");
      System.setIn(new ByteArrayInputStream(zip(logAndOthers())));
      assertThatThrownBy(() -> READER.read(Path.of("-")))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("found a zip within another file; unzip -p FILE MEMBER");
      System.setIn(new ByteArrayInputStream(utf8("1::2::3::4\n")));
      assertThatThrownBy(() -> MovieLens.read(Path.of("-")))
          .isInstanceOf(DataException.class)
          .hasMessageStartingWith("standard input: a form that tells its files by their names");
    } finally {
      System.setIn(before);
    }
  }

  /** A writer that is slow between two members of gzip must not look like the end. */
  @Test
  void aNamedPipeIsReadOnceAndToItsEnd() throws Exception {
    Path pipe = folder.resolve("pipe");
    Path mkfifo = Path.of("/usr/bin/mkfifo");
    assumeTrue(Files.isExecutable(mkfifo), "there is no mkfifo");
    assertThat(new ProcessBuilder(mkfifo.toString(), pipe.toString()).start().waitFor()).isZero();
    Thread writer =
        new Thread(
            () -> {
              try (OutputStream out = Files.newOutputStream(pipe)) {
                out.write(gzip(utf8("a,x\n")));
                out.flush();
                Thread.sleep(200);
                out.write(gzip(utf8("b,y\n")));
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    writer.start();
    assertThat(events(READER.read(pipe))).containsExactly("a|x|1.0", "b|y|1.0");
    writer.join();
  }

  @Test
  void tarsWithinTarsAndSparseFilesHaveTheirBounds() throws IOException {
    byte[] nested = utf8("x");
    for (int depth = 0; depth < 6; depth++) {
      nested = tar(Map.of("inner.tar", nested));
    }
    Path deep = file("deep.tar", nested);
    assertThatThrownBy(() -> NetflixPrize.read(deep, ReadOptions.ALL))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("expected at most 4 tars in one another");
    byte[] header = tar(Map.of("movie_titles.txt", new byte[0]));
    header[156] = 'S'; // GNU's type for a sparse file
    byte[] realSize = utf8("77777777777");
    System.arraycopy(realSize, 0, header, 483, realSize.length);
    int sum = 8 * ' ';
    for (int i = 0; i < 512; i++) {
      sum += i >= 148 && i < 156 ? 0 : Byte.toUnsignedInt(header[i]);
    }
    System.arraycopy(utf8(String.format("%06o\0 ", sum)), 0, header, 148, 8);
    Path sparse = file("sparse.tar", header);
    assertThatThrownBy(() -> NetflixPrize.read(sparse, ReadOptions.ALL))
        .isInstanceOf(DataException.class)
        .hasMessage(sparse + ": the member 'movie_titles.txt' is a sparse file, which no log is");
  }

  @Test
  void aFileOfColonsIsRefusedWithoutLookingAtEachLineForEachColon() throws IOException {
    Path file = file("mv_1.txt", utf8("1:\n" + ":".repeat(5 << 20)));
    assertThatThrownBy(() -> NetflixPrize.read(file, ReadOptions.ALL))
        .isInstanceOf(DataException.class);
  }
}
