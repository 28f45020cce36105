package io.github.vaecf.cli;

import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import io.github.vaecf.data.published.PublishedDataSet;
import io.github.vaecf.data.reading.LogFormat;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.data.splitting.Splitter;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.synthetic.Shape;
import io.github.vaecf.data.synthetic.SyntheticLog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
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
      completionCandidates = Shapes.class,
      description =
          "A published data set as it is prepared (${COMPLETION-CANDIDATES}), or"
              + " USERSxITEMSxEVENTS.")
  private String shape;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The folder to write; new or empty.")
  private Path out;

  @Option(
      names = "--raw",
      arity = "0..1",
      fallbackValue = "movielens",
      paramLabel = "FORM",
      completionCandidates = Forms.class,
      description =
          "Write raw data instead of a prepared folder, in the form in which a data set was"
              + " published: ${COMPLETION-CANDIDATES}; without FORM movielens.")
  private String raw;

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

  /** The names of the data sets whose size is known. */
  static final class Shapes implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return PublishedDataSet.all().stream()
          .filter(dataSet -> dataSet.prepared().isPresent())
          .map(PublishedDataSet::name)
          .iterator();
    }
  }

  /** The names of the formats that can be written. */
  static final class Forms implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return LogFormat.all().stream().filter(LogFormat::isWritable).map(LogFormat::name).iterator();
    }
  }

  @Override
  void run() throws Exception {
    Shape size = fromOption("--shape", this::size);
    requireNew(out);
    if (raw != null) {
      refuse("is for a prepared folder, not for --raw", "--heldout-users");
      LogFormat format = fromOptions(this::rawFormat);
      writeRaw(format, size);
      out().println("Synthetic " + format + " data, " + size + ", seed " + seed + ": in " + out);
      return;
    }
    Splitter splitter =
        fromOptions(
            () -> StrongGeneralizationSplitter.builder().heldOutUsers(heldOutUsers(size)).build());
    Split split =
        Synthetic.marked(splitter.split(SyntheticLog.generate(size, seed)), "seed " + seed);
    PreparedFolder.write(split, out);
    out().print(SplitSummary.stages(split));
    out().println();
    out().print(SplitSummary.parts(split));
    out().println();
    out().println("Synthetic data, for measuring speed only: written to " + out);
  }

  private void writeRaw(LogFormat format, Shape size) {
    Interactions log = SyntheticLog.generate(size, seed);
    WholeFile.make(
        out,
        partial -> {
          Files.createDirectory(partial);
          Synthetic.mark(partial, size, seed);
          format.write(log, partial);
        });
  }

  private Shape size() {
    return PublishedDataSet.find(shape)
        .flatMap(PublishedDataSet::prepared)
        .orElseGet(() -> Shape.of(shape));
  }

  private LogFormat rawFormat() {
    LogFormat format = LogFormat.of(raw);
    if (!format.isWritable()) {
      throw new IllegalArgumentException(
          "--raw: expected one of " + String.join(", ", new Forms()) + ", found '" + raw + "'");
    }
    return format;
  }

  private int heldOutUsers(Shape size) {
    if (heldOutUsers != null) {
      return heldOutUsers;
    }
    return PublishedDataSet.all().stream()
        .filter(dataSet -> dataSet.prepared().filter(size::equals).isPresent())
        .flatMap(dataSet -> dataSet.preset().stream())
        .map(PublishedDataSet.Preset::heldOutUsers)
        .findFirst()
        .orElse(Math.max(1, size.users() / 10));
  }
}
