package io.github.vaecf.spark;

import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.core.training.TrainingListener;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.data.splitting.LeaveLastOutSplitter;
import io.github.vaecf.data.splitting.Splitter;
import io.github.vaecf.data.splitting.SplitterBuilder;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.splitting.TemporalSplitter;
import io.github.vaecf.data.splitting.WeakGeneralizationSplitter;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.Recall;
import io.github.vaecf.eval.export.SavedModelExporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fits a model of the family to a table of who touched what: users and items of any type of ids.
 *
 * <pre>{@code
 * VaecfModel model =
 *     new VaecfEstimator()
 *         .setUserCol("customer").setItemCol("article")
 *         .setModel("vae").setSetting("epochs", 50).setSetting("learningRate", 0.003)
 *         .fit(events);
 * model.recommendForAllUsers(20).write().parquet("…");
 * model.save("hdfs:/models/shop");
 * }</pre>
 *
 * <p>The settings of all models are parameters, by the names that the command line has for them:
 * {@code learning-rate} is {@code learningRate} ({@link #setting}); which a model has and which
 * values it takes is checked when it is fitted. Filters and what is held out are those of {@code
 * prepare}: unless set otherwise, users with at least 5 items, a tenth of them to choose the epoch
 * by and as many to measure the model on ({@link VaecfModel#card} says what was measured).
 *
 * <p>The events are collected on the driver, at most 50 bytes each for a while and 4 in the
 * training, and the model is trained there, with the driver's cores, or by several executors
 * together ({@link #setNumWorkers}). The result does not depend on the order of the rows or on how
 * they are partitioned: the same rows, settings, machine and number of threads give the same
 * weights, bit for bit.
 */
public final class VaecfEstimator extends Estimator<VaecfModel> implements DefaultParamsWritable {
  private static final long serialVersionUID = 1L;

  private static final Logger LOG = LoggerFactory.getLogger(VaecfEstimator.class);

  private static final List<String> SPLITS = List.of("strong", "weak", "last", "time", "none");

  private static final List<RankingMetric> TEST_METRICS =
      List.of(Ndcg.at(100), Recall.at(20), Recall.at(50));

  // Transient: Spark saves parts of pipelines by their parameters, not by Java's serialization.
  private final transient String uid;
  private final transient SettingParams settings;
  private final transient Param<String> userCol;
  private final transient Param<String> itemCol;
  private final transient Param<String> valueCol;
  private final transient Param<String> timeCol;
  private final transient Param<String> predictionCol;
  private final transient Param<String> rankCol;
  private final transient Param<String> model;
  private final transient DoubleParam minRating;
  private final transient IntParam minUserItems;
  private final transient IntParam minItemUsers;
  private final transient BooleanParam untilStable;
  private final transient Param<String> split;
  private final transient DoubleParam heldOutUserShare;
  private final transient IntParam heldOutUsers;
  private final transient IntParam heldOutItems;
  private final transient DoubleParam validationShare;
  private final transient DoubleParam testShare;
  private final transient LongParam splitSeed;
  private final transient Param<String> validationMetric;
  private final transient IntParam numWorkers;
  private final transient Param<String> sharedDir;

  /** An estimator of Mult-VAE with the published settings. */
  public VaecfEstimator() {
    this(Columns.uid("vaecf"));
  }

  /**
   * An estimator of Mult-VAE with the published settings and a name of its own; Spark calls this.
   *
   * @param uid the name
   */
  public VaecfEstimator(String uid) {
    this.uid = uid;
    settings = new SettingParams(uid);
    userCol = new Param<String>(uid, "userCol", "The column of users' ids.");
    itemCol = new Param<String>(uid, "itemCol", "The column of items' ids.");
    valueCol =
        new Param<String>(uid, "valueCol", "The column of ratings or counts, or none for none.");
    timeCol = new Param<String>(uid, "timeCol", "The column of times, or none for none.");
    predictionCol = new Param<String>(uid, "predictionCol", "The model's column of scores.");
    rankCol = new Param<String>(uid, "rankCol", "The model's column of ranks.");
    model =
        new Param<String>(
            uid,
            "model",
            "Which model: " + String.join(", ", io.github.vaecf.core.model.Model.names()) + ".");
    minRating = new DoubleParam(uid, "minRating", "The least value that counts as a like.");
    minUserItems = new IntParam(uid, "minUserItems", "Least number of items a user must have.");
    minItemUsers = new IntParam(uid, "minItemUsers", "Least number of users an item must have.");
    untilStable =
        new BooleanParam(uid, "untilStable", "Whether both are repeated until nothing changes.");
    split =
        new Param<String>(
            uid,
            "split",
            "What is held out: users (strong), shares of every user's items (weak), every user's"
                + " last items by time (last), all that came last (time), or none.");
    heldOutUserShare =
        new DoubleParam(
            uid,
            "heldOutUserShare",
            "Share of the users held out for validation, and as many again for test (strong).");
    heldOutUsers =
        new IntParam(
            uid, "heldOutUsers", "Their number, in place of the share; 0 for the share (strong).");
    heldOutItems =
        new IntParam(
            uid,
            "heldOutItems",
            "How many of a user's last items are held out for test, and as many before them for"
                + " validation (last).");
    validationShare =
        new DoubleParam(
            uid,
            "validationShare",
            "Share of a user's items (weak) or of all events (time) held out for validation.");
    testShare =
        new DoubleParam(
            uid,
            "testShare",
            "Share of a user's items (weak) or of all events (time) held out for test.");
    splitSeed = new LongParam(uid, "splitSeed", "Where the split's random numbers start.");
    validationMetric =
        new Param<String>(uid, "validationMetric", "What the best epoch is chosen by.");
    numWorkers = new IntParam(uid, "numWorkers", "How many executors train together.");
    sharedDir =
        new Param<String>(
            uid,
            "sharedDir",
            "A folder that the driver and all executors have under the same path, where several"
                + " workers find the data and keep the run.");
    setDefault(numWorkers, 1);
    setDefault(sharedDir, "");
    setDefault(userCol, "user");
    setDefault(itemCol, "item");
    setDefault(valueCol, "");
    setDefault(timeCol, "");
    setDefault(predictionCol, "prediction");
    setDefault(rankCol, "rank");
    setDefault(model, "vae");
    setDefault(minUserItems, 5);
    setDefault(minItemUsers, 0);
    setDefault(untilStable, false);
    setDefault(split, SPLITS.get(0));
    setDefault(heldOutUserShare, 0.1);
    setDefault(heldOutUsers, 0);
    setDefault(heldOutItems, 1);
    setDefault(validationShare, 0.1);
    setDefault(testShare, 0.2);
    setDefault(splitSeed, 98765L);
    setDefault(validationMetric, "ndcg@100");
  }

  @Override
  public String uid() {
    return uid;
  }

  @Override
  public Param<?>[] params() {
    List<Param<?>> all = new ArrayList<>(Arrays.asList(super.params()));
    all.addAll(settings.all());
    return all.toArray(Param<?>[]::new);
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
   * The column of ratings or counts, which {@link #setMinRating} is for; without one every row
   * counts.
   *
   * @return the parameter, empty for none unless set
   */
  public Param<String> valueCol() {
    return valueCol;
  }

  /**
   * The column of times, numbers, timestamps or dates, which the splits {@code last} and {@code
   * time} are by.
   *
   * @return the parameter, empty for none unless set
   */
  public Param<String> timeCol() {
    return timeCol;
  }

  /**
   * The model's column of scores.
   *
   * @return the parameter, {@code prediction} unless set
   */
  public Param<String> predictionCol() {
    return predictionCol;
  }

  /**
   * The model's column of ranks.
   *
   * @return the parameter, {@code rank} unless set
   */
  public Param<String> rankCol() {
    return rankCol;
  }

  /**
   * Which model is fitted.
   *
   * @return the parameter, {@code vae} unless set
   */
  public Param<String> model() {
    return model;
  }

  /**
   * The least value that counts as a like.
   *
   * @return the parameter, none unless set
   */
  public DoubleParam minRating() {
    return minRating;
  }

  /**
   * The least number of items that a user must have to take part; fewer do for a list.
   *
   * @return the parameter, 5 unless set
   */
  public IntParam minUserItems() {
    return minUserItems;
  }

  /**
   * The least number of users that an item must have, looked at before the users.
   *
   * @return the parameter, 0 unless set
   */
  public IntParam minItemUsers() {
    return minItemUsers;
  }

  /**
   * Whether users and items are filtered again and again until all that are left have enough.
   *
   * @return the parameter, false unless set
   */
  public BooleanParam untilStable() {
    return untilStable;
  }

  /**
   * What is held out to choose the epoch by and to measure the model on.
   *
   * @return the parameter, {@code strong} unless set
   */
  public Param<String> split() {
    return split;
  }

  /**
   * The share of the users that is held out for validation, and as much again for test, of the
   * split {@code strong}.
   *
   * @return the parameter, 0.1 unless set
   */
  public DoubleParam heldOutUserShare() {
    return heldOutUserShare;
  }

  /**
   * The number of users in place of the share.
   *
   * @return the parameter, 0 for the share unless set
   */
  public IntParam heldOutUsers() {
    return heldOutUsers;
  }

  /**
   * How many of a user's last items are held out for test, and as many before them for validation,
   * of the split {@code last}.
   *
   * @return the parameter, 1 unless set
   */
  public IntParam heldOutItems() {
    return heldOutItems;
  }

  /**
   * The share of a user's items ({@code weak}) or of all events ({@code time}) held out for
   * validation.
   *
   * @return the parameter, 0.1 unless set
   */
  public DoubleParam validationShare() {
    return validationShare;
  }

  /**
   * The share of a user's items ({@code weak}) or of all events ({@code time}) held out for test.
   *
   * @return the parameter, 0.2 unless set
   */
  public DoubleParam testShare() {
    return testShare;
  }

  /**
   * Where the random numbers of the split start; those of the training do at the setting {@code
   * seed}.
   *
   * @return the parameter, 98765 unless set
   */
  public LongParam splitSeed() {
    return splitSeed;
  }

  /**
   * What the best epoch is chosen by.
   *
   * @return the parameter, {@code ndcg@100} unless set
   */
  public Param<String> validationMetric() {
    return validationMetric;
  }

  /**
   * How many executors train together.
   *
   * @return the parameter, 1 unless set, which trains on the driver
   */
  public IntParam numWorkers() {
    return numWorkers;
  }

  /**
   * A folder that the driver and all executors have under the same path.
   *
   * @return the parameter, needed for several workers
   */
  public Param<String> sharedDir() {
    return sharedDir;
  }

  /**
   * Sets the column of users' ids.
   *
   * @param value the column
   * @return this
   */
  public VaecfEstimator setUserCol(String value) {
    set(userCol, value);
    return this;
  }

  /**
   * Sets the column of items' ids.
   *
   * @param value the column
   * @return this
   */
  public VaecfEstimator setItemCol(String value) {
    set(itemCol, value);
    return this;
  }

  /**
   * Sets the column of ratings or counts, which {@link #setMinRating} is for; without one every row
   * counts.
   *
   * @param value the column; empty for none
   * @return this
   */
  public VaecfEstimator setValueCol(String value) {
    set(valueCol, value);
    return this;
  }

  /**
   * Sets the column of times, numbers, timestamps or dates, which the splits {@code last} and
   * {@code time} are by.
   *
   * @param value the column; empty for none
   * @return this
   */
  public VaecfEstimator setTimeCol(String value) {
    set(timeCol, value);
    return this;
  }

  /**
   * Sets the model's column of scores.
   *
   * @param value the column
   * @return this
   */
  public VaecfEstimator setPredictionCol(String value) {
    set(predictionCol, value);
    return this;
  }

  /**
   * Sets the model's column of ranks.
   *
   * @param value the column
   * @return this
   */
  public VaecfEstimator setRankCol(String value) {
    set(rankCol, value);
    return this;
  }

  /**
   * Sets which model is fitted.
   *
   * @param value one of {@link io.github.vaecf.core.model.Model#names}
   * @return this
   */
  public VaecfEstimator setModel(String value) {
    set(model, value);
    return this;
  }

  /**
   * Sets the least value that counts as a like.
   *
   * @param value a number
   * @return this
   */
  public VaecfEstimator setMinRating(double value) {
    set(minRating, value);
    return this;
  }

  /**
   * Sets the least number of items that a user must have to take part; fewer do for a list.
   *
   * @param value at least 0
   * @return this
   */
  public VaecfEstimator setMinUserItems(int value) {
    set(minUserItems, value);
    return this;
  }

  /**
   * Sets the least number of users that an item must have, looked at before the users.
   *
   * @param value at least 0
   * @return this
   */
  public VaecfEstimator setMinItemUsers(int value) {
    set(minItemUsers, value);
    return this;
  }

  /**
   * Sets whether users and items are filtered again and again until all that are left have enough.
   *
   * @param value whether to repeat
   * @return this
   */
  public VaecfEstimator setUntilStable(boolean value) {
    set(untilStable, value);
    return this;
  }

  /**
   * Sets what is held out to choose the epoch by and to measure the model on.
   *
   * @param value {@code strong}, users, as published; {@code weak}, shares of every user's items;
   *     {@code last}, every user's last items by time; {@code time}, all that came last; {@code
   *     none}: all is trained on, and the last epoch is kept
   * @return this
   */
  public VaecfEstimator setSplit(String value) {
    set(split, value);
    return this;
  }

  /**
   * Sets the share of the users that is held out for validation, and as much again for test, of the
   * split {@code strong}.
   *
   * @param value more than 0, less than ½
   * @return this
   */
  public VaecfEstimator setHeldOutUserShare(double value) {
    set(heldOutUserShare, value);
    return this;
  }

  /**
   * Sets the number of users in place of the share.
   *
   * @param value at least 0
   * @return this
   */
  public VaecfEstimator setHeldOutUsers(int value) {
    set(heldOutUsers, value);
    return this;
  }

  /**
   * Sets how many of a user's last items are held out for test, and as many before them for
   * validation, of the split {@code last}.
   *
   * @param value at least 1
   * @return this
   */
  public VaecfEstimator setHeldOutItems(int value) {
    set(heldOutItems, value);
    return this;
  }

  /**
   * Sets the share of a user's items ({@code weak}) or of all events ({@code time}) held out for
   * validation.
   *
   * @param value at least 0, less than 1
   * @return this
   */
  public VaecfEstimator setValidationShare(double value) {
    set(validationShare, value);
    return this;
  }

  /**
   * Sets the share of a user's items ({@code weak}) or of all events ({@code time}) held out for
   * test.
   *
   * @param value at least 0, less than 1
   * @return this
   */
  public VaecfEstimator setTestShare(double value) {
    set(testShare, value);
    return this;
  }

  /**
   * Sets where the random numbers of the split start; those of the training do at the setting
   * {@code seed}.
   *
   * @param value 0 … 2³² − 1
   * @return this
   */
  public VaecfEstimator setSplitSeed(long value) {
    set(splitSeed, value);
    return this;
  }

  /**
   * Sets what the best epoch is chosen by.
   *
   * @param value a metric's name; {@link RankingMetric#names} and k
   * @return this
   */
  public VaecfEstimator setValidationMetric(String value) {
    set(validationMetric, value);
    return this;
  }

  /**
   * Sets how many executors train together, each on its part of every batch ({@link SparkTrainer}).
   *
   * @param value at least 1; 1 trains on the driver
   * @return this
   */
  public VaecfEstimator setNumWorkers(int value) {
    set(numWorkers, value);
    return this;
  }

  /**
   * Sets where several workers find the data and keep the run, in a folder that is gone once they
   * have trained.
   *
   * @param value a folder that the driver and all executors have under the same path, such as of a
   *     file system of the network
   * @return this
   */
  public VaecfEstimator setSharedDir(String value) {
    set(sharedDir, value);
    return this;
  }

  /**
   * The parameter of a setting of a model, such as to search over.
   *
   * @param name such as {@code learningRate}
   * @return an {@code IntParam}, {@code LongParam}, {@code DoubleParam} or {@code BooleanParam}; of
   *     words and widths a parameter of text, such as {@code cosine} or {@code 600,200}
   * @throws IllegalArgumentException if no model has a setting of that name
   */
  public Param<?> setting(String name) {
    return settings.named(name);
  }

  /**
   * Sets a setting of a model.
   *
   * @param name such as {@code learningRate}
   * @param value a number, a boolean or a text
   * @return this
   * @throws IllegalArgumentException if no model has a setting of that name, or it takes values of
   *     another type
   */
  public VaecfEstimator setSetting(String name, Object value) {
    set(name, SettingParams.valueOf(settings.named(name), value));
    return this;
  }

  /**
   * Sets the model and all its settings, such as those that another was fitted with.
   *
   * @param chosen the settings, which name the model
   * @return this
   * @throws IllegalArgumentException if they are those of a blend, which is not fitted here
   */
  public VaecfEstimator setSettings(Settings chosen) {
    for (Param<?> setting : settings.all()) {
      clear(setting);
    }
    settings.values(chosen).forEach((param, value) -> set(param.name(), value));
    return setModel(chosen.model().name());
  }

  @Override
  public StructType transformSchema(StructType schema) {
    modelSettings();
    splitter();
    RankingMetric.parse(getOrDefault(validationMetric));
    int workers = (Integer) getOrDefault(numWorkers);
    if (workers < 1) {
      throw new IllegalArgumentException("numWorkers: expected at least 1, found " + workers);
    }
    if (workers > 1 && getOrDefault(sharedDir).isEmpty()) {
      throw new IllegalArgumentException(
          "sharedDir: expected a folder that the driver and all "
              + workers
              + " workers have under the same path, found none");
    }
    Columns.requireIds(schema, "userCol", getOrDefault(userCol));
    Columns.requireIds(schema, "itemCol", getOrDefault(itemCol));
    if (!getOrDefault(valueCol).isEmpty()) {
      Columns.requireNumbers(schema, "valueCol", getOrDefault(valueCol));
    }
    if (!getOrDefault(timeCol).isEmpty()) {
      Columns.require(schema, "timeCol", getOrDefault(timeCol), "times");
    }
    return Columns.scored(schema, getOrDefault(predictionCol), getOrDefault(rankCol));
  }

  private Settings modelSettings() {
    return settings.of(getOrDefault(model), this);
  }

  private Splitter splitter() {
    boolean valued = !getOrDefault(valueCol).isEmpty();
    if (valued != isSet(minRating)) {
      throw new IllegalArgumentException(
          valued
              ? "minRating: expected the least value of the column '"
                  + getOrDefault(valueCol)
                  + "' that counts as a like, found none; without valueCol every row counts"
              : "valueCol: expected the column of the values that minRating is for, found none");
    }
    SplitterBuilder<?> builder = splitterOfKind();
    if (valued) {
      builder.minRating((Double) getOrDefault(minRating));
    }
    builder
        .minUserItems((Integer) getOrDefault(minUserItems))
        .minItemUsers((Integer) getOrDefault(minItemUsers))
        .untilStable((Boolean) getOrDefault(untilStable))
        .seed((Long) getOrDefault(splitSeed));
    return builder.build();
  }

  private SplitterBuilder<?> splitterOfKind() {
    String kind = getOrDefault(split);
    double validation = (Double) getOrDefault(validationShare);
    double test = (Double) getOrDefault(testShare);
    if ((kind.equals("last") || kind.equals("time")) && getOrDefault(timeCol).isEmpty()) {
      throw new IllegalArgumentException(
          "timeCol: expected the column of times that the split '" + kind + "' is by, found none");
    }
    int users = (Integer) getOrDefault(heldOutUsers);
    return switch (kind) {
      case "strong" ->
          users == 0
              ? StrongGeneralizationSplitter.builder()
                  .heldOutUserShare((Double) getOrDefault(heldOutUserShare))
              : StrongGeneralizationSplitter.builder().heldOutUsers(users);
      case "weak" ->
          WeakGeneralizationSplitter.builder().validationShare(validation).testShare(test);
      case "last" ->
          LeaveLastOutSplitter.builder().heldOutItems((Integer) getOrDefault(heldOutItems));
      case "time" -> TemporalSplitter.builder().validationShare(validation).testShare(test);
      case "none" -> WeakGeneralizationSplitter.builder().validationShare(0).testShare(0);
      default ->
          throw new IllegalArgumentException(
              "split: expected one of " + String.join(", ", SPLITS) + ", found '" + kind + "'");
    };
  }

  /**
   * Fits a model.
   *
   * @param dataset who touched what; a user and an item may come together more than once
   * @return the model, which knows the users of the table
   * @throws IllegalArgumentException if the table lacks a column, or a parameter is out of its
   *     range
   * @throws io.github.vaecf.data.DataException if a row lacks a value, or the events cannot be
   *     divided as asked; the message says why
   * @throws Trainer.TrainingDivergedException if the loss is no longer a number
   */
  @Override
  public VaecfModel fit(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    boolean timed = !getOrDefault(timeCol).isEmpty();
    Dataset<Row> events = events(dataset, timed);
    boolean kept = !dataset.storageLevel().equals(StorageLevel.NONE());
    if (!kept) {
      events.persist(StorageLevel.MEMORY_AND_DISK()); // is gone through twice
    }
    try {
      List<String> names = new ArrayList<>();
      for (Param<String> one : List.of(userCol, itemCol, valueCol, timeCol)) {
        names.add(getOrDefault(one));
      }
      Dataset<Row> texts =
          timed
              ? events.select("user", "item", "value", "time")
              : events.select("user", "item", "value");
      Split divided = splitter().split(CollectedEvents.of(texts, timed, names));
      VaecfModel fitted;
      try (TrainedModel trained =
          (Integer) getOrDefault(numWorkers) == 1
              ? train(divided)
              : trainOnWorkers(divided, dataset.sparkSession())) {
        fitted =
            new VaecfModel(
                uid,
                export(trained, divided, dataset.sparkSession()),
                Histories.of(liked(events), divided.items()));
      }
      copyValues(fitted, new ParamMap());
      fitted.setItemType(dataset.schema().apply(getOrDefault(itemCol)).dataType());
      fitted.setParent(this);
      return fitted;
    } finally {
      if (!kept) {
        events.unpersist();
      }
    }
  }

  /** Columns: id as it is; user and item as text, value and time as numbers. */
  private Dataset<Row> events(Dataset<?> dataset, boolean timed) {
    Column user = Columns.of(dataset, getOrDefault(userCol));
    List<Column> columns = new ArrayList<>();
    columns.add(user.as("id"));
    columns.add(user.cast(DataTypes.StringType).as("user"));
    columns.add(Columns.of(dataset, getOrDefault(itemCol)).cast(DataTypes.StringType).as("item"));
    columns.add(
        (getOrDefault(valueCol).isEmpty()
                ? functions.lit(1)
                : Columns.of(dataset, getOrDefault(valueCol)))
            .cast(DataTypes.FloatType)
            .as("value"));
    if (timed) {
      Column time = Columns.of(dataset, getOrDefault(timeCol));
      DataType type = dataset.schema().apply(getOrDefault(timeCol)).dataType();
      boolean number = type instanceof org.apache.spark.sql.types.NumericType;
      columns.add((number ? time.cast(DataTypes.LongType) : micros(time)).as("time"));
    }
    return dataset.select(columns.toArray(Column[]::new));
  }

  private Dataset<Row> liked(Dataset<Row> events) {
    return isSet(minRating)
        ? events.where(
            events.col("value").geq(functions.lit(((Double) getOrDefault(minRating)).floatValue())))
        : events;
  }

  private static Column micros(Column time) {
    return time.cast(DataTypes.TimestampType)
        .cast(DataTypes.createDecimalType(20, 6))
        .multiply(1_000_000)
        .cast(DataTypes.LongType);
  }

  private TrainedModel train(Split divided) {
    RankingMetric metric = RankingMetric.parse(getOrDefault(validationMetric));
    RankingEvaluator evaluator = RankingEvaluator.of(metric);
    Trainer.Builder trainer =
        Trainer.builder()
            .settings(modelSettings())
            .listener(
                new TrainingListener() {
                  @Override
                  public void onEpoch(EpochReport report) {
                    LOG.info(
                        "epoch {} of {}: loss {}, validation {}",
                        report.epoch(),
                        report.epochs(),
                        report.loss(),
                        report.validation());
                  }

                  @Override
                  public void onMessage(String message) {
                    LOG.info("{}", message);
                  }
                });
    if (!divided.validation().isEmpty()) {
      trainer.validation(
          metric.name(),
          divided.validation(),
          (one, users) -> evaluator.evaluate(one, users).mean(metric));
    }
    return trainer.build().train(divided.train(), divided.items());
  }

  private TrainedModel trainOnWorkers(Split divided, SparkSession spark) {
    Path folder = Path.of(getOrDefault(sharedDir)).resolve(uid + "-" + UUID.randomUUID());
    try {
      SparkTrainer.Builder trainer =
          SparkTrainer.builder(spark)
              .workers((Integer) getOrDefault(numWorkers))
              .settings(modelSettings())
              .runFolder(folder.resolve("run"));
      if (!divided.validation().isEmpty()) {
        trainer.validation(getOrDefault(validationMetric));
      }
      Path data = folder.resolve("data");
      PreparedFolder.write(divided, data);
      return trainer.build().train(data);
    } finally {
      WholeFile.delete(folder);
    }
  }

  private static ModelFiles export(TrainedModel trained, Split divided, SparkSession spark) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("users", divided.train().rows());
    facts.put("events", divided.train().entries());
    if (!divided.test().isEmpty()) {
      Evaluation test = RankingEvaluator.of(TEST_METRICS).evaluate(trained, divided.test());
      Map<String, Double> measured = new LinkedHashMap<>();
      TEST_METRICS.forEach(metric -> measured.put(metric.name(), test.mean(metric)));
      facts.put("test", measured);
    }
    Path folder;
    try {
      folder = Files.createTempDirectory("vaecf-fit");
    } catch (IOException e) {
      throw new UncheckedIOException("no folder to export to", e);
    }
    try {
      Path version = folder.resolve("1");
      SavedModelExporter.builder().facts(facts).export(trained, version);
      return ModelFiles.read(
          version.toUri().toString(), spark.sparkContext().hadoopConfiguration());
    } finally {
      WholeFile.delete(folder);
    }
  }

  @Override
  public VaecfEstimator copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /**
   * What loads a saved estimator.
   *
   * @return the reader
   */
  public static MLReader<VaecfEstimator> read() {
    return new DefaultParamsReader<>();
  }

  /**
   * Loads a saved estimator.
   *
   * @param path where it was saved
   * @return the estimator
   */
  public static VaecfEstimator load(String path) {
    return read().load(path);
  }
}
