package io.github.vaecf.cli;

import io.github.vaecf.core.Recommender;
import io.github.vaecf.core.training.RunFolder;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.eval.Popularity;
import io.github.vaecf.eval.RankingEvaluator;
import io.github.vaecf.eval.RankingMetric;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that say on what data models are measured, by what, and where the result goes. */
final class MeasuringOptions {
  /** What epochs and trials are chosen by where nothing else is said. */
  static final String VALIDATION_METRIC = "ndcg@100";

  /** The names of all metrics, for help. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return RankingMetric.names(true).iterator();
    }
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

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
      completionCandidates = Names.class,
      description =
          "What to measure, with commas between: ${COMPLETION-CANDIDATES}, each with @k; default"
              + " ${DEFAULT-VALUE}.")
  private List<String> metricNames;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the result as JSON too; - for standard output.")
  private OutputFile json;

  /**
   * What is measured, for a check before any data is read.
   *
   * @throws DataException if there is no such metric
   * @throws IllegalArgumentException if one is asked for twice
   */
  RankingEvaluator withoutData() {
    CsrMatrix nobody = CsrMatrix.ofRows(1, new long[] {0}, new int[0][]);
    return RankingEvaluator.of(metrics(nobody));
  }

  /** What was asked for, against the popularity of items among training users. */
  List<RankingMetric> metrics(CsrMatrix train) {
    Popularity popularity = Popularity.of(train);
    return metricNames.stream().map(name -> RankingMetric.parse(name, popularity)).toList();
  }

  /**
   * Reads the data.
   *
   * @param part whose users are to be measured on
   * @throws DataException if it cannot be read, or nothing is held out for the part
   */
  Split split(EvaluateCommand.Part part) {
    Split split = PreparedFolder.read(data);
    part.requireHeldOut(split, data);
    return split;
  }

  /**
   * Opens a model that is to be measured on the data; to be closed. Whoever may have been trained
   * on those it is measured on does not go without a word.
   *
   * @throws DataException if there is no such model, or its items are not those of the data
   */
  Recommender open(String model, Split split) {
    Recommender opened = NamedModel.open(model, split, data);
    if (!NamedModel.isClosedForm(model)
        && RunFolder.isRun(Path.of(model))
        && !RunFolder.isOf(Path.of(model), split.train(), split.items())) {
      command
          .commandLine()
          .getErr()
          .println(
              model
                  + ": was trained on other histories than the training part of "
                  + data
                  + "; if what is held out was among them, its figures are too good");
    }
    return opened;
  }

  /** The prepared folder. */
  Path data() {
    return data;
  }

  /** Where to write JSON; null for nowhere. */
  OutputFile json() {
    return json;
  }
}
