package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Files that the embedded DuckDB reads as one table: Parquet, or JSON with an object a row.
 *
 * @param kind what they are, in words
 * @param table what stands after FROM in a query
 */
record TableFiles(String kind, String table) {
  private static final String PARQUET = "Parquet";
  private static final String JSON = "JSON";
  private static final int DEEPEST = 4;
  private static final int HEAD = 4096;

  /** What lies beside data. */
  private static final String BESIDE =
      "[._].*|(readme|licen[cs]e|changes|notice).*|.*\\.(md|crc|html?)";

  /**
   * The table that some files are.
   *
   * @param paths files and folders of them
   * @return empty if none of them is such a file
   * @throws DataException if only some are, or they are of two kinds
   */
  static Optional<TableFiles> of(List<Path> paths) {
    List<Path> files = new ArrayList<>();
    Set<String> kinds = new TreeSet<>();
    boolean compressed = false;
    for (Path path : paths) {
      for (Path file : files(path)) {
        Head head = Head.of(file);
        files.add(file);
        kinds.add(head.kind);
        compressed |= head.gzip;
      }
    }
    if (!kinds.contains(PARQUET) && !kinds.contains(JSON)) {
      return Optional.empty();
    }
    if (kinds.size() > 1) {
      throw new DataException(
          paths.get(0)
              + ": expected files of one kind, found "
              + kinds.stream()
                  .map(kind -> kind.isEmpty() ? "others" : kind)
                  .sorted()
                  .collect(Collectors.joining(" and "))
              + "; name those that are the log");
    }
    String names =
        files.stream().map(TableFiles::literal).collect(Collectors.joining(", ", "[", "]"));
    return Optional.of(
        kinds.contains(PARQUET)
            ? new TableFiles(PARQUET, "read_parquet(" + names + ")")
            : new TableFiles(
                JSON, "read_json(" + names + (compressed ? ", compression = 'gzip')" : ")")));
  }

  /** A name as text of SQL, in which no character stands for others. */
  private static String literal(Path file) {
    return "'" + file.toString().replaceAll("[*?\\[]", "[$0]").replace("'", "''") + "'";
  }

  private static List<Path> files(Path path) {
    if (!Files.isDirectory(path)) {
      return Files.isRegularFile(path) ? List.of(path) : List.of();
    }
    try (Stream<Path> all = Files.walk(path, DEEPEST)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> !isBeside(path.relativize(file)))
          .sorted()
          .toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of(); // Who reads the folder says so.
    }
  }

  private static boolean isBeside(Path file) {
    for (Path part : file) {
      if (part.toString().toLowerCase(Locale.ROOT).matches(BESIDE)) {
        return true;
      }
    }
    return false;
  }

  /**
   * What the first bytes of a file show.
   *
   * @param kind of table, empty for none
   * @param gzip whether it is compressed by gzip
   */
  private record Head(String kind, boolean gzip) {
    static Head of(Path file) {
      try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
        in.mark(HEAD);
        byte[] first = in.readNBytes(4);
        in.reset();
        if (new String(first, StandardCharsets.ISO_8859_1).equals("PAR1")) {
          return new Head(PARQUET, false);
        }
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        if (first.length == 4
            && first[0] == 0x28
            && first[1] == (byte) 0xb5
            && name.matches(".*\\.(json|jsonl|ndjson)\\.zst")) {
          return new Head(JSON, false); // DuckDB knows the compression by this name.
        }
        boolean gzip = first.length >= 2 && first[0] == 0x1f && first[1] == (byte) 0x8b;
        byte[] text = (gzip ? new GZIPInputStream(in) : in).readNBytes(HEAD);
        String start = new String(text, StandardCharsets.ISO_8859_1).stripLeading();
        boolean json = start.matches("(?s)(\\[\\s*)?\\{\\s*\".*");
        return new Head(json ? JSON : "", gzip);
      } catch (IOException e) {
        return new Head("", false); // Who reads it says so.
      }
    }
  }
}
