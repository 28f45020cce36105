package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.ReadOptions;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** The options that take the log from the rows of a query. */
final class SqlOptions {
  @Option(
      names = "--sql",
      paramLabel = "QUERY",
      description =
          "The log as the rows of a query, in place of --input: SELECT user, item[, value[, time]]"
              + " FROM …; a column is what its name says, as in a header of csv, or else its place."
              + " Rows count in the order in which they come: say ORDER BY.")
  private String query;

  @Mixin private DatabaseOptions database;

  @Option(
      names = "--titles-sql",
      paramLabel = "QUERY",
      description =
          "What to call items, by a second query: SELECT id, title[, year] FROM …, in this order.")
  private String titlesQuery;

  /** Whether the log is that of a query. */
  boolean given() {
    return query != null;
  }

  /** The names of the options that say more of the query. */
  static String[] names() {
    return CommandSpec.forAnnotatedObject(new SqlOptions()).options().stream()
        .filter(option -> !option.hidden())
        .map(OptionSpec::longestName)
        .toArray(String[]::new);
  }

  /**
   * Refuses what cannot be right, before anything is read.
   *
   * @throws IllegalArgumentException if an option is wrong; the message repeats no password
   */
  void check() {
    database.check();
  }

  /**
   * Reads the log, and its titles if they are asked for.
   *
   * @param options what of it is read
   * @param notes takes what a person should know of the reading
   */
  Interactions read(ReadOptions options, Consumer<String> notes) {
    return database.read(
        reader -> {
          // First what is short, so that a slip in it does not cost a long reading.
          Map<String, String> titles = titlesQuery == null ? Map.of() : reader.titles(titlesQuery);
          return reader.read(query, options, notes).withTitles(titles);
        });
  }

  /**
   * Reads a log from files of a table.
   *
   * @param options what of it is read
   * @param notes takes what a person should know of the reading
   */
  Interactions read(TableFiles files, ReadOptions options, Consumer<String> notes) {
    return database.read(reader -> reader.readTable(files.table(), options, notes));
  }

  /**
   * Refuses titles of which none is that of an item.
   *
   * @throws DataException if there is a query of titles and no item has one
   */
  void requireTitles(Split split) {
    if (titlesQuery != null && split.titles().isEmpty()) {
      throw new DataException(
          "--titles-sql: expected titles of items such as '"
              + split.items().id(0)
              + "', found none for any of "
              + split.items().size()
              + " items; select the id first and the title second, or leave away --titles-sql");
    }
  }
}
