package io.github.vaecf.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.reading.LogFormat;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.synthetic.Shape;
import io.github.vaecf.data.synthetic.SyntheticLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SparkPreparationTest {
  private static final List<String> FILES =
      List.of(
          "train.csv",
          "validation_tr.csv",
          "validation_te.csv",
          "test_tr.csv",
          "test_te.csv",
          "unique_sid.txt",
          "unique_uid.txt");

  @TempDir private Path folder;

  private Dataset<Row> table() throws IOException {
    Interactions log = SyntheticLog.generate(new Shape(300, 120, 6000), 3);
    LogFormat.of("movielens").write(log, folder);
    // The same pairs once more, later in the log: only the first place of each may count.
    Path file = folder.resolve("ratings.csv");
    List<String> lines = Files.readAllLines(file);
    Files.write(file, Stream.concat(lines.stream(), lines.stream().skip(3000)).toList());
    return LocalSpark.session().read().option("header", true).csv(file.toString());
  }

  private static Dataset<Row> typed(Dataset<Row> table) {
    return table.select(
        functions.col("userId").cast("long").as("user"),
        functions.col("movieId").as("item"),
        functions.col("rating").cast("double").as("stars"));
  }

  @ParameterizedTest
  @CsvSource({"0, false, 1", "25, true, 4"})
  void theSevenFilesAreByteForByteThoseOfOneMachine(
      int minItemUsers, boolean untilStable, int partitions) throws IOException {
    Dataset<Row> table = typed(table());
    Path local = folder.resolve("local");
    PreparedFolder.write(
        StrongGeneralizationSplitter.builder()
            .minRating(3.5)
            .minItemUsers(minItemUsers)
            .untilStable(untilStable)
            .heldOutUsers(40)
            .build()
            .split(LogFormat.of("movielens").read(folder.resolve("ratings.csv"))),
        local);

    SparkPreparation.Builder preparation =
        SparkPreparation.builder()
            .valueCol("stars")
            .minRating(3.5)
            .minItemUsers(minItemUsers)
            .untilStable(untilStable)
            .heldOutUsers(40);
    Path spark = folder.resolve("spark");
    if (partitions > 1) { // in no order, which a column says
      table =
          table
              .withColumn("row", functions.monotonically_increasing_id())
              .repartition(partitions, functions.col("item"));
      preparation.orderCol("row");
    }
    preparation.build().prepare(table, spark.toString());

    for (String file : FILES) {
      assertThat(spark.resolve(file)).as(file).hasSameBinaryContentAs(local.resolve(file));
    }
    assertThat(Files.size(local.resolve("test_te.csv"))).isGreaterThan(100);
    try (Stream<Path> all = Files.list(spark)) {
      assertThat(all.map(file -> file.getFileName().toString()))
          .filteredOn(name -> !name.endsWith(".crc"))
          .containsExactlyInAnyOrderElementsOf(FILES);
    }
    assertThat(PreparedFolder.read(spark).users().size()).isGreaterThan(80);
  }

  @Test
  void whatCannotBePreparedIsRefusedAndLeavesNothing() throws IOException {
    SparkSession session = LocalSpark.session();
    Dataset<Row> table = typed(table());
    Path out = folder.resolve("out");
    assertThatThrownBy(
            () -> SparkPreparation.builder().userCol("who").build().prepare(table, out.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("userCol: expected a column 'who'");
    assertThatThrownBy(
            () ->
                SparkPreparation.builder().heldOutUsers(200).build().prepare(table, out.toString()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("cannot hold out 200 users");
    Dataset<Row> withoutItem = session.sql("SELECT 1 AS user, CAST(NULL AS INT) AS item");
    assertThatThrownBy(
            () -> SparkPreparation.builder().build().prepare(withoutItem, out.toString()))
        .hasStackTraceContaining("itemCol: expected a value in every row of 'item'");
    Files.createDirectory(out);
    assertThatThrownBy(() -> SparkPreparation.builder().build().prepare(table, out.toString()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("already exists");
    assertThat(out).isEmptyDirectory();
    try (Stream<Path> all = Files.list(folder)) {
      assertThat(all.map(path -> path.getFileName().toString()))
          .noneMatch(name -> name.contains(".partial"));
    }
  }
}
