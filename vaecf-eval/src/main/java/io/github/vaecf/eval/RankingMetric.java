package io.github.vaecf.eval;

import io.github.vaecf.data.DataException;
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
   * The metric of a name: {@code ndcg}, {@code recall}, {@code recall_of_all}, {@code precision},
   * {@code hitrate}, {@code mrr} or {@code map}, then {@code @} and k.
   *
   * @param name for example {@code ndcg@100}
   * @return the metric that has this name
   * @throws DataException if there is no such metric or k is not a whole number of at least 1
   */
  static RankingMetric parse(String name) {
    return MetricNames.parse(name, null);
  }

  /**
   * The metric of a name: those of {@link #parse(String)}, and {@code popularity} and {@code
   * novelty}, then {@code @} and k.
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
