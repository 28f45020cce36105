package io.github.vaecf.spark;

import java.util.Arrays;
import java.util.UUID;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructType;

/** Columns of a table, found by their names, of a type that is of use. */
final class Columns {
  private Columns() {}

  /** A column of just this name, also if the name has a dot. */
  static Column of(Dataset<?> table, String name) {
    return table.col("`" + name.replace("`", "``") + "`");
  }

  /**
   * The type of a column of ids.
   *
   * @throws IllegalArgumentException if there is no such column, or its values are no ids
   */
  static DataType requireIds(StructType schema, String param, String name) {
    DataType type = require(schema, param, name, "ids (text, numbers, …)");
    if (type instanceof ArrayType
        || type instanceof MapType
        || type instanceof StructType
        || type instanceof BinaryType) {
      throw wrongType(param, name, "ids (text, numbers, …)", type);
    }
    return type;
  }

  /**
   * Makes sure that a column is there and has lists of ids.
   *
   * @throws IllegalArgumentException if it is not or has not
   */
  static void requireLists(StructType schema, String param, String name) {
    DataType type = require(schema, param, name, "lists of item ids");
    if (!(type instanceof ArrayType)) {
      throw wrongType(param, name, "lists of item ids", type);
    }
  }

  /**
   * Makes sure that a column is there and has numbers.
   *
   * @throws IllegalArgumentException if it is not or has not
   */
  static void requireNumbers(StructType schema, String param, String name) {
    DataType type = require(schema, param, name, "numbers");
    if (!(type instanceof NumericType)) {
      throw wrongType(param, name, "numbers", type);
    }
  }

  /**
   * The type of a column.
   *
   * @throws IllegalArgumentException if there is no such column
   */
  static DataType require(StructType schema, String param, String name, String what) {
    if (!Arrays.asList(schema.fieldNames()).contains(name)) {
      throw new IllegalArgumentException(
          param
              + ": expected a column '"
              + name
              + "' of "
              + what
              + ", found the columns "
              + String.join(", ", schema.fieldNames()));
    }
    return schema.apply(name).dataType();
  }

  static IllegalArgumentException wrongType(
      String param, String name, String expected, DataType found) {
    return new IllegalArgumentException(
        param
            + ": expected the column '"
            + name
            + "' to have "
            + expected
            + ", found "
            + found.simpleString());
  }

  /**
   * A schema with the columns that scored pairs have beyond those that were there.
   *
   * @throws IllegalArgumentException if one is there already
   */
  static StructType scored(StructType schema, String prediction, String rank) {
    for (String name : new String[] {prediction, rank}) {
      if (Arrays.asList(schema.fieldNames()).contains(name)) {
        throw new IllegalArgumentException(
            "the column '" + name + "' is there already: give the new one another name");
      }
    }
    return schema.add(prediction, DataTypes.FloatType).add(rank, DataTypes.IntegerType);
  }

  /** The name of a new part of a pipeline. */
  static String uid(String prefix) {
    return prefix + "_" + UUID.randomUUID().toString().substring(24);
  }
}
