package io.github.vaecf.examples;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.core.training.TrainedModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Recommendations for somebody whom training never saw. */
public final class RecommendForNewUser {
  private RecommendForNewUser() {}

  /**
   * Prints ten recommendations.
   *
   * @param arguments a run folder, then raw ids of what the user likes
   */
  public static void main(String[] arguments) {
    List<String> likes = Arrays.asList(arguments).subList(1, arguments.length);
    try (TrainedModel model = TrainedModel.load(Path.of(arguments[0]))) {
      for (Recommendation one : model.recommend(likes, 10)) {
        System.out.println(one.item() + " " + one.score());
      }
    }
  }
}
