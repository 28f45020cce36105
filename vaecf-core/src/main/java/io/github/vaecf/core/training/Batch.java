package io.github.vaecf.core.training;

import io.github.vaecf.data.CsrMatrix;
import java.util.Arrays;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Some rows of a matrix in tensor memory, as {@link NetworkGraph} takes them. Not safe for use by
 * several threads at once.
 */
final class Batch implements AutoCloseable {
  final int users;
  final TInt32 indices;
  final TFloat32 rowValues;
  final TFloat32 counts;
  final TInt64 shape;
  final Sample sample; // null where a step takes all items, or takes none
  final Batch whole; // what it is a part of; null where it is none
  final Part part; // likewise

  /**
   * Where these rows stand in the batch of all processes that train together.
   *
   * @param usersBefore rows of the batch before the first of these
   * @param users rows of the batch
   * @param onesBefore ones of the batch before the first of these
   * @param ones ones of the batch
   */
  record Part(int usersBefore, int users, int onesBefore, int ones) {
    /** As a step takes it. */
    TInt32 tensor() {
      return TInt32.vectorOf(usersBefore, users, onesBefore, ones);
    }
  }

  /**
   * What a step is told of its {@link ItemSample}.
   *
   * @param items the items, its own first
   * @param own how many are its own, [1]
   * @param weight what each of the others counts
   * @param places of each one of the batch its user and the place of its item, [n, 2]
   */
  record Sample(TInt32 items, TInt32 own, TFloat32 weight, TInt32 places) {
    private static Sample of(ItemSample sample, int[] indices) {
      int[] places = indices.clone();
      for (int i = 1; i < places.length; i += 2) {
        places[i] = Arrays.binarySearch(sample.items, 0, sample.own, indices[i]);
      }
      return new Sample(
          integers(Shape.of(sample.items.length), sample.items),
          TInt32.vectorOf(sample.own),
          TFloat32.scalarOf((float) sample.weight),
          integers(Shape.of(places.length / 2, 2), places));
    }

    private void close() {
      items.close();
      own.close();
      weight.close();
      places.close();
    }
  }

  private Batch(
      int users,
      TInt32 indices,
      TFloat32 rowValues,
      TFloat32 counts,
      TInt64 shape,
      Sample sample,
      Batch whole,
      Part part) {
    this.users = users;
    this.indices = indices;
    this.rowValues = rowValues;
    this.counts = counts;
    this.shape = shape;
    this.sample = sample;
    this.whole = whole;
    this.part = part;
  }

  /** The rows from one to another. */
  static Batch of(CsrMatrix matrix, int from, int to) {
    int[] rows = new int[to - from];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = from + i;
    }
    return of(matrix, rows, 0, rows.length);
  }

  /** The rows that stand in an array from one place to another, in that order. */
  static Batch of(CsrMatrix matrix, int[] rows, int from, int to) {
    return of(matrix, rows, from, to, null);
  }

  /** The same for a step that takes the items of a sample, or all where that is null. */
  static Batch of(CsrMatrix matrix, int[] rows, int from, int to, ItemSample sample) {
    return of(matrix, rows, from, to, sample, null, null);
  }

  /** Of the batch of the rows from one place to another those from {@code begin} to {@code end}. */
  static Batch partOf(CsrMatrix matrix, int[] rows, int from, int to, int begin, int end) {
    int before = ones(matrix, rows, from, begin);
    Part part = new Part(begin - from, to - from, before, ones(matrix, rows, from, to));
    return of(matrix, rows, begin, end, null, of(matrix, rows, from, to), part);
  }

  private static int ones(CsrMatrix matrix, int[] rows, int from, int to) {
    long ones = 0;
    for (int i = from; i < to; i++) {
      ones += matrix.rowSize(rows[i]);
    }
    return Math.toIntExact(ones);
  }

  private static Batch of(
      CsrMatrix matrix, int[] rows, int from, int to, ItemSample sample, Batch whole, Part part) {
    int users = to - from;
    int longest = 0;
    for (int i = from; i < to; i++) {
      longest = Math.max(longest, matrix.rowSize(rows[i]));
    }
    int entries = ones(matrix, rows, from, to);
    int[] indices = new int[Math.multiplyExact(2, entries)];
    float[] rowValues = new float[users];
    float[] counts = new float[users];
    int[] row = new int[longest];
    int next = 0;
    for (int user = 0; user < users; user++) {
      int size = matrix.copyRow(rows[from + user], row, 0);
      counts[user] = size;
      rowValues[user] = (float) (1 / Math.sqrt(size));
      for (int i = 0; i < size; i++, next++) {
        indices[2 * next] = user;
        indices[2 * next + 1] = row[i];
      }
    }
    return new Batch(
        users,
        integers(Shape.of(entries, 2), indices),
        floats(Shape.of(users), rowValues),
        floats(Shape.of(users), counts),
        TInt64.vectorOf(users, matrix.columns()),
        sample == null ? null : Sample.of(sample, indices),
        whole,
        part);
  }

  private static TInt32 integers(Shape shape, int[] source) {
    TInt32 tensor = TInt32.tensorOf(shape);
    if (source.length > 0) {
      tensor.asRawTensor().data().asInts().write(source);
    }
    return tensor;
  }

  static TFloat32 floats(Shape shape, float[] source) {
    TFloat32 tensor = TFloat32.tensorOf(shape);
    if (source.length > 0) {
      tensor.asRawTensor().data().asFloats().write(source);
    }
    return tensor;
  }

  /** The numbers of a tensor, copied, since its memory may be written again by the next step. */
  static float[] copy(Tensor tensor) {
    float[] target = new float[Math.toIntExact(tensor.shape().size())];
    if (target.length > 0) {
      tensor.asRawTensor().data().asFloats().read(target);
    }
    return target;
  }

  @Override
  public void close() {
    indices.close();
    rowValues.close();
    counts.close();
    shape.close();
    if (sample != null) {
      sample.close();
    }
    if (whole != null) {
      whole.close();
    }
  }
}
