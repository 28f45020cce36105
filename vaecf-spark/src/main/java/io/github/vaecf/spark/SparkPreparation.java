package io.github.vaecf.spark;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.splitting.StrongGeneralizationDraw;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * Prepares a log on Spark: the filters and the published split by strong generalization, to a
 * prepared folder whose seven files are, byte for byte, those that {@code vaecf prepare} makes of
 * the same rows in the same order on one machine (Liang et al., WWW 2018, section 4.1; {@link
 * StrongGeneralizationSplitter} says how it is drawn).
 *
 * <p>Pairs stay on the executors. The driver holds the ids of users and items, and how many items
 * the held-out users have; it draws, and tells the executors.
 *
 * <p>What order rows have is said by a column ({@link Builder#orderCol}), or is that of the table:
 * right for a table read from one file of text or Parquet, and for one that was sorted, but not for
 * several files, which Spark reads in an order of its own.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class SparkPreparation {
  private static final String USER = "user";
  private static final String ITEM = "item";
  private static final String VALUE = "value";
  private static final String POSITION = "position";
  private static final String UID = "uid";
  private static final String SID = "sid";
  private static final String ITEMS = "items";
  private static final String PLACE = "place";
  private static final String HEADER = "uid,sid\n";

  private final String userCol;
  private final String itemCol;
  private final String valueCol; // null for none
  private final String orderCol; // null for that of the table
  private final double minRating;
  private final int minUserItems;
  private final int minItemUsers;
  private final boolean untilStable;
  private final StrongGeneralizationSplitter splitter;

  private SparkPreparation(Builder builder) {
    this.userCol = builder.userCol;
    this.itemCol = builder.itemCol;
    this.valueCol = builder.valueCol;
    this.orderCol = builder.orderCol;
    this.minRating = builder.minRating;
    this.minUserItems = builder.minUserItems;
    this.minItemUsers = builder.minItemUsers;
    this.untilStable = builder.untilStable;
    this.splitter = builder.splitter.build();
  }

  /**
   * The settings, starting from: users and items in the columns {@code user} and {@code item}, no
   * values, rows in the order of the table, users with at least 5 items, any item, filtered once, a
   * tenth of the users for validation and as many for test, a share of 0.2 of their items held out,
   * seed 98765.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Prepares a log.
   *
   * @param events a row each; ids of any type, which become text as Spark writes them; values
   *     numbers
   * @param folder where to, on any file system that Hadoop knows; nothing may be there. It is
   *     written beside its place and renamed when it is whole
   * @throws IllegalArgumentException if a column is missing or of no use
   * @throws DataException if a row lacks an id or a value, an id has a line break, no event is
   *     left, there are too few users, or the folder is there or cannot be written
   */
  public void prepare(Dataset<Row> events, String folder) {
    SparkSession session = events.sparkSession();
    Path place = new Path(folder);
    Configuration hadoop = session.sparkContext().hadoopConfiguration();
    try {
      FileSystem files = place.getFileSystem(hadoop);
      if (files.exists(place)) {
        throw new DataException(folder + ": already exists; name a new folder");
      }
      Path whole = files.makeQualified(place);
      Path partial =
          new Path(whole.getParent(), "." + whole.getName() + "." + UUID.randomUUID() + ".partial");
      try {
        write(session, events, files, partial);
        if (!files.rename(partial, whole)) {
          throw new DataException(folder + ": cannot be written (it is there by now)");
        }
      } finally {
        files.delete(partial, true);
      }
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be written (" + e.getMessage() + ")", e);
    }
  }

  private void write(SparkSession session, Dataset<Row> events, FileSystem files, Path folder)
      throws IOException {
    Dataset<Row> kept = filtered(events).persist(StorageLevel.MEMORY_AND_DISK());
    try {
      List<String> ids = kept.select(USER).distinct().as(Encoders.STRING()).collectAsList();
      if (ids.isEmpty()) {
        throw new DataException("no event is left after filtering: ask for less");
      }
      StrongGeneralizationDraw draw = splitter.draw(IdIndex.of(ids));
      List<String> users = draw.users().ids();
      int trainingUsers = draw.trainingUsers();
      Dataset<Row> numbered =
          kept.join(numbers(session, users, USER, UID), USER)
              .select(UID, ITEM, POSITION)
              .persist(StorageLevel.MEMORY_AND_DISK());
      try {
        Dataset<Row> training = numbered.filter(functions.col(UID).lt(trainingUsers));
        List<String> items =
            training
                .groupBy(ITEM)
                .agg(functions.min(POSITION).as(POSITION))
                .orderBy(POSITION)
                .select(ITEM)
                .as(Encoders.STRING())
                .collectAsList();
        Dataset<Row> itemNumbers = numbers(session, items, ITEM, SID);

        files.mkdirs(folder);
        Dataset<Row> ordered =
            training.join(itemNumbers, ITEM).select(UID, SID, POSITION).orderBy(POSITION);
        writePairs(
            ordered.select(functions.concat_ws(",", functions.col(UID), functions.col(SID))),
            files,
            new Path(folder, "train.csv"));
        Dataset<Row> known =
            numbered
                .filter(functions.col(UID).geq(trainingUsers))
                .join(itemNumbers, ITEM)
                .select(UID, SID, POSITION);
        writeHeldOut(session, known, draw, trainingUsers, files, folder, "validation");
        writeHeldOut(
            session, known, draw, trainingUsers + draw.heldOutUsers(), files, folder, "test");
        writeIds(files, new Path(folder, "unique_sid.txt"), items, "item");
        writeIds(files, new Path(folder, "unique_uid.txt"), users, "user");
      } finally {
        numbered.unpersist();
      }
    } finally {
      kept.unpersist();
    }
  }

  /** Events with a high enough value, each pair once at its first place, enough of both. */
  private Dataset<Row> filtered(Dataset<Row> events) {
    StructType schema = events.schema();
    Columns.requireIds(schema, "userCol", userCol);
    Columns.requireIds(schema, "itemCol", itemCol);
    if (valueCol != null) {
      Columns.requireNumbers(schema, "valueCol", valueCol);
    }
    Column position =
        orderCol == null
            ? functions.monotonically_increasing_id()
            : Columns.of(events, orderCol).cast(DataTypes.LongType);
    if (orderCol != null) {
      Columns.requireNumbers(schema, "orderCol", orderCol);
    }
    Dataset<Row> log =
        events.select(
            required(Columns.of(events, userCol).cast(DataTypes.StringType), "userCol", userCol)
                .as(USER),
            required(Columns.of(events, itemCol).cast(DataTypes.StringType), "itemCol", itemCol)
                .as(ITEM),
            (valueCol == null
                    ? functions.lit(1f)
                    : required(
                        Columns.of(events, valueCol).cast(DataTypes.FloatType),
                        "valueCol",
                        valueCol))
                .as(VALUE),
            (orderCol == null ? position : required(position, "orderCol", orderCol)).as(POSITION));
    if (minRating > Double.NEGATIVE_INFINITY) {
      // As floats, as on one machine.
      log = log.filter(functions.col(VALUE).geq((float) minRating));
    }
    Dataset<Row> kept = log.groupBy(USER, ITEM).agg(functions.min(POSITION).as(POSITION));
    if (!untilStable) {
      return enough(enough(kept, ITEM, minItemUsers), USER, minUserItems);
    }
    Dataset<Row> last = kept.persist(StorageLevel.MEMORY_AND_DISK());
    long size = last.count();
    while (true) {
      // From its rows anew: a plan that holds all rounds before doubles with each.
      Dataset<Row> rows = last.sparkSession().createDataFrame(last.javaRDD(), last.schema());
      Dataset<Row> next =
          enough(enough(rows, ITEM, minItemUsers), USER, minUserItems)
              .persist(StorageLevel.MEMORY_AND_DISK());
      long left = next.count();
      last.unpersist();
      if (left == size) {
        return next;
      }
      last = next;
      size = left;
    }
  }

  /** A column of which every row must have a value; the first that has none ends the job. */
  private static Column required(Column column, String param, String name) {
    return functions
        .when(column.isNotNull(), column)
        .otherwise(
            functions.raise_error(
                functions.lit(
                    param
                        + ": expected a value in every row of '"
                        + name
                        + "', found a row without; drop such rows (na().drop())")));
  }

  /** Rows of those that come in enough rows. */
  private static Dataset<Row> enough(Dataset<Row> log, String of, int least) {
    if (least <= 1) {
      return log;
    }
    Dataset<Row> many =
        log.groupBy(of)
            .agg(functions.count(functions.lit(1)).as("rows"))
            .filter(functions.col("rows").geq(least))
            .select(of);
    return log.join(many, of);
  }

  /** A table of ids and their places in a list. */
  private static Dataset<Row> numbers(
      SparkSession session, List<String> ids, String idCol, String numberCol) {
    List<Row> rows = new ArrayList<>(ids.size());
    for (int number = 0; number < ids.size(); number++) {
      rows.add(RowFactory.create(ids.get(number), number));
    }
    return session.createDataFrame(
        rows,
        new StructType()
            .add(idCol, DataTypes.StringType, false)
            .add(numberCol, DataTypes.IntegerType, false));
  }

  private static void writeHeldOut(
      SparkSession session,
      Dataset<Row> known,
      StrongGeneralizationDraw draw,
      int first,
      FileSystem files,
      Path folder,
      String name)
      throws IOException {
    int[] users = draw.inOrderOfIds(first);
    List<Row> places = new ArrayList<>(users.length);
    for (int place = 0; place < users.length; place++) {
      places.add(RowFactory.create(users[place], place));
    }
    Dataset<Row> placeOf =
        session.createDataFrame(
            places,
            new StructType()
                .add(UID, DataTypes.IntegerType, false)
                .add(PLACE, DataTypes.IntegerType, false));
    // A user a row, its items in the order of the log.
    Dataset<Row> histories =
        known
            .join(placeOf, UID)
            .groupBy(PLACE, UID)
            .agg(
                functions
                    .sort_array(functions.collect_list(functions.struct(POSITION, SID)))
                    .as(ITEMS))
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      int[] sizes = new int[users.length];
      histories
          .select(functions.col(PLACE), functions.size(functions.col(ITEMS)).as("size"))
          .collectAsList()
          .forEach(row -> sizes[row.getInt(0)] = row.getInt(1));
      List<byte[]> drawn = draw.heldOutItems(sizes).stream().map(BitSet::toByteArray).toList();
      List<Row> bits = new ArrayList<>(drawn.size());
      for (int place = 0; place < drawn.size(); place++) {
        bits.add(RowFactory.create(place, drawn.get(place)));
      }
      Dataset<Row> bitsOf =
          session.createDataFrame(
              bits,
              new StructType()
                  .add(PLACE, DataTypes.IntegerType, false)
                  .add("bits", DataTypes.BinaryType, false));
      Dataset<Row> ordered = histories.join(bitsOf, PLACE).orderBy(PLACE);
      for (boolean heldOut : new boolean[] {false, true}) {
        writePairs(
            ordered
                .select(UID, ITEMS + "." + SID, "bits")
                .flatMap(new PairsOfUser(heldOut), Encoders.STRING())
                .toDF(),
            files,
            new Path(folder, name + (heldOut ? "_te.csv" : "_tr.csv")));
      }
    } finally {
      histories.unpersist();
    }
  }

  /** The lines of a user: those of its items that are held out, or the others. */
  private static final class PairsOfUser implements FlatMapFunction<Row, String> {
    @Serial private static final long serialVersionUID = 1;

    private final boolean heldOut;

    PairsOfUser(boolean heldOut) {
      this.heldOut = heldOut;
    }

    @Override
    public Iterator<String> call(Row row) {
      int user = row.getInt(0);
      List<Integer> items = row.getList(1);
      BitSet bits = BitSet.valueOf(row.<byte[]>getAs(2));
      List<String> lines = new ArrayList<>();
      for (int place = 0; place < items.size(); place++) {
        if (bits.get(place) == heldOut) {
          lines.add(user + "," + items.get(place));
        }
      }
      return lines.iterator();
    }
  }

  /** Writes lines in their order: each partition a file, and these one after the other. */
  private static void writePairs(Dataset<Row> lines, FileSystem files, Path file)
      throws IOException {
    Path parts = new Path(file.getParent(), "." + file.getName() + ".parts");
    lines.write().option("compression", "none").text(parts.toString());
    FileStatus[] written = files.listStatus(parts, part -> part.getName().startsWith("part-"));
    Arrays.sort(written, Comparator.comparing(part -> part.getPath().getName()));
    try (OutputStream out = files.create(file, false)) {
      out.write(HEADER.getBytes(StandardCharsets.US_ASCII));
      for (FileStatus part : written) {
        try (InputStream in = files.open(part.getPath())) {
          in.transferTo(out);
        }
      }
    }
    files.delete(parts, true);
    files.delete(new Path(file.getParent(), "." + file.getName() + ".crc"), false);
  }

  private static void writeIds(FileSystem files, Path file, List<String> ids, String what)
      throws IOException {
    try (OutputStream out = new BufferedOutputStream(files.create(file, false))) {
      for (String id : ids) {
        if (id.indexOf('\n') >= 0 || id.indexOf('\r') >= 0) {
          throw new DataException(
              "an id of "
                  + what
                  + "s has a line break, which "
                  + file.getName()
                  + " cannot hold: '"
                  + id.replace("\n", "\\n").replace("\r", "\\r")
                  + "'; give it another id");
        }
        out.write(id.getBytes(StandardCharsets.UTF_8));
        out.write('\n');
      }
    }
  }

  /** Collects the settings of a preparation. Not safe for use by many threads. */
  public static final class Builder {
    private String userCol = USER;
    private String itemCol = ITEM;
    private String valueCol;
    private String orderCol;
    private double minRating = Double.NEGATIVE_INFINITY;
    private int minUserItems = 5;
    private int minItemUsers;
    private boolean untilStable;
    private final StrongGeneralizationSplitter.Builder splitter =
        StrongGeneralizationSplitter.builder();

    private Builder() {}

    /**
     * The column of the users.
     *
     * @param name its name
     * @return this builder
     */
    public Builder userCol(String name) {
      userCol = Objects.requireNonNull(name, "name");
      return this;
    }

    /**
     * The column of the items.
     *
     * @param name its name
     * @return this builder
     */
    public Builder itemCol(String name) {
      itemCol = Objects.requireNonNull(name, "name");
      return this;
    }

    /**
     * The column of ratings or counts, which {@link #minRating} looks at.
     *
     * @param name its name
     * @return this builder
     */
    public Builder valueCol(String name) {
      valueCol = Objects.requireNonNull(name, "name");
      return this;
    }

    /**
     * A column of whole numbers, all different, that says where a row stands in the log.
     *
     * @param name its name
     * @return this builder
     */
    public Builder orderCol(String name) {
      orderCol = Objects.requireNonNull(name, "name");
      return this;
    }

    /**
     * The least value of an event; what lies below is dropped first.
     *
     * @param least a number
     * @return this builder
     * @throws IllegalArgumentException if it is not a number
     */
    public Builder minRating(double least) {
      splitter.minRating(least);
      minRating = least;
      return this;
    }

    /**
     * The least number of items a user must have.
     *
     * @param least at least 0
     * @return this builder
     * @throws IllegalArgumentException if it is negative
     */
    public Builder minUserItems(int least) {
      splitter.minUserItems(least);
      minUserItems = least;
      return this;
    }

    /**
     * The least number of users an item must have; looked at before the users.
     *
     * @param least at least 0
     * @return this builder
     * @throws IllegalArgumentException if it is negative
     */
    public Builder minItemUsers(int least) {
      splitter.minItemUsers(least);
      minItemUsers = least;
      return this;
    }

    /**
     * Whether items and users are filtered again and again until all that are left have enough.
     *
     * @param repeat whether to repeat
     * @return this builder
     */
    public Builder untilStable(boolean repeat) {
      untilStable = repeat;
      return this;
    }

    /**
     * How many users are held out for validation, and as many again for test.
     *
     * @param users at least 1
     * @return this builder
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder heldOutUsers(int users) {
      splitter.heldOutUsers(users);
      return this;
    }

    /**
     * Which share of the users is held out for validation, and as many again for test.
     *
     * @param share more than 0, less than ½
     * @return this builder
     * @throws IllegalArgumentException if it lies outside
     */
    public Builder heldOutUserShare(double share) {
      splitter.heldOutUserShare(share);
      return this;
    }

    /**
     * Which share of a held-out user's items is held out, rounded down to whole items.
     *
     * @param share more than 0, less than 1
     * @return this builder
     * @throws IllegalArgumentException if it lies outside
     */
    public Builder heldOutShare(double share) {
      splitter.heldOutShare(share);
      return this;
    }

    /**
     * Where the random numbers start.
     *
     * @param seed 0 … 2³² − 1, as NumPy takes it
     * @return this builder
     * @throws IllegalArgumentException if it lies outside
     */
    public Builder seed(long seed) {
      splitter.seed(seed);
      return this;
    }

    /**
     * The preparation with these settings.
     *
     * @return it
     */
    public SparkPreparation build() {
      return new SparkPreparation(this);
    }
  }
}
