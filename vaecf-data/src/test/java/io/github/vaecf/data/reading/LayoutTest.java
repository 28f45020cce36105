package io.github.vaecf.data.reading;

import static io.github.vaecf.data.reading.Fixtures.events;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is told from the first lines: the header, and which column is which. */
class LayoutTest {
  @TempDir Path folder;

  private final List<String> notes = new ArrayList<>();

  private Interactions read(String content) throws IOException {
    return guessing().build().read(Files.writeString(folder.resolve("log.csv"), content));
  }

  private DelimitedReader.Builder guessing() {
    return DelimitedReader.builder().valueColumnIfAny().notes(notes::add);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "user,item\na,x\nb,y\n",
        "userId,movieId\n1,10\n2,20\n",
        "User_ID,Item ID\na,b\nc,d\n",
        "user_id:token,item_id:token\na,b\nc,d\n",
        "klant,artikel\n1,10\n2,20\n", // words above numbers
        "klant,artikel\nk1,a10\nk2,a20\n", // words without digits above words with
      })
  void aFirstLineThatNamesColumnsIsNoEvent(String content) throws IOException {
    assertThat(read(content).size()).isEqualTo(2);
    assertThat(notes).hasSize(1);
    assertThat(notes.get(0)).endsWith("the first line names them (--no-header if it is an event)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1,10\n1,20\n2,10\n",
        "1,10,5\n1,20,3\n2,10,4\n",
        "alice,apple\nalice,pear\nbob,apple\n",
        "alice,apple\nbob,pear\ncarol,plum\n", // nothing tells it from the others
        "b0a,10\n1c2,20\ne3,10\n",
        "5,A1\n6,77\n6,78\n", // a number above numbers goes before a word above numbers
        "a,x,2005-09-06\na,y,2005-09-07\nb,x,2005-09-08\n",
        "a,x,\na,y,3\nb,x,4\n", // a missing number is no name
        "user,x\nuser,y\nu2,x\n", // comes again
      })
  void aFirstLineThatIsAnEventIsKept(String content) throws IOException {
    Interactions log =
        DelimitedReader.builder()
            .notes(notes::add)
            .build()
            .read(Files.writeString(folder.resolve("log.csv"), content));
    assertThat(log.size()).isEqualTo(3);
    assertThat(notes.get(0))
        .endsWith("the first line is an event, there is no header (--header if it names them)");
  }

  @Test
  void aHeaderOfWordsAboveASortedLogOfWordsStandsApart() throws IOException {
    StringBuilder content = new StringBuilder("source,dependency\n");
    for (int line = 0; line < 40; line++) {
      content.append("abcdefgh".charAt(line / 5)).append(",lib").append("xyzw".charAt(line % 4));
      content.append('\n');
    }
    assertThat(read(content.toString()).size()).isEqualTo(40);
  }

  @Test
  void whatIsSaidGoesBeforeWhatItLooksLike() throws IOException {
    Path file = Files.writeString(folder.resolve("log.csv"), "user,item\na,x\n");
    assertThat(events(DelimitedReader.builder().header(false).build().read(file)))
        .containsExactly("user|item|1.0", "a|x|1.0");
    Path numbers = Files.writeString(folder.resolve("numbers.csv"), "0,1\n5,6\n");
    assertThat(events(guessing().header(true).build().read(numbers))).containsExactly("5|6|1.0");
    assertThat(notes)
        .containsExactly(
            numbers
                + ": users in column 1 (0), items in column 2 (1), no values, no times; the first line"
                + " names them");
  }

  @Test
  void columnsAreFoundByTheNamesThatTheyHaveInMostLogs() throws IOException {
    assertThat(events(read("timestamp,movieId,rating,userId\n978300760,x,5,a\n978300761,y,4,b\n")))
        .containsExactly("a|x|5.0", "b|y|4.0");
    assertThat(notes.get(0))
        .contains(
            "users in column 4 (userId), items in column 2 (movieId), values in column 3 (rating),"
                + " no times");
  }

  @Test
  void aThirdColumnOfTimesHoldsNoValues() throws IOException {
    assertThat(events(read("1,10,978300760\n1,20,978300761\n")))
        .containsExactly("1|10|1.0", "1|20|1.0");
    assertThat(events(read("user,item,time\n1,10,3\n1,20,4\n")))
        .containsExactly("1|10|1.0", "1|20|1.0");
    assertThat(events(read("1,10,good\n1,20,bad\n"))).containsExactly("1|10|1.0", "1|20|1.0");
    assertThat(notes).allMatch(note -> note.contains("no values"));
  }

  @Test
  void piecesOfOneFileHaveItsHeaderOnceOrEach() throws IOException {
    Path first = Files.writeString(folder.resolve("1.csv"), "user,item,rating\na,x,4\n");
    Path piece = Files.writeString(folder.resolve("2.csv"), "b,y,3\n");
    Path again = Files.writeString(folder.resolve("3.csv"), "user,item,rating\nc,z,2\n");
    Path turned = Files.writeString(folder.resolve("4.csv"), "rating,user,item\n1,d,w\n");
    assertThat(events(guessing().build().read(first, piece, again, turned)))
        .containsExactly("a|x|4.0", "b|y|3.0", "c|z|2.0", "d|w|1.0");
    assertThat(notes).hasSize(3).last().isEqualTo("4 files read as one log, from " + first);
    Path other = Files.writeString(folder.resolve("5.csv"), "user,product,rating\nd,w,1\n");
    assertThatThrownBy(() -> guessing().build().read(first, other))
        .isInstanceOf(DataException.class)
        .hasMessage(
            other
                + ", line 1: expected the columns of the first file, user, item, rating, found user,"
                + " product, rating");
  }

  @Test
  void theRealLogsOfTheBoardAreReadWithoutAnOption() {
    Path board = SharedData.folder().resolve("data/board");
    assumeTrue(Files.exists(board), () -> board + " is not there");
    assertThat(
            guessing().separator("\t").build().read(board.resolve("lastfm-hetrec.tsv.gz")).size())
        .isEqualTo(92_834);
    assertThat(
            guessing().separator("\t").build().read(board.resolve("steam-purchases.tsv.gz")).size())
        .isEqualTo(129_511);
    assertThat(guessing().separator(" ").build().read(board.resolve("amazon-beauty.txt.gz")).size())
        .isEqualTo(353_962);
    assertThat(
            guessing().separator(" ").build().read(board.resolve("foursquare-train.txt.gz")).size())
        .isEqualTo(69_159);
  }
}
