package io.github.vaecf.cli;

import io.github.vaecf.core.Recommender;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.Split;
import io.github.vaecf.eval.Evaluation;
import io.github.vaecf.eval.RankingEvaluator;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code vaecf evaluate}: the published protocol on a run or on an export. */
@Command(
    name = "evaluate",
    header = "Measure a trained or an exported model by the published protocol.",
    description = {
      "",
      "Tells the model the fold-in items of each held-out user and looks for the held-out ones in"
          + " its ranking of all others. Means over the users, with standard errors; for each k"
          + " also the share of the items that anybody is recommended (coverage) and how unevenly"
          + " (gini: 0 if all alike).",
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

    /** Reads a part's name; picocli's own message would name each part twice. */
    static Part named(String text) {
      for (Part part : values()) {
        if (part.name().equalsIgnoreCase(text)) {
          return part;
        }
      }
      throw new TypeConversionException("expected test or validation, found '" + text + "'");
    }

    HeldOut of(Split split) {
      return this == TEST ? split.test() : split.validation();
    }

    /**
     * Makes sure, before long work, that there is something to measure by.
     *
     * @throws DataException if nothing is held out for the part
     */
    void requireHeldOut(Split split, Path data) {
      if (of(split).isEmpty()) {
        throw new DataException(
            data.resolve(this + "_te.csv")
                + ": expected a pair to find, found none: there is nothing to measure; prepare the"
                + " data with pairs held out for "
                + this);
      }
    }
  }

  @Mixin private MeasuringOptions measuring;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      completionCandidates = NamedModel.ClosedForms.class,
      description =
          "A run folder, an exported version, its base folder, an ONNX file; or a model in closed"
              + " form, fitted at once: ${COMPLETION-CANDIDATES}, or with a setting as in"
              + " ease:200.")
  private String model;

  @Option(
      names = "--split",
      paramLabel = "PART",
      defaultValue = "test",
      description = "Whose users: ${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.")
  private Part part;

  @Option(
      names = "--per-user",
      paramLabel = "FILE",
      description = "Write each user's values as CSV; - for standard output.")
  private OutputFile perUser;

  @Override
  void run() throws Exception {
    fromOption("--metrics", measuring::withoutData);
    Split split = measuring.split(part);
    RankingEvaluator evaluator = RankingEvaluator.of(measuring.metrics(split.train()));
    Evaluation evaluation;
    try (Recommender opened = measuring.open(model, split)) {
      evaluation = evaluator.evaluate(opened, part.of(split));
    }
    out().print(EvaluationTable.of(evaluation));
    out()
        .printf(
            Locale.ROOT, "%,d %s users, %.1f s%n", evaluation.users(), part, evaluation.seconds());
    if (perUser != null) {
      StringWriter values = new StringWriter();
      evaluation.writeUsers(values, split.users());
      write(perUser, values.toString());
    }
    if (measuring.json() != null) {
      write(measuring.json(), evaluation.toJson(model, part.toString()) + "\n");
    }
  }
}
