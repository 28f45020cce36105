package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.DelimitedReader;
import io.github.vaecf.data.reading.ItemTitles;
import io.github.vaecf.data.reading.LogFormat;
import io.github.vaecf.data.reading.ReadOptions;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** The options that say what stands where in delimited text. */
final class DelimitedOptions {
  @Option(
      names = "--separator",
      paramLabel = "TEXT",
      description =
          "What stands between fields, instead of the comma of csv, the tab of tsv and what auto"
              + " finds; one or more characters.")
  private String separator;

  @Option(
      names = "--header",
      negatable = true,
      description =
          "The first line names the columns, or (--no-header) is an event already (csv, tsv);"
              + " default: what it looks like.")
  private Boolean header;

  @Option(
      names = "--user-column",
      paramLabel = "COLUMN",
      description =
          "The users' column (csv, tsv): name or number; default: the one that the header names so,"
              + " else 1.")
  private String userColumn;

  @Option(
      names = "--item-column",
      paramLabel = "COLUMN",
      description =
          "The items' column (csv, tsv): name or number; default: the one that the header names so,"
              + " else 2.")
  private String itemColumn;

  @Option(
      names = "--value-column",
      paramLabel = "COLUMN",
      description =
          "The ratings' column (csv, tsv): name, number, or 'none' where every line is a like;"
              + " default: the one that the header names so, else 3 if it has numbers that are no"
              + " times, else none.")
  private String valueColumn;

  @Option(
      names = "--time-column",
      paramLabel = "COLUMN",
      description =
          "The times' column (csv, tsv): name, number, or 'none'; numbers, or dates, also with a time"
              + " of day and an offset; default: of auto what looks like it, else no times.")
  private String timeColumn;

  @Option(
      names = "--skip-bad-lines",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Pass over up to N lines that cannot be used, and list the first of them (csv, tsv);"
              + " default ${DEFAULT-VALUE}: the first one is an error.")
  private int skipBadLines;

  @Option(
      names = "--titles",
      paramLabel = "FILE",
      description =
          "What to call items (csv, tsv): a file with the same separator, also in an archive as in"
              + " ml.zip!movies.csv.")
  private Path titles;

  @Option(
      names = "--title-columns",
      paramLabel = "ID,TITLE",
      defaultValue = "1,2",
      description = "Columns of the titles file: names or numbers; default ${DEFAULT-VALUE}.")
  private String titleColumns;

  /** Whether there is a file of titles. */
  boolean titled() {
    return titles != null;
  }

  /** Whether it was said that there are no values. */
  boolean withoutValues() {
    return "none".equals(valueColumn);
  }

  /** The names of the options here. */
  static String[] names() {
    return CommandSpec.forAnnotatedObject(new DelimitedOptions()).options().stream()
        .map(OptionSpec::longestName)
        .toArray(String[]::new);
  }

  /**
   * The reader of the log.
   *
   * @param findTimes whether times are told too where nothing is said of them
   * @param options what is read
   * @param notes takes what a person should know of the reading
   * @throws IllegalArgumentException if an option is out of its range
   */
  DelimitedReader reader(
      LogFormat format, boolean findTimes, ReadOptions options, Consumer<String> notes) {
    DelimitedReader.Builder builder =
        format.columns().separator(separator(format)).skipBadLines(skipBadLines).notes(notes);
    if (header != null) {
      builder.header(header);
    }
    if (userColumn != null) {
      builder.userColumn(userColumn);
    }
    if (itemColumn != null) {
      builder.itemColumn(itemColumn);
    }
    if (valueColumn == null) {
      builder.valueColumnIfAny();
    } else if (!valueColumn.equals("none")) {
      builder.valueColumn(valueColumn);
    }
    if (timeColumn == null) {
      if (findTimes) {
        builder.timeColumnIfAny();
      }
    } else if (!timeColumn.equals("none")) {
      builder.timeColumn(timeColumn);
    }
    titleColumn(0);
    return builder.options(options).build();
  }

  /** The log with the titles of the titles file, if there is one. */
  Interactions withTitles(Interactions log, LogFormat format) {
    return titles == null
        ? log
        : log.withTitles(
            ItemTitles.read(titles, separator(format), titleColumn(0), titleColumn(1)));
  }

  /**
   * Refuses titles of which none is that of an item.
   *
   * @throws DataException if there is a titles file and no item has a title
   */
  void requireTitles(Split split) {
    if (titles != null && split.titles().isEmpty()) {
      throw new DataException(
          titles
              + ": expected titles of items such as '"
              + split.items().id(0)
              + "', found none for any of "
              + split.items().size()
              + " items; say which columns hold id and title (--title-columns), or leave away"
              + " --titles");
    }
  }

  private String titleColumn(int which) {
    String[] columns = titleColumns.split(",", -1);
    if (columns.length != 2) {
      throw new IllegalArgumentException(
          "--title-columns: expected two columns, as in movieId,title, found " + titleColumns);
    }
    return columns[which];
  }

  private String separator(LogFormat format) {
    return saidSeparator().orElseGet(() -> format.separator().orElseThrow());
  }

  /** What was said to stand between fields. */
  Optional<String> saidSeparator() {
    return Optional.ofNullable(separator).map(text -> text.replace("\\t", "\t"));
  }
}
