package io.github.vaecf.eval;

import io.github.vaecf.data.DataException;

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
    int at = name.indexOf('@');
    int k = at < 0 ? 0 : parseCutoff(name.substring(at + 1));
    if (k < 1) {
      throw unknown(name);
    }
    return switch (name.substring(0, at)) {
      case "ndcg" -> Ndcg.at(k);
      case "recall" -> Recall.at(k);
      case "recall_of_all" -> RecallOfAll.at(k);
      case "precision" -> Precision.at(k);
      case "hitrate" -> HitRate.at(k);
      case "mrr" -> ReciprocalRank.at(k);
      case "map" -> AveragePrecision.at(k);
      default -> throw unknown(name);
    };
  }

  private static DataException unknown(String name) {
    return new DataException(
        "metric '"
            + name
            + "': expected ndcg, recall, recall_of_all, precision, hitrate, mrr or map, then @ and"
            + " a whole number of at least 1, as in ndcg@100");
  }

  private static int parseCutoff(String digits) {
    try {
      return Integer.parseInt(digits);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
