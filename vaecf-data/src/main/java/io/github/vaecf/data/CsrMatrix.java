package io.github.vaecf.data;

import it.unimi.dsi.fastutil.BigArrays;
import it.unimi.dsi.fastutil.ints.AbstractIntList;
import it.unimi.dsi.fastutil.ints.IntArrays;
import it.unimi.dsi.fastutil.ints.IntBigArrays;
import it.unimi.dsi.fastutil.ints.IntList;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * A binary matrix in compressed sparse rows: entry (r, c) is 1 if the pair was observed and 0
 * otherwise. Columns of a row are stored in ascending order, each once; offsets are {@code long}
 * and columns lie in a fastutil big array, so that the number of entries is not bounded by 2³¹.
 *
 * <p>Two matrices are equal if they have the same shape and the same ones. Memory is 4 bytes an
 * entry and 8 bytes a row. Immutable and safe for use by many threads.
 */
public final class CsrMatrix {
  private final int columns;
  private final long[] offsets;
  private final int[][] columnIndices;
  private final Pairs pairs;

  private CsrMatrix(int columns, long[] offsets, int[][] columnIndices, Pairs ordered) {
    this.columns = columns;
    this.offsets = offsets;
    this.columnIndices = columnIndices;
    this.pairs = ordered == null ? this::forEachByRow : ordered;
  }

  /** A source of (row, column) pairs that can be gone through more than once. */
  @FunctionalInterface
  public interface Pairs {
    /**
     * Hands every pair to the consumer, in the same order at every call.
     *
     * @param consumer receives the pairs
     */
    void forEach(PairConsumer consumer);
  }

  /** Receives (row, column) pairs. */
  @FunctionalInterface
  public interface PairConsumer {
    /**
     * Receives one pair.
     *
     * @param row the row's index
     * @param column the column's index
     */
    void accept(int row, int column);
  }

  /**
   * The matrix that has a 1 for every pair. Pairs may come in any order; a pair that comes more
   * than once counts once. The pairs are gone through twice: to count, and to place.
   *
   * @param rows number of rows, at least 0
   * @param columns number of columns, at least 0
   * @param pairs the pairs
   * @return the matrix
   * @throws IllegalArgumentException if a count is negative
   * @throws IndexOutOfBoundsException if a pair lies outside the matrix
   */
  public static CsrMatrix of(int rows, int columns, Pairs pairs) {
    return compress(rows, columns, pairs, false);
  }

  /**
   * As {@link #of}, but {@link #pairs()} goes through these very pairs, in their order. A folder
   * written from such a matrix has the lines in the order of the log. The pairs stay in memory as
   * long as the matrix.
   *
   * @param rows number of rows, at least 0
   * @param columns number of columns, at least 0
   * @param pairs the pairs, each once
   * @return the matrix
   * @throws IllegalArgumentException if a count is negative or a pair comes twice
   * @throws IndexOutOfBoundsException if a pair lies outside the matrix
   */
  public static CsrMatrix inOrder(int rows, int columns, Pairs pairs) {
    return compress(rows, columns, pairs, true);
  }

  /**
   * The matrix whose rows lie one after another in a big array. The arrays are not copied: they
   * belong to the matrix from now on and must not be changed.
   *
   * @param columns number of columns, at least 0
   * @param offsets row r lies from {@code offsets[r]} to {@code offsets[r + 1]}; starts with 0
   * @param columnIndices a fastutil big array: the columns of each row, ascending, each once
   * @return the matrix
   * @throws IllegalArgumentException if the arrays do not make a matrix
   */
  public static CsrMatrix ofRows(int columns, long[] offsets, int[][] columnIndices) {
    int rows = offsets.length - 1;
    if (rows < 0 || offsets[0] != 0 || offsets[rows] != BigArrays.length(columnIndices)) {
      throw new IllegalArgumentException(
          "offsets must go from 0 to the number of columns stored, "
              + BigArrays.length(columnIndices));
    }
    for (int row = 0; row < rows; row++) {
      if (offsets[row] > offsets[row + 1]) {
        throw new IllegalArgumentException("offsets must not descend, but do after row " + row);
      }
      int before = -1;
      for (long entry = offsets[row]; entry < offsets[row + 1]; entry++) {
        int column = BigArrays.get(columnIndices, entry);
        if (column <= before || column >= columns) {
          throw new IllegalArgumentException(
              "columns of row "
                  + row
                  + " must ascend and lie within "
                  + columns
                  + ", found "
                  + column
                  + " after "
                  + before);
        }
        before = column;
      }
    }
    return new CsrMatrix(columns, offsets, columnIndices, null);
  }

  private static CsrMatrix compress(int rows, int columns, Pairs pairs, boolean keepOrder) {
    if (rows < 0 || columns < 0) {
      throw new IllegalArgumentException(
          "rows and columns must be at least 0, found " + rows + " and " + columns);
    }
    long[] offsets = new long[rows + 1];
    pairs.forEach(
        (row, column) -> {
          Objects.checkIndex(column, columns);
          offsets[Objects.checkIndex(row, rows) + 1]++;
        });
    for (int row = 0; row < rows; row++) {
      offsets[row + 1] += offsets[row];
    }
    int[][] columnIndices = IntBigArrays.newBigArray(offsets[rows]);
    long[] next = offsets.clone();
    pairs.forEach((row, column) -> BigArrays.set(columnIndices, next[row]++, column));

    if (columnIndices.length == 1) {
      IntStream.range(0, rows)
          .parallel()
          .forEach(r -> Arrays.sort(columnIndices[0], (int) offsets[r], (int) next[r]));
    } else { // a row may lie in two segments
      for (int r = 0; r < rows; r++) {
        int[] row = new int[Math.toIntExact(next[r] - offsets[r])];
        BigArrays.copyFromBig(columnIndices, offsets[r], row, 0, row.length);
        Arrays.sort(row);
        BigArrays.copyToBig(row, 0, columnIndices, offsets[r], row.length);
      }
    }

    // Close the gaps that repeated pairs leave.
    long kept = 0;
    int[] row = IntArrays.EMPTY_ARRAY;
    for (int r = 0; r < rows; r++) {
      long start = offsets[r];
      int size = Math.toIntExact(next[r] - start);
      row = IntArrays.ensureCapacity(row, size, 0);
      BigArrays.copyFromBig(columnIndices, start, row, 0, size);
      offsets[r] = kept;
      for (int i = 0; i < size; i++) {
        if (i == 0 || row[i] != row[i - 1]) {
          BigArrays.set(columnIndices, kept++, row[i]);
        }
      }
    }
    if (keepOrder && kept != offsets[rows]) {
      throw new IllegalArgumentException(
          "each pair must come once, found " + (offsets[rows] - kept) + " repetitions");
    }
    offsets[rows] = kept;
    return new CsrMatrix(
        columns, offsets, BigArrays.trim(columnIndices, kept), keepOrder ? pairs : null);
  }

  /**
   * The number of rows.
   *
   * @return at least 0
   */
  public int rows() {
    return offsets.length - 1;
  }

  /**
   * The number of columns.
   *
   * @return at least 0
   */
  public int columns() {
    return columns;
  }

  /**
   * The number of ones in the matrix.
   *
   * @return at least 0
   */
  public long entries() {
    return offsets[offsets.length - 1];
  }

  /**
   * The number of ones in a row.
   *
   * @param row the row's index
   * @return 0 … columns
   * @throws IndexOutOfBoundsException if there is no such row
   */
  public int rowSize(int row) {
    Objects.checkIndex(row, rows());
    return (int) (offsets[row + 1] - offsets[row]);
  }

  /**
   * The number of ones in the rows from one to another.
   *
   * @param from the first row
   * @param to the row after the last
   * @return at least 0
   * @throws IndexOutOfBoundsException if the range does not lie within the rows
   */
  public long entries(int from, int to) {
    Objects.checkFromToIndex(from, to, rows());
    return offsets[to] - offsets[from];
  }

  /**
   * The columns of a row, ascending, as a view that copies nothing.
   *
   * @param row the row's index
   * @return an immutable view of the row's columns
   * @throws IndexOutOfBoundsException if there is no such row
   */
  public IntList row(int row) {
    int size = rowSize(row);
    long start = offsets[row];
    return new AbstractIntList() {
      @Override
      public int getInt(int index) {
        return BigArrays.get(columnIndices, start + Objects.checkIndex(index, size));
      }

      @Override
      public int size() {
        return size;
      }
    };
  }

  /**
   * Copies the columns of a row, ascending, into an array. For inner loops.
   *
   * @param row the row's index
   * @param target receives the columns
   * @param at index in the target of the first column
   * @return the number of columns copied
   * @throws IndexOutOfBoundsException if there is no such row or the target is too short
   */
  public int copyRow(int row, int[] target, int at) {
    int size = rowSize(row);
    BigArrays.copyFromBig(columnIndices, offsets[row], target, at, size);
    return size;
  }

  /**
   * Copies columns as they are stored, row after row, into an array. For writing matrices out.
   *
   * @param from how many entries of the matrix come before, in rows and columns ascending
   * @param target receives the columns
   * @param at index in the target of the first column
   * @param length how many columns to copy
   * @throws IndexOutOfBoundsException if there are not so many entries or the target is too short
   */
  public void copyEntries(long from, int[] target, int at, int length) {
    BigArrays.copyFromBig(columnIndices, from, target, at, length);
  }

  /**
   * The matrix with rows and columns exchanged.
   *
   * @return a new matrix, columns × rows
   */
  public CsrMatrix transpose() {
    return of(
        columns, rows(), consumer -> forEachByRow((row, column) -> consumer.accept(column, row)));
  }

  /**
   * Some of the rows, in a given order; a row may come more than once.
   *
   * @param rows indices of rows
   * @return a new matrix with these rows
   * @throws IndexOutOfBoundsException if there is no such row
   */
  public CsrMatrix selectRows(int... rows) {
    long[] selectedOffsets = new long[rows.length + 1];
    for (int i = 0; i < rows.length; i++) {
      selectedOffsets[i + 1] = selectedOffsets[i] + rowSize(rows[i]);
    }
    int[][] selected = IntBigArrays.newBigArray(selectedOffsets[rows.length]);
    for (int i = 0; i < rows.length; i++) {
      BigArrays.copy(
          columnIndices, offsets[rows[i]], selected, selectedOffsets[i], rowSize(rows[i]));
    }
    return new CsrMatrix(columns, selectedOffsets, selected, null);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CsrMatrix that
        && columns == that.columns
        && Arrays.equals(offsets, that.offsets)
        && BigArrays.equals(columnIndices, that.columnIndices);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(offsets) + columns;
  }

  /**
   * Whether the entry is 1. Takes time logarithmic in the size of the row.
   *
   * @param row the row's index
   * @param column the column's index
   * @return whether the pair was observed
   * @throws IndexOutOfBoundsException if there is no such row or column
   */
  public boolean contains(int row, int column) {
    Objects.checkIndex(row, rows());
    Objects.checkIndex(column, columns);
    return IntBigArrays.binarySearch(columnIndices, offsets[row], offsets[row + 1], column) >= 0;
  }

  /**
   * Every (row, column) that is 1: in the order in which they were given to {@link #inOrder}, else
   * row by row with ascending columns.
   *
   * @return the pairs, each once
   */
  public Pairs pairs() {
    return pairs;
  }

  private void forEachByRow(PairConsumer consumer) {
    for (int row = 0; row < rows(); row++) {
      for (long entry = offsets[row]; entry < offsets[row + 1]; entry++) {
        consumer.accept(row, BigArrays.get(columnIndices, entry));
      }
    }
  }

  /**
   * How many ones each column has.
   *
   * @return a new array, one count a column
   */
  public int[] columnCounts() {
    int[] counts = new int[columns];
    for (int[] segment : columnIndices) {
      for (int column : segment) {
        counts[column]++;
      }
    }
    return counts;
  }

  @Override
  public String toString() {
    return "CsrMatrix[" + rows() + " × " + columns + ", " + entries() + " entries]";
  }
}
