package io.github.vaecf.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.vaecf.core.Query;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.Recommendation;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.export.ServedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Held to the library's own recommender, loaded from what the model saved. */
class VaecfModelTest {
  private static final double LIKED = 2.5;

  @TempDir private static Path folder;

  private static SparkSession spark;
  private static VaecfModel model;
  private static ServedModel library;
  private static Map<String, List<String>> histories;

  @BeforeAll
  static void fit() throws IOException {
    spark = LocalSpark.session();
    String path = folder.resolve("saved").toString();
    new VaecfEstimator()
        .setModel("dae")
        .setSetting("epochs", 3)
        .setSetting("hidden", "12")
        .setValueCol("rating")
        .setMinRating(LIKED)
        .fit(Likes.table(spark, 1, 3))
        .save(path);
    model = VaecfModel.load(path);
    library = ServedModel.load(Path.of(path, "model"));
    histories = Likes.histories(LIKED);
  }

  @AfterAll
  static void close() {
    library.close();
  }

  static Map<String, List<Recommendation>> lists(Dataset<Row> recommendations) {
    Map<String, List<Recommendation>> lists = new TreeMap<>();
    for (Row row : recommendations.collectAsList()) {
      List<Recommendation> list = new ArrayList<>();
      for (Row one : row.<Row>getList(1)) {
        list.add(new Recommendation(String.valueOf(one.get(0)), one.getFloat(1)));
      }
      assertThat(lists.put(row.getString(0), list)).isNull();
    }
    return lists;
  }

  /** To within the rounding of a batch. */
  static void assertSame(List<Recommendation> found, List<Recommendation> expected, String user) {
    assertThat(found).as(user).hasSameSizeAs(expected);
    for (int rank = 0; rank < found.size(); rank++) {
      assertThat(found.get(rank).item()).as(user).isEqualTo(expected.get(rank).item());
      assertThat(found.get(rank).score())
          .as(user)
          .isCloseTo(expected.get(rank).score(), within(1e-5f));
    }
  }

  private static Dataset<Row> table(StructType schema, List<Row> rows) {
    return spark.createDataFrame(rows, schema);
  }

  @Test
  void everybodyGetsWhatTheLibraryRecommends() {
    Dataset<Row> all = model.recommendForAllUsers(7);
    assertThat(all.schema().simpleString())
        .isEqualTo("struct<user:string,recommendations:array<struct<item:bigint,rating:float>>>");
    Map<String, List<Recommendation>> lists = lists(all);

    assertThat(lists.keySet()).isEqualTo(histories.keySet()); // those with few items too
    lists.forEach(
        (user, list) -> assertSame(list, library.recommend(histories.get(user), 7), user));
  }

  @Test
  void usersMayGetWhatTheyHaveIfItIsWished() {
    VaecfModel again = model.copy(new ParamMap()).setWithHistory(true);
    lists(again.recommendForAllUsers(5))
        .forEach(
            (user, list) ->
                assertSame(
                    list,
                    library.recommend(
                        Query.builder().history(histories.get(user)).withHistory().k(5).build()),
                    user));
  }

  @Test
  void someUsersGetListsOfWhatIsAllowedAndNotExcluded() {
    List<String> items = library.items().ids();
    List<String> excluded = items.subList(0, 9);
    List<String> allowed = items.subList(5, 20);
    StructType schema =
        new StructType()
            .add("user", DataTypes.StringType)
            .add("out", DataTypes.createArrayType(DataTypes.StringType))
            .add("in", DataTypes.createArrayType(DataTypes.StringType));
    Dataset<Row> asked =
        table(
            schema,
            List.of(
                RowFactory.create("user 3", excluded.toArray(), allowed.toArray()),
                RowFactory.create("user 3", excluded.toArray(), allowed.toArray()),
                RowFactory.create("user 4", null, allowed.toArray()),
                RowFactory.create("user 5", excluded.toArray(), null),
                RowFactory.create("user 6", null, new Object[0]),
                RowFactory.create("nobody", null, null)));
    VaecfModel filtering = model.copy(new ParamMap()).setExcludeCol("out").setAllowCol("in");

    Map<String, List<Recommendation>> lists = lists(filtering.recommendForUserSubset(asked, 6));

    assertThat(lists).hasSize(5);
    assertSame(
        lists.get("user 3"),
        library.recommend(
            Query.builder()
                .history(histories.get("user 3"))
                .exclude(excluded)
                .allow(allowed)
                .k(6)
                .build()),
        "both");
    assertSame(
        lists.get("user 4"),
        library.recommend(
            Query.builder().history(histories.get("user 4")).allow(allowed).k(6).build()),
        "allowed");
    assertSame(
        lists.get("user 5"),
        library.recommend(
            Query.builder().history(histories.get("user 5")).exclude(excluded).k(6).build()),
        "excluded");
    assertThat(lists.get("user 6")).isEmpty();
    assertSame(lists.get("nobody"), library.recommend(List.of(), 6), "nobody");
    assertSame(
        lists(model.recommendForUserSubset(asked, 6)).get("user 6"),
        library.recommend(histories.get("user 6"), 6),
        "without filters, each user once");
  }

  @Test
  void unknownUsersGetListsForTheirHistories() {
    List<String> items = library.items().ids();
    Dataset<Row> asked =
        table(
            new StructType()
                .add("user", DataTypes.StringType)
                .add("history", DataTypes.createArrayType(DataTypes.StringType)),
            List.of(
                RowFactory.create("new", new Object[] {items.get(3), "unheard of", items.get(8)}),
                RowFactory.create("blank", null)));

    Map<String, List<Recommendation>> lists = lists(model.recommendForHistories(asked, 9));

    assertSame(lists.get("new"), library.recommend(List.of(items.get(3), items.get(8)), 9), "new");
    assertSame(lists.get("blank"), library.recommend(List.of(), 9), "blank");
  }

  @Test
  void pairsHaveTheScoreAndTheRankAmongAllThatTheUserHasNot() {
    List<Row> pairs = new ArrayList<>();
    for (String user : List.of("user 0", "user 17", "user 155", "nobody")) {
      for (int item = 0; item < library.itemCount(); item++) {
        pairs.add(RowFactory.create(item, user, Long.valueOf(library.items().id(item))));
      }
      pairs.add(RowFactory.create(-1, user, 4L));
    }
    Dataset<Row> scored =
        model.transform(
            table(
                new StructType()
                    .add("number", DataTypes.IntegerType)
                    .add("user", DataTypes.StringType)
                    .add("item", DataTypes.LongType),
                pairs));

    assertThat(scored.columns()).containsExactly("number", "user", "item", "prediction", "rank");
    List<Row> rows = scored.collectAsList();
    assertThat(rows).hasSameSizeAs(pairs);
    for (Row row : rows) {
      String user = row.getString(1);
      List<String> history = histories.getOrDefault(user, List.of());
      String item = Long.toString(row.getLong(2));
      if (row.getInt(0) < 0) {
        assertThat(row.isNullAt(3) && row.isNullAt(4)).isTrue();
      } else if (history.contains(item)) {
        assertThat(row.isNullAt(3)).isFalse();
        assertThat(row.isNullAt(4)).isTrue();
      } else {
        List<Recommendation> all = library.recommend(history, library.itemCount());
        Recommendation at = all.get(row.getInt(4) - 1);
        assertThat(at.item()).isEqualTo(item);
        assertThat(row.getFloat(3)).isCloseTo(at.score(), within(1e-5f));
      }
    }
  }

  @Test
  void everyItemGetsTheUsersWhoScoreItHighest() {
    Map<String, List<Recommendation>> expected = new TreeMap<>();
    histories.forEach(
        (user, history) ->
            library
                .recommend(history, library.itemCount())
                .forEach(
                    one ->
                        expected
                            .computeIfAbsent(one.item(), item -> new ArrayList<>())
                            .add(new Recommendation(user, one.score()))));
    Dataset<Row> items = model.recommendForAllItems(4);
    assertThat(items.schema().simpleString())
        .isEqualTo("struct<item:bigint,recommendations:array<struct<user:string,rating:float>>>");

    Map<String, List<Recommendation>> found =
        lists(items.select(items.col("item").cast("string"), items.col("recommendations")));

    assertThat(found.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (item, users) -> {
          users.sort(
              Comparator.comparing((Recommendation one) -> -one.score())
                  .thenComparing(Recommendation::item));
          assertSame(found.get(item), users.subList(0, Math.min(4, users.size())), item);
        });
  }

  @Test
  void theEvaluatorMeasuresWhatTheLibraryMeasures() {
    // Each user's likes: those at odd places are to be found for the model told the others.
    List<String> users = List.copyOf(histories.keySet());
    int items = library.itemCount();
    CsrMatrix.Pairs[] parts = new CsrMatrix.Pairs[2];
    for (int part = 0; part < 2; part++) {
      int which = part;
      parts[part] =
          pairs -> {
            for (int user = 0; user < users.size(); user++) {
              List<String> history = histories.get(users.get(user));
              for (int i = which; i < history.size(); i += 2) {
                int item = library.items().indexOf(history.get(i));
                if (item >= 0) {
                  pairs.accept(user, item);
                }
              }
            }
          };
    }
    CsrMatrix foldIn = CsrMatrix.of(users.size(), items, parts[0]);
    CsrMatrix heldOut = CsrMatrix.of(users.size(), items, parts[1]);
    List<Row> ranked = new ArrayList<>();
    Rankings all = library.rank(foldIn, 0, users.size(), items);
    for (int user = 0; user < users.size(); user++) {
      for (int rank = 0; rank < items && all.item(user, rank) >= 0; rank++) {
        if (heldOut.contains(user, all.item(user, rank))) {
          ranked.add(RowFactory.create(users.get(user), rank + 1));
        }
      }
      ranked.add(RowFactory.create(users.get(user), null)); // counts nowhere
    }
    Dataset<Row> table =
        table(
            new StructType().add("user", DataTypes.StringType).add("rank", DataTypes.IntegerType),
            ranked);

    for (String name : List.of("ndcg@100", "ndcg@5", "recall@3", "map@10", "mrr@10")) {
      RankingMetric metric = RankingMetric.parse(name);
      assertThat(new VaecfEvaluator().setMetric(name).evaluate(table))
          .as(name)
          .isCloseTo(
              RankingEvaluator.of(metric)
                  .evaluate(library, new HeldOut(foldIn, heldOut, 0))
                  .mean(metric),
              within(1e-12));
    }
  }

  @Test
  void idsOfOtherTypesComeBackAsTheyWere() {
    Dataset<Row> table = Likes.table(spark, 1, 2);
    Dataset<Row> numbered =
        table.selectExpr(
            "cast(substring(user, 6) AS int) AS customer",
            "cast(item - 5000000000 AS decimal(6,0)) AS article");
    VaecfModel popular =
        new VaecfEstimator()
            .setUserCol("customer")
            .setItemCol("article")
            .setModel("popular")
            .fit(numbered);
    Row first = popular.recommendForAllUsers(2).orderBy("customer").first();

    assertThat(first.schema().simpleString())
        .isEqualTo(
            "struct<customer:int,recommendations:array<struct<article:decimal(6,0),rating:float>>>");
    assertThat(first.getInt(0)).isZero();
    assertThat(popular.recommendForAllItems(1).schema().simpleString())
        .isEqualTo(
            "struct<article:decimal(6,0),recommendations:array<struct<customer:int,rating:float>>>");
  }

  @Test
  void anExportThatWasMadeElsewhereRecommendsToTheUsersOfATable() {
    Dataset<Row> liked = Likes.table(spark, 4, 2).where("rating >= " + LIKED);
    VaecfModel exported =
        VaecfModel.ofExport(folder.resolve("saved/model/1").toString(), liked, "user", "item");

    assertThat(exported.card()).isEqualTo(model.card());
    assertThat(exported.histories().orderBy("user").collectAsList())
        .isEqualTo(model.histories().orderBy("user").collectAsList());
    assertThat(exported.recommendForAllUsers(3).schema())
        .isEqualTo(model.recommendForAllUsers(3).schema());
  }

  @Test
  void whatIsWrongIsSaid() {
    assertThatThrownBy(() -> model.recommendForAllUsers(0))
        .hasMessage("k must be at least 1, found 0");
    Dataset<Row> table = Likes.table(spark, 1, 1);
    assertThatThrownBy(() -> model.recommendForHistories(table, 3))
        .hasMessageStartingWith("historyCol: expected a column 'history' of lists of item ids");
    VaecfModel filtering = model.copy(new ParamMap()).setExcludeCol("item");
    assertThatThrownBy(() -> filtering.recommendForUserSubset(table, 3))
        .hasMessage(
            "excludeCol: expected the column 'item' to have lists of item ids, found bigint");
    assertThatThrownBy(() -> model.save(folder.resolve("saved").toString()))
        .hasMessageContaining("already exists");
  }
}
