package io.github.vaecf.spark;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.eval.export.ServedModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * A model that recommends to the users of a table: the export of one that was fitted, as everything
 * else serves it, and what is known of each user.
 *
 * <p>Users and items have the ids that they had in the table that was fitted to, of the same types.
 * Lists come as those of Spark's ALS do, a row a user: {@code recommendations}, an array of structs
 * of an item and its {@code rating}, which is the model's score: the larger the better, no rating
 * and no probability. Equal scores are ordered as by {@link io.github.vaecf.core.Recommender}. What
 * a user has already is left out unless {@link #setWithHistory} says otherwise.
 *
 * <p>A user of whom nothing is known gets what the model recommends to an empty history: what is
 * liked by most, roughly. An item that the model does not know is never recommended.
 *
 * <p>Executors load one native model a process, which all tasks of the process share, and rank for
 * 2,000 users at a time. The model is broadcast; it takes its size on the driver and on each
 * executor, and as much native memory.
 */
public final class VaecfModel extends Model<VaecfModel> implements MLWritable {
  private static final long serialVersionUID = 1L;

  /** Where the versions of the export lie in what is saved: a base folder for servers. */
  private static final String EXPORT = "model";

  private static final String VERSION = EXPORT + "/1";
  private static final String HISTORIES = "histories";
  private static final String RECOMMENDATIONS = "recommendations";

  // Transient: Spark saves parts of pipelines by their parameters, not by Java's serialization.
  private final transient String uid;
  private final transient ModelFiles files;
  private final transient Dataset<Row> histories; // user, items: indices, ascending
  private transient Broadcast<ModelFiles> shipped;

  private final transient Param<String> userCol;
  private final transient Param<String> itemCol;
  private final transient Param<String> itemType;
  private final transient Param<String> predictionCol;
  private final transient Param<String> rankCol;
  private final transient Param<String> historyCol;
  private final transient Param<String> excludeCol;
  private final transient Param<String> allowCol;
  private final transient BooleanParam withHistory;

  VaecfModel(String uid, ModelFiles files, Dataset<Row> histories) {
    this.uid = uid;
    this.files = files;
    this.histories = histories;
    userCol = new Param<String>(uid, "userCol", "The column of users' ids.");
    itemCol = new Param<String>(uid, "itemCol", "The column of items' ids.");
    itemType = new Param<String>(uid, "itemType", "The type of items' ids, as SQL calls it.");
    predictionCol = new Param<String>(uid, "predictionCol", "The column of scores to make.");
    rankCol = new Param<String>(uid, "rankCol", "The column of ranks to make.");
    historyCol =
        new Param<String>(uid, "historyCol", "The column of lists of what users have touched.");
    excludeCol =
        new Param<String>(
            uid, "excludeCol", "The column of lists of items that a user is not to get, or none.");
    allowCol =
        new Param<String>(
            uid, "allowCol", "The column of lists of items of which a user gets some, or none.");
    withHistory =
        new BooleanParam(uid, "withHistory", "Whether users may get what they have already.");
    setDefault(userCol, "user");
    setDefault(itemCol, "item");
    setDefault(itemType, "STRING");
    setDefault(predictionCol, "prediction");
    setDefault(rankCol, "rank");
    setDefault(historyCol, "history");
    setDefault(excludeCol, "");
    setDefault(allowCol, "");
    setDefault(withHistory, false);
  }

  /**
   * A model that was trained elsewhere, such as by {@code vaecf auto}, for the users of a table.
   *
   * @param export the folder of an exported version, a SavedModel, on any file system that Hadoop
   *     knows
   * @param events who touched what; all rows count
   * @param userCol the column of users' ids
   * @param itemCol the column of items' ids, which are matched to those of the export as text
   * @return the model
   * @throws IllegalArgumentException if the table lacks a column
   * @throws DataException if there is no such export, or it cannot be used
   */
  public static VaecfModel ofExport(
      String export, Dataset<?> events, String userCol, String itemCol) {
    Columns.requireIds(events.schema(), "userCol", userCol);
    DataType itemType = Columns.requireIds(events.schema(), "itemCol", itemCol);
    ModelFiles files =
        ModelFiles.read(export, events.sparkSession().sparkContext().hadoopConfiguration());
    IdIndex items;
    try (ServedModel model = ProcessModels.load(files)) {
      if (!model.scoresAllItems()) {
        throw new DataException(export + ": expected a SavedModel, found another form of export");
      }
      items = model.items();
    }
    Dataset<Row> pairs =
        events.select(
            Columns.of(events, userCol).as("id"),
            Columns.of(events, itemCol).cast(DataTypes.StringType).as("item"));
    return new VaecfModel(Columns.uid("vaecf"), files, Histories.of(pairs, items))
        .setUserCol(userCol)
        .setItemCol(itemCol)
        .setItemType(itemType);
  }

  @Override
  public String uid() {
    return uid;
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
   * The column of items' ids.
   *
   * @return the parameter, {@code item} unless set
   */
  public Param<String> itemCol() {
    return itemCol;
  }

  /**
   * The type of items' ids in the table that the model was fitted to.
   *
   * @return the parameter, as SQL calls the type
   */
  public Param<String> itemType() {
    return itemType;
  }

  /**
   * The column of scores that {@link #transform} makes.
   *
   * @return the parameter, {@code prediction} unless set
   */
  public Param<String> predictionCol() {
    return predictionCol;
  }

  /**
   * The column of ranks that {@link #transform} makes.
   *
   * @return the parameter, {@code rank} unless set
   */
  public Param<String> rankCol() {
    return rankCol;
  }

  /**
   * The column of what users have touched, of {@link #recommendForHistories}.
   *
   * @return the parameter, {@code history} unless set
   */
  public Param<String> historyCol() {
    return historyCol;
  }

  /**
   * The column of items that a user is not to get.
   *
   * @return the parameter, empty for none unless set
   */
  public Param<String> excludeCol() {
    return excludeCol;
  }

  /**
   * The column of the only items that a user may get.
   *
   * @return the parameter, empty for none unless set
   */
  public Param<String> allowCol() {
    return allowCol;
  }

  /**
   * Whether users may get what they have already.
   *
   * @return the parameter, false unless set
   */
  public BooleanParam withHistory() {
    return withHistory;
  }

  /**
   * Sets the column of users' ids.
   *
   * @param name the column
   * @return this
   */
  public VaecfModel setUserCol(String name) {
    set(userCol, name);
    return this;
  }

  /**
   * Sets the column of items' ids.
   *
   * @param name the column
   * @return this
   */
  public VaecfModel setItemCol(String name) {
    set(itemCol, name);
    return this;
  }

  /**
   * Sets the column of scores that {@link #transform} makes.
   *
   * @param name the column
   * @return this
   */
  public VaecfModel setPredictionCol(String name) {
    set(predictionCol, name);
    return this;
  }

  /**
   * Sets the column of ranks that {@link #transform} makes.
   *
   * @param name the column
   * @return this
   */
  public VaecfModel setRankCol(String name) {
    set(rankCol, name);
    return this;
  }

  /**
   * Sets the column of what users have touched, of {@link #recommendForHistories}: lists of item
   * ids.
   *
   * @param name the column
   * @return this
   */
  public VaecfModel setHistoryCol(String name) {
    set(historyCol, name);
    return this;
  }

  /**
   * Sets the column of items that a user is not to get: lists of item ids; a row without a list
   * excludes nothing. What is allowed may be excluded too. Ids that the model does not know change
   * nothing.
   *
   * @param name the column; empty for none
   * @return this
   */
  public VaecfModel setExcludeCol(String name) {
    set(excludeCol, name);
    return this;
  }

  /**
   * Sets the column of the only items that a user may get: lists of item ids; a row without a list
   * allows all, an empty list nothing.
   *
   * @param name the column; empty for none
   * @return this
   */
  public VaecfModel setAllowCol(String name) {
    set(allowCol, name);
    return this;
  }

  /**
   * Sets whether users may get what they have already.
   *
   * @param wished false unless set
   * @return this
   */
  public VaecfModel setWithHistory(boolean wished) {
    set(withHistory, wished);
    return this;
  }

  VaecfModel setItemType(DataType type) {
    set(itemType, type.sql());
    return this;
  }

  /**
   * What the model is, how it was trained, and what was measured: the card of its export.
   *
   * @return JSON
   */
  public String card() {
    return files.card();
  }

  /**
   * What is known of the users. Of a model that was fitted or taken from an export in this session
   * it is kept in Spark's cache, in memory and on disk; {@code unpersist} gives that back, and what
   * is asked later is computed anew from the table.
   *
   * @return a table of {@code user}, an id, and {@code items}, a list of the items' indices in the
   *     model, ascending
   */
  public Dataset<Row> histories() {
    return histories;
  }

  /**
   * The model in this process, to rank or to be measured here.
   *
   * @return the model, to be closed
   */
  public ServedModel recommender() {
    return ProcessModels.load(files);
  }

  /**
   * Scores pairs of a user and an item. Adds the model's score, and the rank of the item among all
   * those that the user has not, from 1. An item that the user has already has a score and no rank
   * (null); one that the model does not know has neither. A user of whom nothing is known has the
   * scores of an empty history. Rows of a user are brought together; no order is kept.
   *
   * @param pairs a table with a column of users and one of items
   * @return the table with two columns more
   * @throws IllegalArgumentException if it lacks a column
   */
  @Override
  public Dataset<Row> transform(Dataset<?> pairs) {
    StructType schema = transformSchema(pairs.schema());
    Column item = Columns.of(pairs, getOrDefault(itemCol)).cast(DataTypes.StringType);
    Dataset<Row> known =
        histories.select(
            histories.col("user").as("vaecf user"), histories.col("items").as("vaecf history"));
    Column user = Columns.of(pairs, getOrDefault(userCol));
    Dataset<Row> joined =
        pairs
            .withColumn("vaecf of", user)
            .withColumn("vaecf item", item)
            .join(known, user.equalTo(Columns.of(known, "vaecf user")), "left")
            .drop("vaecf user");
    Dataset<Row> together =
        joined
            .repartition(Columns.of(joined, "vaecf of"))
            .sortWithinPartitions(Columns.of(joined, "vaecf of"));
    return together.mapPartitions(
        new PairFunction(shipped(), pairs.columns().length), Encoders.row(schema));
  }

  @Override
  public StructType transformSchema(StructType schema) {
    Columns.requireIds(schema, "userCol", getOrDefault(userCol));
    Columns.requireIds(schema, "itemCol", getOrDefault(itemCol));
    return Columns.scored(schema, getOrDefault(predictionCol), getOrDefault(rankCol));
  }

  /**
   * Recommends to all users of whom something is known: those of the table that the model was
   * fitted to, with all that counted there, whether they took part in the training or were held
   * out.
   *
   * @param k how many items each user gets, at least 1; a user to whom fewer are left gets those
   * @return a row a user: the user's id, and the recommendations
   * @throws IllegalArgumentException if k is below 1
   */
  public Dataset<Row> recommendForAllUsers(int k) {
    DataType type = histories.schema().apply("user").dataType();
    return recommend(spread(histories, "user"), type, k, false, -1, -1);
  }

  /**
   * Recommends to some users, each once. Those of whom nothing is known get what the model
   * recommends to an empty history. Columns to exclude and to allow ({@link #setExcludeCol}) hold
   * for the user of the row; a user who comes with several such lists gets several rows.
   *
   * @param users a table with a column of users
   * @param k how many items each user gets, at least 1
   * @return a row a user: the user's id, and the recommendations
   * @throws IllegalArgumentException if it lacks a column, or k is below 1
   */
  public Dataset<Row> recommendForUserSubset(Dataset<?> users, int k) {
    DataType type = Columns.requireIds(users.schema(), "userCol", getOrDefault(userCol));
    List<Column> asked = new ArrayList<>();
    asked.add(Columns.of(users, getOrDefault(userCol)).as("asked"));
    asked.addAll(filters(users));
    Dataset<Row> each = users.select(asked.toArray(Column[]::new)).distinct();
    Dataset<Row> known =
        spread(
            each.join(histories, each.col("asked").equalTo(histories.col("user")), "left"),
            "asked");
    List<Column> columns = new ArrayList<>(List.of(known.col("asked"), known.col("items")));
    return recommend(known, columns, type, k, false);
  }

  /**
   * Recommends to users whose histories are given, whether the model knows anything of them or not.
   * Columns to exclude and to allow hold for the user of the row.
   *
   * @param users a table with a column of users, which is handed through, and one of lists of item
   *     ids; a row without a list counts as an empty one, and ids that the model does not know as
   *     if they were not there
   * @param k how many items each user gets, at least 1
   * @return a row for each: the user's id, and the recommendations
   * @throws IllegalArgumentException if it lacks a column, or k is below 1
   */
  public Dataset<Row> recommendForHistories(Dataset<?> users, int k) {
    DataType type = Columns.requireIds(users.schema(), "userCol", getOrDefault(userCol));
    Columns.requireLists(users.schema(), "historyCol", getOrDefault(historyCol));
    List<Column> columns = new ArrayList<>();
    columns.add(Columns.of(users, getOrDefault(userCol)).as("asked"));
    columns.add(texts(users, getOrDefault(historyCol)).as("items"));
    columns.addAll(filters(users));
    Dataset<Row> each = users.select(columns.toArray(Column[]::new));
    return recommend(
        each, new ArrayList<>(List.of(each.col("asked"), each.col("items"))), type, k, true);
  }

  private Dataset<Row> recommend(
      Dataset<Row> users, List<Column> columns, DataType type, int k, boolean raw) {
    int exclude = -1;
    int allow = -1;
    if (!getOrDefault(excludeCol).isEmpty()) {
      exclude = columns.size();
      columns.add(users.col("excluded"));
    }
    if (!getOrDefault(allowCol).isEmpty()) {
      allow = columns.size();
      columns.add(users.col("allowed"));
    }
    return recommend(users.select(columns.toArray(Column[]::new)), type, k, raw, exclude, allow);
  }

  private Dataset<Row> recommend(
      Dataset<Row> users, DataType userType, int k, boolean raw, int exclude, int allow) {
    requireK(k);
    DataType items = DataType.fromDDL(getOrDefault(itemType));
    ItemIds ids = ItemIds.of(items);
    StructType made =
        new StructType()
            .add(getOrDefault(userCol), userType)
            .add(RECOMMENDATIONS, listOf(getOrDefault(itemCol), ids.type()));
    Dataset<Row> lists =
        users.mapPartitions(
            new RecommendFunction(
                shipped(), k, ids, raw, (Boolean) getOrDefault(withHistory), exclude, allow),
            Encoders.row(made));
    return ids.type().equals(items)
        ? lists
        : lists.withColumn(
            RECOMMENDATIONS, lists.col(RECOMMENDATIONS).cast(listOf(getOrDefault(itemCol), items)));
  }

  /** In enough parts for all cores: few bytes a user, but much work. */
  private static Dataset<Row> spread(Dataset<Row> users, String column) {
    SparkSession spark = users.sparkSession();
    int parts =
        Math.max(
            4 * spark.sparkContext().defaultParallelism(),
            Integer.parseInt(spark.conf().get("spark.sql.shuffle.partitions")));
    return users.repartition(parts, users.col(column));
  }

  private static ArrayType listOf(String name, DataType ids) {
    return DataTypes.createArrayType(
        new StructType().add(name, ids).add("rating", DataTypes.FloatType), false);
  }

  private List<Column> filters(Dataset<?> users) {
    List<Column> filters = new ArrayList<>();
    if (!getOrDefault(excludeCol).isEmpty()) {
      Columns.requireLists(users.schema(), "excludeCol", getOrDefault(excludeCol));
      filters.add(texts(users, getOrDefault(excludeCol)).as("excluded"));
    }
    if (!getOrDefault(allowCol).isEmpty()) {
      Columns.requireLists(users.schema(), "allowCol", getOrDefault(allowCol));
      filters.add(texts(users, getOrDefault(allowCol)).as("allowed"));
    }
    return filters;
  }

  private static Column texts(Dataset<?> table, String name) {
    return Columns.of(table, name).cast(DataTypes.createArrayType(DataTypes.StringType));
  }

  /**
   * Finds for each item the users to whom it scores highest, of all of whom something is known.
   * Those who have it already are left out. Equal scores are ordered by user. Scores of different
   * users are compared as they are: of most models they are not made for that.
   *
   * @param k how many users each item gets, at least 1; an executor's task holds as many of each
   *     item
   * @return a row an item: the item's id, and {@code recommendations}, structs of a user and its
   *     {@code rating}
   * @throws IllegalArgumentException if k is below 1
   */
  public Dataset<Row> recommendForAllItems(int k) {
    requireK(k);
    DataType items = DataType.fromDDL(getOrDefault(itemType));
    ItemIds ids = ItemIds.of(items);
    DataType users = histories.schema().apply("user").dataType();
    StructType made =
        new StructType()
            .add("item", ids.type())
            .add("user", users)
            .add("score", DataTypes.FloatType);
    // Sorted upwards, so that of equal scores the smaller user is first.
    return spread(histories, "user")
        .mapPartitions(
            new AudienceFunction(shipped(), k, ids, (Boolean) getOrDefault(withHistory)),
            Encoders.row(made))
        .groupBy("item")
        .agg(functions.expr("sort_array(collect_list(struct(-score AS less, user)))").as("best"))
        .select(
            functions.col("item").cast(items).as(getOrDefault(itemCol)),
            functions
                .expr("transform(slice(best, 1, " + k + "), x -> struct(x.user, -x.less))")
                .cast(listOf(getOrDefault(userCol), users))
                .as(RECOMMENDATIONS));
  }

  private static void requireK(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, found " + k);
    }
  }

  private synchronized Broadcast<ModelFiles> shipped() {
    if (shipped == null) {
      shipped =
          JavaSparkContext.fromSparkContext(histories.sparkSession().sparkContext())
              .broadcast(files);
    }
    return shipped;
  }

  @Override
  public VaecfModel copy(ParamMap extra) {
    VaecfModel copy = new VaecfModel(uid, files, histories);
    copyValues(copy, extra);
    copy.setParent(parent());
    return copy;
  }

  /**
   * Saves the model: {@code model/1}, the export as everything else serves it ({@code model} is the
   * base folder for servers), {@code histories}, Parquet, and {@code metadata}, as Spark writes it.
   *
   * @return what saves it, on any file system that Hadoop knows
   */
  @Override
  public MLWriter write() {
    return new Writer(this);
  }

  /**
   * What loads a saved model.
   *
   * @return the reader
   */
  public static MLReader<VaecfModel> read() {
    return new Reader();
  }

  /**
   * Loads a saved model.
   *
   * @param path where it was saved
   * @return the model
   */
  public static VaecfModel load(String path) {
    return read().load(path);
  }

  private static final class Writer extends MLWriter {
    private final VaecfModel model;

    Writer(VaecfModel model) {
      this.model = model;
    }

    @Override
    @SuppressWarnings("deprecation") // by Spark 4, in favour of one that 3.5 has not
    public void saveImpl(String path) {
      Configuration hadoop = sc().hadoopConfiguration();
      try {
        model.files.write(path + "/" + VERSION, hadoop);
      } catch (IOException e) {
        throw new DataException(path + ": cannot be written (" + e + ")", e);
      }
      model.histories.write().parquet(path + "/" + HISTORIES);
      // Last: where it is there, all is.
      DefaultParamsWriter.saveMetadata(
          model, path, sc(), scala.Option.empty(), scala.Option.empty());
    }
  }

  private static final class Reader extends MLReader<VaecfModel> {
    @Override
    @SuppressWarnings("deprecation") // by Spark 4, in favour of one that 3.5 has not
    public VaecfModel load(String path) {
      DefaultParamsReader.Metadata metadata =
          DefaultParamsReader.loadMetadata(path, sc(), VaecfModel.class.getName());
      VaecfModel model =
          new VaecfModel(
              metadata.uid(),
              ModelFiles.read(path + "/" + VERSION, sc().hadoopConfiguration()),
              sparkSession().read().parquet(path + "/" + HISTORIES));
      metadata.getAndSetParams(model, scala.Option.empty());
      return model;
    }
  }
}
