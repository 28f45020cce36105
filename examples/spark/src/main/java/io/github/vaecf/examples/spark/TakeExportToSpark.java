package io.github.vaecf.examples.spark;

import io.github.vaecf.spark.VaecfModel;
import java.io.IOException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A model that was trained elsewhere, saved for the users of a log on Spark. */
public final class TakeExportToSpark {
  private TakeExportToSpark() {}

  /**
   * Saves the model.
   *
   * @param arguments an exported version, a CSV file of users and items with a header, and where to
   *     save the model
   * @throws IOException if it cannot be saved
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 3) {
      System.err.println("usage: TakeExportToSpark EXPORT PAIRS MODEL");
      System.exit(2);
    }
    try (SparkSession spark = SparkSession.builder().appName("export").getOrCreate()) {
      Dataset<Row> pairs =
          spark.read().option("header", true).schema("user string, item string").csv(arguments[1]);
      VaecfModel.ofExport(arguments[0], pairs, "user", "item").save(arguments[2]);
    }
  }
}
