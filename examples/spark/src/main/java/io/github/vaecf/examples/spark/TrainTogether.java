package io.github.vaecf.examples.spark;

import io.github.vaecf.core.model.Model;
import io.github.vaecf.core.model.Settings;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.RunFolder;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.spark.SparkTrainer;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** One model by several executors together; goes on where it was broken off. */
public final class TrainTogether {
  private TrainTogether() {}

  /**
   * Trains, and prints what the model is worth on the test users.
   *
   * @param arguments a prepared folder and a run folder, both seen by all, how many workers, the
   *     model's name, and how many epochs
   * @throws IOException as closing a session of Spark 4 may
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 5) {
      System.err.println("usage: TrainTogether DATA RUN WORKERS MODEL EPOCHS");
      System.exit(2);
    }
    Path data = Path.of(arguments[0]);
    Path run = Path.of(arguments[1]);
    Settings settings =
        Settings.published(Model.named(arguments[3]))
            .with(TrainingSettings.EPOCHS, Integer.parseInt(arguments[4]));
    try (SparkSession spark = SparkSession.builder().appName("together").getOrCreate();
        TrainedModel model =
            SparkTrainer.builder(spark)
                .workers(Integer.parseInt(arguments[2]))
                .settings(settings)
                .validation("ndcg@100")
                .runFolder(run)
                .resume(RunFolder.isRun(run))
                .build()
                .train(data)) {
      System.out.println(
          RankingEvaluator.of(Ndcg.at(100)).evaluate(model, PreparedFolder.read(data).test()));
    }
  }
}
