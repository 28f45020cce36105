package io.github.vaecf.cli;

import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.splitting.GivenSplit;
import io.github.vaecf.data.splitting.LeaveLastOutSplit;
import io.github.vaecf.data.splitting.SplitBuilder;
import io.github.vaecf.data.splitting.StrongGeneralizationSplit;
import io.github.vaecf.data.splitting.WeakGeneralizationSplit;
import java.util.Locale;
import picocli.CommandLine.Option;

/** The options that say which events count and what is held out. */
final class SplitOptions {
  enum Kind {
    STRONG,
    WEAK,
    LAST,
    GIVEN;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  enum Preset {
    ML_20M,
    NETFLIX,
    MSD;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private StrongGeneralizationSplit.Builder builder() {
      return switch (this) {
        case ML_20M -> StrongGeneralizationSplit.movieLens20M();
        case NETFLIX -> StrongGeneralizationSplit.netflixPrize();
        case MSD -> StrongGeneralizationSplit.millionSongs();
      };
    }
  }

  @Option(
      names = "--split",
      paramLabel = "KIND",
      description =
          "strong: users held out, as published; weak: shares of every user's items; last: every"
              + " user's last items by time; given: two inputs, train and test; default strong,"
              + " given for a folder of lightgcn.")
  private Kind kind;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      description =
          "Published settings of a data set: ${COMPLETION-CANDIDATES}; the options below change"
              + " them.")
  private Preset preset;

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
    return kind == Kind.GIVEN;
  }

  /**
   * The split of one log.
   *
   * @param rated whether the log has ratings
   * @throws IllegalArgumentException if an option is out of its range
   */
  Splitting splitting(boolean rated) {
    return switch (kind == null ? Kind.STRONG : kind) {
      case STRONG -> strong(rated)::split;
      case WEAK -> {
        WeakGeneralizationSplit.Builder builder =
            WeakGeneralizationSplit.builder().validationShare(validationShare).testShare(testShare);
        common(builder, rated);
        yield builder.build()::split;
      }
      case LAST -> {
        LeaveLastOutSplit.Builder builder = LeaveLastOutSplit.builder();
        common(builder, rated);
        yield builder.build()::split;
      }
      case GIVEN -> throw new IllegalStateException("a given split has two logs");
    };
  }

  /**
   * The join of two logs to a split.
   *
   * @throws IllegalArgumentException if an option is out of its range
   */
  GivenSplit joining() {
    return GivenSplit.builder().validationShare(validationShare).seed(seed).build();
  }

  private StrongGeneralizationSplit strong(boolean rated) {
    StrongGeneralizationSplit.Builder builder =
        preset == null ? StrongGeneralizationSplit.builder() : preset.builder();
    common(builder, rated);
    if (heldOutUsers != null) {
      builder.heldOutUsers(heldOutUsers);
    } else if (preset == null) {
      throw new IllegalArgumentException(
          "--heldout-users: say how many users to hold out for validation, and again for test");
    }
    return builder.build();
  }

  private void common(SplitBuilder<?> builder, boolean rated) {
    if (minRating != null) {
      builder.minRating(minRating);
    } else if (rated && preset == null) {
      builder.minRating(4);
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

  private void popularItems(SplitBuilder<?> builder) {
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

  /** Divides a log. */
  @FunctionalInterface
  interface Splitting {
    Split split(Interactions log);
  }
}
