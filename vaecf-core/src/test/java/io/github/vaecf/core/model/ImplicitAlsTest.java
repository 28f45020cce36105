package io.github.vaecf.core.model;

import static io.github.vaecf.core.Rows.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.Groups;
import io.github.vaecf.core.Rows;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.TrainedModel.Weight;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.types.TFloat32;

class ImplicitAlsTest {
  @Test
  void givenSparksItemFactorsTheUserFactorsAreSparks() throws Exception {
    JsonNode spark;
    try (InputStream file = getClass().getResourceAsStream("/golden/als.json")) {
      spark = new ObjectMapper().readTree(file);
    }
    double[][] items = matrix(spark.get("itemFactors"));
    double[][] users = matrix(spark.get("userFactors"));
    AlternatingLeastSquares equations =
        new AlternatingLeastSquares(
            items[0].length, spark.get("alpha").asDouble(), spark.get("reg").asDouble(), 1, 0);

    double[][] found =
        equations.solve(
            Rows.of(
                items.length, new ObjectMapper().convertValue(spark.get("users"), int[][].class)),
            items);

    assertThat(found).hasNumberOfRows(60);
    for (int user = 0; user < users.length; user++) {
      assertThat(found[user]).containsExactly(users[user], within(1e-6));
    }
  }

  private static double[][] matrix(JsonNode rows) {
    return new ObjectMapper().convertValue(rows, double[][].class);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "0.5, 7", "0, 40"})
  void theEquationsOfARowAreSolvedAsByADenseInverse(double exponent, double alpha) {
    CsrMatrix users = Rows.of(4, row(0, 1), row(), row(0, 1, 2, 3), row(2), row(1, 3));
    double[][] items = normal(4, 3, 5);

    double[][] found = new AlternatingLeastSquares(3, alpha, 0.3, exponent, 1).solve(users, items);

    for (int user = 0; user < users.rows(); user++) {
      RealVector expected = dense(items, users.row(user).toIntArray(), alpha, 0.3, exponent);
      for (int i = 0; i < 3; i++) {
        assertThat(found[user][i]).isCloseTo(expected.getEntry(i), within(1e-12));
      }
    }
    assertThat(found[1]).containsOnly(0);
  }

  /** The formula written down, with a dense inverse. */
  private static RealVector dense(
      double[][] items, int[] history, double alpha, double lambda, double exponent) {
    RealMatrix all = new Array2DRowRealMatrix(items);
    RealMatrix matrix = all.transpose().multiply(all);
    RealVector sum = new ArrayRealVector(items[0].length);
    for (int item : history) {
      RealVector factors = all.getRowVector(item);
      matrix = matrix.add(factors.outerProduct(factors).scalarMultiply(alpha));
      sum = sum.add(factors.mapMultiply(1 + alpha));
    }
    double penalty = lambda * Math.pow(history.length, exponent);
    matrix =
        matrix.add(MatrixUtils.createRealIdentityMatrix(items[0].length).scalarMultiply(penalty));
    return new LUDecomposition(matrix).getSolver().getInverse().operate(sum);
  }

  private static double[][] normal(int rows, int columns, long seed) {
    Random random = new Random(seed);
    double[][] matrix = new double[rows][columns];
    for (double[] row : matrix) {
      for (int i = 0; i < columns; i++) {
        row[i] = random.nextGaussian();
      }
    }
    return matrix;
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "0.5, 10", "0, 1"})
  void theObjectiveFallsWithEachHalfOfEachIteration(double exponent, double alpha) {
    CsrMatrix train = new Groups(150, 4, 10, 3).matrix();
    AlternatingLeastSquares equations = new AlternatingLeastSquares(8, alpha, 0.05, exponent, 2);
    CsrMatrix byItem = train.transpose();
    double[][] items = normal(40, 8, 1);
    double[][] users = equations.solve(train, items);
    double before = objective(train, users, items, alpha, 0.05, exponent);
    for (int half = 0; half < 12; half++) {
      if (half % 2 == 0) {
        items = equations.solve(byItem, users);
      } else {
        users = equations.solve(train, items);
      }
      double after = objective(train, users, items, alpha, 0.05, exponent);
      assertThat(after).isLessThan(before);
      before = after;
    }
  }

  private static double objective(
      CsrMatrix train,
      double[][] users,
      double[][] items,
      double alpha,
      double lambda,
      double exponent) {
    double sum = 0;
    for (int user = 0; user < users.length; user++) {
      for (int item = 0; item < items.length; item++) {
        double score = product(users[user], items[item]);
        boolean has = train.contains(user, item);
        sum += has ? (1 + alpha) * (1 - score) * (1 - score) : score * score;
      }
      sum += penalty(users[user], train.rowSize(user), lambda, exponent);
    }
    int[] counts = train.columnCounts();
    for (int item = 0; item < items.length; item++) {
      sum += penalty(items[item], counts[item], lambda, exponent);
    }
    return sum;
  }

  private static double penalty(double[] factors, int count, double lambda, double exponent) {
    return lambda * Math.pow(count, exponent) * product(factors, factors);
  }

  private static double product(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @Test
  void theBitsAreTheSameForAnyNumberOfThreads() {
    // Enough users for a Gram matrix of several parts.
    CsrMatrix train = new Groups(2_000, 6, 20, 5).matrix();
    List<float[]> kernels = new ArrayList<>();
    for (int threads : new int[] {1, 2, 4}) {
      try (TrainedModel model = fit(train, settings(9).with(TrainingSettings.THREADS, threads))) {
        kernels.add(model.weights().get(0).values());
      }
    }
    assertThat(kernels.get(1)).containsExactly(kernels.get(0));
    assertThat(kernels.get(2)).containsExactly(kernels.get(0));
  }

  @Test
  void anotherSeedGivesOtherFactors() {
    CsrMatrix train = Groups.small().matrix();
    try (TrainedModel one = fit(train, settings(4));
        TrainedModel other = fit(train, settings(4).with(TrainingSettings.SEED, 7L))) {
      assertThat(one.weights().get(0).values()).isNotEqualTo(other.weights().get(0).values());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "16, 1, 0.1, 1",
    "64, 1, 0.001, 1",
    "32, 100, 0.1, 1",
    "64, 100, 0.01, 1",
    "64, 40, 1, 0.5",
    "32, 0, 0.1, 0"
  })
  void theGraphsScoresAreThoseOfTheEquationsInDoublePrecision(
      int factors, double alpha, double lambda, double exponent) {
    CsrMatrix train = new Groups(700, 8, 100, 5).matrix();
    int items = train.columns();
    Settings settings =
        settings(factors)
            .with(ImplicitAls.ITERATIONS, 4)
            .with(ImplicitAls.ALPHA, alpha)
            .with(ImplicitAls.LAMBDA, lambda)
            .with(ImplicitAls.EXPONENT, exponent);
    // Histories of all lengths, from none to nearly all items.
    int[][] histories = new int[500][];
    Random random = new Random(9);
    for (int user = 0; user < histories.length; user++) {
      int size = user < 450 ? user % 150 : 500 + 4 * (user - 450);
      histories[user] = random.ints(0, items).distinct().limit(size).toArray();
    }
    CsrMatrix users = Rows.of(items, histories);
    try (TrainedModel model = fit(train, settings)) {
      Weight kernel = model.weights().get(0);
      double[][] itemFactors = new double[items][factors];
      for (int i = 0; i < kernel.values().length; i++) {
        itemFactors[i / factors][i % factors] = kernel.values()[i];
      }
      double[][] userFactors =
          new AlternatingLeastSquares(factors, alpha, lambda, exponent, 0)
              .solve(users, itemFactors);

      float[] found = model.scores(users, 0, histories.length);

      for (int user = 0; user < histories.length; user++) {
        double largest = 0;
        double error = 0;
        for (int item = 0; item < items; item++) {
          double expected = product(userFactors[user], itemFactors[item]);
          largest = Math.max(largest, Math.abs(expected));
          error = Math.max(error, Math.abs(found[user * items + item] - expected));
        }
        assertThat(error)
            .as("user %d with %d items", user, histories[user].length)
            .isLessThanOrEqualTo(1e-5 * largest);
      }
    }
  }

  @Test
  void moreFactorsThanItemsAndAnItemWithoutUsersGiveNumbers() {
    CsrMatrix train = Rows.of(5, row(0, 1), row(0, 1), row(0, 2), row(3));
    try (TrainedModel model = fit(train, settings(12))) {
      float[] scores = model.scores(Rows.of(5, row(0), row(4), row()), 0, 3);

      assertThat(scores[1]).isGreaterThan(scores[2]).isGreaterThan(scores[3]);
      for (int place = 5; place < 15; place++) {
        assertThat(scores[place]).isZero(); // of item 4 nothing is known, nor of nobody
      }
    }
  }

  @Test
  void aScoreIsTheProductOfTheUsersAndTheItemsFactors() {
    CsrMatrix train = Groups.small().matrix();
    try (TrainedModel model = fit(train, settings(6))) {
      float[] user = model.encode(train, 3, 4);
      float[] scores = model.scores(train, 3, 4);
      Weight kernel = model.itemKernel().orElseThrow();

      assertThat(kernel.shape()).containsExactly(6L, 40L);
      for (int item = 0; item < 40; item++) {
        float score = 0;
        for (int i = 0; i < 6; i++) {
          score += user[i] * kernel.values()[i * 40 + item];
        }
        assertThat(scores[item]).isCloseTo(score, within(1e-5f));
      }
    }
  }

  @Test
  void whatItLearnsIsWhichItemsGoTogether() {
    Groups data = Groups.small();
    try (TrainedModel model = fit(data.matrix(), settings(8))) {
      assertThat(data.hitRate().applyAsDouble(model)).isGreaterThan(0.85); // by chance 0.25
    }
  }

  @Test
  void moreThanTheHeapIsRefusedBeforeAnythingIsComputed() {
    assertThatThrownBy(() -> ImplicitAls.requireMemory(10_000_000, 100_000, 256, 4_000_000_000L))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "iALS with 256 factors over 10000000 users and 100000 items needs 21176 MB of Java's"
                + " heap, which may take 4000 MB: raise that (-Xmx) or take fewer factors");
  }

  @Test
  void theWeightsAreTheFactorsAndTheirSquares() {
    Map<String, TFloat32> weights = new ImplicitAls().fit(Groups.small().matrix(), settings(3));
    try {
      TFloat32 kernel = weights.get("items/kernel");
      TFloat32 gram = weights.get("items/gram");
      for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
          double sum = 0;
          for (int item = 0; item < 40; item++) {
            sum += (double) kernel.getFloat(item, i) * kernel.getFloat(item, j);
          }
          assertThat(sum).isCloseTo(i == j ? gram.getFloat(i) : 0, within(1e-4));
        }
      }
    } finally {
      weights.values().forEach(TFloat32::close);
    }
  }

  private static Settings settings(int factors) {
    return Settings.published(new ImplicitAls()).with(ImplicitAls.FACTORS, factors);
  }

  private static TrainedModel fit(CsrMatrix train, Settings settings) {
    return Trainer.builder().settings(settings).build().train(train, Rows.ids(train.columns()));
  }
}
