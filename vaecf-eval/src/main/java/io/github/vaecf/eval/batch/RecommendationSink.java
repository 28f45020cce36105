package io.github.vaecf.eval.batch;

import io.github.vaecf.core.Recommendation;
import java.io.IOException;
import java.util.List;

/** Takes the lists of a {@link BatchRecommender}, one after the other. */
@FunctionalInterface
public interface RecommendationSink {
  /**
   * Takes a user's list. Called once a user, in the order of the users, never by two threads at a
   * time; meanwhile the model ranks for the next users.
   *
   * @param user the user's raw id
   * @param best at most k items, best first; empty where none is left
   * @throws IOException if it cannot be written; the batch ends with it
   */
  void accept(String user, List<Recommendation> best) throws IOException;
}
