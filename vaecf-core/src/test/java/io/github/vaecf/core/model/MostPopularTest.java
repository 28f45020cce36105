package io.github.vaecf.core.model;

import static io.github.vaecf.core.Rows.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MostPopularTest {
  private static TrainedModel popular;

  @BeforeAll
  static void fit() {
    popular =
        Trainer.builder()
            .settings(Settings.published(new MostPopular()))
            .build()
            .train(Rows.of(4, row(1, 3), row(1, 2), row(1, 2, 3), row(0)), Rows.ids(4));
  }

  @AfterAll
  static void close() {
    popular.close();
  }

  @Test
  void itemsComeByNumberOfUsersAndEqualOnesByIndex() {
    Rankings rankings = popular.rank(Rows.of(4, row(), row(1)), 0, 2, 4);

    assertThat(items(rankings, 0)).containsExactly(1, 2, 3, 0);
    assertThat(rankings.score(0, 0)).isEqualTo(3);
    assertThat(rankings.score(0, 1)).isEqualTo(2);
    assertThat(items(rankings, 1)).containsExactly(2, 3, 0, -1);
  }

  @Test
  void placesForWhichNoItemIsLeftStayEmpty() {
    Rankings rankings = popular.rank(Rows.of(4, row(0, 1, 2, 3), row(0)), 0, 2, 6);

    assertThat(rankings.k()).as("bounded by the catalogue").isEqualTo(4);
    assertThat(items(rankings, 0)).containsOnly(-1);
    assertThat(items(rankings, 1)).containsExactly(1, 2, 3, -1);
  }

  @Test
  void aRangeOfUsersIsRankedFromItsFirst() {
    CsrMatrix histories = Rows.of(4, row(), row(1), row(2));

    assertThat(items(popular.rank(histories, 2, 3, 2), 0)).containsExactly(1, 3);
    assertThat(popular.rank(histories, 3, 3, 2).users()).isZero();
  }

  @Test
  void wrongArgumentsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> popular.rank(Rows.of(5, row()), 0, 1, 1))
        .withMessageStartingWith("histories must be over the model's 4 items, found CsrMatrix");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> popular.rank(Rows.of(4, row()), 0, 1, 0))
        .withMessage("k must be at least 1, found 0");
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> popular.rank(Rows.of(4, row()), 0, 2, 1));
  }

  private static int[] items(Rankings rankings, int user) {
    int[] items = new int[rankings.k()];
    for (int rank = 0; rank < items.length; rank++) {
      items[rank] = rankings.item(user, rank);
    }
    return items;
  }
}
