package io.github.vaecf.data.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparedFolderTest {
  @TempDir Path folder;

  private static CsrMatrix matrix(int rows, int columns, int... pairs) {
    return CsrMatrix.inOrder(
        rows,
        columns,
        IntStream.range(0, pairs.length / 2).map(pair -> pairs[2 * pair]).toArray(),
        IntStream.range(0, pairs.length / 2).map(pair -> pairs[2 * pair + 1]).toArray());
  }

  private static Split small() {
    return new Split(
        matrix(2, 3, 1, 2, 0, 0, 1, 1),
        new HeldOut(matrix(1, 3, 0, 1), matrix(1, 3, 0, 0), 2),
        new HeldOut(matrix(1, 3, 0, 2), matrix(1, 3), 3),
        IdIndex.of(List.of("u1", "u2", "u3", "u4")),
        IdIndex.of(List.of("x", "y", "z")),
        Map.of("x", "The\tX", "y", "Why"),
        List.of(new Split.Stage("read", 4, 3, 6)));
  }

  private static List<String> pairs(CsrMatrix matrix) {
    List<String> pairs = new ArrayList<>();
    matrix.pairs().forEach((row, column) -> pairs.add(row + "," + column));
    return pairs;
  }

  private Path written() {
    Path prepared = folder.resolve("prepared");
    PreparedFolder.write(small(), prepared);
    return prepared;
  }

  @Test
  void filesHaveThePublishedLayoutInTheOrderOfTheLog() {
    Path prepared = written();
    assertThat(prepared.resolve("train.csv")).hasContent("uid,sid\n1,2\n0,0\n1,1\n");
    assertThat(prepared.resolve("validation_tr.csv")).hasContent("uid,sid\n2,1\n");
    assertThat(prepared.resolve("validation_te.csv")).hasContent("uid,sid\n2,0\n");
    assertThat(prepared.resolve("test_tr.csv")).hasContent("uid,sid\n3,2\n");
    assertThat(prepared.resolve("test_te.csv")).hasContent("uid,sid\n");
    assertThat(prepared.resolve("unique_sid.txt")).hasContent("x\ny\nz\n");
    assertThat(prepared.resolve("unique_uid.txt")).hasContent("u1\nu2\nu3\nu4\n");
    assertThat(prepared.resolve("titles.tsv")).hasContent("item\ttitle\nx\tThe X\ny\tWhy\n");
    assertThat(prepared.resolve("stages.tsv"))
        .hasContent("stage\tusers\titems\tevents\nread\t4\t3\t6\n");
  }

  /** So many pairs that many threads make their lines. */
  @Test
  void linesOfManyPairsStandInTheirOrder() throws IOException {
    int size = 400_000;
    int[] rows = new int[size];
    int[] columns = new int[size];
    StringBuilder lines = new StringBuilder("uid,sid\n");
    for (int pair = 0; pair < size; pair++) {
      rows[pair] = pair / 3 % 1009;
      columns[pair] = (int) (pair * 7919L % 199_999);
      lines.append(rows[pair]).append(',').append(columns[pair]).append('\n');
    }
    Path file = folder.resolve("pairs.csv");
    PairFile.write(
        file, CsrMatrix.inOrder(1009, 199_999, rows, columns), 0, new PairFile.Numbers(199_999));
    assertThat(Files.readString(file).equals(lines.toString())).isTrue();
  }

  @Test
  void whatWasWrittenIsRead() {
    Split read = PreparedFolder.read(written());
    assertThat(pairs(read.train())).containsExactly("0,0", "1,1", "1,2");
    assertThat(pairs(read.validation().foldIn())).containsExactly("0,1");
    assertThat(pairs(read.validation().heldOut())).containsExactly("0,0");
    assertThat(pairs(read.test().foldIn())).containsExactly("0,2");
    assertThat(pairs(read.test().heldOut())).isEmpty();
    assertThat(read.validation().firstUser()).isEqualTo(2);
    assertThat(read.test().firstUser()).isEqualTo(3);
    assertThat(read.users()).isEqualTo(small().users());
    assertThat(read.items()).isEqualTo(small().items());
    assertThat(read.titles()).containsEntry("x", "The X").containsEntry("y", "Why");
    assertThat(read.stages()).isEqualTo(small().stages());
  }

  @Test
  void withoutUserIdsTheIndicesServe() throws IOException {
    Path prepared = written();
    Files.delete(prepared.resolve("unique_uid.txt"));
    Files.delete(prepared.resolve("titles.tsv"));
    Files.delete(prepared.resolve("stages.tsv"));
    Split read = PreparedFolder.read(prepared);
    assertThat(read.users().ids()).containsExactly("0", "1", "2", "3");
    assertThat(read.test().firstUser()).isEqualTo(3);
    assertThat(read.titles()).isEmpty();
    assertThat(read.stages()).isEmpty();
  }

  @Test
  void testUsersMayBeTheTrainingUsers() throws IOException {
    Path prepared = written();
    Files.writeString(prepared.resolve("validation_tr.csv"), "uid,sid\n");
    Files.writeString(prepared.resolve("validation_te.csv"), "uid,sid\n");
    Files.writeString(prepared.resolve("test_tr.csv"), "uid,sid\n0,0\n1,1\n1,2\n");
    Files.writeString(prepared.resolve("test_te.csv"), "uid,sid\n1,0\n");
    Files.writeString(prepared.resolve("unique_uid.txt"), "a\nb\n");
    Split read = PreparedFolder.read(prepared);
    assertThat(read.validation().users()).isZero();
    assertThat(read.test().firstUser()).isZero();
    assertThat(pairs(read.test().foldIn())).isEqualTo(pairs(read.train()));
    assertThat(pairs(read.test().heldOut())).containsExactly("1,0");
  }

  @Test
  void aFolderThatIsThereIsNotOverwritten() throws IOException {
    Path prepared = written();
    Files.writeString(prepared.resolve("note"), "keep");
    assertThatThrownBy(() -> PreparedFolder.write(small(), prepared))
        .isInstanceOf(DataException.class)
        .hasMessage(prepared + ": already exists; choose another place or remove it first");
    assertThat(prepared.resolve("note")).hasContent("keep");
  }

  @Test
  void aPlaceThatCannotBeWrittenIsReportedAndNothingIsLeft() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> PreparedFolder.write(small(), file.resolve("prepared")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("cannot be written");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void aMissingFolderAndAMissingFileAreReported() throws IOException {
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> PreparedFolder.read(missing))
        .isInstanceOf(DataException.class)
        .hasMessage(missing + ": there is no such folder");
    Path prepared = written();
    Files.delete(prepared.resolve("test_te.csv"));
    assertThatThrownBy(() -> PreparedFolder.read(prepared))
        .isInstanceOf(DataException.class)
        .hasMessage(prepared.resolve("test_te.csv") + ": there is no such file");
    assertThatThrownBy(() -> PreparedFolder.read(prepared.resolve("train.csv")))
        .hasMessageContaining("expected a prepared folder, found a file");
  }

  @Test
  void aBrokenLineIsReportedWithFileAndLineNumber() throws IOException {
    Path prepared = written();
    Path train = prepared.resolve("train.csv");
    Files.writeString(train, "uid,sid\n0,0\n0,3\n");
    assertThatThrownBy(() -> PreparedFolder.read(prepared))
        .isInstanceOf(DataException.class)
        .hasMessage(train + ", line 3: expected the index of an item, 0 to 2, found '3'");
    Files.writeString(train, "uid,sid\n9,0\n");
    assertThatThrownBy(() -> PreparedFolder.read(prepared))
        .hasMessage(train + ", line 2: expected the index of a user, 0 to 3, found '9'");
    Files.writeString(train, "uid,sid\n0;0\n");
    assertThatThrownBy(() -> PreparedFolder.read(prepared))
        .hasMessage(train + ", line 2: expected uid,sid, found 1 fields");
    Files.writeString(train, "user,item\n0,0\n");
    assertThatThrownBy(() -> PreparedFolder.read(prepared))
        .hasMessage(train + ", line 1: expected the header uid,sid, found 'user,item'");
  }

  @Test
  void anIdThatStandsTwiceIsReported() throws IOException {
    Path prepared = written();
    Path ids = Files.writeString(prepared.resolve("unique_sid.txt"), "x\ny\nx\n");
    assertThatThrownBy(() -> PreparedFolder.read(prepared))
        .isInstanceOf(DataException.class)
        .hasMessage(ids + ", line 3: the id 'x' stands in line 1 already");
  }

  @Test
  void usersOutOfTheirRangeAreReported() throws IOException {
    Path prepared = written();
    Files.writeString(prepared.resolve("validation_tr.csv"), "uid,sid\n3,1\n");
    Files.writeString(prepared.resolve("test_tr.csv"), "uid,sid\n2,1\n");
    assertThatThrownBy(() -> PreparedFolder.read(prepared))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("expected the users of training, then of validation, then of test");
  }

  /** A folder without ids of users; pairs of a file with blanks between. */
  private Path foreign(
      String train, String validation, String heldOut, String test, String heldOutOfTest)
      throws IOException {
    Path foreign = Files.createDirectory(folder.resolve("foreign"));
    Files.writeString(foreign.resolve("unique_sid.txt"), "x\ny\nz\n");
    writePairs(foreign.resolve("train.csv"), train);
    writePairs(foreign.resolve("validation_tr.csv"), validation);
    writePairs(foreign.resolve("validation_te.csv"), heldOut);
    writePairs(foreign.resolve("test_tr.csv"), test);
    writePairs(foreign.resolve("test_te.csv"), heldOutOfTest);
    return foreign;
  }

  private static void writePairs(Path file, String pairs) throws IOException {
    Files.writeString(file, "uid,sid\n" + (pairs.isEmpty() ? "" : pairs.replace(' ', '\n') + "\n"));
  }

  @Test
  void gapsBetweenTheNumbersOfUsersAreNoUsers() throws IOException {
    Path foreign =
        foreign("7,0 3,1 7,2", "20000000,0", "20000000,1", "20000009,2 30000000,1", "20000009,0");
    Split read = PreparedFolder.read(foreign);
    assertThat(read.users().ids()).containsExactly("3", "7", "20000000", "20000009", "30000000");
    assertThat(pairs(read.train())).containsExactly("0,1", "1,0", "1,2");
    assertThat(read.train().rows()).isEqualTo(2);
    assertThat(read.validation().firstUser()).isEqualTo(2);
    assertThat(pairs(read.validation().heldOut())).containsExactly("0,1");
    assertThat(read.test().firstUser()).isEqualTo(3);
    assertThat(read.test().users()).isEqualTo(2);
    assertThat(pairs(read.test().heldOut())).containsExactly("0,0");
    assertThat(foreign.resolve(".vaecf-cache")).exists();
    assertThat(Files.size(foreign.resolve(".vaecf-cache"))).isLessThan(1000);
    assertThat(PreparedFolder.read(foreign)).isEqualTo(read);
  }

  @Test
  void aUserWithAnIdAndNoPairToTrainOnIsNoTrainingUser() throws IOException {
    Path prepared = written();
    Files.writeString(prepared.resolve("train.csv"), "uid,sid\n1,2\n1,1\n");
    Split read = PreparedFolder.read(prepared);
    assertThat(read.users().ids()).containsExactly("u2", "u3", "u4");
    assertThat(read.train().rows()).isEqualTo(1);
    assertThat(pairs(read.train())).containsExactly("0,1", "0,2");
    assertThat(read.users().id(read.validation().firstUser())).isEqualTo("u3");
    assertThat(read.users().id(read.test().firstUser())).isEqualTo("u4");
  }

  @Test
  void aTestPairOfATrainingUserAddsNoTrainingUsers() throws IOException {
    Path prepared = written();
    Split before = PreparedFolder.read(prepared);
    Files.writeString(prepared.resolve("test_te.csv"), "uid,sid\n0,1\n");
    Split read = PreparedFolder.read(prepared);
    assertThat(read.train()).isEqualTo(before.train());
    assertThat(read.users()).isEqualTo(before.users());
    assertThat(read.validation()).isEqualTo(before.validation());
    assertThat(read.test().firstUser()).isZero();
    assertThat(pairs(read.test().heldOut())).containsExactly("0,1");
    assertThat(pairs(read.test().foldIn())).containsExactly("3,2");
  }

  @Test
  void aTrainingPairOfATestUserMakesOneTrainingUserMore() throws IOException {
    Path prepared = written();
    Files.writeString(prepared.resolve("train.csv"), "uid,sid\n0,0\n1,2\n3,1\n");
    Split read = PreparedFolder.read(prepared);
    assertThat(read.users().ids()).containsExactly("u1", "u2", "u4", "u3");
    assertThat(pairs(read.train())).containsExactly("0,0", "1,2", "2,1");
    assertThat(read.train().rows()).isEqualTo(3);
    assertThat(read.validation().firstUser()).isEqualTo(3);
    assertThat(pairs(read.test().foldIn())).containsExactly("2,2");
  }

  @Test
  void aUserWhoLostAllTrainingPairsToUndersamplingIsMeasuredAllTheSame() {
    // User b had the popular item x alone to train on.
    Split undersampled =
        new Split(
            matrix(3, 3, 0, 0, 2, 2),
            new HeldOut(matrix(3, 3, 0, 0, 1, 0, 2, 2), matrix(3, 3, 1, 1), 0),
            new HeldOut(matrix(3, 3, 0, 0, 1, 0, 1, 1, 2, 2), matrix(3, 3, 1, 2, 2, 0), 0),
            IdIndex.of(List.of("a", "b", "c")),
            IdIndex.of(List.of("x", "y", "z")),
            Map.of());
    Path prepared = folder.resolve("prepared");
    PreparedFolder.write(undersampled, prepared);
    Split read = PreparedFolder.read(prepared);
    assertThat(read.users().ids()).containsExactly("a", "c", "b");
    assertThat(pairs(read.train())).containsExactly("0,0", "1,2");
    assertThat(read.train().rows()).isEqualTo(2);
    assertThat(read.validation().firstUser()).isZero();
    assertThat(pairs(read.validation().heldOut())).containsExactly("2,1");
    assertThat(read.test().firstUser()).isZero();
    assertThat(pairs(read.test().foldIn())).containsExactly("0,0", "1,2", "2,0", "2,1");
    assertThat(pairs(read.test().heldOut())).containsExactly("1,0", "2,2");
  }

  @Test
  void heldOutUsersWhoLostAllTheirItemsKeepTheirPlaces() {
    Split lost =
        new Split(
            matrix(2, 3, 0, 0, 1, 1),
            new HeldOut(matrix(2, 3, 0, 1), matrix(2, 3, 0, 0), 2),
            new HeldOut(matrix(2, 3, 1, 2), matrix(2, 3), 4),
            IdIndex.of(List.of("a", "b", "c", "d", "e", "f")),
            IdIndex.of(List.of("x", "y", "z")),
            Map.of());
    Path prepared = folder.resolve("prepared");
    PreparedFolder.write(lost, prepared);
    assertThat(PreparedFolder.read(prepared)).isEqualTo(lost);
  }

  @Test
  void aHeldOutPairThatIsFoldInTooIsRefused() throws IOException {
    Path foreign = foreign("0,0 1,1", "5,0 5,1", "5,2", "9,0 9,1", "9,2  9,1 9,0");
    assertThatThrownBy(() -> PreparedFolder.read(foreign))
        .isInstanceOf(DataException.class)
        .hasMessage(
            foreign.resolve("test_te.csv")
                + ", line 5: the pair 9,0 is held out and stands in test_tr.csv too, so that no"
                + " model can find it; remove it from one of the two, as the other 1 such pairs");
    Files.delete(foreign.resolve("test_te.csv"));
    writePairs(foreign.resolve("test_te.csv"), "9,2");
    writePairs(foreign.resolve("validation_te.csv"), "5,2 5,1");
    assertThatThrownBy(() -> PreparedFolder.read(foreign))
        .hasMessageStartingWith(
            foreign.resolve("validation_te.csv")
                + ", line 3: the pair 5,1 is held out and stands in validation_tr.csv too");
  }

  @Test
  void aHeldOutPairThatIsTrainedOnIsRefused() throws IOException {
    Path foreign = foreign("4,0 4,1 8,1", "", "", "4,0 8,1", "8,2 4,1");
    assertThatThrownBy(() -> PreparedFolder.read(foreign))
        .isInstanceOf(DataException.class)
        .hasMessage(
            foreign.resolve("test_te.csv")
                + ", line 3: the pair 4,1 is held out and stands in train.csv too, so that no"
                + " model can find it; remove it from one of the two");
  }

  @Test
  void aPairThatStandsTwiceInAFileCountsOnce() throws IOException {
    Split read = PreparedFolder.read(foreign("0,1 0,1 1,0", "2,0 2,0", "2,1 2,1", "", ""));
    assertThat(pairs(read.train())).containsExactly("0,1", "1,0");
    assertThat(pairs(read.validation().heldOut())).containsExactly("0,1");
  }

  @Test
  void aFolderWithoutATrainingPairIsRefused() throws IOException {
    Path foreign = foreign("", "2,0", "2,1", "", "");
    assertThatThrownBy(() -> PreparedFolder.read(foreign))
        .isInstanceOf(DataException.class)
        .hasMessage(
            foreign.resolve("train.csv") + ": expected a pair to train on, found none in the file");
  }

  @Test
  void numbersThatAreNoIndexAreReported() throws IOException {
    Path foreign = foreign("0,0", "", "", "", "");
    Path train = foreign.resolve("train.csv");
    for (String number :
        List.of("-1", "2147483647", "4294967296", "99999999999999999999", "1.0", "", "a")) {
      writePairs(train, "0,0 " + number + ",1");
      assertThatThrownBy(() -> PreparedFolder.read(foreign))
          .isInstanceOf(DataException.class)
          .hasMessage(
              train
                  + ", line 3: expected the index of a user, 0 to 2147483646, found '"
                  + number
                  + "'");
      writePairs(train, "0,0 1," + number);
      assertThatThrownBy(() -> PreparedFolder.read(foreign))
          .isInstanceOf(DataException.class)
          .hasMessage(
              train + ", line 3: expected the index of an item, 0 to 2, found '" + number + "'");
    }
  }

  @Test
  void aHeaderThatIsMissingIsReportedWithItsCure() throws IOException {
    Path foreign = foreign("0,0", "", "", "", "");
    Path train = foreign.resolve("train.csv");
    Files.writeString(train, "0,1\n1,1\n");
    assertThatThrownBy(() -> PreparedFolder.read(foreign))
        .hasMessage(
            train + ", line 1: expected the header uid,sid, found '0,1'; put that line before it");
    Files.writeString(train, ",uid,sid\n0,0,1\n");
    assertThatThrownBy(() -> PreparedFolder.read(foreign))
        .hasMessage(
            train
                + ", line 1: expected the header uid,sid, found ',uid,sid'; write it without an"
                + " index, in pandas by index=False");
    Files.writeString(train, "sid,uid\n0,1\n");
    assertThatThrownBy(() -> PreparedFolder.read(foreign))
        .hasMessage(train + ", line 1: expected the header uid,sid, found 'sid,uid'");
  }

  @Test
  void idsThatAreNoTextAreReportedWithTheirLine() throws IOException {
    Path prepared = written();
    Path ids = prepared.resolve("unique_sid.txt");
    Files.write(ids, new byte[] {'x', '\n', (byte) 0xe9, '\n', (byte) 0xe8, '\n'});
    assertThatThrownBy(() -> PreparedFolder.read(prepared))
        .isInstanceOf(DataException.class)
        .hasMessage(
            ids
                + ", line 2: expected text in UTF-8, found other bytes; convert the file, as by"
                + " iconv -t UTF-8");
    Files.writeString(ids, "\ufeffx\r\ny\r\nz\r\n");
    assertThat(PreparedFolder.read(prepared).items().ids()).containsExactly("x", "y", "z");
  }

  @Test
  void idsThatALineCannotHoldAreRefusedBeforeAnythingIsThere() {
    Path prepared = folder.resolve("prepared");
    for (String id : List.of("a\nb", "a\r", "\ufeffa")) {
      Split split =
          new Split(
              matrix(1, 1, 0, 0),
              new HeldOut(matrix(0, 1), matrix(0, 1), 1),
              new HeldOut(matrix(0, 1), matrix(0, 1), 1),
              IdIndex.of(List.of("u")),
              IdIndex.of(List.of(id)),
              Map.of());
      assertThatThrownBy(() -> PreparedFolder.write(split, prepared))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("which unique_sid.txt cannot hold")
          .hasMessageEndingWith("; give it another id");
      assertThat(prepared).doesNotExist();
    }
  }

  @Test
  void aTitleThatWasCutWithinACharacterIsWrittenAllTheSame() throws IOException {
    Split split =
        new Split(
            matrix(1, 1, 0, 0),
            new HeldOut(matrix(0, 1), matrix(0, 1), 1),
            new HeldOut(matrix(0, 1), matrix(0, 1), 1),
            IdIndex.of(List.of("u")),
            IdIndex.of(List.of("i")),
            Map.of("i", "A smile \ud83d"));
    Path prepared = folder.resolve("prepared");
    PreparedFolder.write(split, prepared);
    assertThat(PreparedFolder.read(prepared).titles()).containsEntry("i", "A smile ?");
  }
}
