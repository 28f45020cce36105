package io.github.vaecf.spark;

import io.github.vaecf.data.IdIndex;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * How the raw ids of a model's items are made values of a column, once for all rows. Those of other
 * types go as text, and Spark casts the column.
 */
enum ItemIds {
  TEXT,
  INT,
  LONG;

  /** How those are made that are to be of a type. */
  static ItemIds of(DataType wanted) {
    for (ItemIds one : values()) {
      if (one.type().equals(wanted)) {
        return one;
      }
    }
    return TEXT;
  }

  /** The type of the values. */
  DataType type() {
    return switch (this) {
      case INT -> DataTypes.IntegerType;
      case LONG -> DataTypes.LongType;
      case TEXT -> DataTypes.StringType;
    };
  }

  /** The value of each item, in the order of the items. */
  Object[] values(IdIndex items) {
    Object[] values = new Object[items.size()];
    for (int item = 0; item < values.length; item++) {
      values[item] = value(items.id(item));
    }
    return values;
  }

  private Object value(String id) {
    return switch (this) {
      case INT -> Integer.valueOf(id);
      case LONG -> Long.valueOf(id);
      case TEXT -> id;
    };
  }
}
