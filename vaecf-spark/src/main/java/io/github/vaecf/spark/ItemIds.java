package io.github.vaecf.spark;

import io.github.vaecf.data.IdIndex;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * The raw ids of a model's items as values of a column. Text, ints and longs are made here, once
 * for all rows; others go as text, and Spark casts the column.
 */
final class ItemIds {
  private ItemIds() {}

  /** The type that {@link #of} gives for a column that is to be of a type. */
  static DataType rowType(DataType column) {
    return column.equals(DataTypes.IntegerType) || column.equals(DataTypes.LongType)
        ? column
        : DataTypes.StringType;
  }

  /** The value of each item, in the order of the items. */
  static Object[] of(IdIndex items, DataType column) {
    Object[] values = new Object[items.size()];
    for (int item = 0; item < values.length; item++) {
      String id = items.id(item);
      if (column.equals(DataTypes.IntegerType)) {
        values[item] = Integer.valueOf(id);
      } else if (column.equals(DataTypes.LongType)) {
        values[item] = Long.valueOf(id);
      } else {
        values[item] = id;
      }
    }
    return values;
  }
}
