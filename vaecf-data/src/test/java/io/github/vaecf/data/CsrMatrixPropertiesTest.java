package io.github.vaecf.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.vaecf.data.reading.NpzMatrix;
import it.unimi.dsi.fastutil.BigArrays;
import it.unimi.dsi.fastutil.ints.IntBigArrays;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The matrix against a map of sets. */
class CsrMatrixPropertiesTest {
  private static List<int[]> pairs(long seed, int rows, int columns, int size) {
    Random random = new Random(seed);
    List<int[]> pairs = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      pairs.add(new int[] {random.nextInt(rows), random.nextInt(columns)});
    }
    return pairs;
  }

  private static CsrMatrix matrix(int rows, int columns, List<int[]> pairs) {
    return CsrMatrix.of(
        rows, columns, consumer -> pairs.forEach(pair -> consumer.accept(pair[0], pair[1])));
  }

  @Property(tries = 300)
  void aMatrixIsAMapOfSets(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 20) int rows,
      @ForAll @IntRange(min = 1, max = 20) int columns,
      @ForAll @IntRange(min = 0, max = 200) int size) {
    List<int[]> pairs = pairs(seed, rows, columns, size);
    TreeMap<Integer, TreeSet<Integer>> naive = new TreeMap<>();
    for (int row = 0; row < rows; row++) {
      naive.put(row, new TreeSet<>());
    }
    int entries = 0;
    for (int[] pair : pairs) {
      entries += naive.get(pair[0]).add(pair[1]) ? 1 : 0;
    }
    CsrMatrix matrix = matrix(rows, columns, pairs);
    assertThat(matrix.entries()).isEqualTo(entries);
    int[] counts = new int[columns];
    for (int row = 0; row < rows; row++) {
      List<Integer> view = matrix.row(row);
      assertThat(view).containsExactlyElementsOf(naive.get(row));
      for (int column = 0; column < columns; column++) {
        boolean there = naive.get(row).contains(column);
        assertThat(matrix.contains(row, column)).isEqualTo(there);
        counts[column] += there ? 1 : 0;
      }
    }
    assertThat(matrix.columnCounts()).containsExactly(counts);
    assertThat(CsrMatrix.of(rows, columns, matrix.pairs())).isEqualTo(matrix);
  }

  /** Rows are sorted in two ways, and by one thread or many. */
  @Property(tries = 100)
  void theOrderOfPairsIsRememberedAndNothingElse(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 5000) int rows,
      @ForAll @IntRange(min = 1, max = 50_000) int columns,
      @ForAll @IntRange(min = 0, max = 150_000) int size) {
    Map<Long, int[]> once = new LinkedHashMap<>();
    pairs(seed, rows, columns, size)
        .forEach(pair -> once.putIfAbsent((long) pair[0] * columns + pair[1], pair));
    int[] pairRows = once.values().stream().mapToInt(pair -> pair[0]).toArray();
    int[] pairColumns = once.values().stream().mapToInt(pair -> pair[1]).toArray();
    CsrMatrix matrix = CsrMatrix.inOrder(rows, columns, pairRows, pairColumns);
    CsrMatrix byRow = matrix(rows, columns, List.copyOf(once.values()));
    assertThat(matrix).isEqualTo(byRow);
    List<Long> inOrder = keys(matrix.pairs(), columns);
    List<Long> ascending = keys(byRow.pairs(), columns);
    assertThat(inOrder).isEqualTo(List.copyOf(once.keySet()));
    assertThat(ascending).isSorted().hasSize(once.size());
    Random random = new Random(seed);
    int to = random.nextInt(once.size() + 1);
    int from = random.nextInt(to + 1);
    assertThat(keys(matrix.pairs(from, to), columns)).isEqualTo(inOrder.subList(from, to));
    assertThat(keys(byRow.pairs(from, to), columns)).isEqualTo(ascending.subList(from, to));
    if (!once.isEmpty()) {
      int[] more = Arrays.copyOf(pairRows, pairRows.length + 1);
      int[] moreColumns = Arrays.copyOf(pairColumns, more.length);
      int again = random.nextInt(pairRows.length);
      more[pairRows.length] = pairRows[again];
      moreColumns[pairRows.length] = pairColumns[again];
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CsrMatrix.inOrder(rows, columns, more, moreColumns))
          .withMessage("each pair must come once, found 1 repetitions");
    }
  }

  private static List<Long> keys(CsrMatrix.Pairs pairs, int columns) {
    List<Long> keys = new ArrayList<>();
    pairs.forEach((row, column) -> keys.add((long) row * columns + column));
    return keys;
  }

  @Property(tries = 300)
  void transposingTwiceIsTheIdentity(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 20) int rows,
      @ForAll @IntRange(min = 1, max = 20) int columns,
      @ForAll @IntRange(min = 0, max = 200) int size) {
    CsrMatrix matrix = matrix(rows, columns, pairs(seed, rows, columns, size));
    CsrMatrix transposed = matrix.transpose();
    assertThat(transposed.rows()).isEqualTo(columns);
    matrix.pairs().forEach((row, column) -> assertThat(transposed.contains(column, row)).isTrue());
    assertThat(transposed.transpose()).isEqualTo(matrix).hasSameHashCodeAs(matrix);
  }

  @Property(tries = 200)
  void selectedRowsAreTheRows(
      @ForAll long seed, @ForAll List<@IntRange(min = 0, max = 9) Integer> rows) {
    CsrMatrix matrix = matrix(10, 12, pairs(seed, 10, 12, 60));
    int[] chosen = rows.stream().mapToInt(Integer::intValue).toArray();
    CsrMatrix selected = matrix.selectRows(chosen);
    assertThat(selected.rows()).isEqualTo(chosen.length);
    for (int i = 0; i < chosen.length; i++) {
      assertThat(selected.row(i).toIntArray()).containsExactly(matrix.row(chosen[i]).toIntArray());
    }
  }

  @Property(tries = 50)
  void aMatrixComesBackFromAnNpzFile(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 300) int rows,
      @ForAll @IntRange(min = 1, max = 300) int columns,
      @ForAll @IntRange(min = 0, max = 20_000) int size)
      throws IOException {
    CsrMatrix matrix = matrix(rows, columns, pairs(seed, rows, columns, size));
    Path folder = Files.createTempDirectory("npz");
    Path file = folder.resolve("matrix.npz");
    try {
      NpzMatrix.write(matrix, file);
      assertThat(NpzMatrix.read(file)).isEqualTo(matrix);
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }

  @Example
  void matricesBeyondASegmentOfABigArrayKeepTheirRows() {
    // One segment holds 2^27 columns; rows that straddle the border must stay whole.
    int columns = 1 << 20;
    int rows = (BigArrays.SEGMENT_SIZE / columns) + 2;
    long[] offsets = new long[rows + 1];
    int[][] stored = IntBigArrays.newBigArray((long) rows * (columns - 1));
    long entry = 0;
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns - 1; column++) {
        BigArrays.set(stored, entry++, column);
      }
      offsets[row + 1] = entry;
    }
    CsrMatrix matrix = CsrMatrix.ofRows(columns, offsets, stored);
    assertThat(matrix.entries()).isGreaterThan(BigArrays.SEGMENT_SIZE);
    int[] row = new int[columns];
    int straddling = (int) (BigArrays.SEGMENT_SIZE / (columns - 1L));
    assertThat(matrix.copyRow(straddling, row, 0)).isEqualTo(columns - 1);
    for (int column = 0; column < columns - 1; column++) {
      if (row[column] != column) {
        assertThat(row[column]).isEqualTo(column);
      }
    }
    assertThat(matrix.contains(rows - 1, columns - 2)).isTrue();
    assertThat(matrix.contains(rows - 1, columns - 1)).isFalse();
  }

  @Example
  void arraysThatMakeNoMatrixAreRefused() {
    int[][] stored = BigArrays.wrap(new int[] {0, 2, 1});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CsrMatrix.ofRows(3, new long[] {0, 2}, stored))
        .withMessageContaining("offsets must go from 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CsrMatrix.ofRows(3, new long[] {0, 3, 2, 3}, stored))
        .withMessageContaining("must ascend");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CsrMatrix.ofRows(2, new long[] {0, 2, 3}, stored))
        .withMessageContaining("within 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CsrMatrix.ofRows(3, new long[] {0, 2, 1, 3}, stored))
        .withMessageContaining("descend");
  }
}
