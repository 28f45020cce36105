package io.github.vaecf.core;

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

  public static int[] row(int... columns) {
    return columns;
  }

  /** As many raw ids, none of which is an index. */
  public static IdIndex ids(int count) {
    return IdIndex.of(IntStream.range(0, count).mapToObj(item -> "item-" + item).toList());
  }
}
