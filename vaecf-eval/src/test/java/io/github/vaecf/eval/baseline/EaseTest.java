package io.github.vaecf.eval.baseline;

import static io.github.vaecf.eval.Rows.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.eval.Rows;
import io.github.vaecf.eval.SmallModels;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;

class EaseTest {
  @Test
  void theScoresAreThoseOfTheClosedFormInDoublePrecision() {
    CsrMatrix train = SmallModels.users(300, 5);
    CsrMatrix users = SmallModels.users(20, 6);
    int items = train.columns();
    double lambda = 20;
    RealMatrix dense = new Array2DRowRealMatrix(train.rows(), items);
    for (int user = 0; user < train.rows(); user++) {
      for (int item : train.row(user)) {
        dense.setEntry(user, item, 1);
      }
    }
    RealMatrix gram = dense.transpose().multiply(dense);
    for (int item = 0; item < items; item++) {
      gram.addToEntry(item, item, lambda);
    }
    RealMatrix inverse = new LUDecomposition(gram).getSolver().getInverse();

    try (Ease ease = Ease.of(train, lambda)) {
      Rankings rankings = ease.rank(users, 0, 20, items);

      for (int user = 0; user < 20; user++) {
        for (int rank = 0; rank < items && rankings.item(user, rank) >= 0; rank++) {
          int item = rankings.item(user, rank);
          double expected = 0;
          for (int other : users.row(user)) {
            expected -= inverse.getEntry(other, item) / inverse.getEntry(item, item);
          }
          assertThat(rankings.score(user, rank)).isCloseTo((float) expected, within(1e-4f));
        }
      }
    }
  }

  @Test
  void tooManyItemsAreRefusedBeforeAnythingIsComputed() {
    assertThatThrownBy(() -> Ease.requireMemory(50_000, 16_000_000_000L))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "EASE over 50000 items needs 40000 MB of memory, and this machine has 16000 MB:"
                + " leave out rare items or take item-kNN");
  }

  @Test
  void aPenaltyThatIsNotAboveZeroIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ease.of(Rows.of(2, row(0)), 0))
        .withMessage("lambda must be above 0 and finite, found 0.0");
  }

  @Test
  void aClosedScorerRefusesToRank() {
    Ease ease = Ease.of(Rows.of(3, row(0, 1), row(1, 2)), 1);
    ease.close();

    assertThatThrownBy(() -> ease.rank(Rows.of(3, row(0)), 0, 1, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the scorer is closed");
  }
}
