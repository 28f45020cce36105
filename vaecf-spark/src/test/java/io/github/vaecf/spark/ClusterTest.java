package io.github.vaecf.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.eval.export.ServedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A driver and two executors, each a process. */
class ClusterTest {
  @TempDir private Path folder;

  @Test
  void whatTwoExecutorsTrainTogetherTheyRecommendAsTheLibraryDoes() throws IOException {
    LocalSpark.session().stop();
    String saved = folder.resolve("saved").toString();
    Map<String, List<Recommendation>> ofCluster;
    try (SparkSession cluster = LocalSpark.cluster()) {
      VaecfModel model =
          new VaecfEstimator()
              .setModel("dae")
              .setSetting("epochs", 2)
              .setSetting("hidden", "12")
              .setNumWorkers(2)
              .setSharedDir(folder.toString())
              .fit(Likes.table(cluster, 1, 4));
      model.save(saved);
      try (Stream<Path> left = Files.list(folder)) {
        assertThat(left).as("what is left of the training").containsExactly(Path.of(saved));
      }
      Dataset<Row> lists = model.recommendForAllUsers(5).cache();
      ofCluster = VaecfModelTest.lists(lists);
      assertThat(model.recommendForAllItems(2).count()).isEqualTo(Likes.ITEMS);
      // Each of the two has ranked: the lists are cached where they were made.
      assertThat(
              lists
                  .mapPartitions(
                      (MapPartitionsFunction<Row, String>)
                          rows ->
                              rows.hasNext()
                                  ? List.of(SparkEnv.get().executorId()).iterator()
                                  : Collections.emptyIterator(),
                      Encoders.STRING())
                  .distinct()
                  .collectAsList())
          .containsExactlyInAnyOrder("0", "1");
    }

    try (ServedModel library = ServedModel.load(Path.of(saved, "model"))) {
      Map<String, List<String>> histories = Likes.histories(0);
      assertThat(ofCluster.keySet()).isEqualTo(histories.keySet());
      ofCluster.forEach(
          (user, list) ->
              VaecfModelTest.assertSame(list, library.recommend(histories.get(user), 5), user));
    }
    LocalSpark.session();
    Map<String, List<Recommendation>> ofFreshSession =
        VaecfModelTest.lists(VaecfModel.load(saved).recommendForAllUsers(5));
    assertThat(ofFreshSession.keySet()).isEqualTo(ofCluster.keySet());
    ofFreshSession.forEach(
        (user, list) -> VaecfModelTest.assertSame(list, ofCluster.get(user), user));
  }
}
