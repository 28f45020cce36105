package io.github.vaecf.cli;

import com.sun.management.OperatingSystemMXBean;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.reading.SqlReader;
import io.github.vaecf.data.reading.SqlTable;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.function.Function;
import picocli.CommandLine.Option;

/** The options that say which database is asked, and as whom. */
final class DatabaseOptions {
  private static final String PASSWORD_VARIABLE = "VAECF_JDBC_PASSWORD";

  /** Where a password belongs. */
  private static final String INSTEAD =
      "the list of processes and the history of the shell show it; put it into the environment ("
          + PASSWORD_VARIABLE
          + ") or a file (--jdbc-password-file)";

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

  /** Whether there is a database to be asked, not only the embedded engine. */
  boolean given() {
    return url != null;
  }

  /**
   * Refuses what cannot be right, before anything is read.
   *
   * @throws IllegalArgumentException if an option is wrong; the message repeats no password
   */
  void check() {
    check(null, null);
  }

  /**
   * Refuses what cannot be right, before anything is read.
   *
   * @param option the name of an option that has the URL of another database, or null
   * @param other that URL, or null
   * @throws IllegalArgumentException if an option is wrong; the message repeats no password
   */
  void check(String option, String other) {
    if (password != null) {
      throw new IllegalArgumentException("a password is no argument, since " + INSTEAD);
    }
    if (url == null && other == null && (user != null || passwordFile != null)) {
      throw new IllegalArgumentException(
          (user != null ? "--jdbc-user" : "--jdbc-password-file")
              + " goes with "
              + (option == null ? "--jdbc" : "--jdbc and " + option)
              + "; the embedded DuckDB, which reads files, asks for none");
    }
    checkUrl("--jdbc", url);
    checkUrl(option, other);
  }

  private static void checkUrl(String option, String url) {
    if (url == null) {
      return;
    }
    if (!SqlReader.passwordsIn(url).isEmpty()) {
      throw new IllegalArgumentException(
          option + ": a password in the URL is refused, since " + INSTEAD);
    }
    if (!url.toLowerCase(Locale.ROOT).matches("jdbc:[a-z0-9+.-]+:.*")) {
      throw new IllegalArgumentException(
          option
              + ": expected a URL as in jdbc:postgresql://HOST/DATABASE, found '"
              + DataException.excerpt(url)
              + "'");
    }
    try {
      DriverManager.getDriver(url);
    } catch (SQLException e) {
      throw new IllegalArgumentException(
          option
              + ": there is no driver for "
              + url.substring(0, url.indexOf(':', "jdbc:".length()) + 1)
              + "; DuckDB's and PostgreSQL's are here, another one is added by its jar, as in"
              + " VAECF_CLASSPATH=driver.jar ./vaecf …",
          e);
    }
  }

  /** Reads from the database, or from files by the embedded engine. */
  <T> T read(Function<SqlReader, T> reading) {
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
    String database = url == null ? EmbeddedEngine.URL : url;
    Properties properties = new Properties();
    if (database.toLowerCase(Locale.ROOT).startsWith(EmbeddedEngine.URL)) {
      embedded(database, properties);
      try {
        return SqlReader.connect(database, properties);
      } catch (LinkageError e) {
        throw new DataException(
            "the embedded DuckDB cannot be loaded; its library is unpacked into "
                + System.getProperty("java.io.tmpdir")
                + ", which must be writable (VAECF_JAVA_OPTS=-Djava.io.tmpdir=DIR names another"
                + " folder): "
                + Failures.rootOf(e),
            e);
      }
    }
    return SqlReader.connect(database, identified(properties));
  }

  /**
   * A table whose rows are to be replaced, in a database other than the one that is read.
   *
   * @param database its URL
   * @param table its name
   * @param values what a row has
   */
  SqlTable table(String database, String table, List<String> values) {
    Properties properties = new Properties();
    if (!database.toLowerCase(Locale.ROOT).startsWith(EmbeddedEngine.URL)) {
      identified(properties);
    }
    return SqlTable.connect(database, properties, table, values);
  }

  private Properties identified(Properties properties) {
    if (user != null) {
      properties.setProperty("user", user);
    }
    String secret = passwordFile == null ? System.getenv(PASSWORD_VARIABLE) : passwordInFile();
    if (secret != null && !secret.isEmpty()) {
      properties.setProperty("password", secret);
    }
    return properties;
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
    String file = database.substring(EmbeddedEngine.URL.length());
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
}
