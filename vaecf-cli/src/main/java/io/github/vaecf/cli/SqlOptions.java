package io.github.vaecf.cli;

import com.sun.management.OperatingSystemMXBean;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.SqlReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** The options that take the log from the rows of a query. */
final class SqlOptions {
  private static final String PASSWORD_VARIABLE = "VAECF_JDBC_PASSWORD";
  private static final String DUCKDB = "jdbc:duckdb:";

  /** Where a password belongs. */
  private static final String INSTEAD =
      "the list of processes and the history of the shell show it; put it into the environment ("
          + PASSWORD_VARIABLE
          + ") or a file (--jdbc-password-file)";

  @Option(
      names = "--sql",
      paramLabel = "QUERY",
      description =
          "The log as the rows of a query, in place of --input: SELECT user, item[, value[, time]]"
              + " FROM …; a column is what its name says, as in a header of csv, or else its place."
              + " Rows count in the order in which they come: say ORDER BY.")
  private String query;

  @Option(
      names = "--jdbc",
      paramLabel = "URL",
      description =
          "The database that is asked, without a password, as in jdbc:postgresql://HOST/DATABASE;"
              + " default: an embedded DuckDB, which reads files: FROM 'events/*.parquet', also"
              + " .json, .csv, each also .gz or .zst. VAECF_CLASSPATH=driver.jar adds drivers.")
  private String url;

  @Option(
      names = "--jdbc-user",
      paramLabel = "NAME",
      description = "The user at the database; default: as the URL or the driver has it.")
  private String user;

  @Option(
      names = "--jdbc-password-file",
      paramLabel = "FILE",
      description =
          "A file whose first line is the password; default: what "
              + PASSWORD_VARIABLE
              + " holds in the environment, or none.")
  private Path passwordFile;

  /** There only to be refused without a word of what was given. */
  @Option(
      names = {"--jdbc-password", "--password"},
      hidden = true,
      arity = "0..1",
      fallbackValue = "",
      paramLabel = "PASSWORD")
  private String password;

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
    if (password != null) {
      throw new IllegalArgumentException("a password is no argument, since " + INSTEAD);
    }
    if (url == null) {
      if (user != null || passwordFile != null) {
        throw new IllegalArgumentException(
            (user != null ? "--jdbc-user" : "--jdbc-password-file")
                + " goes with --jdbc; the embedded DuckDB, which reads files, asks for none");
      }
      return;
    }
    if (!SqlReader.passwordsIn(url).isEmpty()) {
      throw new IllegalArgumentException(
          "--jdbc: a password in the URL is refused, since " + INSTEAD);
    }
    if (!url.toLowerCase(Locale.ROOT).matches("jdbc:[a-z0-9+.-]+:.*")) {
      throw new IllegalArgumentException(
          "--jdbc: expected a URL as in jdbc:postgresql://HOST/DATABASE, found '"
              + DataException.excerpt(url)
              + "'");
    }
    try {
      DriverManager.getDriver(url);
    } catch (SQLException e) {
      throw new IllegalArgumentException(
          "--jdbc: there is no driver for "
              + url.substring(0, url.indexOf(':', "jdbc:".length()) + 1)
              + "; DuckDB's and PostgreSQL's are here, another one is added by its jar, as in"
              + " VAECF_CLASSPATH=driver.jar ./vaecf prepare …",
          e);
    }
  }

  /**
   * Reads the log, and its titles if they are asked for.
   *
   * @param notes takes what a person should know of the reading
   */
  Interactions read(Consumer<String> notes) {
    return connected(
        reader -> {
          // First what is short, so that a slip in it does not cost a long reading.
          Map<String, String> titles = titlesQuery == null ? Map.of() : reader.titles(titlesQuery);
          return reader.read(query, notes).withTitles(titles);
        });
  }

  /**
   * Reads a log from files of a table.
   *
   * @param notes takes what a person should know of the reading
   */
  Interactions read(TableFiles files, Consumer<String> notes) {
    return connected(reader -> reader.readTable(files.table(), notes));
  }

  private Interactions connected(Function<SqlReader, Interactions> reading) {
    try (SqlReader reader = connect()) {
      return reading.apply(reader);
    } catch (DataException e) {
      int advice = e.getMessage().indexOf(" Please try installing and loading");
      if (advice < 0) {
        throw e;
      }
      throw new DataException(
          e.getMessage().substring(0, advice)
              + "; the embedded DuckDB has what it needs for Parquet, JSON and CSV in it and downloads"
              + " nothing: bring the data here as files",
          e);
    }
  }

  private SqlReader connect() {
    String database = url == null ? DUCKDB : url;
    Properties properties = new Properties();
    if (database.toLowerCase(Locale.ROOT).startsWith(DUCKDB)) {
      embedded(database, properties);
      try {
        return SqlReader.connect(database, properties);
      } catch (LinkageError e) {
        throw new DataException(
            "the embedded DuckDB cannot be loaded; its library is unpacked into "
                + System.getProperty("java.io.tmpdir")
                + ", which must be writable (VAECF_JAVA_OPTS=-Djava.io.tmpdir=DIR names another"
                + " folder): "
                + e,
            e);
      }
    }
    if (user != null) {
      properties.setProperty("user", user);
    }
    String secret = passwordFile == null ? System.getenv(PASSWORD_VARIABLE) : passwordInFile();
    if (secret != null && !secret.isEmpty()) {
      properties.setProperty("password", secret);
    }
    return SqlReader.connect(database, properties);
  }

  /**
   * What the embedded engine may do: download nothing, take a part of the memory, change nothing.
   */
  private static void embedded(String database, Properties properties) {
    properties.setProperty("autoinstall_known_extensions", "false");
    properties.setProperty("autoload_known_extensions", "false");
    long memory =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    properties.setProperty("memory_limit", (memory >> 22) + "MiB"); // a quarter of it
    properties.setProperty(
        "temp_directory",
        Path.of(
                System.getProperty("java.io.tmpdir"),
                "vaecf-duckdb-" + ProcessHandle.current().pid())
            .toString());
    String file = database.substring(DUCKDB.length());
    if (!file.isEmpty() && !file.startsWith(":memory:") && !file.startsWith(";")) {
      properties.setProperty("duckdb.read_only", "true");
    }
  }

  private String passwordInFile() {
    try (BufferedReader lines = Files.newBufferedReader(passwordFile)) {
      String line = lines.readLine();
      if (line == null || line.isEmpty()) {
        throw new DataException(
            passwordFile + ": expected the password in the first line, found nothing");
      }
      return line;
    } catch (CharacterCodingException e) {
      throw new DataException(passwordFile + ": expected the password in UTF-8, found other bytes");
    } catch (IOException e) {
      throw new DataException(passwordFile + ": " + Failures.explain(e), e);
    }
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
