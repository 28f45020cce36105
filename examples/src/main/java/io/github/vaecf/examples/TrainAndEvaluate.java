package io.github.vaecf.examples;

import io.github.vaecf.core.model.MultVae;
import io.github.vaecf.core.model.TrainingSettings;
import io.github.vaecf.core.training.TrainedModel;
import io.github.vaecf.core.training.Trainer;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.MovieLens;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.Recall;
import io.github.vaecf.eval.export.SavedModelExporter;
import java.nio.file.Path;

/** From ratings to a measured and exported model. */
public final class TrainAndEvaluate {
  private TrainAndEvaluate() {}

  /**
   * Trains Mult-VAE on a MovieLens data set and exports it.
   *
   * @param arguments the data set (a folder or zip as published), how many users to hold out, the
   *     run folder to make, and where to export to, such as {@code models/movies/1}
   */
  public static void main(String[] arguments) {
    Path dataSet = Path.of(arguments[0]);
    int heldOutUsers = Integer.parseInt(arguments[1]);
    Path run = Path.of(arguments[2]);
    Path export = Path.of(arguments[3]);
    // README: begin
    Interactions ratings = MovieLens.read(dataSet);
    Split split =
        StrongGeneralizationSplitter.builder()
            .minRating(4)
            .minUserItems(5)
            .heldOutUsers(heldOutUsers)
            .build()
            .split(ratings);

    RankingEvaluator validation = RankingEvaluator.of(Ndcg.at(100));
    Trainer trainer =
        Trainer.builder()
            .settings(MultVae.published().with(TrainingSettings.EPOCHS, 20))
            .validation(
                "ndcg@100",
                split.validation(),
                (one, users) -> validation.evaluate(one, users).mean(Ndcg.at(100)))
            .runFolder(run)
            .build();

    try (TrainedModel model = trainer.train(split.train(), split.items())) {
      RankingEvaluator test = RankingEvaluator.of(Ndcg.at(100), Recall.at(20), Recall.at(50));
      System.out.println(test.evaluate(model, split.test()));
      SavedModelExporter.export(model, export);
    }
    // README: end
  }
}
