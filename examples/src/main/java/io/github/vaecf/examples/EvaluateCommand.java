package io.github.vaecf.examples;

import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vaecf evaluate}: the published protocol on a run or on an export. */
@Command(
    name = "evaluate",
    header = "Measure a trained or an exported model by the published protocol.",
    description = {
      "",
      "Tells the model the fold-in items of each held-out user and looks for the held-out ones in"
          + " its ranking of all others. Means over the users, with standard errors.",
      ""
    },
    footer = {"", "Example:", "  vaecf evaluate --data data --model run"})
final class EvaluateCommand extends Subcommand {
  enum Part {
    TEST,
    VALIDATION;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }

    HeldOut of(Split split) {
      return this == TEST ? split.test() : split.validation();
    }
  }

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The prepared folder that the model was trained on.")
  private Path data;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description =
          "A run folder, an exported version, its base folder, an ONNX file; or a baseline, computed"
              + " at once: popular, knn[:NEIGHBOURS], ease[:LAMBDA] (default knn:100, ease:200).")
  private String model;

  @Option(
      names = "--split",
      paramLabel = "PART",
      defaultValue = "test",
      description = "Whose users: ${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.")
  private Part part;

  @Option(
      names = "--metrics",
      paramLabel = "METRIC",
      split = ",",
      defaultValue = "ndcg@100,recall@20,recall@50",
      description =
          "What to measure, with commas between: ndcg, recall, recall_of_all, precision, hitrate,"
              + " mrr or map, each with @k; default ${DEFAULT-VALUE}.")
  private List<String> metricNames;

  @Option(
      names = "--per-user",
      paramLabel = "FILE",
      description = "Write each user's values as CSV.")
  private Path perUser;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result as JSON too.")
  private Path json;

  @Override
  void run() throws Exception {
    List<RankingMetric> metrics =
        fromOptions(() -> metricNames.stream().map(RankingMetric::parse).toList());
    RankingEvaluator evaluator = fromOptions(() -> RankingEvaluator.of(metrics));
    Split split = PreparedFolder.read(data);
    Evaluation evaluation;
    try (OpenedModel opened = OpenedModel.open(model, split, data)) {
      evaluation = evaluator.evaluate(opened.scorer(), part.of(split));
    }
    out().print(EvaluationTable.of(evaluation));
    out()
        .printf(
            Locale.ROOT, "%,d %s users, %.1f s%n", evaluation.users(), part, evaluation.seconds());
    if (perUser != null) {
      StringWriter values = new StringWriter();
      evaluation.writeUsers(values, split.users());
      writeWhole(perUser, values.toString());
    }
    if (json != null) {
      writeWhole(json, evaluation.toJson(model, part.toString()) + "\n");
    }
  }
}
