package io.github.vaecf.core.model;

import static io.github.vaecf.core.Rows.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ItemKnnTest {
  /** Items 0 and 1 share two users; 0 and 2 one; item 3 has a user of its own; 4 has none. */
  private static final CsrMatrix TRAIN =
      Rows.of(5, row(0, 1), row(0, 1), row(0, 2), row(0), row(3));

  @Test
  void anItemsScoreIsTheCosineToTheItemOfTheHistory() {
    Rankings rankings = rank(TRAIN, neighbours(4), Rows.of(5, row(0), row(1, 2)));

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
    Rankings rankings = rank(TRAIN, neighbours(1), Rows.of(5, row(0)));

    assertThat(rankings.item(0, 0)).isEqualTo(1);
    assertThat(rankings.score(0, 1)).isZero();
  }

  @ParameterizedTest
  @CsvSource({"0, 0.5, 0.5", "1, 1, 0.6", "0.5, 0.25, 0", "2, 0, 1.5"})
  void withAllNeighboursItAgreesWithTheMatrixProduct(
      double userExponent, double historyExponent, double popularityExponent) {
    CsrMatrix train = new Groups(300, 6, 20, 5).matrix();
    CsrMatrix users = new Groups(20, 6, 20, 6).matrix();
    int items = train.columns();

    Rankings rankings =
        rank(
            train,
            neighbours(items)
                .with(ItemKnn.USER_EXPONENT, userExponent)
                .with(ItemKnn.HISTORY_EXPONENT, historyExponent)
                .with(ItemKnn.POPULARITY_EXPONENT, popularityExponent),
            users);

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
            common +=
                hasItem && hasOther ? Math.pow(train.rowSize(trainingUser), -userExponent) : 0;
            ofItem += hasItem ? 1 : 0;
            ofOther += hasOther ? 1 : 0;
          }
          expected +=
              common == 0
                  ? 0
                  : common
                      / Math.pow(ofOther, historyExponent)
                      / Math.pow(ofItem, popularityExponent);
        }
        assertThat(rankings.score(user, rank)).isCloseTo((float) expected, withinPercentage(0.001));
      }
    }
  }

  @Test
  void withTheExponentsOfRp3TheSimilaritiesAreProbabilitiesOfAWalk() {
    CsrMatrix train = new Groups(200, 4, 12, 3).matrix();
    int items = train.columns();

    // From item i a walk ends somewhere: at another item, or back at i.
    Rankings rankings =
        rank(
            train,
            neighbours(items)
                .with(ItemKnn.USER_EXPONENT, 1.0)
                .with(ItemKnn.HISTORY_EXPONENT, 1.0)
                .with(ItemKnn.POPULARITY_EXPONENT, 0.0),
            Rows.of(items, row(0)));

    double back = 0;
    int users = 0;
    for (int user = 0; user < train.rows(); user++) {
      if (train.contains(user, 0)) {
        back += 1.0 / train.rowSize(user);
        users++;
      }
    }
    double sum = back / users;
    for (int rank = 0; rank < items && rankings.item(0, rank) >= 0; rank++) {
      sum += rankings.score(0, rank);
    }
    assertThat(sum).isCloseTo(1, within(1e-5));
  }

  @Test
  void aNumberOfNeighboursBelowOneIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> neighbours(0))
        .withMessage("neighbours: expected a whole number of at least 1, found '0'");
  }

  private static Settings neighbours(int count) {
    return Settings.published(new ItemKnn()).with(ItemKnn.NEIGHBOURS, count);
  }

  /** All items for all users. */
  private static Rankings rank(CsrMatrix train, Settings settings, CsrMatrix users) {
    try (TrainedModel knn =
        Trainer.builder().settings(settings).build().train(train, Rows.ids(train.columns()))) {
      return knn.rank(users, 0, users.rows(), train.columns());
    }
  }
}
