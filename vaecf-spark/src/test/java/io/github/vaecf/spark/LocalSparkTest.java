package io.github.vaecf.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;

class LocalSparkTest {

  private static final StructType SCHEMA =
      new StructType().add("user", DataTypes.StringType).add("item", DataTypes.StringType);

  @Test
  void aTableGoesThroughASession() {
    List<Row> rows =
        List.of(
            RowFactory.create("anna", "tea"),
            RowFactory.create("anna", "milk"),
            RowFactory.create("bert", "tea"));
    Dataset<Row> log = LocalSpark.session().createDataFrame(rows, SCHEMA);

    List<Row> counts = log.groupBy("user").count().orderBy("user").collectAsList();

    assertThat(counts)
        .containsExactly(RowFactory.create("anna", 2L), RowFactory.create("bert", 1L));
  }
}
