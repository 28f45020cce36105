package io.github.vaecf.cli;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.published.PublishedDataSet;
import io.github.vaecf.data.splitting.GivenSplitter;
import io.github.vaecf.data.splitting.LeaveLastOutSplitter;
import io.github.vaecf.data.splitting.Splitter;
import io.github.vaecf.data.splitting.SplitterBuilder;
import io.github.vaecf.data.splitting.StrongGeneralizationSplitter;
import io.github.vaecf.data.splitting.WeakGeneralizationSplitter;
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
          new Kind(
              "last",
              "every user's last items by time",
              options -> LeaveLastOutSplitter.builder()));

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
      names = "--heldout-users",
      paramLabel = "N",
      description =
          "Users held out for validation, and as many again for test (strong); default as in the"
              + " preset, else a tenth.")
  private Integer heldOutUsers;

  @Option(
      names = "--validation-share",
      paramLabel = "X",
      defaultValue = "0.1",
      description =
          "Share of a user's items held out for validation (weak, given); default"
              + " ${DEFAULT-VALUE}.")
  private double validationShare;

  @Option(
      names = "--test-share",
      paramLabel = "X",
      defaultValue = "0.2",
      description = "Share of a user's items held out for test (weak); default ${DEFAULT-VALUE}.")
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
              + ": no user has the 3 items that it takes; filter less (--min-rating,"
              + " --min-item-users) or take another --split");
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
    int[] trained = split.train().columnCounts();
    int[] tested = split.test().heldOut().columnCounts();
    int example = -1;
    for (int item = 0; item < tested.length; item++) {
      if (tested[item] > 0) {
        if (trained[item] > 0) {
          return;
        }
        example = example < 0 ? item : example;
      }
    }
    throw new DataException(
        "no item to test on, such as '"
            + split.items().id(example)
            + "', is one that training users have, such as '"
            + split
                .items()
                .id(
                    IntStream.range(0, trained.length)
                        .filter(item -> trained[item] > 0)
                        .findFirst()
                        .orElseThrow())
            + "': no model could find any; check that both have the same kind of ids");
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
      named("--heldout-users", () -> builder.heldOutUsers(heldOutUsers));
    }
    return builder;
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
