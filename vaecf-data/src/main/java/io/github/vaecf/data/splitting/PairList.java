package io.github.vaecf.data.splitting;

import io.github.vaecf.data.CsrMatrix;
import it.unimi.dsi.fastutil.ints.IntArrayList;

/** Pairs of row and column in the order in which they were added, 8 bytes each. */
final class PairList implements CsrMatrix.Pairs {
  private final IntArrayList rows;
  private final IntArrayList columns;

  PairList(int capacity) {
    rows = new IntArrayList(capacity);
    columns = new IntArrayList(capacity);
  }

  void add(int row, int column) {
    rows.add(row);
    columns.add(column);
  }

  @Override
  public void forEach(CsrMatrix.PairConsumer consumer) {
    int[] row = rows.elements();
    int[] column = columns.elements();
    int size = rows.size();
    for (int pair = 0; pair < size; pair++) {
      consumer.accept(row[pair], column[pair]);
    }
  }
}
