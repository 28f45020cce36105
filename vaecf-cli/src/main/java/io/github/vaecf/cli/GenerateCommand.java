package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.data.splitting.StrongGeneralizationSplit;
import io.github.vaecf.data.synthetic.Shape;
import io.github.vaecf.data.synthetic.SyntheticLog;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vaecf generate}: made-up data of a published shape. */
@Command(
    name = "generate",
    header = "Make up data of a given shape, to measure speed on.",
    description = {
      "",
      "Popularity and activity are skewed as in real logs, and users have tastes, so that a model"
          + " learns something. What it learns says nothing about real data.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  vaecf generate --shape ml-20m --out synthetic-20m",
      "  vaecf generate --shape 138493x26744x20000263 --raw --out raw-20m"
    })
final class GenerateCommand extends Subcommand {
  @Option(
      names = "--shape",
      required = true,
      paramLabel = "SHAPE",
      description =
          "ml-20m, netflix or msd as prepared by Liang et al. (2018), or USERSxITEMSxEVENTS.")
  private String shape;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The folder to write; must not exist.")
  private Path out;

  @Option(
      names = "--raw",
      arity = "0..1",
      fallbackValue = "movielens",
      paramLabel = "FORM",
      description =
          "Write raw data instead of a prepared folder, in the form in which a data set was"
              + " published: ${COMPLETION-CANDIDATES}; without FORM movielens.")
  private RawForm raw;

  @Option(
      names = "--heldout-users",
      paramLabel = "N",
      description =
          "Users held out for validation, and as many again for test; default as published, else a"
              + " tenth.")
  private Integer heldOutUsers;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Where the random numbers start; default ${DEFAULT-VALUE}.")
  private long seed;

  @Override
  void run() throws Exception {
    Shape size = fromOptions(() -> Shape.of(shape));
    StrongGeneralizationSplit splitting =
        fromOptions(
            () -> StrongGeneralizationSplit.builder().heldOutUsers(heldOutUsers(size)).build());
    Interactions log = SyntheticLog.generate(size, seed);
    if (raw != null) {
      if (Files.exists(out)) {
        throw new DataException(out + ": already exists; choose another place or remove it first");
      }
      Synthetic.mark(out, size, seed);
      raw.write(log, out);
      out().println("Synthetic " + raw + " data, " + size + ", seed " + seed + ": in " + out);
      return;
    }
    Split split = Synthetic.marked(splitting.split(log), "seed " + seed);
    PreparedFolder.write(split, out);
    out().print(SplitSummary.stages(split));
    out().println();
    out().print(SplitSummary.parts(split));
    out().println();
    out().println("Synthetic data, for measuring speed only: written to " + out);
  }

  private int heldOutUsers(Shape size) {
    if (heldOutUsers != null) {
      return heldOutUsers;
    }
    if (size.equals(Shape.MOVIELENS_20M)) {
      return 10_000;
    }
    if (size.equals(Shape.NETFLIX)) {
      return 40_000;
    }
    return size.equals(Shape.MSD) ? 50_000 : Math.max(1, size.users() / 10);
  }
}
