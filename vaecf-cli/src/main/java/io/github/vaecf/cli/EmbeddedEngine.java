package io.github.vaecf.cli;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Locale;

/** DuckDB, which reads and writes files as tables. */
final class EmbeddedEngine {
  /** Opens a database in memory. */
  static final String URL = "jdbc:duckdb:";

  private final Thread loading; // null where there is nothing to load

  private EmbeddedEngine(Thread loading) {
    this.loading = loading;
  }

  /**
   * Loads the engine beside what else a program has to do first, if its arguments tell that it will
   * be needed: to unpack and start it takes a quarter of a second. Who needs it waits for the rest
   * by itself, and is told if it cannot be loaded.
   *
   * @param arguments those of the program
   */
  static EmbeddedEngine loadAhead(String... arguments) {
    if (Arrays.stream(arguments).noneMatch(EmbeddedEngine::tellsOfTables)) {
      return new EmbeddedEngine(null);
    }
    Thread thread = new Thread(EmbeddedEngine::load, "vaecf-load-duckdb");
    thread.setDaemon(true);
    thread.start();
    return new EmbeddedEngine(thread);
  }

  private static boolean tellsOfTables(String argument) {
    return argument.toLowerCase(Locale.ROOT).contains(".parquet");
  }

  private static void load() {
    try (Connection connection = DriverManager.getConnection(URL)) {
      connection.clearWarnings(); // It need not do anything.
    } catch (SQLException | LinkageError | RuntimeException e) {
      return; // The same befalls who needs it, and is told there.
    }
  }

  /** Waits until nothing is half unpacked. */
  void settle() {
    if (loading == null) {
      return;
    }
    try {
      loading.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
