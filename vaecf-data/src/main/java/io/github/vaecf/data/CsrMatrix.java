package io.github.vaecf.data;

import it.unimi.dsi.fastutil.BigArrays;
import it.unimi.dsi.fastutil.ints.AbstractIntList;
import it.unimi.dsi.fastutil.ints.IntArrays;
import it.unimi.dsi.fastutil.ints.IntBigArrays;
import it.unimi.dsi.fastutil.ints.IntList;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
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
  /** Fewer pairs are placed sooner by one thread. */
  private static final int LEAST_TO_DIVIDE = 1 << 16;

  /**
   * Where there are more words of 64 bits for an entry of a row, comparing is taken for the faster
   * way.
   */
  private static final int MOST_WORDS = 16;

  private final int columns;
  private final long[] offsets;
  private final int[][] columnIndices;

  /** The pairs in the order in which they were given, or null where none is remembered. */
  private final int[] pairRows;

  private final int[] pairColumns;

  private CsrMatrix(int columns, long[] offsets, int[][] columnIndices) {
    this(columns, offsets, columnIndices, null, null);
  }

  private CsrMatrix(
      int columns, long[] offsets, int[][] columnIndices, int[] pairRows, int[] pairColumns) {
    this.columns = columns;
    this.offsets = offsets;
    this.columnIndices = columnIndices;
    this.pairRows = pairRows;
    this.pairColumns = pairColumns;
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
    requireCounts(rows, columns);
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
    offsets[rows] = kept;
    return new CsrMatrix(columns, offsets, BigArrays.trim(columnIndices, kept));
  }

  /**
   * As {@link #of}, but {@link #pairs()} goes through these very pairs, in their order. A folder
   * written from such a matrix has the lines in the order of the log. The arrays are not copied:
   * they belong to the matrix from now on and must not be changed.
   *
   * <p>On all cores, of which each takes some of the rows.
   *
   * @param rows number of rows, at least 0
   * @param columns number of columns, at least 0
   * @param pairRows the row of each pair
   * @param pairColumns the column of each pair; each pair comes once
   * @return the matrix
   * @throws IllegalArgumentException if a count is negative, the arrays differ in length or a pair
   *     comes twice
   * @throws IndexOutOfBoundsException if a pair lies outside the matrix
   */
  public static CsrMatrix inOrder(int rows, int columns, int[] pairRows, int[] pairColumns) {
    requireCounts(rows, columns);
    int pairs = pairRows.length;
    if (pairColumns.length != pairs) {
      throw new IllegalArgumentException(
          "each pair must have a row and a column, found "
              + pairs
              + " rows and "
              + pairColumns.length
              + " columns");
    }
    for (int column : pairColumns) {
      Objects.checkIndex(column, columns);
    }
    int[] rowStarts = starts(pairRows, rows);
    int[] columnIndices = new int[pairs];
    int repetitions =
        inParts(
            rowStarts,
            (from, to) -> {
              place(pairRows, pairColumns, rowStarts, from, to, columnIndices);
              return sortRows(columnIndices, rowStarts, from, to, columns);
            });
    if (repetitions > 0) {
      throw new IllegalArgumentException(
          "each pair must come once, found " + repetitions + " repetitions");
    }
    long[] offsets = new long[rows + 1];
    Arrays.setAll(offsets, row -> rowStarts[row]);
    return new CsrMatrix(columns, offsets, BigArrays.wrap(columnIndices), pairRows, pairColumns);
  }

  /** Where the numbers of each key start if they are sorted by keys; at the end, how many. */
  private static int[] starts(int[] keys, int keyCount) {
    int[] starts = new int[keyCount + 1];
    for (int key : keys) {
      starts[Objects.checkIndex(key, keyCount) + 1]++;
    }
    for (int key = 0; key < keyCount; key++) {
      starts[key + 1] += starts[key];
    }
    return starts;
  }

  /** What is done with keys from one on and before another; what comes out is added up. */
  @FunctionalInterface
  private interface KeyRange {
    int apply(int from, int to);
  }

  /** Has each core do its part of the keys, which have about as many numbers as those of others. */
  private static int inParts(int[] starts, KeyRange range) {
    int keys = starts.length - 1;
    int numbers = starts[keys];
    int parts = numbers < LEAST_TO_DIVIDE ? 1 : ForkJoinPool.getCommonPoolParallelism() + 1;
    int[] bounds = new int[parts + 1];
    for (int part = 1; part < parts; part++) {
      int found = Arrays.binarySearch(starts, (int) ((long) numbers * part / parts));
      bounds[part] = found < 0 ? -found - 1 : found;
    }
    bounds[parts] = keys;
    return IntStream.range(0, parts)
        .parallel()
        .map(part -> range.apply(bounds[part], bounds[part + 1]))
        .sum();
  }

  /** Puts the columns of the pairs of some rows into these rows, in the order of the pairs. */
  private static void place(
      int[] pairRows, int[] pairColumns, int[] rowStarts, int from, int to, int[] columnIndices) {
    int[] next = Arrays.copyOfRange(rowStarts, from, to);
    for (int pair = 0; pair < pairRows.length; pair++) {
      int row = pairRows[pair];
      if (row >= from && row < to) {
        columnIndices[next[row - from]++] = pairColumns[pair];
      }
    }
  }

  /** Sorts the columns within rows; how many are repetitions. */
  private static int sortRows(int[] columnIndices, int[] rowStarts, int from, int to, int columns) {
    long[] marks = new long[(columns >>> 6) + 1];
    int repetitions = 0;
    for (int row = from; row < to; row++) {
      int start = rowStarts[row];
      int end = rowStarts[row + 1];
      repetitions +=
          marks.length > MOST_WORDS * (long) (end - start)
              ? sort(columnIndices, start, end)
              : sort(columnIndices, start, end, marks);
    }
    return repetitions;
  }

  private static int sort(int[] columnIndices, int start, int end) {
    Arrays.sort(columnIndices, start, end);
    int repetitions = 0;
    for (int entry = start + 1; entry < end; entry++) {
      repetitions += columnIndices[entry] == columnIndices[entry - 1] ? 1 : 0;
    }
    return repetitions;
  }

  /**
   * Sorts by a bit a column, without comparing; how many are repetitions. All marks are 0 before
   * and after.
   */
  private static int sort(int[] columnIndices, int start, int end, long[] marks) {
    int last = -1;
    for (int entry = start; entry < end; entry++) {
      int column = columnIndices[entry];
      marks[column >>> 6] |= 1L << column;
      last = Math.max(last, column >>> 6);
    }
    int next = start;
    for (int word = 0; word <= last; word++) {
      for (long bits = marks[word]; bits != 0; bits &= bits - 1) {
        columnIndices[next++] = word * Long.SIZE + Long.numberOfTrailingZeros(bits);
      }
      marks[word] = 0;
    }
    return end - next;
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
    return new CsrMatrix(columns, offsets, columnIndices);
  }

  private static void requireCounts(int rows, int columns) {
    if (rows < 0 || columns < 0) {
      throw new IllegalArgumentException(
          "rows and columns must be at least 0, found " + rows + " and " + columns);
    }
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
        columns,
        rows(),
        consumer -> pairs().forEach((row, column) -> consumer.accept(column, row)));
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
    return new CsrMatrix(columns, selectedOffsets, selected);
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
    return pairs(0, entries());
  }

  /**
   * Some of the pairs that {@link #pairs()} goes through, in the same order.
   *
   * @param from the first of them, counted from 0
   * @param to behind the last of them
   * @return these pairs
   * @throws IndexOutOfBoundsException if there are not so many
   */
  public Pairs pairs(long from, long to) {
    Objects.checkFromToIndex(from, to, entries());
    return pairRows == null
        ? consumer -> forEachByRow(from, to, consumer)
        : consumer -> {
          for (int pair = (int) from; pair < to; pair++) {
            consumer.accept(pairRows[pair], pairColumns[pair]);
          }
        };
  }

  private void forEachByRow(long from, long to, PairConsumer consumer) {
    int found = Arrays.binarySearch(offsets, from);
    int row = found < 0 ? -found - 2 : found;
    for (long entry = from; entry < to; entry++) {
      while (entry >= offsets[row + 1]) {
        row++;
      }
      consumer.accept(row, BigArrays.get(columnIndices, entry));
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
