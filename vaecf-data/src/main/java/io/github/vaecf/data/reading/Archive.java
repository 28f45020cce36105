package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * A data set as it is published: a folder, a zip, a tar (also by gzip, also within another tar), or
 * one file alone. Nothing is ever unpacked to disk.
 */
final class Archive {
  private static final int DEEPEST = 4;
  private static final int TAR_MAGIC_AT = 257;

  private final Path path;

  private Archive(Path path) {
    this.path = path;
  }

  /** Looks at files one after another. */
  @FunctionalInterface
  interface Visitor {
    /**
     * Looks at a file.
     *
     * @param file a file of the archive; to be read before this returns, or not at all
     */
    void visit(Source file);
  }

  static Archive of(Path path) {
    return new Archive(path);
  }

  /**
   * One file: the path itself, or the only member of a zip, or the member that stands after the zip
   * and an exclamation mark.
   */
  static Source single(Path path) {
    String name = path.toString();
    int mark = name.indexOf(".zip!");
    Path file = mark < 0 ? path : Path.of(name.substring(0, mark + 4));
    try {
      if (!isZip(file)) {
        return Source.of(path);
      }
      String wanted = mark < 0 ? null : name.substring(mark + 5);
      return new Source(name, () -> member(file, wanted));
    } catch (IOException e) {
      throw Source.unreadable(name, e);
    }
  }

  private static InputStream member(Path file, String wanted) throws IOException {
    ZipFile zip = new ZipFile(file.toFile());
    try {
      List<ZipEntry> entries = entries(zip, file);
      List<ZipEntry> chosen =
          entries.stream()
              .filter(entry -> wanted == null || entry.getName().equals(wanted))
              .toList();
      if (chosen.size() != 1) {
        throw new DataException(
            file
                + ": expected "
                + (wanted == null ? "one member" : "a member '" + wanted + "'")
                + ", found "
                + (entries.isEmpty()
                    ? "none"
                    : String.join(", ", entries.stream().map(ZipEntry::getName).toList())));
      }
      return new FilterInputStream(
          Source.bounded(zip.getInputStream(chosen.get(0)), chosen.get(0).getCompressedSize())) {
        @Override
        public void close() throws IOException {
          super.close();
          zip.close();
        }
      };
    } catch (IOException | RuntimeException e) {
      zip.close();
      throw e;
    }
  }

  /** Shows all files: those of a folder or zip by name, those of a tar in its order. */
  void forEach(Visitor visitor) {
    try {
      if (Files.isDirectory(path)) {
        folder(visitor);
      } else if (isZip(path)) {
        zip(visitor);
      } else {
        try (InputStream in = Source.of(path).open()) {
          BufferedInputStream buffered = new BufferedInputStream(in);
          if (isTar(buffered)) {
            tar(path.toString(), buffered, visitor);
            return;
          }
        }
        visitor.visit(Source.of(path));
      }
    } catch (IOException e) {
      throw Source.unreadable(path.toString(), e);
    }
  }

  private void folder(Visitor visitor) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(path, DEEPEST)) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    for (Path file : files) {
      visitor.visit(Source.of(file));
    }
  }

  static boolean isZip(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return in.read() == 'P' && in.read() == 'K' && in.read() == 3 && in.read() == 4;
    }
  }

  private void zip(Visitor visitor) throws IOException {
    try (ZipFile zip = new ZipFile(path.toFile())) {
      List<ZipEntry> entries = entries(zip, path);
      for (ZipEntry entry : entries) {
        visitor.visit(
            new Source(
                path + "!" + entry.getName(),
                () -> Source.bounded(zip.getInputStream(entry), entry.getCompressedSize())));
      }
    }
  }

  /** The files of a zip, by name. */
  private static List<ZipEntry> entries(ZipFile zip, Path path) {
    List<ZipEntry> entries = new ArrayList<>();
    for (ZipEntry entry : Collections.list(zip.entries())) {
      requireInside(path.toString(), entry.getName());
      if (!entry.isDirectory()) {
        entries.add(entry);
      }
    }
    entries.sort(Comparator.comparing(ZipEntry::getName));
    return entries;
  }

  private static boolean isTar(BufferedInputStream in) throws IOException {
    in.mark(TAR_MAGIC_AT + 8);
    byte[] start = in.readNBytes(TAR_MAGIC_AT + 5);
    in.reset();
    return start.length == TAR_MAGIC_AT + 5
        && start[TAR_MAGIC_AT] == 'u'
        && start[TAR_MAGIC_AT + 1] == 's'
        && start[TAR_MAGIC_AT + 2] == 't'
        && start[TAR_MAGIC_AT + 3] == 'a'
        && start[TAR_MAGIC_AT + 4] == 'r';
  }

  private static void tar(String name, InputStream in, Visitor visitor) throws IOException {
    // Not closed: what it reads from belongs to the caller.
    TarArchiveInputStream tar = new TarArchiveInputStream(in);
    for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
      if (!entry.isFile()) {
        continue;
      }
      requireInside(name, entry.getName());
      String member = name + "!" + entry.getName();
      InputStream content =
          new FilterInputStream(tar) {
            @Override
            public void close() {
              // The next member is read from the same stream.
            }
          };
      if (entry.getName().toLowerCase(Locale.ROOT).endsWith(".tar")) {
        tar(member, content, visitor);
      } else {
        long size = entry.getSize();
        visitor.visit(new Source(member, () -> Source.decompressed(content, size)));
      }
    }
  }

  private static void requireInside(String archive, String member) {
    boolean outside = member.startsWith("/") || member.startsWith("\\");
    for (String part : member.split("[/\\\\]", -1)) {
      outside |= part.equals("..");
    }
    if (outside) {
      throw new DataException(archive + ": the member '" + member + "' points outside the archive");
    }
  }
}
