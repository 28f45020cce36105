package io.github.vaecf.eval;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.stream.IntStream;

/** Matrices written down as rows of column indices. */
public final class Rows {
  private Rows() {}

  public static CsrMatrix of(int columns, int[]... rows) {
    return CsrMatrix.of(
        rows.length,
        columns,
        pairs -> {
          for (int row = 0; row < rows.length; row++) {
            for (int column : rows[row]) {
              pairs.accept(row, column);
            }
          }
        });
  }

  /** Ids that are the indices. */
  public static IdIndex ids(int count) {
    return IdIndex.of(IntStream.range(0, count).mapToObj(Integer::toString).toList());
  }

  public static int[] row(int... columns) {
    return columns;
  }
}
