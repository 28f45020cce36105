package io.github.vaecf.data.reading;

import static io.github.vaecf.data.reading.Fixtures.events;
import static io.github.vaecf.data.reading.Fixtures.gzip;
import static io.github.vaecf.data.reading.Fixtures.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
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
        .hasMessage(folder + ": expected a file, found a directory");
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
}
