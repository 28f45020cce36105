package io.github.vaecf.spark;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;

/** The sessions of tests. */
final class LocalSpark {

  private LocalSpark() {}

  /** A session in this process, two tasks at a time; the one that runs, if one does. */
  static SparkSession session() {
    return builder("local[2]").getOrCreate();
  }

  /**
   * A session with two executors of one core, each a process of its own that has this one's class
   * path. The environment says where Spark is: SPARK_HOME, a folder that is made here, and
   * SPARK_SCALA_VERSION.
   */
  static SparkSession cluster() throws IOException {
    Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    return builder("local-cluster[2,1,1024]")
        // Both are there before the first job, and looked for often by a stage that needs both.
        .config("spark.scheduler.minRegisteredResourcesRatio", 1)
        .config("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s")
        .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
        .config(
            "spark.executor.extraJavaOptions",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED -XX:TieredStopAtLevel=1 " + coverage())
        .getOrCreate();
  }

  /** What tasks run in an executor counts as covered too: the agent adds to this process's file. */
  private static String coverage() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("-javaagent:") && option.contains("jacoco"))
        .collect(Collectors.joining(" "));
  }

  private static SparkSession.Builder builder(String master) {
    return SparkSession.builder()
        .master(master)
        .appName("vaecf")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", false)
        .config("spark.sql.shuffle.partitions", 2)
        .config("spark.sql.warehouse.dir", "target/warehouse");
  }
}
