package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Finds out in which form a log is: a published data set by the names of its files, else by its
 * first lines. Where two forms are possible, or none is sure, it says what to say.
 */
final class FormatFinder {
  /** In this order: what stands between fields seldom stands within them. */
  private static final List<String> SEPARATORS = List.of("\t", "::", ";", ",", "|");

  private static final String BLANK = " ";

  /** Fewer lines may begin with the number of their items by chance. */
  private static final int FEWEST_LINES = 3;

  /** A few bad lines do not hide what stands between fields. */
  private static final double LEAST_REGULAR = 0.9;

  private static final int MOST_HEADERS = 20;
  private static final Set<String> NAMES = Set.of("name", "title", "moviename", "movietitle");
  private static final List<String> MOVIELENS = List.of("userId", "movieId", "rating", "timestamp");
  private static final String NETFLIX = "(mv_[0-9]+|combined_data_[0-9]+)\\.txt(\\.gz)?";
  private static final String RATINGS = "(ratings\\.csv|ratings\\.dat|u\\.data)(\\.gz)?";
  private static final String EVENT_A_LINE =
      "--format csv --separator ' ' if a line is an event (user, item …)";
  private static final String USER_A_LINE = "--format lightgcn if it is a user and all its items";
  private static final String COUNT_FIRST =
      "--format citeulike if its first number says how many items follow";

  private FormatFinder() {}

  /**
   * A file of an archive.
   *
   * @param name its name, in small letters
   * @param header its first line, of a table
   */
  private record Member(String name, List<String> header) {
    boolean has(Set<String> names) {
      return Columns.named(header, names) >= 0;
    }
  }

  static LogFormat find(Path path) {
    requireReadTwice(path);
    if (Archive.holdsFiles(path)) {
      Optional<LogFormat> published = published(path, members(path));
      if (published.isPresent()) {
        return published.get();
      }
    } else if (Files.isRegularFile(path)) {
      Source file = Source.of(path);
      String name = file.fileName().toLowerCase(Locale.ROOT);
      if (name.matches(NETFLIX)) {
        return LogFormat.of("netflix");
      }
      if (name.matches(RATINGS) && isMovieLens(name, file)) {
        return LogFormat.of("movielens");
      }
    }
    return ofLog(path, FormatFinder::ofLines);
  }

  static LogFormat findDelimited(Path path) {
    requireReadTwice(path);
    return ofLog(path, FormatFinder::ofDelimitedLines);
  }

  /** Whether a file of such a name holds what MovieLens has under it. */
  private static boolean isMovieLens(String name, Source file) {
    if (name.startsWith("ratings.csv")) {
      return header(file).equals(MOVIELENS);
    }
    String separator = name.startsWith("ratings.dat") ? "::" : "\t";
    return file.firstLine().matches("[0-9]+S[0-9]+S[0-9.]+S[0-9]+".replace("S", separator));
  }

  private static void requireReadTwice(Path path) {
    if (Source.isStandardInput(path)
        || (Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path))) {
      throw new DataException(
          (Source.isStandardInput(path) ? "standard input" : path.toString())
              + ": what is read once cannot be looked at before; say its form, as in --format csv");
    }
  }

  private static List<Member> members(Path path) {
    List<Member> members = new ArrayList<>();
    int[] headers = new int[1];
    Archive.of(path)
        .forEach(
            file -> {
              String name = file.fileName().toLowerCase(Locale.ROOT);
              boolean table = name.matches(".*\\.csv(\\.gz)?") && headers[0]++ < MOST_HEADERS;
              members.add(new Member(name, table ? header(file) : List.of()));
            });
    return members;
  }

  private static List<String> header(Source file) {
    return List.of(file.firstLine().strip().split(",", -1));
  }

  /** The data set that the files of a folder or an archive are by their names. */
  private static Optional<LogFormat> published(Path path, List<Member> members) {
    Predicate<String> has = name -> members.stream().anyMatch(one -> one.name.matches(name));
    if (has.test("unique_sid\\.txt") && has.test("train\\.csv")) {
      throw new DataException(
          path + ": expected a log, found a prepared folder, which --data takes as it is");
    }
    if (has.test(NETFLIX)) {
      return Optional.of(LogFormat.of("netflix"));
    }
    if (has.test("train_triplets\\.txt")) {
      return Optional.of(LogFormat.of("msd"));
    }
    List<Member> ratings = members.stream().filter(one -> one.name.matches(RATINGS)).toList();
    if (!ratings.isEmpty()
        && ratings.stream()
            .allMatch(one -> !one.name.startsWith("ratings.csv") || one.header.equals(MOVIELENS))) {
      return Optional.of(LogFormat.of("movielens"));
    }
    long rated =
        members.stream()
            .filter(one -> one.has(Columns.USER) && one.has(Columns.ITEM) && one.has(Columns.VALUE))
            .count();
    if (rated == 1
        && members.stream()
            .anyMatch(one -> !one.has(Columns.USER) && one.has(Columns.ITEM) && one.has(NAMES))) {
      return Optional.of(LogFormat.of("kaggle"));
    }
    LogFormat lightGcn = LogFormat.of("lightgcn");
    return lightGcn
        .trainAndTest(path)
        .filter(both -> Files.isRegularFile(both.train()) && Files.isRegularFile(both.test()))
        .map(
            both -> {
              if (ofLines(Source.of(both.train())) == lightGcn
                  && ofLines(Source.of(both.test())) == lightGcn) {
                return lightGcn;
              }
              throw new DataException(
                  path
                      + ": found two logs, train.txt and test.txt, that are not LightGCN's form;"
                      + " --split given and both after --input take them as they are, or one of"
                      + " them is named");
            });
  }

  /** Looks at the file that is the log. */
  private interface Look {
    LogFormat at(Source file);
  }

  private static LogFormat ofLog(Path path, Look look) {
    return look.at(Archive.log(path, file -> fits(file, look)).get(0));
  }

  private static boolean fits(Source file, Look look) {
    try {
      LogFormat format = look.at(file);
      return format.separator().isEmpty() || format.columns().valueColumnIfAny().build().fits(file);
    } catch (DataException e) {
      return false;
    }
  }

  private static LogFormat ofLines(Source file) {
    byte[] head = head(file);
    List<List<String>> words = words(head);
    List<String> lines = new String(head, StandardCharsets.UTF_8).lines().limit(2).toList();
    if (lines.size() == 2
        && lines.get(0).matches("[0-9]+:")
        && lines.get(1).matches("[0-9]+,[0-9]+,[0-9-]{10}")) {
      throw new DataException(
          file.name()
              + ": found ratings as of the Netflix Prize, whose files are known by their names;"
              + " call it combined_data_1.txt");
    }
    Optional<LogFormat> delimited = delimited(head);
    if (delimited.isPresent() && !isListAfterTab(head, delimited.get())) {
      return lines.get(0).matches("[0-9a-f]{40}\tSO[0-9A-Z]{16}\t[0-9]+")
          ? LogFormat.of("msd")
          : delimited.get();
    }
    return ofWords(file, head, words);
  }

  private static LogFormat ofDelimitedLines(Source file) {
    byte[] head = head(file);
    Optional<LogFormat> delimited = delimited(head);
    return delimited.isPresent()
        ? delimited.get()
        : ofShape(head, BLANK, LEAST_REGULAR).orElseThrow(() -> unknown(file, head));
  }

  /** A user, a tab, and items with blanks between them. */
  private static boolean isListAfterTab(byte[] head, LogFormat format) {
    List<List<String>> words = words(head);
    return format.separator().orElseThrow().equals("\t")
        && words.stream().allMatch(line -> line.stream().allMatch(FormatFinder::isId))
        && new String(head, StandardCharsets.UTF_8)
            .lines()
            .filter(line -> !line.isBlank())
            .allMatch(line -> line.matches("[^\t ]+\t[^\t]*"))
        && words.stream().anyMatch(line -> line.size() > 2);
  }

  /** Lines with blanks between their words. */
  private static LogFormat ofWords(Source file, byte[] head, List<List<String>> words) {
    int fewest = words.stream().mapToInt(List::size).min().orElse(0);
    int most = words.stream().mapToInt(List::size).max().orElse(0);
    boolean ids = words.stream().allMatch(line -> line.stream().allMatch(FormatFinder::isId));
    Set<String> users = new HashSet<>();
    words.forEach(line -> users.add(line.get(0)));
    boolean counts =
        words.stream().allMatch(line -> line.get(0).equals(Integer.toString(line.size() - 1)));
    if (counts && fewest < most && words.size() >= FEWEST_LINES) {
      return LogFormat.of("citeulike");
    }
    if (fewest == most && most >= 2) {
      int fields = most;
      Optional<LogFormat> events =
          ofShape(head, BLANK, 1)
              .filter(format -> shape(head, BLANK, false).orElseThrow().first().size() == fields);
      boolean again =
          users.size() < words.size() || Columns.known(words.get(0)) >= 2 || hasTimes(words);
      if (again && !counts && events.isPresent()) {
        return events.get();
      }
      if (again && !counts) {
        throw new DataException(
            file.name()
                + ": expected one blank between fields, found several; tr -s ' \\t' ' ' < FILE >"
                + " log.txt makes them one");
      }
      throw new DataException(
          file.name()
              + ": found "
              + most
              + " words in each line, which can be two things; "
              + EVENT_A_LINE
              + ", "
              + (counts ? COUNT_FIRST : USER_A_LINE));
    }
    if (fewest < most && ids && words.size() >= 2) {
      if (users.size() == words.size() && !counts) {
        return LogFormat.of("lightgcn");
      }
      throw new DataException(
          file.name()
              + ": expected a user a line, found '"
              + DataException.excerpt(
                  words.stream()
                      .map(line -> line.get(0))
                      .filter(user -> count(words, user) > 1)
                      .findFirst()
                      .orElse(words.get(0).get(0)))
              + "' first in several lines of unequal length; "
              + EVENT_A_LINE
              + ", "
              + COUNT_FIRST);
    }
    if (fewest < most && words.size() >= 2 && users.size() == words.size()) {
      throw new DataException(
          unknown(file, head).getMessage() + "; " + USER_A_LINE + " with blanks between them");
    }
    throw unknown(file, head);
  }

  /** Whether some word of most lines is a time, as no item is. */
  private static boolean hasTimes(List<List<String>> words) {
    for (int column = 0; column < words.get(0).size(); column++) {
      if (CertainColumns.areMoments(words, column)) {
        return true;
      }
    }
    return false;
  }

  private static long count(List<List<String>> words, String user) {
    return words.stream().filter(line -> line.get(0).equals(user)).count();
  }

  /** Whether a word looks like an id and not like one of a sentence. */
  private static boolean isId(String word) {
    return word.matches("[\\w.:-]*[0-9][\\w.:-]*");
  }

  private static DataException unknown(Source file, byte[] head) {
    return new DataException(
        file.name()
            + ": expected a log, found lines of which nothing tells their form, as in '"
            + DataException.excerpt(
                new String(head, StandardCharsets.UTF_8).lines().findFirst().orElse(""))
            + "'; --format says what it is, --separator what stands between fields");
  }

  /** Delimited text, if all lines, or else nearly all, have as many fields. */
  private static Optional<LogFormat> delimited(byte[] head) {
    for (String separator : SEPARATORS) {
      Optional<LogFormat> format = ofShape(head, separator, 1);
      if (format.isPresent()) {
        return format;
      }
    }
    List<LogFormat> nearly = new ArrayList<>();
    for (String separator : SEPARATORS) {
      ofShape(head, separator, LEAST_REGULAR).ifPresent(nearly::add);
    }
    return nearly.size() == 1 ? Optional.of(nearly.get(0)) : Optional.empty();
  }

  /** Delimited text, if so large a share of the lines has as many fields as the first. */
  private static Optional<LogFormat> ofShape(byte[] head, String separator, double share) {
    boolean usual = separator.equals(",") || separator.equals(";");
    Optional<Layout.Head> shape = shape(head, separator, usual);
    if (shape.isEmpty() || shape.get().first().size() < 2) {
      return Optional.empty();
    }
    boolean quoted = !usual && isQuoted(shape.get());
    if (quoted) {
      shape = shape(head, separator, true);
    }
    return shape
        .filter(one -> one.others().size() + 1 >= share * one.lines())
        .map(one -> LogFormat.foundDelimited(separator, quoted));
  }

  private static Optional<Layout.Head> shape(byte[] head, String separator, boolean quoted) {
    try {
      return Optional.of(
          Layout.head(
              new Layout.Wanted(
                  separator, quoted, null, null, null, null, null, false, false, null),
              head,
              0,
              head.length));
    } catch (LineException e) {
      return Optional.empty();
    }
  }

  /** Whether the first fields of most lines stand in double quotes. */
  private static boolean isQuoted(Layout.Head shape) {
    long quoted = shape.others().stream().filter(line -> line.get(0).matches("\".*\"")).count();
    return 2 * quoted > shape.others().size();
  }

  /** The whole lines at the beginning, without a byte-order mark. */
  private static byte[] head(Source file) {
    byte[] head = file.head();
    int end = head.length;
    if (end >= Source.HEAD) {
      while (end > 0 && head[end - 1] != '\n') {
        end--;
      }
      end = end == 0 ? head.length : end;
    }
    int from = BlockPipeline.startsWithByteOrderMark(head, head.length) ? 3 : 0;
    while (from < end && (head[from] == '\n' || head[from] == '\r')) {
      from++;
    }
    if (from == end) {
      throw new DataException(file.name() + ": expected data, found none");
    }
    try {
      ForeignContent.refuseOtherText(head, from, end);
    } catch (IOException e) {
      throw Source.unreadable(file.name(), e);
    }
    return Arrays.copyOfRange(head, from, end);
  }

  private static List<List<String>> words(byte[] head) {
    return new String(head, StandardCharsets.UTF_8)
        .lines()
        .filter(line -> !line.isBlank())
        .map(line -> List.of(line.strip().split("[ \t]+")))
        .toList();
  }
}
