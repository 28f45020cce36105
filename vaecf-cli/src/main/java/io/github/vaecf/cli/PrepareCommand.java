package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.DelimitedReader;
import io.github.vaecf.data.reading.LogFormat;
import io.github.vaecf.data.reading.PreparedFolder;
import io.github.vaecf.data.reading.ReadOptions;
import io.github.vaecf.data.splitting.GivenSplitter;
import io.github.vaecf.data.splitting.Splitter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vaecf prepare}: raw data to a prepared folder. */
@Command(
    name = "prepare",
    header = "Turn raw data into a prepared folder: filtered, indexed and split.",
    description = {
      "",
      "Reads who touched what, keeps what is liked and frequent enough, holds out users for"
          + " validation and test, and writes the seven files of the published layout.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  vaecf prepare --input ratings.csv --heldout-users 50 --out data",
      "  vaecf prepare --format csv --separator ';' --input log.txt --out data",
      "  vaecf prepare --sql \"SELECT user_id, item_id FROM '*.parquet'\" --out data"
    })
final class PrepareCommand extends Subcommand {
  /** The form is found out. */
  private static final String AUTO = "auto";

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      completionCandidates = Formats.class,
      defaultValue = AUTO,
      description =
          "Form of the input: ${COMPLETION-CANDIDATES}. auto, the default, finds it out by the names"
              + " of published files and the first lines (Parquet and JSON lines too), and says what"
              + " it took; of what could be two things it asks.")
  private String formatName;

  @Option(
      names = "--input",
      arity = "1..*",
      paramLabel = "PATH",
      description =
          "The files or the folder, also compressed as published, or - for standard input; a.zip!b"
              + " is the member b of a zip or tar; several files of csv or tsv are read in this order"
              + " as one log; a folder of lightgcn has train.txt and test.txt.")
  private List<Path> input;

  @Mixin private SqlOptions sqlOptions;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The prepared folder to write; new or empty.")
  private Path out;

  @Mixin private SplitOptions splitOptions;

  @Mixin private DelimitedOptions delimitedOptions;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the counts as JSON too; - for standard output.")
  private OutputFile json;

  /** The form of the files, or null for a table's rows. */
  private LogFormat format;

  /** Whether the files are a table that the embedded DuckDB reads. */
  private boolean tableFiles;

  /** The names of the formats. */
  static final class Formats implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.concat(Stream.of(AUTO), LogFormat.all().stream().map(LogFormat::name))
          .iterator();
    }
  }

  @Override
  void run() throws Exception {
    requireOneSource();
    requireNew(out);
    if (isFound()) {
      findFormat();
    }
    Optional<LogFormat.TrainAndTest> own =
        format != null && input.size() == 1 ? format.trainAndTest(input.get(0)) : Optional.empty();
    boolean twoLogs = own.isPresent() || splitOptions.given();
    Split split = twoLogs ? joined(own) : divided();
    splitOptions.requireHeldOut(split, twoLogs);
    delimitedOptions.requireTitles(split);
    sqlOptions.requireTitles(split);
    PreparedFolder.write(split, out);
    if (!split.stages().isEmpty()) {
      out().print(SplitSummary.stages(split));
      out().println();
    }
    out().print(SplitSummary.parts(split));
    out().println();
    out().println("Written to " + out);
    writeJson(json, toJson(split));
  }

  /** Takes the log from a query, or from files of a format; refuses what says neither or both. */
  private void requireOneSource() {
    if (sqlOptions.given()) {
      refuse("is for files, and --sql takes the log from a query", "--format", "--input");
      refuse(
          "is for files; the query of --sql selects the columns, and --titles-sql the titles",
          DelimitedOptions.names());
      if (splitOptions.given()) {
        throw wrongUsage("--split: given takes two logs, each an --input, and --sql is one");
      }
    } else {
      refuse("goes with --sql", SqlOptions.names());
      if (input == null) {
        throw wrongUsage(
            formatName.equals(AUTO)
                ? "expected a log: files (--input) or a query (--sql)"
                : "Missing required option: '--input=PATH'");
      }
      if (!isFound()) {
        format = fromOption("--format", () -> LogFormat.of(formatName));
      }
    }
    fromOptions(
        () -> {
          sqlOptions.check();
          return null;
        });
  }

  /** Whether the form of the files is to be found out. */
  private boolean isFound() {
    return !sqlOptions.given() && formatName.equalsIgnoreCase(AUTO);
  }

  /** Finds out the form of the files, which all must have. */
  private void findFormat() {
    tableFiles = TableFiles.of(input).isPresent();
    if (tableFiles) {
      refuse(
          "is for delimited text; of Parquet and JSON a query says what stands where (--sql)",
          DelimitedOptions.names());
      return;
    }
    List<String> delimited = List.of(DelimitedOptions.names());
    boolean columnsSaid =
        givenOptions().stream().anyMatch(option -> delimited.contains(option.longestName()));
    Optional<String> separator = delimitedOptions.saidSeparator();
    for (Path path : input) {
      LogFormat one;
      try {
        one = columnsSaid ? LogFormat.findDelimited(path, separator) : LogFormat.find(path);
      } catch (IllegalArgumentException e) {
        throw wrongUsage("--separator: " + e.getMessage());
      }
      if (format != null
          && !(one.name().equals(format.name()) && one.separator().equals(format.separator()))) {
        throw wrongUsage(
            "--input: expected files of one form, found that "
                + input.get(0)
                + " and "
                + path
                + " differ; --format and --separator say what they are");
      }
      format = format == null ? one : format;
    }
    if (format.separator().isEmpty()) {
      say(input.get(0) + ": " + format + "; --format says otherwise");
    }
  }

  /** Whether it can be said which column is which, and whether there are values. */
  private boolean hasColumns() {
    return format == null || format.separator().isPresent();
  }

  /**
   * Refuses what would do nothing.
   *
   * @param kind the kind of split
   */
  private void refuseWhatDoesNothing(String kind) {
    if (!kind.equals("strong")) {
      refuse("is for --split strong, not for " + kind, "--preset", "--heldout-users");
    }
    if (kind.equals("given")) {
      refuse(
          "is not for --split given, which takes both logs as they are",
          "--min-rating",
          "--min-user-items",
          "--min-item-users",
          "--until-stable",
          "--repeated",
          "--most-user-items",
          "--popular-items");
    } else if (!List.of("weak", "time").contains(kind)) {
      refuse("is for --split weak, time and given, not for " + kind, "--validation-share");
    }
    if (!List.of("weak", "time").contains(kind)) {
      refuse("is for --split weak and time, not for " + kind, "--test-share");
    }
    if (!kind.equals("last")) {
      refuse("is for --split last, not for " + kind, "--heldout-items");
    }
    if (!kind.equals("time")) {
      refuse("is for --split time, not for " + kind, "--validation-from", "--test-from");
    }
    if (List.of("last", "time").contains(kind) && !splitOptions.undersamples()) {
      refuse("is not for --split " + kind + ", which draws nothing at random", "--seed");
    }
    if (!hasColumns()) {
      refuse(
          "goes with --format csv or tsv; in a log of " + format + " it is known what stands where",
          DelimitedOptions.names());
    }
    if (!delimitedOptions.titled()) {
      refuse("is for the file of --titles, and none is given", "--title-columns");
    }
    if (!(hasColumns() ? !delimitedOptions.withoutValues() : format.isRated())) {
      refuse(
          "is for ratings, and "
              + (hasColumns()
                  ? "--value-column none says that there are none"
                  : format + " has none"),
          "--min-rating");
    }
  }

  private Split divided() {
    refuseWhatDoesNothing(fromOptions(splitOptions::kindName));
    // Wrong usage is said before anything is read.
    boolean mayBeRated = format == null || format.isRated();
    Splitter splitter = fromOptions(() -> splitOptions.splitter(mayBeRated));
    ReadOptions options = new ReadOptions(splitter.needsTimes(), splitter.leastValue());
    Interactions log =
        sqlOptions.given() ? sqlOptions.read(options, this::say) : read(input, options);
    boolean rated = mayBeRated;
    if (rated && splitOptions.takesDefaultRating()) {
      LikeThreshold threshold = LikeThreshold.of(log);
      rated = !(hasColumns() && threshold.isOneValue());
      if (rated) {
        threshold.require(
            sqlOptions.given() ? "--sql" : input.get(0).toString(),
            format == null
                ? (tableFiles ? "ask by --sql and " : "")
                    + "select no value if every event is a like, AS time what is a time, or say "
                : hasColumns() ? "say --value-column none if every event is a like, or " : "say ");
      }
    }
    return splitOptions.splitter(rated).split(log);
  }

  private void say(String note) {
    out().println(note);
    out().println();
  }

  private Split joined(Optional<LogFormat.TrainAndTest> own) {
    List<Path> both = input;
    if (own.isPresent()) {
      if (!splitOptions.given() && splitOptions.chosen()) {
        throw wrongUsage(
            "--split: "
                + input.get(0)
                + " is a folder with its own train.txt and test.txt, so only 'given' fits; to split"
                + " anew name one of the files");
      }
      both = List.of(own.get().train(), own.get().test());
    }
    if (both.size() != 2) {
      throw wrongUsage("--input: --split given takes two, train and test, found " + both.size());
    }
    refuseWhatDoesNothing("given");
    GivenSplitter splitter = fromOptions(splitOptions::givenSplitter);
    ReadOptions untimed = ReadOptions.ALL.withoutTimes();
    return splitter.split(read(both.subList(0, 1), untimed), read(both.subList(1, 2), untimed));
  }

  private Interactions read(List<Path> files, ReadOptions options) {
    if (tableFiles) {
      TableFiles table = TableFiles.of(files).orElseThrow();
      return sqlOptions.read(
          table,
          options,
          note ->
              say(
                  files.get(0)
                      + ": "
                      + table.kind()
                      + note.substring(table.table().length())
                      + "; --sql says otherwise"));
    }
    if (format.separator().isEmpty()) {
      if (files.size() != 1) {
        throw wrongUsage(
            "--input: --format "
                + format
                + " takes one file or folder, found "
                + files.size()
                + "; with --split given two, train and test");
      }
      return format.read(files.get(0), options);
    }
    List<String> notes = new ArrayList<>();
    DelimitedReader reader =
        fromOptions(() -> delimitedOptions.reader(format, isFound(), options, notes::add));
    Interactions log = reader.read(files.toArray(Path[]::new));
    notes.forEach(out()::println);
    out().println();
    return delimitedOptions.withTitles(log, format);
  }

  private ObjectNode toJson(Split split) {
    ObjectNode root = jsonObject();
    root.put("folder", out.toString());
    ArrayNode stages = root.putArray("stages");
    for (Split.Stage stage : split.stages()) {
      stages
          .addObject()
          .put("name", stage.name())
          .put("users", stage.users())
          .put("items", stage.items())
          .put("events", stage.events());
    }
    root.put("items", split.items().size());
    root.put("training_users", split.train().rows());
    root.put("training_events", split.train().entries());
    root.put("validation_users", split.validation().users());
    root.put("test_users", split.test().users());
    return root;
  }
}
