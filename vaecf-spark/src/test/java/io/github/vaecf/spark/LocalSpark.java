package io.github.vaecf.spark;

import org.apache.spark.sql.SparkSession;

/** The session of a test: this process, two tasks at a time. */
final class LocalSpark {

  private LocalSpark() {}

  /** A session in this process; the one that runs, if one does. */
  static SparkSession session() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("vaecf")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", false)
        .config("spark.sql.shuffle.partitions", 2)
        .config("spark.sql.warehouse.dir", "target/warehouse")
        .getOrCreate();
  }
}
