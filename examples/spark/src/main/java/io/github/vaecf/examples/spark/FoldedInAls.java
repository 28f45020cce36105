package io.github.vaecf.examples.spark;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.BitSet;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
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
  private final RealVector[] factors;
  private final RealMatrix gram;

  FoldedInAls(ALSModel model, double regularization, double alpha, IdIndex items) {
    super(items);
    this.rank = model.rank();
    this.regularization = regularization;
    this.alpha = alpha;
    factors = new RealVector[items.size()];
    for (Row row : model.itemFactors().collectAsList()) {
      List<Float> values = row.getList(1);
      factors[row.getInt(0)] =
          new ArrayRealVector(values.stream().mapToDouble(value -> value).toArray());
    }
    gram = new Array2DRowRealMatrix(rank, rank);
    for (RealVector one : factors) {
      addOuter(gram, one, 1);
    }
  }

  private static void addOuter(RealMatrix sum, RealVector one, double weight) {
    for (int i = 0; i < one.getDimension(); i++) {
      for (int j = 0; j < one.getDimension(); j++) {
        sum.addToEntry(i, j, weight * one.getEntry(i) * one.getEntry(j));
      }
    }
  }

  private RealVector user(List<Integer> history) {
    RealVector user = new ArrayRealVector(rank);
    if (history.isEmpty()) {
      return user;
    }
    RealMatrix normal = gram.copy();
    for (int item : history) {
      addOuter(normal, factors[item], alpha);
      user = user.combineToSelf(1, 1 + alpha, factors[item]);
    }
    for (int i = 0; i < rank; i++) {
      normal.addToEntry(i, i, regularization * history.size());
    }
    return new CholeskyDecomposition(normal).getSolver().solve(user);
  }

  @Override
  public boolean scoresAllItems() {
    return true;
  }

  @Override
  protected float[] scoreAll(CsrMatrix histories, int from, int to) {
    float[] scores = new float[(to - from) * itemCount()];
    for (int row = from; row < to; row++) {
      RealVector user = user(histories.row(row));
      for (int item = 0; item < itemCount(); item++) {
        scores[(row - from) * itemCount() + item] = (float) user.dotProduct(factors[item]);
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
