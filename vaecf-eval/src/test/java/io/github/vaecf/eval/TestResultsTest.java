package io.github.vaecf.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.model.ItemKnn;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.MostPopular;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Split;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TestResultsTest {
  private static final int TRAINING_USERS = 200;
  private static final int TEST_USERS = 80;
  private static final int ITEMS = 60;
  private static TestResults results;

  /** Users of different activity, items of different popularity, no user with all of them. */
  @BeforeAll
  static void measure() {
    Random random = new Random(5);
    CsrMatrix foldIn = users(TEST_USERS, random, item -> item % 2);
    CsrMatrix heldOut = users(TEST_USERS, random, item -> (item + 1) % 2);
    Split split =
        new Split(
            users(TRAINING_USERS, random, item -> 1),
            new HeldOut(users(1, random, item -> 0), users(1, random, item -> 0), TRAINING_USERS),
            new HeldOut(foldIn, heldOut, TRAINING_USERS + 1),
            ids(TRAINING_USERS + 1 + TEST_USERS),
            ids(ITEMS),
            Map.of(),
            List.of());
    results = new TestResults(split, List.of(Ndcg.at(10), Recall.at(5)));
    for (Model model : List.of(new MostPopular(), new ItemKnn())) {
      try (TrainedModel fitted =
          Trainer.builder()
              .settings(Settings.published(model))
              .build()
              .train(split.train(), split.items())) {
        results.measure(model.title(), fitted);
      }
    }
  }

  private static CsrMatrix users(int count, Random random, ToIntFunction<Integer> may) {
    return CsrMatrix.of(
        count,
        ITEMS,
        pairs -> {
          for (int user = 0; user < count; user++) {
            int activity = 1 + user % 10;
            for (int item = 0; item < ITEMS; item++) {
              if (may.applyAsInt(item) == 1 && random.nextInt(20 + item) < activity) {
                pairs.accept(user, item);
              }
            }
          }
        });
  }

  private static IdIndex ids(int count) {
    return IdIndex.of(IntStream.range(0, count).mapToObj(Integer::toString).toList());
  }

  @Test
  void aSplitWithoutATestIsRefusedBeforeAnythingIsMeasured() {
    CsrMatrix nobody = users(0, new Random(1), item -> 0);
    CsrMatrix lone = users(1, new Random(1), item -> 0);
    Split split =
        new Split(
            users(3, new Random(1), item -> 0),
            new HeldOut(nobody, nobody, 3),
            new HeldOut(lone, lone, 3),
            ids(4),
            ids(ITEMS),
            Map.of());
    assertThatThrownBy(() -> new TestResults(split, List.of(Ndcg.at(10))))
        .isInstanceOf(DataException.class)
        .hasMessage("none of the 1 users has a held-out item: there is nothing to measure");
  }

  @Test
  void aDifferenceOfTwoModelsIsThatOfTheirMeans() {
    assertThat(results.models()).containsOnlyKeys("most popular", "item-kNN");
    assertThat(results.differences()).hasSize(2); // one pair, two metrics
    for (TestResults.Difference difference : results.differences()) {
      RankingMetric metric = difference.comparison().metric();
      double first = results.models().get(difference.first()).mean(metric);
      double second = results.models().get(difference.second()).mean(metric);
      assertThat(difference.comparison().difference().mean())
          .isCloseTo(first - second, within(1e-12));
    }
  }

  @Test
  void groupsOfUsersTogetherAreAllUsers() {
    Evaluation evaluation = results.models().get("item-kNN");
    double sum = 0;
    int users = 0;
    assertThat(results.activity()).hasSizeGreaterThan(1);
    for (TestResults.Group group : results.activity()) {
      Estimate estimate = group.estimate().apply(evaluation);
      sum += estimate.mean() * estimate.users();
      users += estimate.users();
    }
    assertThat(users).isEqualTo(evaluation.users());
    assertThat(sum / users).isCloseTo(evaluation.mean(results.first()), within(1e-12));
  }

  @Test
  void popularityIsRecommendedByTheMostPopularAlone() {
    Evaluation popular = results.models().get("most popular");
    List<TestResults.Group> bands = results.popularity();
    assertThat(bands).hasSizeGreaterThan(1);
    assertThat(bands.get(0).estimate().apply(popular).mean()).isZero();
    assertThat(bands.get(bands.size() - 1).estimate().apply(popular).mean()).isPositive();
  }

  @Test
  void noMetricIsRefused() {
    Split none =
        new Split(
            users(1, new Random(1), item -> 1),
            new HeldOut(users(1, new Random(1), item -> 0), users(1, new Random(1), item -> 0), 1),
            new HeldOut(users(1, new Random(1), item -> 0), users(1, new Random(1), item -> 0), 2),
            ids(3),
            ids(ITEMS),
            Map.of(),
            List.of());
    assertThatThrownBy(() -> new TestResults(none, List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
