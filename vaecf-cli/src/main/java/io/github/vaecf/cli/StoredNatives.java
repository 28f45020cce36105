package io.github.vaecf.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Puts the native libraries that drivers unpack at each start into a jar where they lie as they
 * are: to inflate DuckDB's takes longer than many a query. {@code ./vaecf} calls it once and has
 * that jar before all others on the class path, where the drivers find them first.
 */
final class StoredNatives {
  /** Jars with such libraries, by the beginnings of their names; TensorFlow's keep theirs. */
  private static final List<String> JARS = List.of("duckdb_jdbc-", "onnxruntime-");

  private static final List<Set<String>> SYSTEMS =
      List.of(Set.of("linux"), Set.of("mac", "macos", "osx"), Set.of("windows", "win"));

  private static final List<Set<String>> PROCESSORS =
      List.of(Set.of("amd64", "x86_64", "x64"), Set.of("aarch64", "arm64"));

  private StoredNatives() {}

  /**
   * Writes the jar.
   *
   * @param arguments the jar to write, and those to look through
   * @throws IOException if one cannot be read, or the jar cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    write(
        Path.of(arguments[0]),
        Arrays.stream(arguments).skip(1).map(Path::of).toList(),
        System.getProperty("os.name"),
        System.getProperty("os.arch"));
  }

  static void write(Path target, List<Path> jars, String system, String processor)
      throws IOException {
    Set<String> systems = all(SYSTEMS, system.replaceFirst(" .*", ""));
    Set<String> processors = all(PROCESSORS, processor);
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(target))) {
      out.setMethod(ZipOutputStream.STORED);
      for (Path jar : jars) {
        String name = jar.getFileName().toString();
        if (JARS.stream().anyMatch(name::startsWith)) {
          store(out, jar, systems, processors);
        }
      }
    }
  }

  /** All names of what has this one among others; itself alone of what is not known. */
  private static Set<String> all(List<Set<String>> known, String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return known.stream().filter(one -> one.contains(lower)).findFirst().orElse(Set.of(lower));
  }

  private static void store(
      ZipOutputStream out, Path jar, Set<String> systems, Set<String> processors)
      throws IOException {
    try (ZipFile from = new ZipFile(jar.toFile())) {
      for (ZipEntry entry : from.stream().toList()) {
        if (!isLibrary(entry.getName(), systems, processors)) {
          continue;
        }
        byte[] bytes;
        try (InputStream in = from.getInputStream(entry)) {
          bytes = in.readAllBytes();
        }
        CRC32 crc = new CRC32();
        crc.update(bytes);
        ZipEntry stored = new ZipEntry(entry.getName());
        stored.setSize(bytes.length);
        stored.setCrc(crc.getValue());
        out.putNextEntry(stored);
        out.write(bytes);
        out.closeEntry();
      }
    }
  }

  private static boolean isLibrary(String entry, Set<String> systems, Set<String> processors) {
    if (!entry.matches(".*\\.(so|dylib|dll)(_[^/]*)?")) {
      return false;
    }
    for (String system : systems) {
      for (String processor : processors) {
        if (entry.endsWith("_" + system + "_" + processor) // libduckdb_java.so_linux_amd64
            || entry.contains("/" + system + "-" + processor + "/")) { // native/linux-x64/lib…so
          return true;
        }
      }
    }
    return false;
  }
}
