package io.github.vaecf.spark;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * A made-up log of people with a taste: names of users, numbers of items that no int can hold,
 * ratings, of which 4 is a like, and times.
 */
final class Likes {
  static final int ITEMS = 40;
  private static final long FIRST_ITEM = 5_000_000_000L;

  private static final StructType SCHEMA =
      new StructType()
          .add("user", DataTypes.StringType)
          .add("item", DataTypes.LongType)
          .add("rating", DataTypes.DoubleType)
          .add("at", DataTypes.LongType);

  private Likes() {}

  /** The rows; the last users have too few items to take part in a training. */
  static List<Row> rows() {
    Random random = new Random(7);
    List<Row> rows = new ArrayList<>();
    for (int user = 0; user < 160; user++) {
      int likes = user < 150 ? 6 + random.nextInt(8) : 2;
      for (int n = 0; n < likes; n++) {
        long item = (user % 4 * 10L + (long) (Math.abs(random.nextGaussian()) * 7)) % ITEMS;
        double rating = 1 + random.nextInt(9) / 2.0;
        rows.add(
            RowFactory.create("user " + user, FIRST_ITEM + item, rating, 1_000L + rows.size()));
      }
    }
    return rows;
  }

  /** The rows as a table, in some order. */
  static Dataset<Row> table(SparkSession spark, long seed, int partitions) {
    List<Row> rows = new ArrayList<>(rows());
    Collections.shuffle(rows, new Random(seed));
    return spark.createDataFrame(rows, SCHEMA).repartition(partitions);
  }

  /** What each user has liked, of all rows or of those with a rating of at least so much. */
  static Map<String, List<String>> histories(double leastRating) {
    Map<String, TreeSet<String>> sets = new TreeMap<>();
    for (Row row : rows()) {
      if (row.getDouble(2) >= leastRating) {
        sets.computeIfAbsent(row.getString(0), user -> new TreeSet<>())
            .add(Long.toString(row.getLong(1)));
      }
    }
    Map<String, List<String>> histories = new TreeMap<>();
    sets.forEach((user, items) -> histories.put(user, List.copyOf(items)));
    return histories;
  }
}
