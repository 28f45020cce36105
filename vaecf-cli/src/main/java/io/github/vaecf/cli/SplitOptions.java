package io.github.vaecf.cli;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.published.PublishedDataSet;
import io.github.vaecf.data.splitting.GivenSplitter;
import io.github.vaecf.data.splitting.LeaveLastOutSplitter;
import io.github.vaecf.data.splitting.Splitter;
import io.github.vaecf.data.splitting.SplitterBuilder;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.splitting.TemporalSplitter;
import io.github.vaecf.data.splitting.WeakGeneralizationSplitter;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** The options that say which events count and what is held out. */
final class SplitOptions {
  /** Two logs that others divided, each an input: the one kind that is no {@link Splitter}. */
  private static final String GIVEN = "given";

  /**
   * The kinds of splits of one log; the first is the default. The options say what a kind needs
   * beyond what all have.
   */
  private static final List<Kind> KINDS =
      List.of(
          new Kind("strong", "users, as published", SplitOptions::strong),
          new Kind("weak", "shares of every user's items", SplitOptions::weak),
          new Kind("last", "every user's last items by time", SplitOptions::last),
          new Kind("time", "all that came last, of all users", SplitOptions::time));

  /**
   * A way to split a log.
   *
   * @param name its name as an option
   * @param meaning what it holds out
   * @param builder starts from the options that are its own
   */
  private record Kind(
      String name, String meaning, Function<SplitOptions, SplitterBuilder<?>> builder) {}

  /** The kinds, each with its meaning. */
  static final class Kinds implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.concat(
              KINDS.stream().map(kind -> kind.name + " (" + kind.meaning + ")"),
              Stream.of(GIVEN + " (two inputs, train and test)"))
          .iterator();
    }
  }

  /** The names of the data sets with published settings. */
  static final class Presets implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return PublishedDataSet.all().stream()
          .filter(dataSet -> dataSet.preset().isPresent())
          .map(PublishedDataSet::name)
          .iterator();
    }
  }

  @Option(
      names = "--split",
      paramLabel = "KIND",
      completionCandidates = Kinds.class,
      description =
          "What is held out: ${COMPLETION-CANDIDATES}; default strong, given for a folder of"
              + " lightgcn.")
  private String kind;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      completionCandidates = Presets.class,
      description =
          "Published settings of a data set: ${COMPLETION-CANDIDATES}; the options below change"
              + " them.")
  private String preset;

  @Option(
      names = "--min-rating",
      paramLabel = "X",
      description =
          "Least rating that counts as a like; default 4, or none where there are no ratings.")
  private Double minRating;

  @Option(
      names = "--min-user-items",
      paramLabel = "N",
      description = "Least number of items a user must have; default 5.")
  private Integer minUserItems;

  @Option(
      names = "--min-item-users",
      paramLabel = "N",
      description = "Least number of users an item must have; default 0.")
  private Integer minItemUsers;

  @Option(
      names = "--until-stable",
      description = "Repeat both filters until nothing changes; published splits filter once.")
  private boolean untilStable;

  @Option(
      names = "--repeated",
      paramLabel = "RULE",
      description =
          "Which value a pair of user and item has that comes several times, before --min-rating"
              + " looks at it: first, last, largest, sum; default: one that is high enough will"
              + " do.")
  private String repeated;

  @Option(
      names = "--heldout-users",
      paramLabel = "N",
      description =
          "Users held out for validation, and as many again for test (strong): a number, or a"
              + " share such as 0.05; default as in the preset, else 0.1.")
  private String heldOutUsers;

  @Option(
      names = "--heldout-items",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "How many of a user's last items are held out for test, and as many before them for"
              + " validation (last); default ${DEFAULT-VALUE}.")
  private int heldOutItems;

  @Option(
      names = "--validation-from",
      paramLabel = "DATE",
      description =
          "From when on events are for validation (time), such as 2024-01-31 or"
              + " 2024-01-31T12:00+01:00, in UTC without an offset; default: --validation-share"
              + " of all events.")
  private String validationFrom;

  @Option(
      names = "--test-from",
      paramLabel = "DATE",
      description = "From when on events are for test (time); default: --test-share of all events.")
  private String testFrom;

  @Option(
      names = "--validation-share",
      paramLabel = "X",
      defaultValue = "0.1",
      description =
          "Share of a user's items (weak, given) or of all events (time) held out for validation;"
              + " default ${DEFAULT-VALUE}.")
  private double validationShare;

  @Option(
      names = "--test-share",
      paramLabel = "X",
      defaultValue = "0.2",
      description =
          "Share of a user's items (weak) or of all events (time) held out for test; default"
              + " ${DEFAULT-VALUE}.")
  private double testShare;

  @Option(
      names = "--most-user-items",
      paramLabel = "N",
      description = "Undersample: a training user keeps at most N items, drawn at random.")
  private Integer mostUserItems;

  @Option(
      names = "--popular-items",
      paramLabel = "N,X",
      description =
          "Undersample: of an item's training users beyond N a share X is kept, drawn at random.")
  private String popularItems;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "98765",
      description = "Where the split's random numbers start; default ${DEFAULT-VALUE}.")
  private long seed;

  /** Whether a kind was named. */
  boolean chosen() {
    return kind != null;
  }

  /** Whether train and test are read from an input each. */
  boolean given() {
    return GIVEN.equalsIgnoreCase(kind);
  }

  /** Whether training pairs are left out at random. */
  boolean undersamples() {
    return mostUserItems != null || popularItems != null;
  }

  /** The name of the kind. */
  String kindName() {
    return kind().name;
  }

  /** Whether nothing says which value is the least that counts as a like. */
  boolean takesDefaultRating() {
    return minRating == null && (preset == null || PublishedDataSet.of(preset).preset().isEmpty());
  }

  /**
   * The splitter of one log.
   *
   * @param rated whether the log has ratings
   * @throws IllegalArgumentException if an option is out of its range
   */
  Splitter splitter(boolean rated) {
    SplitterBuilder<?> builder = kind().builder.apply(this);
    common(builder, rated);
    return builder.build();
  }

  /**
   * What joins two logs to a split.
   *
   * @throws IllegalArgumentException if an option is out of its range
   */
  GivenSplitter givenSplitter() {
    GivenSplitter.Builder builder = GivenSplitter.builder();
    named("--validation-share", () -> builder.validationShare(validationShare));
    named("--seed", () -> builder.seed(seed));
    return builder.build();
  }

  /** Gives a builder the value of an option; a refusal says which option it is. */
  private static void named(String option, Runnable setter) {
    try {
      setter.run();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
    }
  }

  /**
   * Refuses a split in which something that was to be held out is not there, or can never be found:
   * what is measured on it would say nothing.
   *
   * @throws DataException if there is no validation or test pair though there should be one, or no
   *     test item that a training user has
   */
  void requireHeldOut(Split split, boolean twoLogs) {
    if (split.validation().isEmpty()) {
      requireNone("validation", "--validation-share", validationShare, split, twoLogs);
    }
    if (split.test().isEmpty()) {
      if (twoLogs) {
        throw new DataException(
            "no pair is left to test on: each is for training too, or of a user who has none for"
                + " training; check that both inputs have the same kind of ids and that the second"
                + " is the test log");
      }
      requireNone("test", "--test-share", testShare, split, false);
    } else {
      requireTrainedItem(split);
    }
  }

  private void requireNone(String part, String option, double share, Split split, boolean twoLogs) {
    if (twoLogs || kind().name.equals("weak")) {
      if (share > 0) {
        CsrMatrix known = split.test().foldIn();
        int most = 0;
        for (int row = 0; row < known.rows(); row++) {
          int ofTest = twoLogs ? 0 : split.test().heldOut().rowSize(row);
          most = Math.max(most, known.rowSize(row) + ofTest);
        }
        throw new DataException(
            "no pair is held out for "
                + part
                + ": a user's share is rounded down, and of at most "
                + most
                + " items a user, "
                + share
                + " is less than one; raise "
                + option
                + ", or say "
                + option
                + " 0 to do without "
                + part);
      }
    } else if (kind().name.equals("last")) {
      throw new DataException(
          "no pair is held out for "
              + part
              + ": no user has the "
              + (2 * heldOutItems + 1)
              + " items that it takes; filter less (--min-rating, --min-item-users), hold out fewer"
              + " items (--heldout-items) or take another --split");
    } else if (kind().name.equals("time")) {
      boolean from = part.equals("test") ? testFrom != null : validationFrom != null;
      if (from || share > 0) {
        throw new DataException(
            "no pair is held out for "
                + part
                + ": nothing in its time is of a user and an item of the time to learn from; "
                + (from
                    ? "move --" + part + "-from"
                    : "raise " + option + ", or say " + option + " 0 to do without " + part));
      }
    } else {
      throw new DataException(
          "no pair is held out for "
              + part
              + ": of a held-out user with at least 5 items that training users have, a fifth is"
              + " held out, and there is no such user; hold out more users (--heldout-users), ask"
              + " for more items a user (--min-user-items 5), or take another --split");
    }
  }

  /** Refuses a test whose items no training user has: every metric would be 0. */
  private static void requireTrainedItem(Split split) {
    int[] tested = split.test().heldOut().columnCounts();
    CsrMatrix train = split.train();
    for (int user = 0; user < train.rows(); user++) {
      if (train.row(user).intStream().anyMatch(item -> tested[item] > 0)) {
        return; // as a rule at once
      }
    }
    throw new DataException(
        "no item to test on, such as '"
            + split.items().id(first(tested))
            + "', is one that training users have, such as '"
            + split.items().id(first(train.columnCounts()))
            + "': no model could find any; check that both have the same kind of ids");
  }

  /** The first item that somebody has. */
  private static int first(int[] counts) {
    return IntStream.range(0, counts.length)
        .filter(item -> counts[item] > 0)
        .findFirst()
        .orElseThrow();
  }

  private Kind kind() {
    if (kind == null) {
      return KINDS.get(0);
    }
    for (Kind one : KINDS) {
      if (one.name.equalsIgnoreCase(kind)) {
        return one;
      }
    }
    List<String> names = KINDS.stream().map(Kind::name).toList();
    throw new IllegalArgumentException(
        "--split: expected "
            + String.join(", ", names)
            + " or "
            + GIVEN
            + ", found '"
            + kind
            + "'");
  }

  private SplitterBuilder<?> strong() {
    StrongGeneralizationSplitter.Builder builder =
        preset == null ? StrongGeneralizationSplitter.builder() : published().splitter();
    if (heldOutUsers != null) {
      named("--heldout-users", () -> heldOutUsers(builder));
    }
    return builder;
  }

  /** A whole number is one of users, any other a share of them. */
  private void heldOutUsers(StrongGeneralizationSplitter.Builder builder) {
    if (heldOutUsers.matches("-?[0-9]{1,9}")) {
      builder.heldOutUsers(Integer.parseInt(heldOutUsers));
    } else if (heldOutUsers.matches("[0-9]*\\.[0-9]+")) {
      builder.heldOutUserShare(Double.parseDouble(heldOutUsers));
    } else {
      throw new IllegalArgumentException(
          "expected a number of users or a share of them such as 0.05, found '"
              + DataException.excerpt(heldOutUsers)
              + "'");
    }
  }

  private SplitterBuilder<?> last() {
    LeaveLastOutSplitter.Builder builder = LeaveLastOutSplitter.builder();
    named("--heldout-items", () -> builder.heldOutItems(heldOutItems));
    return builder;
  }

  private SplitterBuilder<?> time() {
    TemporalSplitter.Builder builder = TemporalSplitter.builder();
    named("--validation-share", () -> builder.validationShare(validationShare));
    named("--test-share", () -> builder.testShare(testShare));
    if (validationFrom != null) {
      named("--validation-from", () -> builder.validationFrom(moment(validationFrom)));
    }
    if (testFrom != null) {
      named("--test-from", () -> builder.testFrom(moment(testFrom)));
    }
    return builder;
  }

  /** A date, or a date with a time of day (ISO 8601), in UTC unless it has an offset. */
  private static Instant moment(String text) {
    try {
      TemporalAccessor parsed =
          DateTimeFormatter.ofPattern("yyyy-MM-dd['T'HH:mm[:ss][XXX]]")
              .parseBest(text, OffsetDateTime::from, LocalDateTime::from, LocalDate::from);
      if (parsed instanceof OffsetDateTime moment) {
        return moment.toInstant();
      }
      return (parsed instanceof LocalDateTime local ? local : ((LocalDate) parsed).atStartOfDay())
          .toInstant(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "expected a date such as 2024-01-31 or 2024-01-31T12:00+01:00, found '"
              + DataException.excerpt(text)
              + "'",
          e);
    }
  }

  private static Interactions.Duplicates rule(String name) {
    for (Interactions.Duplicates rule : Interactions.Duplicates.values()) {
      if (rule.name().equalsIgnoreCase(name)) {
        return rule;
      }
    }
    throw new IllegalArgumentException(
        "expected first, last, largest or sum, found '" + DataException.excerpt(name) + "'");
  }

  private PublishedDataSet published() {
    return PublishedDataSet.find(preset)
        .filter(dataSet -> dataSet.preset().isPresent())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "--preset: expected one of "
                        + String.join(", ", new Presets())
                        + ", found '"
                        + preset
                        + "'"));
  }

  private SplitterBuilder<?> weak() {
    WeakGeneralizationSplitter.Builder builder = WeakGeneralizationSplitter.builder();
    named("--validation-share", () -> builder.validationShare(validationShare));
    named("--test-share", () -> builder.testShare(testShare));
    return builder;
  }

  private void common(SplitterBuilder<?> builder, boolean rated) {
    if (minRating != null) {
      named("--min-rating", () -> builder.minRating(minRating));
    } else if (rated && takesDefaultRating()) {
      builder.minRating(LikeThreshold.DEFAULT);
    }
    if (repeated != null) {
      named("--repeated", () -> builder.repeated(rule(repeated)));
    }
    if (minUserItems != null) {
      named("--min-user-items", () -> builder.minUserItems(minUserItems));
    }
    if (minItemUsers != null) {
      named("--min-item-users", () -> builder.minItemUsers(minItemUsers));
    }
    if (mostUserItems != null) {
      named("--most-user-items", () -> builder.mostUserItems(mostUserItems));
    }
    if (popularItems != null) {
      named("--popular-items", () -> popularItems(builder));
    }
    builder.untilStable(untilStable);
    named("--seed", () -> builder.seed(seed));
  }

  private void popularItems(SplitterBuilder<?> builder) {
    String[] parts = popularItems.split(",", -1);
    if (parts.length != 2
        || !parts[0].matches("[0-9]{1,9}")
        || !parts[1].matches("[0-9]*\\.?[0-9]+")) {
      throw new IllegalArgumentException(
          "expected a number of users and a share, as in 500,0.1, found " + popularItems);
    }
    builder.popularItems(Integer.parseInt(parts[0]), Double.parseDouble(parts[1]));
  }
}
