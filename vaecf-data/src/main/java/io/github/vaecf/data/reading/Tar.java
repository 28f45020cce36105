package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.reading.Archive.Member;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * Reads tars by Commons Compress. A class of its own, as that library is on the class path only
 * where somebody has tars or bzip2 to read.
 */
final class Tar {
  private Tar() {}

  /**
   * The files of a tar, by name. Each is read from the tar's beginning: tars cannot be sought in.
   */
  static List<Member> members(Path path) throws IOException {
    List<Member> members = new ArrayList<>();
    try (TarArchiveInputStream tar = tarIn(Source.of(path).open())) {
      int place = 0;
      for (TarArchiveEntry entry = next(tar); entry != null; entry = next(tar)) {
        int at = place++;
        if (entry.isFile()) {
          requireReadable(path.toString(), entry);
          members.add(
              new Member(
                  entry.getName(),
                  entry.getSize(),
                  new Source(path + "!" + entry.getName(), () -> tarMember(path, at), 0)));
        }
      }
    }
    members.sort(Comparator.comparing(Member::name));
    return members;
  }

  private static InputStream tarMember(Path path, int place) throws IOException {
    TarArchiveInputStream tar = tarIn(Source.of(path).open());
    try {
      for (int at = 0; at <= place; at++) {
        if (next(tar) == null) {
          throw new ZipException("the archive has fewer members than before");
        }
      }
      return Source.decompressed(Source.guarded(tar));
    } catch (IOException | RuntimeException e) {
      tar.close();
      throw e;
    }
  }

  private static TarArchiveInputStream tarIn(InputStream in) {
    return new TarArchiveInputStream(in, StandardCharsets.UTF_8.name());
  }

  private static TarArchiveEntry next(TarArchiveInputStream tar) throws IOException {
    try {
      return tar.getNextEntry();
    } catch (RuntimeException e) {
      throw Source.damaged(e);
    }
  }

  /**
   * Shows the files of a tar, and of tars in it, in their order.
   *
   * @param in is not closed: it belongs to the caller
   */
  static void visit(String name, InputStream in, Archive.Visitor visitor) throws IOException {
    visit(name, in, visitor, 1);
  }

  private static void visit(String name, InputStream in, Archive.Visitor visitor, int depth)
      throws IOException {
    if (depth > Archive.DEEPEST) {
      throw new DataException(
          DataException.excerpt(name)
              + ": expected at most "
              + Archive.DEEPEST
              + " tars in one another");
    }
    TarArchiveInputStream tar = tarIn(in);
    for (TarArchiveEntry entry = next(tar); entry != null; entry = next(tar)) {
      if (!entry.isFile()) {
        continue;
      }
      requireReadable(name, entry);
      String member = name + "!" + entry.getName();
      InputStream content =
          new FilterInputStream(Source.guarded(tar)) {
            @Override
            public void close() {
              // The next member is read from the same stream.
            }
          };
      if (entry.getName().toLowerCase(Locale.ROOT).endsWith(".tar")) {
        visit(member, content, visitor, depth + 1);
      } else {
        visitor.visit(new Source(member, () -> Source.decompressed(content), 0));
      }
    }
  }

  private static void requireReadable(String archive, TarArchiveEntry entry) {
    Archive.requireInside(archive, entry.getName());
    if (entry.isSparse()) {
      // A few bytes would stand for any number of zeros.
      throw new DataException(
          archive
              + ": the member '"
              + DataException.excerpt(entry.getName())
              + "' is a sparse file, which no log is");
    }
  }
}
