package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.DelimitedReader;
import io.github.vaecf.data.reading.ItemTitles;
import io.github.vaecf.data.reading.LogFormat;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that say what stands where in delimited text. */
final class DelimitedOptions {
  @Option(
      names = "--separator",
      paramLabel = "TEXT",
      description =
          "What stands between fields, instead of the comma of csv and the tab of tsv; one or"
              + " more characters.")
  private String separator;

  @Option(names = "--no-header", description = "The first line is data already (csv, tsv).")
  private boolean noHeader;

  @Option(
      names = "--user-column",
      paramLabel = "COLUMN",
      defaultValue = "1",
      description = "The users' column (csv, tsv): name or number; default ${DEFAULT-VALUE}.")
  private String userColumn;

  @Option(
      names = "--item-column",
      paramLabel = "COLUMN",
      defaultValue = "2",
      description = "The items' column (csv, tsv): name or number; default ${DEFAULT-VALUE}.")
  private String itemColumn;

  @Option(
      names = "--value-column",
      paramLabel = "COLUMN",
      defaultValue = "3",
      description =
          "The ratings' column (csv, tsv): name, number, or 'none' where every line is a like;"
              + " default ${DEFAULT-VALUE}.")
  private String valueColumn;

  @Option(
      names = "--time-column",
      paramLabel = "COLUMN",
      description = "The times' column (csv, tsv): name or number; default: no times.")
  private String timeColumn;

  @Option(
      names = "--titles",
      paramLabel = "FILE",
      description = "What to call items (csv, tsv): a file with a header and the same separator.")
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

  /** Whether there is a column of ratings. */
  boolean rated() {
    return !valueColumn.equals("none");
  }

  /**
   * The reader of the log.
   *
   * @throws IllegalArgumentException if an option is out of its range
   */
  DelimitedReader reader(LogFormat format) {
    DelimitedReader.Builder builder =
        DelimitedReader.builder()
            .separator(separator(format))
            .header(!noHeader)
            .userColumn(userColumn)
            .itemColumn(itemColumn);
    if (rated()) {
      builder.valueColumn(valueColumn);
    }
    if (timeColumn != null) {
      builder.timeColumn(timeColumn);
    }
    titleColumn(0);
    return builder.build();
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
    return separator == null ? format.separator().orElseThrow() : separator.replace("\\t", "\t");
  }
}
