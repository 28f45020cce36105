package io.github.vaecf.data.reading;

import io.github.vaecf.data.CsrMatrix;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.ints.IntOpenHashSet;
import it.unimi.dsi.fastutil.ints.IntSet;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** Pairs of indices that a block of lines holds. */
final class PairBlock implements LineFormat.Block {
  private int[] rows;
  private int[] columns;
  private int size;
  private int lines;
  private final IntSet distinctRows = new IntOpenHashSet();
  private final IntArrayList blankLines = new IntArrayList(0);

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

  /** The line that was begun last has no pair. */
  void skipLine() {
    blankLines.add(lines);
  }

  void add(int row, int column) {
    if (size == rows.length) {
      int capacity = size + (size >> 1) + 16;
      rows = Arrays.copyOf(rows, capacity);
      columns = Arrays.copyOf(columns, capacity);
    }
    if (size == 0 || rows[size - 1] != row) {
      distinctRows.add(row);
    }
    rows[size] = row;
    columns[size++] = column;
  }

  void trim() {
    rows = Arrays.copyOf(rows, size);
    columns = Arrays.copyOf(columns, size);
  }

  /** The rows that have a pair. */
  IntSet distinctRows() {
    return distinctRows;
  }

  /** Gives the rows other numbers. */
  void renumber(IntUnaryOperator newRow) {
    int old = -1;
    int number = -1;
    for (int pair = 0; pair < size; pair++) {
      if (rows[pair] != old) {
        old = rows[pair];
        number = newRow.applyAsInt(old);
      }
      rows[pair] = number;
    }
  }

  /** The line, counted from 1, in which a pair stands first; 0 if it does not. */
  int lineOf(int row, int column) {
    for (int pair = 0; pair < size; pair++) {
      if (rows[pair] == row && columns[pair] == column) {
        int line = pair + 1;
        for (int i = 0; i < blankLines.size() && blankLines.getInt(i) <= line; i++) {
          line++;
        }
        return line;
      }
    }
    return 0;
  }

  void forEach(int firstRow, CsrMatrix.PairConsumer consumer) {
    for (int pair = 0; pair < size; pair++) {
      consumer.accept(rows[pair] - firstRow, columns[pair]);
    }
  }
}
