package io.github.vaecf.eval;

import io.github.vaecf.data.DataException;

/** The names by which the command line knows metrics. */
final class MetricNames {
  private MetricNames() {}

  /** The metric of a name; without popularity only those that need none. */
  static RankingMetric parse(String name, Popularity popularity) {
    int at = name.indexOf('@');
    int k = at < 0 ? 0 : parseCutoff(name.substring(at + 1));
    RankingMetric metric = k < 1 ? null : metric(name.substring(0, at), k, popularity);
    if (metric == null) {
      throw new DataException(
          "metric '"
              + name
              + "': expected ndcg, recall, recall_of_all, precision, hitrate, mrr"
              + (popularity == null ? " or map" : ", map, popularity or novelty")
              + ", then @ and a whole number of at least 1, as in ndcg@100");
    }
    return metric;
  }

  private static RankingMetric metric(String kind, int k, Popularity popularity) {
    return switch (kind) {
      case "ndcg" -> Ndcg.at(k);
      case "recall" -> Recall.at(k);
      case "recall_of_all" -> RecallOfAll.at(k);
      case "precision" -> Precision.at(k);
      case "hitrate" -> HitRate.at(k);
      case "mrr" -> ReciprocalRank.at(k);
      case "map" -> AveragePrecision.at(k);
      case "popularity" -> popularity == null ? null : MeanPopularity.at(k, popularity);
      case "novelty" -> popularity == null ? null : Novelty.at(k, popularity);
      default -> null;
    };
  }

  private static int parseCutoff(String digits) {
    try {
      return Integer.parseInt(digits);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
