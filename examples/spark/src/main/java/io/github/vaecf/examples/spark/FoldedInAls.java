package io.github.vaecf.examples.spark;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.spark.ml.recommendation.ALSModel;
import org.apache.spark.sql.Row;

/**
 * MLlib's implicit ALS for users whom it did not see: a user's factors are solved for from the
 * items' factors, as ALS itself does in its last half-step (Hu, Koren, Volinsky, ICDM 2008, with λ
 * times the number of the user's items as the penalty, as MLlib has it).
 */
final class FoldedInAls extends Recommender {
  private final int rank;
  private final double regularization;
  private final double alpha;
  private final double[][] factors;
  private final double[][] gram;

  FoldedInAls(ALSModel model, double regularization, double alpha, IdIndex items) {
    super(items);
    this.rank = model.rank();
    this.regularization = regularization;
    this.alpha = alpha;
    factors = new double[items.size()][rank];
    for (Row row : model.itemFactors().collectAsList()) {
      List<Float> values = row.getList(1);
      factors[row.getInt(0)] = values.stream().mapToDouble(value -> value).toArray();
    }
    gram = new double[rank][rank];
    for (double[] one : factors) {
      addOuter(gram, one, 1);
    }
  }

  /** Adds in such an order that the sum is symmetric to the bit. */
  private static void addOuter(double[][] sum, double[] one, double weight) {
    for (int i = 0; i < one.length; i++) {
      for (int j = 0; j < one.length; j++) {
        sum[i][j] += weight * (one[i] * one[j]);
      }
    }
  }

  private double[] user(List<Integer> history) {
    double[] right = new double[rank];
    if (history.isEmpty()) {
      return right;
    }
    double[][] normal = Arrays.stream(gram).map(double[]::clone).toArray(double[][]::new);
    for (int item : history) {
      addOuter(normal, factors[item], alpha);
      for (int i = 0; i < rank; i++) {
        right[i] += (1 + alpha) * factors[item][i];
      }
    }
    for (int i = 0; i < rank; i++) {
      normal[i][i] += regularization * history.size();
    }
    return new CholeskyDecomposition(new Array2DRowRealMatrix(normal, false))
        .getSolver()
        .solve(new ArrayRealVector(right, false))
        .toArray();
  }

  @Override
  public boolean scoresAllItems() {
    return true;
  }

  @Override
  protected float[] scoreAll(CsrMatrix histories, int from, int to) {
    float[] scores = new float[(to - from) * itemCount()];
    for (int row = from; row < to; row++) {
      double[] user = user(histories.row(row));
      for (int item = 0; item < itemCount(); item++) {
        double score = 0;
        for (int i = 0; i < rank; i++) {
          score += user[i] * factors[item][i];
        }
        scores[(row - from) * itemCount() + item] = (float) score;
      }
    }
    return scores;
  }

  @Override
  protected void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
    rankAmong(
        histories,
        from,
        to,
        row -> {
          BitSet unseen = new BitSet(itemCount());
          unseen.set(0, itemCount());
          histories.row(row).forEach(unseen::clear);
          return unseen;
        },
        rankings,
        firstUser);
  }
}
