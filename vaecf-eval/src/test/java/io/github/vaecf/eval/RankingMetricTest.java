package io.github.vaecf.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Rows;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RankingMetricTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ndcg@100",
        "recall@20",
        "recall_of_all@50",
        "precision@1",
        "hitrate@5",
        "mrr@10",
        "map@2147483647"
      })
  void aMetricIsFoundByItsName(String name) {
    assertThat(RankingMetric.parse(name).name()).isEqualTo(name);
    assertThat(RankingMetric.parse(name)).isEqualTo(RankingMetric.parse(name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ndcg",
        "ndcg@",
        "ndcg@0",
        "ndcg@-1",
        "ndcg@ten",
        "auc@10",
        "@10",
        "",
        "ndcg@99999999999"
      })
  void aNameThatIsNoMetricIsRefusedWithTheOnesThatThereAre(String name) {
    assertThatThrownBy(() -> RankingMetric.parse(name))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "metric '%s': expected one of ndcg, recall, recall_of_all, precision, hitrate, mrr,"
                + " map, then @ and a whole number of at least 1, as in ndcg@100",
            name);
  }

  /** The same users judged by their rankings and by the ranks of what is held out alone. */
  @Property(tries = 50)
  void ranksOfTheHeldOutItemsAreAllThatIsNeeded(@ForAll long seed) {
    Random random = new Random(seed);
    int items = 30;
    CsrMatrix heldOut =
        CsrMatrix.of(
            1,
            items,
            pairs -> {
              Random drawn = new Random(seed);
              for (int n = 0; n < 1 + Math.floorMod(seed, 9); n++) {
                pairs.accept(0, drawn.nextInt(items));
              }
            });
    int[] order = random.ints(0, items).distinct().limit(items).toArray();
    Rankings rankings = new Rankings(items, order, new float[items]);
    int[] ranks =
        IntStream.range(0, items)
            .filter(rank -> heldOut.contains(0, order[rank]))
            .map(rank -> rank + 1)
            .toArray();
    for (String name : RankingMetric.names(false)) {
      for (int k : new int[] {1, 5, items}) {
        RankingMetric metric = RankingMetric.parse(name + "@" + k);
        JudgedRanking whole = new JudgedRanking(items);
        whole.judge(rankings, 0, heldOut, 0);
        assertThat(metric.measure(JudgedRanking.ofRanks(ranks, k)))
            .as(metric.name())
            .isEqualTo(metric.measure(whole));
      }
    }
  }

  @Test
  void ranksThatCannotBeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JudgedRanking.ofRanks(new int[] {3, 1, 3}, 5))
        .withMessage("ranks: expected different ones from 1 on, found 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JudgedRanking.ofRanks(new int[] {0}, 5))
        .withMessage("ranks: expected different ones from 1 on, found 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JudgedRanking.ofRanks(new int[0], 5))
        .withMessage("ranks: expected at least one, found none");
  }

  @Test
  void metricsOfPopularityAreFoundByTheirNamesWhereItIsKnown() {
    Popularity popularity = Popularity.of(Rows.of(2, new int[][] {{0}, {0, 1}}));

    assertThat(RankingMetric.parse("novelty@10", popularity)).isEqualTo(Novelty.at(10, popularity));
    assertThat(RankingMetric.parse("popularity@3", popularity))
        .isEqualTo(MeanPopularity.at(3, popularity));
    assertThat(RankingMetric.parse("ndcg@3", popularity)).isEqualTo(Ndcg.at(3));
    assertThatThrownBy(() -> RankingMetric.parse("novelty@10"))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("metric 'novelty@10': expected one of ndcg,");
    assertThatThrownBy(() -> RankingMetric.parse("novel@10", popularity))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("map, popularity, novelty, then @");
  }

  @Test
  void kMustBeAtLeastOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ndcg.at(0))
        .withMessage("k must be at least 1, found 0");
  }

  /** The formulas once more, over sets and lists as one would write them on a blackboard. */
  @Property(tries = 300)
  void allMetricsAgreeWithTheNaiveFormulas(
      @ForAll @IntRange(min = 1, max = 60) int items,
      @ForAll @IntRange(min = 1, max = 70) int k,
      @ForAll long seed) {
    Random random = new Random(seed);
    int users = 5;
    float[][] scores = new float[users][items];
    int[][] foldIn = new int[users][];
    int[][] heldOut = new int[users][];
    for (int user = 0; user < users; user++) {
      for (int item = 0; item < items; item++) {
        // Few different values: ties are as frequent as in no real model.
        scores[user][item] = random.nextInt(8) - 4;
      }
      double share = random.nextDouble();
      int[] shuffled = random.ints(items, 0, items).distinct().toArray();
      int cut = (int) (share * shuffled.length);
      foldIn[user] = IntStream.range(0, cut).map(i -> shuffled[i]).toArray();
      heldOut[user] = IntStream.range(cut, shuffled.length).map(i -> shuffled[i]).toArray();
    }
    HeldOut people = new HeldOut(Rows.of(items, foldIn), Rows.of(items, heldOut), 0);

    Evaluation evaluation =
        RankingEvaluator.of(
                Ndcg.at(k),
                Recall.at(k),
                RecallOfAll.at(k),
                Precision.at(k),
                HitRate.at(k),
                ReciprocalRank.at(k),
                AveragePrecision.at(k))
            .evaluate(new DenseScores(scores), people);

    for (int user = 0; user < users; user++) {
      int u = user;
      int held = heldOut[u].length;
      // rank[i] = 1 + the number of unseen items that come before item i
      int[] unseen =
          IntStream.range(0, items)
              .filter(i -> IntStream.of(foldIn[u]).noneMatch(f -> f == i))
              .toArray();
      int[] hitRanks =
          IntStream.of(heldOut[u])
              .map(
                  i ->
                      1
                          + (int)
                              IntStream.of(unseen)
                                  .filter(
                                      j ->
                                          scores[u][j] > scores[u][i]
                                              || (scores[u][j] == scores[u][i] && j < i))
                                  .count())
              .filter(rank -> rank <= k)
              .sorted()
              .toArray();
      double hits = hitRanks.length;
      double dcg =
          IntStream.of(hitRanks).mapToDouble(r -> 1 / (Math.log(r + 1) / Math.log(2))).sum();
      double ideal =
          IntStream.rangeClosed(1, Math.min(k, held))
              .mapToDouble(r -> 1 / (Math.log(r + 1) / Math.log(2)))
              .sum();
      double precisions =
          IntStream.range(0, hitRanks.length).mapToDouble(i -> (i + 1.0) / hitRanks[i]).sum();
      check(evaluation, Ndcg.at(k), u, dcg / ideal);
      check(evaluation, Recall.at(k), u, hits / Math.min(k, held));
      check(evaluation, RecallOfAll.at(k), u, hits / held);
      check(evaluation, Precision.at(k), u, hits / k);
      check(evaluation, HitRate.at(k), u, hits > 0 ? 1 : 0);
      check(evaluation, ReciprocalRank.at(k), u, hits > 0 ? 1.0 / hitRanks[0] : 0);
      check(evaluation, AveragePrecision.at(k), u, precisions / Math.min(k, held));
    }
  }

  private static void check(
      Evaluation evaluation, RankingMetric metric, int user, double expected) {
    assertThat(evaluation.values(metric)[user])
        .as("%s of user %d", metric.name(), user)
        .isCloseTo(expected, within(1e-12));
  }
}
