package io.github.vaecf.spark;

import io.github.vaecf.eval.JudgedRanking;
import io.github.vaecf.eval.RankingMetric;
import java.io.Serial;
import java.util.List;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.ml.evaluation.Evaluator;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * Measures how well a model finds items that it did not see, by the metrics of Liang et al. (WWW
 * 2018, section 4.2) and others: for a {@code CrossValidator} or a {@code TrainValidationSplit}
 * over a {@link VaecfEstimator}, which split the rows of a table.
 *
 * <p>The table is one of pairs that {@link VaecfModel#transform} has given the ranks of: each row
 * is an item to be found, ranked among all that the user did not have. Rows without a rank count
 * nowhere, as in the published protocol: items that the model does not know, or that the user had.
 * The value is the mean over the users with a row that counts.
 */
public final class VaecfEvaluator extends Evaluator implements DefaultParamsWritable {
  private static final long serialVersionUID = 1L;

  // Transient: Spark saves parts of pipelines by their parameters, not by Java's serialization.
  private final transient String uid;
  private final transient Param<String> metric;
  private final transient Param<String> userCol;
  private final transient Param<String> rankCol;

  /** An evaluator by ndcg@100. */
  public VaecfEvaluator() {
    this(Columns.uid("vaecfEvaluator"));
  }

  /**
   * An evaluator by ndcg@100, with a name of its own; Spark calls this.
   *
   * @param uid the name
   */
  public VaecfEvaluator(String uid) {
    this.uid = uid;
    metric =
        new Param<String>(
            uid,
            "metric",
            "What is measured, " + String.join(", ", RankingMetric.names(false)) + ", @ and k.");
    userCol = new Param<String>(uid, "userCol", "The column of users' ids.");
    rankCol = new Param<String>(uid, "rankCol", "The column of ranks.");
    setDefault(metric, "ndcg@100");
    setDefault(userCol, "user");
    setDefault(rankCol, "rank");
  }

  @Override
  public String uid() {
    return uid;
  }

  /**
   * What is measured.
   *
   * @return the parameter, {@code ndcg@100} unless set
   */
  public Param<String> metric() {
    return metric;
  }

  /**
   * The column of users' ids.
   *
   * @return the parameter, {@code user} unless set
   */
  public Param<String> userCol() {
    return userCol;
  }

  /**
   * The column of ranks.
   *
   * @return the parameter, {@code rank} unless set
   */
  public Param<String> rankCol() {
    return rankCol;
  }

  /**
   * Sets what is measured.
   *
   * @param name such as {@code recall@20}; {@link RankingMetric#names} and k
   * @return this
   * @throws io.github.vaecf.data.DataException if there is no such metric
   */
  public VaecfEvaluator setMetric(String name) {
    set(metric, RankingMetric.parse(name).name());
    return this;
  }

  /**
   * Sets the column of users' ids.
   *
   * @param name the column
   * @return this
   */
  public VaecfEvaluator setUserCol(String name) {
    set(userCol, name);
    return this;
  }

  /**
   * Sets the column of ranks.
   *
   * @param name the column
   * @return this
   */
  public VaecfEvaluator setRankCol(String name) {
    set(rankCol, name);
    return this;
  }

  /**
   * Measures.
   *
   * @param ranked pairs with the rank of each, from 1, or null
   * @return the mean over the users; NaN if no row counts
   * @throws IllegalArgumentException if the table lacks a column
   */
  @Override
  public double evaluate(Dataset<?> ranked) {
    Columns.requireIds(ranked.schema(), "userCol", getOrDefault(userCol));
    Columns.requireNumbers(ranked.schema(), "rankCol", getOrDefault(rankCol));
    Row mean =
        ranked
            .select(
                Columns.of(ranked, getOrDefault(userCol)).as("user"),
                Columns.of(ranked, getOrDefault(rankCol)).cast("int").as("rank"))
            .na()
            .drop()
            .groupBy("user")
            .agg(functions.expr("sort_array(collect_set(rank))").as("ranks"))
            .select("ranks")
            .map(new Measure(getOrDefault(metric)), Encoders.DOUBLE())
            .toDF("value")
            .where("NOT isnan(value)")
            .agg(functions.avg("value"))
            .head();
    return mean.isNullAt(0) ? Double.NaN : mean.getDouble(0);
  }

  /** The value of a user; runs on executors. */
  private static final class Measure implements MapFunction<Row, Double> {
    @Serial private static final long serialVersionUID = 1L;

    private final String name;
    private transient RankingMetric metric;

    Measure(String name) {
      this.name = name;
    }

    @Override
    public Double call(Row row) {
      if (metric == null) {
        metric = RankingMetric.parse(name);
      }
      List<Integer> ranks = row.getList(0);
      return metric.measure(
          JudgedRanking.ofRanks(ranks.stream().mapToInt(rank -> rank).toArray(), metric.k()));
    }
  }

  @Override
  public boolean isLargerBetter() {
    return true;
  }

  @Override
  public VaecfEvaluator copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /**
   * What loads a saved evaluator.
   *
   * @return the reader
   */
  public static MLReader<VaecfEvaluator> read() {
    return new DefaultParamsReader<>();
  }

  /**
   * Loads a saved evaluator.
   *
   * @param path where it was saved
   * @return the evaluator
   */
  public static VaecfEvaluator load(String path) {
    return read().load(path);
  }
}
