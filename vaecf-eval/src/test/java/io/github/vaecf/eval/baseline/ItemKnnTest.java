package io.github.vaecf.eval.baseline;

import static io.github.vaecf.eval.Rows.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.eval.Rows;
import io.github.vaecf.eval.SmallModels;
import org.junit.jupiter.api.Test;

class ItemKnnTest {
  /** Items 0 and 1 share two users; 0 and 2 one; item 3 has a user of its own; 4 has none. */
  private static final CsrMatrix TRAIN =
      Rows.of(5, row(0, 1), row(0, 1), row(0, 2), row(0), row(3));

  @Test
  void anItemsScoreIsTheCosineToTheItemOfTheHistory() {
    Rankings rankings = ItemKnn.of(TRAIN, 4).rank(Rows.of(5, row(0), row(1, 2)), 0, 2, 4);

    assertThat(rankings.item(0, 0)).isEqualTo(1);
    assertThat(rankings.score(0, 0)).isCloseTo((float) (2 / Math.sqrt(4 * 2)), within(1e-6f));
    assertThat(rankings.item(0, 1)).isEqualTo(2);
    assertThat(rankings.score(0, 1)).isCloseTo((float) (1 / Math.sqrt(4 * 1)), within(1e-6f));
    assertThat(rankings.score(0, 2)).isZero();
    assertThat(rankings.item(1, 0)).isEqualTo(0);
    assertThat(rankings.score(1, 0))
        .isCloseTo((float) (2 / Math.sqrt(8) + 1 / Math.sqrt(4)), within(1e-6f));
  }

  @Test
  void onlyTheNearestNeighboursCount() {
    Rankings rankings = ItemKnn.of(TRAIN, 1).rank(Rows.of(5, row(0)), 0, 1, 4);

    assertThat(rankings.item(0, 0)).isEqualTo(1);
    assertThat(rankings.score(0, 1)).isZero();
  }

  @Test
  void withAllNeighboursItAgreesWithTheMatrixProduct() {
    CsrMatrix train = SmallModels.users(300, 5);
    CsrMatrix users = SmallModels.users(20, 6);
    int items = train.columns();

    Rankings rankings = ItemKnn.of(train, items).rank(users, 0, 20, items);

    for (int user = 0; user < 20; user++) {
      for (int rank = 0; rank < items && rankings.item(user, rank) >= 0; rank++) {
        int item = rankings.item(user, rank);
        double expected = 0;
        for (int other : users.row(user)) {
          double common = 0;
          double ofItem = 0;
          double ofOther = 0;
          for (int trainingUser = 0; trainingUser < train.rows(); trainingUser++) {
            boolean hasItem = train.contains(trainingUser, item);
            boolean hasOther = train.contains(trainingUser, other);
            common += hasItem && hasOther ? 1 : 0;
            ofItem += hasItem ? 1 : 0;
            ofOther += hasOther ? 1 : 0;
          }
          expected += common == 0 ? 0 : common / Math.sqrt(ofItem * ofOther);
        }
        assertThat(rankings.score(user, rank)).isCloseTo((float) expected, within(1e-5f));
      }
    }
  }

  @Test
  void aNumberOfNeighboursBelowOneIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ItemKnn.of(TRAIN, 0))
        .withMessage("neighbours must be at least 1, found 0");
  }
}
