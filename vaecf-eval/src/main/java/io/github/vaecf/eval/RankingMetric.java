package io.github.vaecf.eval;

import io.github.vaecf.data.DataException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A number that says how good one user's ranking is. Implementations are immutable, safe for use by
 * many threads, and equal when they measure the same.
 */
public interface RankingMetric {
  /**
   * How many of the best items the metric looks at.
   *
   * @return at least 1
   */
  int k();

  /**
   * The name by which results, files and the command line know the metric, such as {@code
   * ndcg@100}.
   *
   * @return the name, different from that of every metric that measures something else
   */
  String name();

  /**
   * Measures one user's ranking.
   *
   * @param ranking the ranking, at least {@link #k()} long unless the user has fewer unseen items;
   *     not to be kept after the call
   * @return the metric's value for this user; NaN if the metric has none, and the user then does
   *     not count for it
   */
  double measure(JudgedRanking ranking);

  /**
   * The names of all metrics, without k.
   *
   * @param popularityKnown whether those are wanted too that need to know how popular items are
   * @return such as ndcg and recall
   */
  static List<String> names(boolean popularityKnown) {
    List<String> names = new ArrayList<>(MetricNames.ofRanking());
    if (popularityKnown) {
      names.addAll(MetricNames.ofPopularity());
    }
    return names;
  }

  /**
   * The metric of a name: one of {@link #names} that needs nothing but the ranking, then {@code @}
   * and k.
   *
   * @param name for example {@code ndcg@100}
   * @return the metric that has this name
   * @throws DataException if there is no such metric or k is not a whole number of at least 1
   */
  static RankingMetric parse(String name) {
    return MetricNames.parse(name, null);
  }

  /**
   * The metric of a name: one of {@link #names}, then {@code @} and k.
   *
   * @param name for example {@code novelty@10}
   * @param popularity how many training users have each item
   * @return the metric that has this name
   * @throws DataException if there is no such metric or k is not a whole number of at least 1
   */
  static RankingMetric parse(String name, Popularity popularity) {
    return MetricNames.parse(name, Objects.requireNonNull(popularity, "popularity"));
  }
}
