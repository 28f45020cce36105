package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The two ways in which scores become rankings: in this process, and by TensorFlow on its device.
 */
class RankingPlacesTest {
  private static final int ITEMS = 300;
  private static final int USERS = 70;

  private static NetworkSession session(int threads) {
    Settings settings =
        MultVae.published()
            .with(MultVae.HIDDEN, List.of(6))
            .with(MultVae.LATENT, 3)
            .with(TrainingSettings.DEVICE, TrainingSettings.Device.CPU)
            .with(TrainingSettings.THREADS, threads);
    List<String> ids = IntStream.range(0, ITEMS).mapToObj(Integer::toString).toList();
    NetworkSession session = NetworkSession.forTraining(settings, IdIndex.of(ids));
    Random random = new Random(3);
    for (Weight weight : session.weights()) {
      float[] values = weight.values();
      for (int i = 0; i < values.length; i++) {
        values[i] = random.nextInt(3) - 1; // so that many items have equal weights
      }
      session.set(weight.name(), values);
    }
    return session;
  }

  /** Random histories; one is empty, one has all items, one all but two. */
  private static CsrMatrix histories() {
    return CsrMatrix.of(
        USERS,
        ITEMS,
        pairs -> {
          Random random = new Random(4);
          for (int user = 1; user < USERS; user++) {
            for (int item = 0; item < ITEMS; item++) {
              if (user == 1 || (user == 2 && item > 1) || random.nextInt(20) == 0) {
                pairs.accept(user, item);
              }
            }
          }
        });
  }

  @Test
  void bothGiveTheSameRankingsTiesIncluded() {
    CsrMatrix histories = histories();
    for (int threads : new int[] {1, 2, 5}) {
      try (NetworkSession session = session(threads)) {
        for (int k : new int[] {1, 7, 100, ITEMS}) {
          Rankings here = session.rank(histories, 0, USERS, k);
          Rankings there = emptyLike(here);
          try (Batch batch = Batch.of(histories, 0, USERS)) {
            session.rankThere(batch, USERS, there, 0);
          }
          int ties = 0;
          for (int user = 0; user < USERS; user++) {
            for (int rank = 0; rank < k; rank++) {
              assertThat(here.item(user, rank)).isEqualTo(there.item(user, rank));
              assertThat(here.score(user, rank)).isEqualTo(there.score(user, rank));
              ties += rank > 0 && here.score(user, rank) == here.score(user, rank - 1) ? 1 : 0;
            }
          }
          assertThat(here.item(1, 0)).isEqualTo(-1);
          assertThat(ties > 0 || k == 1).isTrue();
        }
      }
    }
  }

  private static Rankings emptyLike(Rankings rankings) {
    int[] items = new int[rankings.users() * rankings.k()];
    float[] scores = new float[items.length];
    Arrays.fill(items, -1);
    Arrays.fill(scores, Float.NEGATIVE_INFINITY);
    return new Rankings(rankings.k(), items, scores);
  }

  @Test
  void aScoreThatIsNoNumberIsRefusedOfItemsOfTheHistoryToo() {
    CsrMatrix histories = histories();
    for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      try (NetworkSession session = session(2)) {
        Weight bias = session.weights().get(session.weights().size() - 1);
        float[] values = bias.values();
        values[5] = broken;
        session.set(bias.name(), values);
        assertThatThrownBy(() -> session.rank(histories, 0, USERS, 3))
            .isInstanceOf(ArithmeticException.class)
            .hasMessage("the model's scores are not numbers: its weights are broken");
      }
    }
  }
}
