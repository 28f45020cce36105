package io.github.vaecf.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A PostgreSQL of one's own, on a port of the loopback, in a folder that goes away with it. As
 * root, who may not run it, it runs as the user that Debian's package makes.
 */
final class PostgreSql implements AutoCloseable {
  private static final String USER = "vaecf";
  private static final Path DEBIAN = Path.of("/usr/lib/postgresql");

  private final Path programs;
  private final Path folder;
  private final int port;

  private PostgreSql(Path programs, Path folder, int port) {
    this.programs = programs;
    this.folder = folder;
    this.port = port;
  }

  /** The folder of initdb and the other programs; empty where PostgreSQL is not installed. */
  static Optional<Path> programs() {
    List<Path> places = new ArrayList<>();
    for (String place : System.getenv("PATH").split(":", -1)) {
      places.add(Path.of(place));
    }
    if (Files.isDirectory(DEBIAN)) {
      try (Stream<Path> versions = Files.list(DEBIAN)) {
        versions.map(version -> version.resolve("bin")).forEach(places::add);
      } catch (IOException e) {
        return Optional.empty();
      }
    }
    return places.stream()
        .map(place -> place.resolve("initdb"))
        .filter(Files::isExecutable)
        .map(PostgreSql::folderOf)
        .filter(place -> Files.isExecutable(place.resolve("pg_ctl")))
        .findFirst();
  }

  private static Path folderOf(Path program) {
    try {
      return program.toRealPath().getParent();
    } catch (IOException e) {
      return program.getParent();
    }
  }

  static PostgreSql start(Path programs, String password) throws IOException {
    Path folder = Path.of(run(null, "mktemp", "-d").strip());
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    PostgreSql server = new PostgreSql(programs, folder, port);
    try {
      server.start(password);
    } catch (IOException e) {
      run(null, "rm", "-r", folder.toString());
      throw e;
    }
    return server;
  }

  private void start(String password) throws IOException {
    Path passwordFile = folder.resolve("password");
    run(password, "tee", passwordFile.toString());
    run(
        null,
        programs.resolve("initdb").toString(),
        "--pgdata=" + folder.resolve("data"),
        "--username=" + USER,
        "--auth=scram-sha-256",
        "--pwfile=" + passwordFile,
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync");
    run(
        null,
        programs.resolve("pg_ctl").toString(),
        "start",
        "--wait",
        "--pgdata=" + folder.resolve("data"),
        "--log=" + folder.resolve("log"),
        "--options=-p " + port + " -k " + folder + " -c listen_addresses=127.0.0.1 -c fsync=off");
  }

  /** Runs a program, as the user who may. */
  private static String run(String input, String... command) throws IOException {
    List<String> words = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      words.addAll(List.of("runuser", "-u", "postgres", "--"));
    }
    words.addAll(List.of(command));
    Path output = Files.createTempFile("program", ".txt"); // A server keeps a pipe open.
    try {
      Process process =
          new ProcessBuilder(words)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (input != null) {
        process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
      }
      process.getOutputStream().close();
      int status = process.waitFor();
      String said = Files.readString(output);
      if (status != 0) {
        throw new IOException(String.join(" ", words) + ": status " + status + ", " + said);
      }
      return said;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(String.join(" ", words) + ": waiting for it was interrupted", e);
    } finally {
      Files.delete(output);
    }
  }

  String user() {
    return USER;
  }

  String url() {
    return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
  }

  @Override
  public void close() throws IOException {
    run(
        null,
        programs.resolve("pg_ctl").toString(),
        "stop",
        "--mode=immediate",
        "--pgdata=" + folder.resolve("data"));
    run(null, "rm", "-r", folder.toString());
  }
}
