package io.github.vaecf.eval;

import static io.github.vaecf.core.Rows.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.model.MostPopular;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import java.io.IOException;
import java.io.StringWriter;
import java.io.Writer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RankingEvaluatorTest {
  private static final float[] DESCENDING = {6, 5, 4, 3, 2, 1};

  private static Evaluation evaluate(int[] foldIn, int[] heldOut, RankingMetric... metrics) {
    return evaluate(new int[][] {foldIn}, new int[][] {heldOut}, metrics);
  }

  private static Evaluation evaluate(int[][] foldIn, int[][] heldOut, RankingMetric... metrics) {
    float[][] scores = new float[foldIn.length][];
    Arrays.fill(scores, DESCENDING);
    HeldOut users = new HeldOut(Rows.of(6, foldIn), Rows.of(6, heldOut), 0);
    return RankingEvaluator.of(metrics).evaluate(new DenseScores(scores), users);
  }

  @Test
  void aUserWithNothingHeldOutCountsNowhere() {
    Evaluation evaluation =
        evaluate(
            new int[][] {row(0), row(0), row()},
            new int[][] {row(), row(1), row()},
            Recall.at(1),
            Ndcg.at(2));

    assertThat(evaluation.users()).isEqualTo(1);
    assertThat(evaluation.estimate(Recall.at(1))).isEqualTo(new Estimate(1, 0, 1));
    assertThat(evaluation.values(Ndcg.at(2))).containsExactly(Double.NaN, 1, Double.NaN);
  }

  @Test
  void whereNobodyHasAnythingHeldOutThereIsNothingToMeasure() {
    assertThatThrownBy(() -> evaluate(row(0), row(), Recall.at(1)))
        .isInstanceOf(DataException.class)
        .hasMessage("none of the 1 users has a held-out item: there is nothing to measure");
  }

  @Test
  void aUserWithEverythingHeldOutAndNothingFoldedInGetsOne() {
    Evaluation evaluation =
        evaluate(
            row(), row(0, 1, 2, 3, 4, 5), Ndcg.at(3), Recall.at(3), RecallOfAll.at(3), Ndcg.at(9));

    assertThat(evaluation.mean(Ndcg.at(3))).isEqualTo(1);
    assertThat(evaluation.mean(Ndcg.at(9))).isEqualTo(1);
    assertThat(evaluation.mean(Recall.at(3))).isEqualTo(1);
    assertThat(evaluation.mean(RecallOfAll.at(3))).isEqualTo(0.5);
  }

  @Test
  void moreHeldOutItemsThanKAreMeasuredAgainstK() {
    Evaluation evaluation =
        evaluate(
            row(),
            row(0, 3, 4, 5),
            Recall.at(2),
            RecallOfAll.at(2),
            Precision.at(2),
            AveragePrecision.at(2),
            ReciprocalRank.at(2),
            HitRate.at(2),
            Ndcg.at(2));

    assertThat(evaluation.mean(Recall.at(2))).isEqualTo(0.5);
    assertThat(evaluation.mean(RecallOfAll.at(2))).isEqualTo(0.25);
    assertThat(evaluation.mean(Precision.at(2))).isEqualTo(0.5);
    assertThat(evaluation.mean(AveragePrecision.at(2))).isEqualTo(0.5);
    assertThat(evaluation.mean(ReciprocalRank.at(2))).isEqualTo(1);
    assertThat(evaluation.mean(HitRate.at(2))).isEqualTo(1);
    assertThat(evaluation.mean(Ndcg.at(2)))
        .isCloseTo(1 / (1 + Math.log(2) / Math.log(3)), within(1e-15));
  }

  @Test
  void foldInItemsTakeNoPlaceInTheRanking() {
    Evaluation evaluation = evaluate(row(0, 1, 2), row(3), ReciprocalRank.at(1));

    assertThat(evaluation.mean(ReciprocalRank.at(1))).isEqualTo(1);
  }

  @Test
  void kBeyondTheCatalogueLooksAtTheWholeCatalogue() {
    Evaluation evaluation =
        evaluate(row(0), row(5), Precision.at(100), Recall.at(100), ReciprocalRank.at(100));

    assertThat(evaluation.mean(Precision.at(100))).isEqualTo(0.01);
    assertThat(evaluation.mean(Recall.at(100))).isEqualTo(1);
    assertThat(evaluation.mean(ReciprocalRank.at(100))).isEqualTo(0.2);
  }

  @Test
  void anItemThatNobodyTrainedOnRanksLastAndIsStillMeasured() {
    CsrMatrix train = Rows.of(4, row(0, 1), row(0, 1), row(0));
    HeldOut users = new HeldOut(Rows.of(4, row(0)), Rows.of(4, row(3)), 0);

    Trainer trainer = Trainer.builder().settings(Settings.published(new MostPopular())).build();
    try (TrainedModel model = trainer.train(train, Rows.ids(4))) {
      Evaluation evaluation =
          RankingEvaluator.of(ReciprocalRank.at(2), ReciprocalRank.at(3)).evaluate(model, users);

      assertThat(evaluation.mean(ReciprocalRank.at(2))).isZero();
      assertThat(evaluation.mean(ReciprocalRank.at(3))).isEqualTo(1.0 / 3);
    }
  }

  @Test
  void aScoreThatIsNotANumberIsRefused() {
    HeldOut users = new HeldOut(Rows.of(2, row()), Rows.of(2, row(1)), 0);
    Recommender model = new DenseScores(new float[][] {{Float.NaN, Float.NaN}});

    assertThatThrownBy(() -> RankingEvaluator.of(Recall.at(1)).evaluate(model, users))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("is not a number");
  }

  @Test
  void aModelOverOtherItemsIsRefused() {
    HeldOut users = new HeldOut(Rows.of(3, row()), Rows.of(3, row(1)), 0);

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                RankingEvaluator.of(Recall.at(1))
                    .evaluate(new DenseScores(new float[][] {{1, 2}}), users))
        .withMessage("the model ranks 2 items, but the users to evaluate on are over 3");
  }

  @Test
  void aMetricAskedForTwiceOrNotAtAllIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RankingEvaluator.of(Recall.at(1), Recall.at(1)))
        .withMessage("metric recall@1 is asked for twice");
    assertThatIllegalArgumentException()
        .isThrownBy(RankingEvaluator::of)
        .withMessage("at least one metric is needed");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> evaluate(row(), row(1), Recall.at(1)).mean(Recall.at(2)))
        .withMessage("metric recall@2 was not measured; measured were [recall@1]");
  }

  @Test
  void theModelIsAskedInBatchesForTheLargestKOnly() {
    int users = 1234;
    int[][] heldOut = new int[users][];
    Arrays.fill(heldOut, row(1));
    StringBuilder calls = new StringBuilder();
    Recommender model =
        new Recommender(Rows.ids(6)) {
          @Override
          protected void rank(
              CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
            calls
                .append(from)
                .append('-')
                .append(to)
                .append(" k=")
                .append(rankings.k())
                .append(' ');
            for (int user = 0; user < to - from; user++) {
              rankings.set(firstUser + user, 0, 1, 1);
            }
          }
        };

    Evaluation evaluation =
        RankingEvaluator.of(Recall.at(1), HitRate.at(2))
            .evaluate(model, new HeldOut(Rows.of(6, new int[users][0]), Rows.of(6, heldOut), 0));

    assertThat(calls).hasToString("0-500 k=2 500-1000 k=2 1000-1234 k=2 ");
    assertThat(evaluation.users()).isEqualTo(users);
    assertThat(evaluation.mean(HitRate.at(2))).isEqualTo(1);
    assertThat(evaluation.seconds()).isGreaterThanOrEqualTo(evaluation.scoringSeconds());
    assertThat(evaluation.measuringSeconds()).isPositive();
  }

  @Test
  void twoEvaluationsGiveTheSameBits() {
    Random random = new Random(7);
    int users = 700;
    float[][] scores = new float[users][40];
    int[][] heldOut = new int[users][];
    for (int user = 0; user < users; user++) {
      for (int item = 0; item < 40; item++) {
        scores[user][item] = random.nextFloat();
      }
      heldOut[user] = random.ints(user % 5, 0, 40).toArray();
    }
    HeldOut people = new HeldOut(Rows.of(40, new int[users][0]), Rows.of(40, heldOut), 0);
    RankingEvaluator evaluator = RankingEvaluator.of(Ndcg.at(10), AveragePrecision.at(20));

    Evaluation once = evaluator.evaluate(new DenseScores(scores), people);
    Evaluation again = evaluator.evaluate(new DenseScores(scores), people);

    for (RankingMetric metric : once.metrics()) {
      assertThat(once.estimate(metric)).isEqualTo(again.estimate(metric));
      assertThat(once.values(metric)).containsExactly(again.values(metric));
    }
  }

  @Test
  void theJsonHasTheDocumentedForm() throws IOException {
    Evaluation evaluation = evaluate(row(0), row(2), ReciprocalRank.at(3), Recall.at(1));

    JsonNode json = new ObjectMapper().readTree(evaluation.toJson("runs/vae", "test"));

    assertThat(json.get("model").textValue()).isEqualTo("runs/vae");
    assertThat(json.get("split").textValue()).isEqualTo("test");
    assertThat(json.get("users").intValue()).isEqualTo(1);
    assertThat(json.get("metrics").get("mrr@3").get("mean").doubleValue()).isEqualTo(0.5);
    assertThat(json.get("metrics").get("mrr@3").get("standard_error").doubleValue()).isZero();
    assertThat(json.get("metrics").get("recall@1").get("users").intValue()).isEqualTo(1);
    assertThat(json.get("seconds").doubleValue()).isPositive();
  }

  @Test
  void theUsersAreWrittenAsATableWithRawIds() throws IOException {
    HeldOut users =
        new HeldOut(Rows.of(6, row(0, 1), row(0), row(3)), Rows.of(6, row(2, 3), row(), row(4)), 1);
    Evaluation evaluation =
        RankingEvaluator.of(ReciprocalRank.at(3), Recall.at(1))
            .evaluate(new DenseScores(new float[][] {DESCENDING, DESCENDING, DESCENDING}), users);
    StringWriter table = new StringWriter();

    evaluation.writeUsers(table, IdIndex.of(List.of("train", "a,b", "c", "d")));

    assertThat(table)
        .hasToString("user,fold_in,held_out,mrr@3,recall@1\n\"a,b\",2,2,1.0,1.0\nd,1,1,0.0,0.0\n");
  }

  @Test
  void aTargetThatCannotBeWrittenIsReportedAlikeWhereverItFails() {
    Evaluation evaluation = evaluate(row(0), row(2), ReciprocalRank.at(3));
    Writer full =
        new Writer() {
          @Override
          public void write(char[] text, int at, int length) throws IOException {
            throw new IOException("full");
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    // The second is longer than any buffer: it fails before the end.
    for (String id : List.of("a", "a".repeat(1 << 20))) {
      assertThatThrownBy(() -> evaluation.writeUsers(full, IdIndex.of(List.of(id))))
          .isInstanceOf(IOException.class)
          .hasMessage("full");
    }
  }

  @Test
  void theTextShowsMeansWithTheirErrors() {
    assertThat(evaluate(row(0), row(2), ReciprocalRank.at(3)))
        .hasToString("Evaluation[1 users, mrr@3 0.5000 ± 0.0000]");
  }
}
