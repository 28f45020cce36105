package io.github.vaecf.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Setting;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.export.SavedModelExporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VaecfEstimatorTest {
  private static final Map<String, String> SETTINGS =
      Map.of("epochs", "4", "hidden", "12", "batch-size", "40", "learning-rate", "0.01");

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  private static VaecfEstimator estimator() {
    return new VaecfEstimator()
        .setValueCol("rating")
        .setMinRating(2.5)
        .setMinUserItems(3)
        .setHeldOutUserShare(0.2);
  }

  private static VaecfEstimator autoencoder() {
    return estimator()
        .setModel("dae")
        .setSetting("epochs", 4)
        .setSetting("hidden", "12")
        .setSetting("batchSize", 40)
        .setSetting("learningRate", 0.01);
  }

  /** The library without Spark, on the rows in the order that the estimator gives them. */
  private String fingerprintWithoutSpark() throws IOException {
    List<Row> rows = new ArrayList<>(Likes.rows());
    rows.sort(
        Comparator.comparing((Row row) -> row.getString(0))
            .thenComparing(row -> Long.toString(row.getLong(1)))
            .thenComparing(row -> row.getDouble(2)));
    IdIndex users = IdIndex.of(rows.stream().map(row -> row.getString(0)).distinct().toList());
    IdIndex items =
        IdIndex.of(
            rows.stream().map(row -> Long.toString(row.getLong(1))).distinct().sorted().toList());
    float[] values = new float[rows.size()];
    for (int event = 0; event < values.length; event++) {
      values[event] = (float) rows.get(event).getDouble(2);
    }
    Split split =
        StrongGeneralizationSplitter.builder()
            .minRating(2.5)
            .minUserItems(3)
            .heldOutUserShare(0.2)
            .build()
            .split(
                Interactions.of(
                    users,
                    items,
                    rows.stream().mapToInt(row -> users.indexOf(row.getString(0))).toArray(),
                    rows.stream()
                        .mapToInt(row -> items.indexOf(Long.toString(row.getLong(1))))
                        .toArray(),
                    values,
                    new long[0]));
    RankingEvaluator evaluator = RankingEvaluator.of(Ndcg.at(100));
    Trainer trainer =
        Trainer.builder()
            .settings(Settings.published(Model.named("dae")).with(SETTINGS))
            .validation(
                "ndcg@100",
                split.validation(),
                (one, held) -> evaluator.evaluate(one, held).mean(Ndcg.at(100)))
            .build();
    Path version = folder.resolve("local/1");
    try (TrainedModel model = trainer.train(split.train(), split.items())) {
      SavedModelExporter.export(model, version);
    }
    return fingerprint(Files.readString(version.resolve("model.json")));
  }

  /** Of the weights and the items' ids. */
  private static String fingerprint(String card) throws IOException {
    return new ObjectMapper().readTree(card).get("fingerprint").asText();
  }

  @Test
  void theWeightsAreThoseOfTheLibraryHoweverTheRowsLie() throws IOException {
    String expected = fingerprintWithoutSpark();

    for (int partitions : new int[] {1, 5}) {
      VaecfModel model = autoencoder().fit(Likes.table(spark, partitions, partitions));
      assertThat(fingerprint(model.card())).isEqualTo(expected);
    }
    assertThat(
            fingerprint(autoencoder().setSetting("seed", 1).fit(Likes.table(spark, 1, 1)).card()))
        .isNotEqualTo(expected);
  }

  @Test
  void theSplitsByTimeTakeTimestampsAsNumbers() {
    Dataset<Row> table = Likes.table(spark, 3, 2);
    Dataset<Row> stamped = table.withColumn("at", table.col("at").cast("timestamp"));
    VaecfEstimator last =
        estimator().setModel("ease").setSetting("lambda", 20).setSplit("last").setTimeCol("at");

    assertThat(last.fit(stamped).card())
        .contains("\"test\"")
        .satisfies(
            card -> assertThat(fingerprint(card)).isEqualTo(fingerprint(last.fit(table).card())));
  }

  @Test
  void everySettingOfEveryModelIsAParameter() {
    VaecfEstimator estimator = new VaecfEstimator();
    for (Model model : Model.all()) {
      for (Setting<?> setting : model.settings()) {
        String name = setting.name();
        String param =
            Pattern.compile("-(.)")
                .matcher(name)
                .replaceAll(match -> match.group(1).toUpperCase(Locale.ROOT));
        assertThat(estimator.hasParam(param)).as(param).isTrue();
        assertThat(estimator.getParam(param)).isSameAs(estimator.setting(param));
        // The type that the model wants, of whichever model: a published value can be set.
        Object published = setting.published();
        estimator.setSetting(
            param,
            published instanceof Number || published instanceof Boolean
                ? published
                : text(setting));
      }
    }
    assertThat(estimator.explainParams()).contains("learningRate: Adam's learning rate.");
  }

  private static <T> String text(Setting<T> setting) {
    return setting.format(setting.published());
  }

  @Test
  void aPipelineIsSavedAndLoaded() throws IOException {
    Dataset<Row> table = Likes.table(spark, 2, 2);
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {estimator().setModel("ease").setSetting("lambda", 7.5)});
    String path = folder.resolve("pipeline").toString();
    pipeline.write().overwrite().save(path);
    PipelineModel model = Pipeline.load(path).fit(table);
    String modelPath = folder.resolve("model").toString();
    model.save(modelPath);
    PipelineModel again = PipelineModel.load(modelPath);

    VaecfModel fitted = (VaecfModel) model.stages()[0];
    assertThat(fitted.card()).contains("\"lambda\" : \"7.5\"");
    assertThat(((VaecfModel) again.stages()[0]).card()).isEqualTo(fitted.card());
    assertThat(again.transform(table).collectAsList())
        .containsExactlyInAnyOrderElementsOf(model.transform(table).collectAsList());
  }

  @Test
  void crossValidationFindsTheBetterModel() {
    VaecfEstimator estimator = new VaecfEstimator().setSplit("none").setMinUserItems(1);
    CrossValidator validator =
        new CrossValidator()
            .setEstimator(estimator)
            .setEvaluator(new VaecfEvaluator().setMetric("ndcg@10"))
            .setEstimatorParamMaps(
                new ParamMap[] {
                  new ParamMap().put(estimator.model(), "popular"),
                  new ParamMap().put(estimator.model(), "knn")
                })
            .setNumFolds(2)
            .setSeed(1);

    CrossValidatorModel best = validator.fit(Likes.table(spark, 2, 2));

    assertThat(best.avgMetrics()[1]).isGreaterThan(best.avgMetrics()[0] + 0.05);
    assertThat(((VaecfModel) best.bestModel()).card()).contains("\"model\" : \"knn\"");
  }

  @Test
  void whatIsWrongIsSaid() {
    Dataset<Row> table = Likes.table(spark, 2, 2);
    assertThatThrownBy(() -> new VaecfEstimator().setUserCol("customer").fit(table))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "userCol: expected a column 'customer' of ids (text, numbers, …), found the columns"
                + " user, item, rating, at");
    assertThatThrownBy(() -> new VaecfEstimator().setModel("als").fit(table))
        .hasMessageStartingWith("no model has the name 'als', expected one of vae, dae");
    assertThatThrownBy(() -> new VaecfEstimator().setSetting("learningRate", -1).fit(table))
        .hasMessage("learning-rate: expected a number above 0, found '-1.0'");
    assertThatThrownBy(() -> new VaecfEstimator().setSetting("epochs", 1.5))
        .hasMessage("epochs: expected a whole number, found 1.5");
    assertThatThrownBy(() -> new VaecfEstimator().setSetting("learning", 1))
        .hasMessageStartingWith("learning: no setting of a model, expected one of ");
    assertThatThrownBy(
            () -> new VaecfEstimator().setModel("popular").setSetting("epochs", 1).fit(table))
        .hasMessageStartingWith("epochs: no setting of popular");
    assertThatThrownBy(() -> new VaecfEstimator().setValueCol("rating").fit(table))
        .hasMessage(
            "minRating: expected the least value of the column 'rating' that counts as a like,"
                + " found none; without valueCol every row counts");
    assertThatThrownBy(() -> new VaecfEstimator().setSplit("last").fit(table))
        .hasMessage(
            "timeCol: expected the column of times that the split 'last' is by, found none");
    assertThatThrownBy(() -> new VaecfEstimator().setSplit("random").fit(table))
        .hasMessage("split: expected one of strong, weak, last, time, none, found 'random'");
    assertThatThrownBy(() -> new VaecfEstimator().setRankCol("at").fit(table))
        .hasMessage("the column 'at' is there already: give the new one another name");
    Dataset<Row> holes =
        table.selectExpr("if(at % 10 = 0, null, user) AS user", "item", "rating", "at");
    long none = Likes.rows().stream().filter(row -> row.getLong(3) % 10 == 0).count();
    assertThatThrownBy(() -> new VaecfEstimator().fit(holes))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "column 'user': expected a value in every row, found none in "
                + none
                + " rows; drop them (na().drop())");
  }
}
