package io.github.vaecf.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.Rows;
import io.github.vaecf.data.HeldOut;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds the metrics to numbers that an independent NumPy program computed. */
class GoldenMetricsTest {
  private static JsonNode golden;
  private static List<RankingMetric> metrics;
  private static Evaluation evaluation;

  @BeforeAll
  static void evaluate() throws IOException {
    try (InputStream in = GoldenMetricsTest.class.getResourceAsStream("/golden/metrics.json")) {
      golden = new ObjectMapper().readTree(in);
    }
    metrics = new ArrayList<>();
    golden
        .get("means")
        .fieldNames()
        .forEachRemaining(name -> metrics.add(RankingMetric.parse(name)));
    JsonNode rows = golden.get("scores");
    float[][] scores = new float[rows.size()][];
    for (int user = 0; user < scores.length; user++) {
      scores[user] = new float[rows.get(user).size()];
      for (int item = 0; item < scores[user].length; item++) {
        scores[user][item] = rows.get(user).get(item).floatValue();
      }
    }
    int items = golden.get("items").intValue();
    HeldOut users =
        new HeldOut(
            Rows.of(items, indices(golden.get("fold_in"))),
            Rows.of(items, indices(golden.get("held_out"))),
            0);
    evaluation = RankingEvaluator.of(metrics).evaluate(new DenseScores(scores), users);
  }

  private static int[][] indices(JsonNode rows) {
    int[][] indices = new int[rows.size()][];
    for (int row = 0; row < indices.length; row++) {
      indices[row] = new int[rows.get(row).size()];
      for (int i = 0; i < indices[row].length; i++) {
        indices[row][i] = rows.get(row).get(i).intValue();
      }
    }
    return indices;
  }

  @Test
  void everyMeanAndStandardErrorAgrees() {
    assertThat(metrics).hasSize(10);
    for (RankingMetric metric : metrics) {
      JsonNode expected = golden.get("means").get(metric.name());
      Estimate found = evaluation.estimate(metric);
      assertThat(found.mean())
          .as(metric.name())
          .isCloseTo(expected.get("mean").doubleValue(), within(1e-6));
      assertThat(found.standardError())
          .as(metric.name())
          .isCloseTo(expected.get("standard_error").doubleValue(), within(1e-6));
      assertThat(found.users()).as(metric.name()).isEqualTo(expected.get("users").intValue());
    }
  }

  @Test
  void everyUsersValueAgrees() {
    for (RankingMetric metric : metrics) {
      double[] values = evaluation.values(metric);
      for (int user = 0; user < values.length; user++) {
        JsonNode expected = golden.get("expected").get(user).get(metric.name());
        if (expected == null) {
          assertThat(values[user]).as("user %d", user).isNaN();
        } else {
          assertThat(values[user])
              .as("%s of user %d", metric.name(), user)
              .isCloseTo(expected.doubleValue(), within(1e-6));
        }
      }
    }
  }
}
