package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * A data set as it is published: a folder, a zip, a tar (also by gzip or bzip2, also within another
 * tar), or one file alone. Nothing is ever unpacked to disk.
 */
final class Archive {
  static final int DEEPEST = 4;
  private static final int MOST_NAMED = 10;

  /** What lies beside data and is none. */
  private static final Pattern BESIDE =
      Pattern.compile(
          "(readme|licen[cs]e|copying|changes|changelog|notice|about|thumbs\\.db|desktop\\.ini).*"
              + "|.*\\.(md|rst|html?|pdf|docx?|rtf|png|jpe?g|gif|svg|sha1|sha256|sha512|md5|crc"
              + "|ya?ml|xml|py|ipynb|sql|sh)");

  /** The pieces of one table, as Spark, Hadoop and Hive call them. */
  private static final Pattern PART =
      Pattern.compile("part[-_.]?[a-z]?[-_.]?[0-9].*|[0-9]{6}_[0-9].*");

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

  /**
   * A file of an archive.
   *
   * @param name its name within the archive
   * @param size how many bytes it has there, or −1
   * @param source reads it
   */
  record Member(String name, long size, Source source) {
    String fileName() {
      return name.substring(name.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
    }

    /** Whether a name on its way begins as hidden files and Spark's marks do. */
    boolean isHidden() {
      return Stream.of(name.split("/", -1)).anyMatch(part -> part.matches("[._].*"));
    }

    boolean isBeside() {
      return size == 0 || isHidden() || BESIDE.matcher(fileName()).matches();
    }
  }

  static Archive of(Path path) {
    return new Archive(path);
  }

  /** Whether a path holds files of its own: a folder, a zip or a tar. */
  static boolean holdsFiles(Path path) {
    try {
      return Files.isDirectory(path) || isZip(path) || (Files.isRegularFile(path) && isTar(path));
    } catch (IOException e) {
      throw Source.unreadable(path.toString(), e);
    }
  }

  /** One file, as {@link #log} finds it. */
  static Source single(Path path) {
    List<Source> log = log(path, source -> true);
    if (log.size() > 1) {
      throw new DataException(
          path + ": expected one file, found " + named(log.stream().map(Source::name).toList()));
    }
    return log.get(0);
  }

  /**
   * The files of one log: the path itself, or what a folder, zip or tar holds of data: the only
   * file, the only one that fits, or all parts of one table, by name. What lies beside it (hidden,
   * empty, a README) is passed over. After the archive an exclamation mark and the name of a member
   * choose.
   *
   * @param fits whether a file may be the log, asked where there are several
   */
  static List<Source> log(Path path, Predicate<Source> fits) {
    String wanted = null;
    Path archive = path;
    String name = path.toString();
    int mark = name.lastIndexOf('!');
    if (mark > 0 && !Files.exists(path) && mark < name.length() - 1) {
      wanted = name.substring(mark + 1);
      archive = Path.of(name.substring(0, mark));
    }
    try {
      if (Source.isStandardInput(archive)) {
        return List.of(Source.of(archive));
      }
      if (Files.isDirectory(archive)) {
        return choose(archive, ofFolder(archive), wanted, fits);
      }
      if (isZip(archive)) {
        try (ZipFile zip = openZip(archive)) {
          return choose(archive, ofZip(archive, zip), wanted, fits);
        }
      }
      if (Files.isRegularFile(archive) && isTar(archive)) {
        return choose(archive, ofTar(archive), wanted, fits);
      }
    } catch (IOException e) {
      throw Source.unreadable(archive.toString(), e);
    }
    if (wanted != null && Files.exists(archive)) {
      throw new DataException(
          archive + ": expected an archive with a member '" + wanted + "', found a file alone");
    }
    return List.of(Source.of(wanted == null ? path : archive));
  }

  private static List<Source> choose(
      Path archive, List<Member> members, String wanted, Predicate<Source> fits) {
    List<Member> chosen = members;
    if (wanted != null) {
      chosen =
          members.stream()
              .filter(one -> one.name.equals(wanted) || one.name.startsWith(wanted + "/"))
              .toList();
      if (chosen.isEmpty()) {
        throw new DataException(
            archive + ": expected a member '" + wanted + "', found " + names(members));
      }
    }
    if (chosen.size() > 1) {
      chosen = narrowed(chosen, one -> !one.isBeside());
      List<Member> parts = chosen.stream().filter(one -> isPart(one)).toList();
      if (!parts.isEmpty()) {
        List<Source> filled =
            parts.stream().map(Member::source).filter(one -> one.head().length > 0).toList();
        return filled.isEmpty() ? List.of(parts.get(0).source) : filled;
      }
    }
    if (chosen.size() > 1) {
      chosen = narrowed(chosen, one -> fits.test(one.source));
    }
    if (chosen.size() != 1) {
      throw new DataException(
          archive
              + ": expected one log, found "
              + (chosen.isEmpty()
                  ? "no file"
                  : names(chosen) + "; name one, as in " + chosen.get(0).source.name()));
    }
    return List.of(chosen.get(0).source);
  }

  private static boolean isPart(Member member) {
    return PART.matcher(member.fileName()).matches();
  }

  /** Those that meet a condition, or all if none does. */
  private static List<Member> narrowed(List<Member> members, Predicate<Member> condition) {
    List<Member> narrowed = members.stream().filter(condition).toList();
    return narrowed.isEmpty() ? members : narrowed;
  }

  private static String names(List<Member> members) {
    return named(members.stream().map(Member::name).toList());
  }

  private static String named(List<String> names) {
    if (names.isEmpty()) {
      return "none";
    }
    List<String> first =
        names.stream().limit(MOST_NAMED).map(name -> DataException.excerpt(name)).toList();
    return String.join(", ", first)
        + (names.size() > MOST_NAMED ? " and " + (names.size() - MOST_NAMED) + " more" : "");
  }

  /** Shows all files: those of a folder or zip by name, those of a tar in its order. */
  void forEach(Visitor visitor) {
    try {
      if (Files.isDirectory(path)) {
        ofFolder(path).forEach(member -> visitor.visit(member.source));
      } else if (isZip(path)) {
        // Kept open, so that the list of members is read once and not for each of them.
        try (ZipFile kept = openZip(path)) {
          ofZip(path, kept).forEach(member -> visitor.visit(member.source));
        }
      } else {
        Source whole = Source.of(path);
        try (InputStream in = whole.open()) {
          InputStream buffered = new BufferedInputStream(in);
          if (ForeignContent.isTar(Source.peek(buffered))) {
            visitTar(buffered, visitor);
            return;
          }
        }
        if (!Files.isRegularFile(path)) {
          throw new DataException(
              whole.name()
                  + ": a form that tells its files by their names cannot be read from a stream of one;"
                  + " name the file, or read it as csv or tsv");
        }
        visitor.visit(whole);
      }
    } catch (IOException e) {
      throw Source.unreadable(path.toString(), e);
    }
  }

  private void visitTar(InputStream in, Visitor visitor) throws IOException {
    try {
      Tar.visit(path.toString(), in, visitor);
    } catch (NoClassDefFoundError e) {
      throw Source.missing("a tar", e);
    }
  }

  private static List<Member> ofFolder(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder, DEEPEST)) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    List<Member> members = new ArrayList<>();
    for (Path file : files) {
      members.add(
          new Member(folder.relativize(file).toString(), Files.size(file), Source.of(file)));
    }
    return members;
  }

  static boolean isZip(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return ForeignContent.isZip(in.readNBytes(4));
    }
  }

  /** The files of a zip, by name. */
  private static List<Member> ofZip(Path path, ZipFile zip) throws IOException {
    List<Member> members = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (ZipEntry entry : Collections.list(zip.entries())) {
      String name = entry.getName();
      requireInside(path.toString(), name);
      names.add(name);
      if (!entry.isDirectory()) {
        members.add(
            new Member(
                name,
                entry.getSize(),
                new Source(path + "!" + name, () -> zipMember(path, entry), 0)));
      }
    }
    ForeignContent.refuseDocument(names);
    members.sort(Comparator.comparing(Member::name));
    return members;
  }

  /** Names in a zip are UTF-8 or, from older programs, in a code page that nothing says. */
  private static ZipFile openZip(Path path) throws IOException {
    try {
      return new ZipFile(path.toFile());
    } catch (ZipException e) {
      if (String.valueOf(e.getMessage()).contains("bad entry name")) {
        return new ZipFile(path.toFile(), StandardCharsets.ISO_8859_1);
      }
      throw e;
    }
  }

  private static InputStream zipMember(Path path, ZipEntry entry) throws IOException {
    ZipFile zip = openZip(path);
    try {
      InputStream content = zip.getInputStream(entry);
      if (content == null) {
        throw new ZipException("the member " + DataException.excerpt(entry.getName()) + " is gone");
      }
      InputStream bounded = Source.bounded(content, entry::getCompressedSize);
      return new FilterInputStream(Source.decompressed(bounded)) {
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

  private static boolean isTar(Path file) {
    try (InputStream in = Source.of(file).open()) {
      return ForeignContent.isTar(in.readNBytes(ForeignContent.HEAD));
    } catch (IOException | DataException e) {
      return false; // Whatever it is, who reads it says so.
    }
  }

  private static List<Member> ofTar(Path path) throws IOException {
    try {
      return Tar.members(path);
    } catch (NoClassDefFoundError e) {
      throw Source.missing("a tar", e);
    }
  }

  static void requireInside(String archive, String member) {
    boolean outside = member.startsWith("/") || member.startsWith("\\");
    for (String part : member.split("[/\\\\]", -1)) {
      outside |= part.equals("..");
    }
    if (outside) {
      throw new DataException(
          archive
              + ": the member '"
              + DataException.excerpt(member)
              + "' points outside the archive");
    }
  }
}
