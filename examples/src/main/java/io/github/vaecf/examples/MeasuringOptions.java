package io.github.vaecf.examples;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that say on what data models are measured, by what, and where the result goes. */
final class MeasuringOptions {
  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The prepared folder that the models were trained on.")
  private Path data;

  @Option(
      names = "--metrics",
      paramLabel = "METRIC",
      split = ",",
      defaultValue = "ndcg@100,recall@20,recall@50",
      description =
          "What to measure, with commas between: ndcg, recall, recall_of_all, precision, hitrate,"
              + " mrr or map, each with @k; default ${DEFAULT-VALUE}.")
  private List<String> metricNames;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result as JSON too.")
  private Path json;

  /**
   * Measures what was asked for.
   *
   * @throws DataException if there is no such metric
   * @throws IllegalArgumentException if one is asked for twice
   */
  RankingEvaluator evaluator() {
    return RankingEvaluator.of(metricNames.stream().map(RankingMetric::parse).toList());
  }

  /**
   * Reads the data.
   *
   * @throws DataException if it cannot be read
   */
  Split split() {
    return PreparedFolder.read(data);
  }

  /** Opens a model that the data is to be measured with. */
  OpenedModel open(String model, Split split) {
    return OpenedModel.open(model, split, data);
  }

  /** Where to write JSON; null for nowhere. */
  Path json() {
    return json;
  }
}
