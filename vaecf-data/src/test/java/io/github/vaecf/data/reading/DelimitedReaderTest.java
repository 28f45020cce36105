package io.github.vaecf.data.reading;

import static io.github.vaecf.data.reading.Fixtures.events;
import static io.github.vaecf.data.reading.Fixtures.gzip;
import static io.github.vaecf.data.reading.Fixtures.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdDictionary;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DelimitedReaderTest {
  @TempDir Path folder;

  private Path file(String content) throws IOException {
    Path file = folder.resolve("log.csv");
    return Files.writeString(file, content);
  }

  private static DelimitedReader ratings() {
    return DelimitedReader.builder().valueColumn("3").build();
  }

  @Test
  void eventsComeInTheOrderOfTheLines() throws IOException {
    Path file = file("user,item,rating\nb,x,4\na,y,3.5\nb,y,-1\n");
    assertThat(events(ratings().read(file))).containsExactly("b|x|4.0", "a|y|3.5", "b|y|-1.0");
  }

  @Test
  void columnsAreChosenByNameInAnyOrder() throws IOException {
    Path file = file("when,rating,item,user\n978300760,5,x,a\n2005-09-06,4,y,b\n");
    DelimitedReader reader =
        DelimitedReader.builder()
            .userColumn("user")
            .itemColumn("item")
            .valueColumn("rating")
            .timeColumn("when")
            .build();
    assertThat(events(reader.read(file)))
        .containsExactly("a|x|5.0|978300760", "b|y|4.0|1125964800");
  }

  @Test
  void withoutAHeaderColumnsAreChosenByNumber() throws IOException {
    Path file = file("x::a\ny::b\n");
    DelimitedReader reader =
        DelimitedReader.builder()
            .separator("::")
            .header(false)
            .userColumn("2")
            .itemColumn("1")
            .build();
    assertThat(events(reader.read(file))).containsExactly("a|x|1.0", "b|y|1.0");
  }

  @Test
  void aSingleColonIsNoSeparatorOfTwo() throws IOException {
    Path file = file("a:b::x:\n");
    DelimitedReader reader = DelimitedReader.builder().separator("::").header(false).build();
    assertThat(events(reader.read(file))).containsExactly("a:b|x:|1.0");
  }

  @Test
  void quotedFieldsMayHoldSeparatorsAndQuotes() throws IOException {
    Path file = file("u,i,r\r\n\"a,1\",\"the \"\"x\"\"\",\"4\"\r\n\"b\",y,5\r\n");
    assertThat(events(ratings().read(file))).containsExactly("a,1|the \"x\"|4.0", "b|y|5.0");
  }

  @Test
  void quotesAreOrdinaryTextBetweenTabs() throws IOException {
    Path file = file("u\ti\n\"a\t\"x\"\n");
    assertThat(events(DelimitedReader.builder().separator("\t").build().read(file)))
        .containsExactly("\"a|\"x\"|1.0");
  }

  @Test
  void byteOrderMarkWindowsLineEndsAndBlankLinesArePassedOver() throws IOException {
    Path file = file("\ufeffuser,item,rating\r\na,x,4\r\n\r\nb,y,5\r\n\r\n\n");
    DelimitedReader reader =
        DelimitedReader.builder()
            .userColumn("user")
            .itemColumn("item")
            .valueColumn("rating")
            .build();
    assertThat(events(reader.read(file))).containsExactly("a|x|4.0", "b|y|5.0");
  }

  @Test
  void theLastLineNeedsNoLineBreak() throws IOException {
    assertThat(events(ratings().read(file("u,i,r\na,x,4")))).containsExactly("a|x|4.0");
    assertThat(events(ratings().read(file("u,i,r\na,x,4\r")))).containsExactly("a|x|4.0");
  }

  @Test
  void idsStayAsTheyStand() throws IOException {
    Interactions log =
        ratings()
            .read(file("u,i,r\n7,é,4\n007,x y,4\n7.0,7,4\n99999999999999999999,-0,4\n7,é,4\n"));
    assertThat(log.users().ids()).containsExactly("7", "007", "7.0", "99999999999999999999");
    assertThat(log.items().ids()).containsExactly("é", "x y", "7", "-0");
  }

  @Test
  void compressedFilesAreRecognisedByTheirContent() throws IOException {
    Path file = folder.resolve("no-ending");
    Files.write(file, gzip(utf8("u,i,r\na,x,4\n")));
    assertThat(events(ratings().read(file))).containsExactly("a|x|4.0");
  }

  @Test
  void severalFilesAreOneLogInTheirOrder() throws IOException {
    Path first = Files.writeString(folder.resolve("1.csv"), "u,i,r\na,x,4\n");
    Path second = Files.writeString(folder.resolve("2.csv"), "r,i,u\n5,x,b\n");
    DelimitedReader reader =
        DelimitedReader.builder().userColumn("u").itemColumn("i").valueColumn("r").build();
    assertThat(events(reader.read(first, second))).containsExactly("a|x|4.0", "b|x|5.0");
  }

  @Test
  void numbersAreReadAsTheNearestFloat() throws IOException {
    String[] numbers = {
      "4",
      "3.5",
      "0.1",
      "-2.25",
      ".5",
      "5.",
      "16777217",
      "1e-3",
      "0.30000001192",
      "123456.7",
      "1E10"
    };
    StringBuilder content = new StringBuilder("u,i,r\n");
    for (String number : numbers) {
      content.append("a,x,").append(number).append('\n');
    }
    Interactions log = ratings().read(file(content.toString()));
    for (int event = 0; event < numbers.length; event++) {
      assertThat(log.value(event)).as(numbers[event]).isEqualTo(Float.parseFloat(numbers[event]));
    }
  }

  @Test
  void timesAreWholeNumbersOrDates() throws IOException {
    Path file =
        file("u,i,t\na,x,-5\na,x,1999-12-31\na,x,2010-10-19T23:55:27Z\na,x,2010-10-19 23:55:27\n");
    Interactions log = DelimitedReader.builder().timeColumn("t").build().read(file);
    assertThat(log.time(0)).isEqualTo(-5);
    assertThat(log.time(1)).isEqualTo(946598400);
    assertThat(log.time(2)).isEqualTo(1287532527);
    assertThat(log.time(3)).isEqualTo(1287532527);
  }

  @Test
  void aFileOfManyBlocksReadsAsLineByLine() throws IOException {
    Random random = new Random(7);
    StringBuilder content = new StringBuilder("u,i,r\n");
    List<String> expected = new ArrayList<>();
    while (content.length() < 2.5 * BlockPipeline.BLOCK_SIZE) {
      String user = Integer.toString(random.nextInt(100_000));
      String item = (random.nextBoolean() ? "i" : "0") + random.nextInt(50_000);
      float value = random.nextInt(10) / 2f;
      content.append(user).append(',').append(item).append(',').append(value).append('\n');
      expected.add(user + "|" + item + "|" + value);
    }
    assertThat(events(ratings().read(file(content.toString())))).isEqualTo(expected);
  }

  @Test
  void aBrokenLineFarIntoTheFileIsReportedWithItsNumber() throws IOException {
    int lines = BlockPipeline.BLOCK_SIZE / 4;
    char[] good = new char[6];
    "a,x,4\n".getChars(0, 6, good, 0);
    StringBuilder content = new StringBuilder("u,i,r\n");
    for (int line = 0; line < lines; line++) {
      content.append(good);
    }
    content.append("a,x\n");
    Path file = file(content.toString());
    assertThatThrownBy(() -> ratings().read(file))
        .isInstanceOf(DataException.class)
        .hasMessage(file + ", line " + (lines + 2) + ": expected 3 fields, found 2");
  }

  @Test
  void anUnknownColumnIsReportedWithThoseThereAre() throws IOException {
    Path file = file("user,item\na,x\n");
    assertThatThrownBy(() -> DelimitedReader.builder().valueColumn("rating").build().read(file))
        .isInstanceOf(DataException.class)
        .hasMessage(file + ", line 1: there is no column 'rating': the header names user, item");
    assertThatThrownBy(() -> ratings().read(file))
        .hasMessage(file + ", line 1: there is no column 3: the line has 2 fields");
    assertThatThrownBy(
            () -> DelimitedReader.builder().header(false).userColumn("user").build().read(file))
        .hasMessage(
            file + ", line 1: column 'user' must be a number, because the file has no header");
  }

  @Test
  void aMissingFileAndADirectoryAreReported() {
    Path missing = folder.resolve("missing.csv");
    assertThatThrownBy(() -> ratings().read(missing))
        .isInstanceOf(DataException.class)
        .hasMessage(missing + ": there is no such file");
    assertThatThrownBy(() -> ratings().read(folder))
        .isInstanceOf(DataException.class)
        .hasMessage(folder + ": expected one log, found no file");
  }

  @Test
  void wrongSettingsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DelimitedReader.builder().separator(""))
        .withMessageContaining("separator");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DelimitedReader.builder().separator("\n"));
    assertThatIllegalArgumentException().isThrownBy(() -> ratings().read());
  }

  @Test
  void theDictionaryTellsManyIdsApart() {
    IdDictionary ids = new IdDictionary();
    for (int round = 0; round < 2; round++) {
      for (int id = 0; id < 50_000; id++) {
        byte[] bytes = ("  " + id + "  ").getBytes(StandardCharsets.US_ASCII);
        assertThat(ids.indexOf(bytes, 2, bytes.length - 2)).isEqualTo(id);
      }
    }
    assertThat(ids.toIndex().ids().subList(9, 12)).isEqualTo(Arrays.asList("9", "10", "11"));
  }

  @Test
  void quotedFieldsMayHoldLineBreaksAndLinesKeepTheirNumbers() throws IOException {
    Path file = file("u,i,review\n\"a\",x,\"fine\nbut \"\"slow\"\"\r\n\n\"\nb,y,\"\"\n\nc,z\n");
    DelimitedReader reader = DelimitedReader.builder().skipBadLines(1).build();
    assertThat(events(reader.read(file))).containsExactly("a|x|1.0", "b|y|1.0");
    assertThatThrownBy(() -> DelimitedReader.builder().build().read(file))
        .hasMessage(file + ", line 8: expected 3 fields, found 2");
  }

  @Test
  void aHeaderMayHoldALineBreakInQuotes() throws IOException {
    Path file = file("\ufeff\"the\nuser\",item\na,x\nb\n");
    DelimitedReader reader = DelimitedReader.builder().userColumn("the\nuser").build();
    assertThatThrownBy(() -> reader.read(file))
        .hasMessage(file + ", line 4: expected 2 fields, found 1");
  }

  @Test
  void lineBreaksInQuotesAreNoEndsOfBlocks() throws IOException {
    Random random = new Random(11);
    StringBuilder content = new StringBuilder("user,item,text\n");
    List<String> expected = new ArrayList<>();
    while (content.length() < 2.5 * BlockPipeline.BLOCK_SIZE) {
      int user = random.nextInt(1000);
      content.append('"').append(user).append("\",x").append(user % 7).append(",\"");
      for (int line = random.nextInt(60); line >= 0; line--) {
        content.append(random.nextBoolean() ? "no,event\n" : "\"\"quoted\"\",5\"\" \r\n");
      }
      content.append("\"\n5\" floppy,y,it's 5\" wide\n");
      expected.add(user + "|x" + user % 7 + "|1.0");
      expected.add("5\" floppy|y|1.0");
    }
    assertThat(events(DelimitedReader.builder().build().read(file(content.toString()))))
        .isEqualTo(expected);
  }

  @Test
  void aQuoteThatIsNeverClosedIsOneBadLineAndNotTheRestOfTheFile() throws IOException {
    int lines = 3 * BlockPipeline.BLOCK_SIZE / 8;
    StringBuilder content = new StringBuilder("user,item,text\n\"a,x,1\n");
    for (int line = 0; line < lines; line++) {
      content.append("b,y,12\n");
    }
    Path file = file(content.toString());
    assertThat(DelimitedReader.builder().skipBadLines(1).build().read(file).size())
        .isEqualTo(lines);
    assertThatThrownBy(() -> DelimitedReader.builder().build().read(file))
        .hasMessage(file + ", line 2: a quoted field is not closed");
  }

  @Test
  void timesThatAreNotWantedMayBeAnything() throws IOException {
    List<String> notes = new ArrayList<>();
    Interactions log =
        DelimitedReader.builder()
            .timeColumn("at")
            .options(ReadOptions.ALL.withoutTimes())
            .notes(notes::add)
            .build()
            .read(file("user,item,at\na,b,noon\na,c,\n"));
    assertThat(log.size()).isEqualTo(2);
    assertThat(log.hasTimes()).isFalse();
    assertThat(notes.get(0)).contains("times in column 3 (at), not read; ");
  }

  /**
   * Lines that grow, shrink and have times in one of two files, so that no guess of room is right.
   */
  @Test
  void eventsOfLongFilesStandInTheirOrderWhateverRoomWasExpected() throws IOException {
    StringBuilder growing = new StringBuilder("user,item,rating,time\n");
    StringBuilder shrinking = new StringBuilder("user,item,rating,time\n");
    int lines = 150_000;
    for (int line = 0; line < lines; line++) {
      growing.append(line).append(",i").append("x".repeat(line / 5000)).append(line % 10);
      growing.append(",1,").append(line).append('\n');
      shrinking.append(lines - line).append(",i").append("x".repeat((lines - line) / 5000));
      shrinking.append(",2,").append(line).append('\n');
    }
    Path first = file(growing.toString());
    Path second = folder.resolve("second.csv");
    Files.writeString(second, shrinking);
    Interactions log =
        DelimitedReader.builder().valueColumnIfAny().timeColumn("time").build().read(first, second);
    assertThat(log.size()).isEqualTo(2 * lines);
    for (int event = 0; event < 2 * lines; event++) {
      int line = event % lines;
      boolean inFirst = event < lines;
      if (log.time(event) != line
          || log.value(event) != (inFirst ? 1 : 2)
          || !log.users().id(log.user(event)).equals("" + (inFirst ? line : lines - line))) {
        fail("event " + event);
      }
    }
  }

  @Test
  void badLinesAreSkippedUpToANumberCountedAndListed() throws IOException {
    StringBuilder content = new StringBuilder("user,item,rating\n");
    for (int line = 0; line < 20_000; line++) {
      content.append(line % 2500 == 7 ? "x,\u0001,5\n" : line % 5000 == 9 ? "a,b\n" : "a,b,5\n");
    }
    Path file = file(content.toString());
    List<String> notes = new ArrayList<>();
    DelimitedReader reader =
        DelimitedReader.builder().valueColumn("3").skipBadLines(12).notes(notes::add).build();
    Interactions log = reader.read(file);
    assertThat(log.size()).isEqualTo(20_000 - 12);
    assertThat(log.users().ids()).containsExactly("a");
    assertThat(log.items().ids()).containsExactly("b");
    assertThat(notes.subList(1, notes.size()))
        .startsWith(
            "12 bad lines skipped:",
            "  "
                + file
                + ", line 9: the id of an item must not have control characters, found '\\u0001'",
            "  " + file + ", line 11: expected 3 fields, found 2")
        .endsWith("  and 7 more")
        .hasSize(7);
    assertThatThrownBy(
            () -> DelimitedReader.builder().valueColumn("3").skipBadLines(11).build().read(file))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("more than 11 bad lines, the first of them " + file + ", line 9: ");
    assertThatThrownBy(() -> ratings().read(file)).hasMessageContaining("line 9: ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DelimitedReader.builder().skipBadLines(-1));
  }

  @Test
  void anIdThatIsNoTextLeavesNothingBehindWhenItIsSkipped() throws IOException {
    Path file = folder.resolve("log.csv");
    byte[] bad = {'a', ',', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '\n'};
    byte[] content = Arrays.copyOf(utf8("u,i\na,\ufffd\n"), 4 + 6 + 2 * bad.length);
    System.arraycopy(bad, 0, content, content.length - 2 * bad.length, bad.length);
    System.arraycopy(bad, 0, content, content.length - bad.length, bad.length);
    Files.write(file, content);
    Interactions log = DelimitedReader.builder().skipBadLines(2).build().read(file);
    assertThat(log.items().ids()).containsExactly("\ufffd");
    assertThatThrownBy(() -> DelimitedReader.builder().build().read(file))
        .hasMessageContaining("the id of an item must be text in UTF-8");
  }

  @Test
  void idsWithHalfASurrogatePairAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> IdIndex.of(List.of("a", "b\ud800c")))
        .withMessage("id 'b\\ud800c' at index 1 is no Unicode text");
    assertThatIllegalArgumentException().isThrownBy(() -> IdIndex.of(List.of("\ude00")));
    assertThat(IdIndex.of(List.of("\ud83d\ude00")).size()).isEqualTo(1);
  }

  @Test
  void messagesRepeatLittleOfTheInputAndNoEscapes() throws IOException {
    String wide = "\u001b[2Jcolumn,".repeat(60_000);
    Path file = file(wide + "\n");
    assertThatThrownBy(() -> DelimitedReader.builder().userColumn("user").build().read(file))
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .hasSizeLessThan(file.toString().length() + 300)
                    .contains("\\u001b[2Jcolumn")
                    .doesNotContain("\u001b"));
    assertThat(new DataException("a\u009bb\u202ec\nd").getMessage())
        .isEqualTo("a\\u009bb\\u202ec\\u000ad");
    assertThat(DataException.excerpt("é😀x".repeat(50))).hasSize(101).endsWith("😀x…");
    assertThat(DataException.excerpt("😀".repeat(51) + "x")).isEqualTo("😀".repeat(50) + "…");
    assertThat(DataException.excerpt("x" + "😀".repeat(50))).isEqualTo("x" + "😀".repeat(49) + "…");
  }

  @Test
  void anotherSeparatorIsNamedWhereALineIsOneField() throws IOException {
    assertThatThrownBy(() -> DelimitedReader.builder().build().read(file("a\tx\nb\ty\n")))
        .hasMessageEndingWith(
            "there is no column 2: the line has one field; it has tabs in it, --separator says what"
                + " stands between fields");
  }
}
