package io.github.vaecf.core.model;

import static io.github.vaecf.core.Rows.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import org.junit.jupiter.api.Test;

class ItemKnnTest {
  /** Items 0 and 1 share two users; 0 and 2 one; item 3 has a user of its own; 4 has none. */
  private static final CsrMatrix TRAIN =
      Rows.of(5, row(0, 1), row(0, 1), row(0, 2), row(0), row(3));

  @Test
  void anItemsScoreIsTheCosineToTheItemOfTheHistory() {
    Rankings rankings = rank(TRAIN, 4, Rows.of(5, row(0), row(1, 2)));

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
    Rankings rankings = rank(TRAIN, 1, Rows.of(5, row(0)));

    assertThat(rankings.item(0, 0)).isEqualTo(1);
    assertThat(rankings.score(0, 1)).isZero();
  }

  @Test
  void withAllNeighboursItAgreesWithTheMatrixProduct() {
    CsrMatrix train = new Groups(300, 6, 20, 5).matrix();
    CsrMatrix users = new Groups(20, 6, 20, 6).matrix();
    int items = train.columns();

    Rankings rankings = rank(train, items, users);

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
        .isThrownBy(() -> Settings.published(new ItemKnn()).with(ItemKnn.NEIGHBOURS, 0))
        .withMessage("neighbours: expected a whole number of at least 1, found '0'");
  }

  /** All items for all users. */
  private static Rankings rank(CsrMatrix train, int neighbours, CsrMatrix users) {
    try (TrainedModel knn =
        Trainer.builder()
            .settings(Settings.published(new ItemKnn()).with(ItemKnn.NEIGHBOURS, neighbours))
            .build()
            .train(train, Rows.ids(train.columns()))) {
      return knn.rank(users, 0, users.rows(), train.columns());
    }
  }
}
