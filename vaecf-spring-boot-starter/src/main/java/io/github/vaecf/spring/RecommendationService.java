package io.github.vaecf.spring;

import io.github.vaecf.core.Recommendation;
import io.github.vaecf.eval.export.Recommenders;
import io.github.vaecf.eval.export.ServedModel;
import io.github.vaecf.eval.export.ServedVersions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * Recommendations by the newest version of an exported model: the bean of an application. Each call
 * is answered by one version, the newest when it began; none is lost when another takes over.
 *
 * <p>Safe for use by many threads. What answers is owned by the {@link ServedVersions}: once they
 * are closed, as they are after the application's last request, calls are refused with an {@link
 * IllegalStateException}.
 */
public final class RecommendationService {
  private final ServedVersions versions;
  private final RequestListener listener;

  /**
   * A service of versions that somebody else closes, such as a test.
   *
   * @param versions answer
   */
  public RecommendationService(ServedVersions versions) {
    this(versions, RequestListener.NONE);
  }

  RecommendationService(ServedVersions versions, RequestListener listener) {
    this.versions = Objects.requireNonNull(versions, "versions");
    this.listener = listener;
  }

  /**
   * The best items for one user, without those of the user's own history.
   *
   * @param history raw ids of items that the user touched, in any order; unknown ones are ignored;
   *     may be empty
   * @param k largest number of items to recommend, at least 1
   * @return at most k recommendations, best first
   * @throws IllegalArgumentException if k is below 1
   */
  public List<Recommendation> recommend(List<String> history, int k) {
    return ask("recommend", model -> model.recommend(history, k));
  }

  /**
   * The best items for each of many users, by one version: faster than one user after the other.
   *
   * @param histories the users' histories, as in {@link #recommend}
   * @param k largest number of items to recommend to each, at least 1
   * @return a list for each user, in the order of the histories
   * @throws IllegalArgumentException if k is below 1
   */
  public List<List<Recommendation>> recommendAll(List<List<String>> histories, int k) {
    return ask("recommendAll", model -> model.recommendAll(histories, k));
  }

  /**
   * The items that are most like an item, by the cosine of the model's embeddings of the items.
   *
   * @param item the raw id of an item that the model knows
   * @param k how many, at least 1; an export has no more than it was made for
   * @return at most k others, the most like it first
   * @throws IllegalArgumentException if the model has no such item or no embeddings of its items
   */
  public List<Recommendation> similar(String item, int k) {
    return ask("similar", model -> Recommenders.similar(model, item, k));
  }

  /**
   * Anything else that the model can do, by one version from the beginning to the end.
   *
   * @param <T> what the request gives
   * @param request what to do with the model; it must not keep it
   * @return what the request gave
   */
  public <T> T answer(Function<ServedModel, T> request) {
    return ask("answer", request);
  }

  /**
   * What to call items when a person reads them.
   *
   * @return titles by raw id, as far as the export has them
   */
  public Map<String, String> titles() {
    return versions.answer(ServedModel::titles);
  }

  /**
   * The version that requests get now.
   *
   * @return its number
   */
  public long version() {
    return versions.version();
  }

  private <T> T ask(String method, Function<ServedModel, T> request) {
    long start = System.nanoTime();
    String exception = "none";
    try {
      return versions.answer(request);
    } catch (RuntimeException | Error e) {
      exception = e.getClass().getSimpleName();
      throw e;
    } finally {
      listener.ended(method, System.nanoTime() - start, exception);
    }
  }
}
