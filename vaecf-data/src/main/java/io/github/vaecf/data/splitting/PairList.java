package io.github.vaecf.data.splitting;

import io.github.vaecf.data.CsrMatrix;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.BitSet;

/** Pairs of row and column in the order in which they were added, 8 bytes each. */
final class PairList {
  private final IntArrayList rows;
  private final IntArrayList columns;

  PairList(int capacity) {
    rows = new IntArrayList(capacity);
    columns = new IntArrayList(capacity);
  }

  /** The pairs of these arrays, which belong to the list from now on. */
  PairList(int[] rows, int[] columns) {
    this.rows = IntArrayList.wrap(rows);
    this.columns = IntArrayList.wrap(columns);
  }

  void add(int row, int column) {
    rows.add(row);
    columns.add(column);
  }

  int size() {
    return rows.size();
  }

  int[] rows() {
    return rows.toIntArray();
  }

  int[] columns() {
    return columns.toIntArray();
  }

  /** Some of the pairs, in the same order. */
  PairList select(BitSet chosen) {
    PairList selected = new PairList(chosen.cardinality());
    for (int pair = chosen.nextSetBit(0); pair >= 0; pair = chosen.nextSetBit(pair + 1)) {
      selected.add(rows.getInt(pair), columns.getInt(pair));
    }
    return selected;
  }

  /** The matrix of the pairs, which are not to change any more. */
  CsrMatrix toMatrix(int rowCount, int columnCount) {
    rows.trim();
    columns.trim();
    return CsrMatrix.inOrder(rowCount, columnCount, rows.elements(), columns.elements());
  }
}
