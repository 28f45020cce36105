package io.github.vaecf.examples.spark;

import io.github.vaecf.spark.VaecfModel;
import org.apache.spark.sql.SparkSession;

/** Everybody's lists by a model that was saved on Spark, to Parquet: a row a user. */
public final class RecommendToEverybody {
  private RecommendToEverybody() {}

  /**
   * Recommends.
   *
   * @param arguments where the model is, how many items each user gets, and where to write
   */
  public static void main(String[] arguments) {
    if (arguments.length != 3) {
      System.err.println("usage: RecommendToEverybody MODEL K OUT");
      System.exit(2);
    }
    try (SparkSession spark = SparkSession.builder().appName("everybody").getOrCreate()) {
      VaecfModel.load(arguments[0])
          .recommendForAllUsers(Integer.parseInt(arguments[1]))
          .write()
          .parquet(arguments[2]);
    }
  }
}
