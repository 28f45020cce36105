package io.github.vaecf.examples.spark;

import io.github.vaecf.spark.VaecfModel;
import java.io.IOException;
import org.apache.spark.sql.SparkSession;

/** Everybody's lists by a model that was saved on Spark, to Parquet: a row a user. */
public final class RecommendToEverybody {
  private RecommendToEverybody() {}

  /**
   * Recommends.
   *
   * @param arguments where the model is, how many items each user gets, and where to write
   * @throws IOException as closing a session of Spark 4 may
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 3) {
      System.err.println("usage: RecommendToEverybody MODEL K OUT");
      System.exit(2);
    }
    try (SparkSession spark = SparkSession.builder().appName("everybody").getOrCreate()) {
      VaecfModel.read()
          .session(spark)
          .load(arguments[0])
          .recommendForAllUsers(Integer.parseInt(arguments[1]))
          .write()
          // Nearly every score is another: Parquet would build dictionaries of them in vain.
          .option("parquet.enable.dictionary#recommendations.list.element.rating", false)
          .parquet(arguments[2]);
    }
  }
}
