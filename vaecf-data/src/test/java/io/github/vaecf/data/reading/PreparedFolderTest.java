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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparedFolderTest {
  @TempDir Path folder;

  private static CsrMatrix matrix(int rows, int columns, int... pairs) {
    return CsrMatrix.inOrder(
        rows,
        columns,
        consumer -> {
          for (int i = 0; i < pairs.length; i += 2) {
            consumer.accept(pairs[i], pairs[i + 1]);
          }
        });
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
}
