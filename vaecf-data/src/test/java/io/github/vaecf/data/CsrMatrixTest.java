package io.github.vaecf.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CsrMatrixTest {
  private static CsrMatrix.Pairs pairs(int... pairs) {
    return consumer -> {
      for (int i = 0; i < pairs.length; i += 2) {
        consumer.accept(pairs[i], pairs[i + 1]);
      }
    };
  }

  private static List<String> list(CsrMatrix matrix) {
    List<String> list = new ArrayList<>();
    matrix.pairs().forEach((row, column) -> list.add(row + "," + column));
    return list;
  }

  @Test
  void columnsOfARowAreAscendingAndEachOnce() {
    CsrMatrix matrix = CsrMatrix.of(3, 4, pairs(2, 3, 0, 1, 2, 0, 2, 3));
    assertThat(matrix.row(0).toIntArray()).containsExactly(1);
    assertThat(matrix.row(1).toIntArray()).isEmpty();
    assertThat(matrix.row(2).toIntArray()).containsExactly(0, 3);
    assertThat(matrix.entries()).isEqualTo(3);
    assertThat(matrix.entries(1, 3)).isEqualTo(2);
    assertThat(matrix.columnCounts()).containsExactly(1, 1, 0, 1);
    assertThat(matrix.contains(2, 3)).isTrue();
    assertThat(matrix.contains(2, 1)).isFalse();
    int[] target = new int[3];
    assertThat(matrix.copyRow(2, target, 1)).isEqualTo(2);
    assertThat(target).containsExactly(0, 0, 3);
    assertThat(list(matrix)).containsExactly("0,1", "2,0", "2,3");
    assertThat(matrix).hasToString("CsrMatrix[3 × 4, 3 entries]");
  }

  @Test
  void anOrderedMatrixRemembersTheOrderOfItsPairs() {
    CsrMatrix matrix = CsrMatrix.inOrder(3, 4, new int[] {2, 0, 2}, new int[] {3, 1, 0});
    assertThat(list(matrix)).containsExactly("2,3", "0,1", "2,0");
    assertThat(matrix.row(2).toIntArray()).containsExactly(0, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CsrMatrix.inOrder(3, 4, new int[] {2, 2}, new int[] {3, 3}))
        .withMessage("each pair must come once, found 1 repetitions");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CsrMatrix.inOrder(3, 4, new int[2], new int[1]))
        .withMessage("each pair must have a row and a column, found 2 rows and 1 columns");
    for (int[] pair : new int[][] {{3, 0}, {-1, 0}, {0, 4}, {0, -1}}) {
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> CsrMatrix.inOrder(3, 4, new int[] {pair[0]}, new int[] {pair[1]}));
    }
    int[] outside = new int[100_000];
    outside[99_999] = 4;
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> CsrMatrix.inOrder(3, 4, new int[100_000], outside))
        .withMessageContaining("4");
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> matrix.pairs(1, 4));
    assertThat(CsrMatrix.inOrder(0, 0, new int[0], new int[0]).entries()).isZero();
  }

  @Test
  void pairsOutsideAreRefused() {
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> CsrMatrix.of(1, 1, pairs(1, 0)));
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> CsrMatrix.of(1, 1, pairs(0, 1)));
    assertThatIllegalArgumentException().isThrownBy(() -> CsrMatrix.of(-1, 1, pairs()));
  }

  @Test
  void matricesOfASplitMustFitTogether() {
    CsrMatrix two = CsrMatrix.of(1, 2, pairs());
    CsrMatrix three = CsrMatrix.of(1, 3, pairs());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HeldOut(two, three, 0))
        .withMessageContaining("one shape");
    IdIndex ids = IdIndex.of(List.of("a", "b"));
    HeldOut held = new HeldOut(two, two, 0);
    assertThat(held.users()).isEqualTo(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Split(three, held, held, ids, ids, Map.of()))
        .withMessageContaining("training matrix");
  }

  @Test
  void theHistoriesOfASplitAreAllThatIsKnownOfEachUser() {
    IdIndex items = IdIndex.of(List.of("x", "y", "z"));
    Split strangers =
        new Split(
            CsrMatrix.of(1, 3, pairs(0, 2)),
            new HeldOut(CsrMatrix.of(1, 3, pairs(0, 0)), CsrMatrix.of(1, 3, pairs(0, 2)), 1),
            new HeldOut(CsrMatrix.of(1, 3, pairs(0, 1)), CsrMatrix.of(1, 3, pairs()), 2),
            IdIndex.of(List.of("train", "validation", "test")),
            items,
            Map.of());
    assertThat(list(strangers.histories())).containsExactly("0,2", "1,0", "1,2", "2,1");

    // Where the same users are in all parts, each pair counts once.
    CsrMatrix known = CsrMatrix.of(2, 3, pairs(0, 0, 1, 1));
    Split same =
        new Split(
            known,
            new HeldOut(known, CsrMatrix.of(2, 3, pairs(0, 1)), 0),
            new HeldOut(
                CsrMatrix.of(2, 3, pairs(0, 0, 0, 1, 1, 1)), CsrMatrix.of(2, 3, pairs(1, 2)), 0),
            IdIndex.of(List.of("a", "b")),
            items,
            Map.of());
    assertThat(list(same.histories())).containsExactly("0,0", "0,1", "1,1", "1,2");
  }

  @Test
  void anIndexKnowsItsIdsBothWays() {
    IdIndex ids = IdIndex.of(List.of("a", "b"));
    assertThat(ids.indexOf("b")).isEqualTo(1);
    assertThat(ids.indexOf("c")).isEqualTo(-1);
    assertThat(ids.id(0)).isEqualTo("a");
    assertThat(ids).isEqualTo(IdIndex.of(List.of("a", "b"))).hasToString("IdIndex[2 ids]");
    assertThat(ids).hasSameHashCodeAs(IdIndex.of(List.of("a", "b")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> IdIndex.of(List.of("a", "b", "a")))
        .withMessage("id 'a' stands at index 0 and at 2");
  }
}
