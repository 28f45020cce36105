package io.github.vaecf.core.model;

import io.github.vaecf.data.CsrMatrix;
import java.util.stream.IntStream;

/**
 * Half a round of alternating least squares on binary data: the vectors x of one side, given the
 * vectors y of the other. With G = Σ yyᵀ over all vectors of the other side, and n of them, Y, that
 * a row has,
 *
 * <pre>x = (G + α YᵀY + λ n^ν I)⁻¹ (1 + α) Σ y</pre>
 *
 * <p>Hu, Koren, Volinsky: Collaborative Filtering for Implicit Feedback Datasets, ICDM 2008,
 * equations 4 and 5, with the penalty scaled by counts.
 *
 * <p>In double precision. Each row is solved by one thread, and G is added up in an order of its
 * own, so that the bits do not depend on the number of threads.
 */
final class AlternatingLeastSquares {
  /** G is the sum of at most so many parts, and a part of at least so many vectors. */
  private static final int PARTS = 64;

  private static final int SMALLEST_PART = 512;

  private final int factors;
  private final double alpha;
  private final double lambda;
  private final double exponent;
  private final int threads;

  /**
   * Equations.
   *
   * @param factors entries of a vector, at least 1
   * @param alpha what an entry's weight has above 1, at least 0
   * @param lambda factor of the penalty, above 0
   * @param exponent ν, the power of a row's count that its penalty has, 0 … 1
   * @param threads 0 for one a core
   */
  AlternatingLeastSquares(int factors, double alpha, double lambda, double exponent, int threads) {
    this.factors = factors;
    this.alpha = alpha;
    this.lambda = lambda;
    this.exponent = exponent;
    this.threads = threads;
  }

  /**
   * The vectors of one side.
   *
   * @param rows their entries; a column stands for a vector of the other side
   * @param others the vectors of the other side, as many as there are columns
   * @return a vector a row; zeros for a row without entries
   * @throws ArithmeticException if the equations of a row cannot be solved
   */
  double[][] solve(CsrMatrix rows, double[][] others) {
    double[] gram = gram(others);
    double[][] solutions = new double[rows.rows()][factors];
    Workers.run(
        threads,
        rows.rows(),
        () -> {
          double[] matrix = new double[factors * factors];
          int[] columns = new int[rows.columns()];
          return row -> {
            int size = rows.copyRow(row, columns, 0);
            if (size > 0) {
              System.arraycopy(gram, 0, matrix, 0, matrix.length);
              solve(matrix, others, columns, size, solutions[row]);
            }
          };
        });
    return solutions;
  }

  /** Solves one row; the matrix has G and is written over. */
  private void solve(
      double[] matrix, double[][] others, int[] columns, int size, double[] solution) {
    addProducts(matrix, alpha, others, columns, size);
    double penalty = lambda * Math.pow(size, exponent);
    for (int i = 0; i < factors; i++) {
      matrix[i * factors + i] += penalty;
    }
    for (int column = 0; column < size; column++) {
      double[] other = others[columns[column]];
      for (int i = 0; i < factors; i++) {
        solution[i] += other[i];
      }
    }
    for (int i = 0; i < factors; i++) {
      solution[i] *= 1 + alpha;
    }
    factorise(matrix);
    substitute(matrix, solution);
  }

  /**
   * Σ yyᵀ over all vectors.
   *
   * @return factors × factors, of which the part below the diagonal is 0
   */
  double[] gram(double[][] vectors) {
    int length = Math.max(SMALLEST_PART, (vectors.length - 1) / PARTS + 1);
    int parts = (vectors.length - 1) / length + 1;
    double[][] sums = new double[parts][];
    Workers.run(
        threads,
        parts,
        () ->
            part -> {
              int from = part * length;
              int[] all = IntStream.range(from, Math.min(vectors.length, from + length)).toArray();
              double[] sum = new double[factors * factors];
              addProducts(sum, 1, vectors, all, all.length);
              sums[part] = sum;
            });
    double[] gram = sums[0];
    for (int part = 1; part < parts; part++) {
      for (int i = 0; i < gram.length; i++) {
        gram[i] += sums[part][i];
      }
    }
    return gram;
  }

  /**
   * Adds scale · Σ yyᵀ to the upper triangle: four vectors at a time, so that a sum is read and
   * written once for four products.
   */
  private void addProducts(
      double[] matrix, double scale, double[][] vectors, int[] which, int size) {
    int place = 0;
    for (; place + 4 <= size; place += 4) {
      double[] a = vectors[which[place]];
      double[] b = vectors[which[place + 1]];
      double[] c = vectors[which[place + 2]];
      double[] d = vectors[which[place + 3]];
      for (int i = 0; i < factors; i++) {
        addRow(
            matrix,
            i * factors,
            i,
            scale * a[i],
            a,
            scale * b[i],
            b,
            scale * c[i],
            c,
            scale * d[i],
            d);
      }
    }
    for (; place < size; place++) {
      double[] a = vectors[which[place]];
      for (int i = 0; i < factors; i++) {
        addRow(matrix, i * factors, i, scale * a[i], a);
      }
    }
  }

  /** Entries from a place on; a loop of its own, for the compiler to make vector operations of. */
  private void addRow(
      double[] matrix,
      int row,
      int from,
      double ofA,
      double[] a,
      double ofB,
      double[] b,
      double ofC,
      double[] c,
      double ofD,
      double[] d) {
    for (int j = from; j < factors; j++) {
      matrix[row + j] += ofA * a[j] + ofB * b[j] + ofC * c[j] + ofD * d[j];
    }
  }

  private void addRow(double[] matrix, int row, int from, double ofA, double[] a) {
    for (int j = from; j < factors; j++) {
      matrix[row + j] += ofA * a[j];
    }
  }

  /** Writes the Cholesky factor U, with UᵀU the matrix, over its upper triangle. */
  private void factorise(double[] matrix) {
    for (int pivot = 0; pivot < factors; pivot++) {
      int row = pivot * factors;
      double square = matrix[row + pivot];
      if (!(square > 0 && square < Double.POSITIVE_INFINITY)) {
        throw new ArithmeticException(
            "least squares that cannot be solved: take a larger lambda or fewer factors");
      }
      double inverse = 1 / Math.sqrt(square);
      for (int j = pivot; j < factors; j++) {
        matrix[row + j] *= inverse;
      }
      for (int i = pivot + 1; i < factors; i++) {
        subtractRow(matrix, i * factors, row, i, matrix[row + i]);
      }
    }
  }

  private void subtractRow(double[] matrix, int row, int pivotRow, int from, double factor) {
    for (int j = from; j < factors; j++) {
      matrix[row + j] -= factor * matrix[pivotRow + j];
    }
  }

  /** Solves Uᵀ U x = b in the place of b. */
  private void substitute(double[] upper, double[] solution) {
    for (int i = 0; i < factors; i++) {
      int row = i * factors;
      solution[i] /= upper[row + i];
      double known = solution[i];
      for (int j = i + 1; j < factors; j++) {
        solution[j] -= upper[row + j] * known;
      }
    }
    for (int i = factors - 1; i >= 0; i--) {
      int row = i * factors;
      double sum = solution[i];
      for (int j = i + 1; j < factors; j++) {
        sum -= upper[row + j] * solution[j];
      }
      solution[i] = sum / upper[row + i];
    }
  }
}
