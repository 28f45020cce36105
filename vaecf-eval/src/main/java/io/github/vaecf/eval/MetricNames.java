package io.github.vaecf.eval;

import io.github.vaecf.data.DataException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.IntFunction;

/** The metrics there are, by the names that the command line and files know them by. */
final class MetricNames {
  /** Metrics that need nothing but the ranking. */
  private static final Map<String, IntFunction<RankingMetric>> OF_RANKING = new LinkedHashMap<>();

  /** Metrics that need to know how popular items are. */
  private static final Map<String, BiFunction<Integer, Popularity, RankingMetric>> OF_POPULARITY =
      new LinkedHashMap<>();

  static {
    OF_RANKING.put("ndcg", Ndcg::at);
    OF_RANKING.put("recall", Recall::at);
    OF_RANKING.put("recall_of_all", RecallOfAll::at);
    OF_RANKING.put("precision", Precision::at);
    OF_RANKING.put("hitrate", HitRate::at);
    OF_RANKING.put("mrr", ReciprocalRank::at);
    OF_RANKING.put("map", AveragePrecision::at);
    OF_POPULARITY.put("popularity", MeanPopularity::at);
    OF_POPULARITY.put("novelty", Novelty::at);
  }

  private MetricNames() {}

  /** Those that need nothing but the ranking. */
  static List<String> ofRanking() {
    return List.copyOf(OF_RANKING.keySet());
  }

  /** Those that need to know how popular items are. */
  static List<String> ofPopularity() {
    return List.copyOf(OF_POPULARITY.keySet());
  }

  /** The metric of a name; without popularity only those that need none. */
  static RankingMetric parse(String name, Popularity popularity) {
    int at = name.indexOf('@');
    int k = at < 0 ? 0 : parseCutoff(name.substring(at + 1));
    String kind = at < 0 ? name : name.substring(0, at);
    if (k >= 1 && OF_RANKING.containsKey(kind)) {
      return OF_RANKING.get(kind).apply(k);
    }
    if (k >= 1 && popularity != null && OF_POPULARITY.containsKey(kind)) {
      return OF_POPULARITY.get(kind).apply(k, popularity);
    }
    throw new DataException(
        "metric '"
            + name
            + "': expected one of "
            + String.join(", ", RankingMetric.names(popularity != null))
            + ", then @ and a whole number of at least 1, as in ndcg@100");
  }

  private static int parseCutoff(String digits) {
    try {
      return Integer.parseInt(digits);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
