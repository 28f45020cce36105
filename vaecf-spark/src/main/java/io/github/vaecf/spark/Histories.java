package io.github.vaecf.spark;

import io.github.vaecf.data.IdIndex;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/** What each user of a table has of the items that a model knows. */
final class Histories {
  private Histories() {}

  /**
   * Groups events by user.
   *
   * @param events columns: id, the user's as it is, and item, as text
   * @param items those that the model knows
   * @return columns: user, the id, and items, indices, ascending; computed and kept
   */
  static Dataset<Row> of(Dataset<Row> events, IdIndex items) {
    List<Row> rows = new ArrayList<>(items.size());
    for (int item = 0; item < items.size(); item++) {
      rows.add(RowFactory.create(items.id(item), item));
    }
    Dataset<Row> indices =
        events
            .sparkSession()
            .createDataFrame(
                rows,
                new StructType()
                    .add("known", DataTypes.StringType)
                    .add("index", DataTypes.IntegerType));
    Dataset<Row> histories =
        events
            .join(indices, events.col("item").equalTo(indices.col("known")))
            .groupBy("id")
            .agg(functions.sort_array(functions.collect_set("index")).as("items"))
            .withColumnRenamed("id", "user")
            .persist(StorageLevel.MEMORY_AND_DISK());
    histories.count(); // while the events are there
    return histories;
  }
}
