package io.github.vaecf.cli;

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
          "Users held out for validation, and as many again for test (strong); needed unless a"
              + " preset says it.")
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
    return GivenSplitter.builder().validationShare(validationShare).seed(seed).build();
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
        preset == null
            ? StrongGeneralizationSplitter.builder()
            : PublishedDataSet.of(preset).splitter();
    if (heldOutUsers != null) {
      builder.heldOutUsers(heldOutUsers);
    } else if (preset == null) {
      throw new IllegalArgumentException(
          "--heldout-users: say how many users to hold out for validation, and again for test");
    }
    return builder;
  }

  private SplitterBuilder<?> weak() {
    return WeakGeneralizationSplitter.builder()
        .validationShare(validationShare)
        .testShare(testShare);
  }

  private void common(SplitterBuilder<?> builder, boolean rated) {
    if (minRating != null) {
      builder.minRating(minRating);
    } else if (rated && takesDefaultRating()) {
      builder.minRating(LikeThreshold.DEFAULT);
    }
    if (minUserItems != null) {
      builder.minUserItems(minUserItems);
    }
    if (minItemUsers != null) {
      builder.minItemUsers(minItemUsers);
    }
    if (mostUserItems != null) {
      builder.mostUserItems(mostUserItems);
    }
    if (popularItems != null) {
      popularItems(builder);
    }
    builder.untilStable(untilStable);
    builder.seed(seed);
  }

  private void popularItems(SplitterBuilder<?> builder) {
    String[] parts = popularItems.split(",", -1);
    if (parts.length != 2
        || !parts[0].matches("[0-9]{1,9}")
        || !parts[1].matches("[0-9]*\\.?[0-9]+")) {
      throw new IllegalArgumentException(
          "--popular-items: expected a number of users and a share, as in 500,0.1, found "
              + popularItems);
    }
    builder.popularItems(Integer.parseInt(parts[0]), Double.parseDouble(parts[1]));
  }
}
