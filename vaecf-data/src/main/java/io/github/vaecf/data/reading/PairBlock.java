package io.github.vaecf.data.reading;

import io.github.vaecf.data.CsrMatrix;
import java.util.Arrays;

/** Pairs of indices that a block of lines holds. */
final class PairBlock implements LineFormat.Block {
  private int[] rows;
  private int[] columns;
  private int size;
  private int lines;
  private int least = Integer.MAX_VALUE;
  private int largest = -1;

  PairBlock(int expectedPairs) {
    rows = new int[expectedPairs];
    columns = new int[expectedPairs];
  }

  int nextLine() {
    return ++lines;
  }

  @Override
  public int lines() {
    return lines;
  }

  void add(int row, int column) {
    if (size == rows.length) {
      int capacity = size + (size >> 1) + 16;
      rows = Arrays.copyOf(rows, capacity);
      columns = Arrays.copyOf(columns, capacity);
    }
    rows[size] = row;
    columns[size++] = column;
    least = Math.min(least, row);
    largest = Math.max(largest, row);
  }

  void trim() {
    rows = Arrays.copyOf(rows, size);
    columns = Arrays.copyOf(columns, size);
  }

  /** The least row, or the largest int if there is none. */
  int leastRow() {
    return least;
  }

  /** The largest row, or −1 if there is none. */
  int largestRow() {
    return largest;
  }

  void forEach(int firstRow, CsrMatrix.PairConsumer consumer) {
    for (int pair = 0; pair < size; pair++) {
      consumer.accept(rows[pair] - firstRow, columns[pair]);
    }
  }
}
