package io.github.vaecf.eval;

import io.github.vaecf.data.CsrMatrix;

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
}
