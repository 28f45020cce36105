package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.reading.LightGcn;
import io.github.vaecf.data.reading.MovieLens;
import io.github.vaecf.data.reading.NetflixPrize;
import io.github.vaecf.data.reading.TasteProfile;
import io.github.vaecf.data.splitting.GivenSplit;
import io.github.vaecf.data.splitting.StrongGeneralizationSplit;
import io.github.vaecf.eval.Ndcg;
import io.github.vaecf.eval.RankingMetric;
import io.github.vaecf.eval.Recall;
import io.github.vaecf.eval.RecallOfAll;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Data sets on which results of Mult-VAE or Mult-DAE were published: how large the prepared data
 * is, by which metrics and with which result, and with which settings {@code reproduce} trains.
 */
enum PublishedResult {
  /** MovieLens 20M, Liang et al. 2018, table 2 (a). */
  ML_20M("MovieLens 20M", Source.LIANG, 136_677, 20_108),
  /** The Netflix Prize, Liang et al. 2018, table 2 (b). */
  NETFLIX("Netflix Prize", Source.LIANG, 463_435, 17_769),
  /** The Million Song Dataset, Liang et al. 2018, table 2 (c). */
  MSD("Million Song Dataset", Source.LIANG, 571_355, 41_140),
  /** Gowalla, He et al. 2020, table 4; Mult-DAE is not among its models. */
  GOWALLA("Gowalla", Source.HE, 29_858, 40_981);

  /** Where results were published. */
  private enum Source {
    LIANG(
        "Liang, Krishnan, Hoffman, Jebara: Variational Autoencoders for Collaborative Filtering,"
            + " WWW 2018, table 2"),
    HE("He, Deng, Wang, Li, Zhang, Wang: LightGCN, SIGIR 2020, table 4");

    private final String citation;

    Source(String citation) {
      this.citation = citation;
    }
  }

  /**
   * Share of each user's training pairs that is held back to choose the epoch by: as large as that
   * of the test, so that users with few items take part.
   */
  private static final double VALIDATION_SHARE = 0.2;

  private final String title;
  private final Source source;
  private final int users;
  private final int items;

  PublishedResult(String title, Source source, int users, int items) {
    this.title = title;
    this.source = source;
    this.users = users;
    this.items = items;
  }

  /** The data set's name for a person. */
  String title() {
    return title;
  }

  /** Where the results were published. */
  String citation() {
    return source.citation;
  }

  /** What the results were measured by. */
  List<RankingMetric> metrics() {
    return switch (source) {
      case LIANG -> List.of(Recall.at(20), Recall.at(50), Ndcg.at(100));
      case HE -> List.of(RecallOfAll.at(20), Ndcg.at(20));
    };
  }

  /** The published mean; empty where none was published. */
  OptionalDouble value(ModelKind model, RankingMetric metric) {
    int column = metrics().indexOf(metric);
    List<Double> row = model == ModelKind.VAE ? vae() : dae();
    return column < 0 || row.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(row.get(column));
  }

  /** The row of Mult-VAE, a value for each of the metrics. */
  private List<Double> vae() {
    return switch (this) {
      case ML_20M -> List.of(0.395, 0.537, 0.426);
      case NETFLIX -> List.of(0.351, 0.444, 0.386);
      case MSD -> List.of(0.266, 0.364, 0.316);
      case GOWALLA -> List.of(0.1641, 0.1335);
    };
  }

  /** The row of Mult-DAE; none where it was not published. */
  private List<Double> dae() {
    return switch (this) {
      case ML_20M -> List.of(0.387, 0.524, 0.419);
      case NETFLIX -> List.of(0.344, 0.438, 0.380);
      case MSD -> List.of(0.266, 0.363, 0.313);
      case GOWALLA -> List.of();
    };
  }

  /**
   * The published result for prepared data of this size, which is taken for the data set itself.
   */
  static Optional<PublishedResult> of(Split split) {
    if (Synthetic.is(split)) {
      return Optional.empty();
    }
    for (PublishedResult one : values()) {
      if (one.users == split.users().size() && one.items == split.items().size()) {
        return Optional.of(one);
      }
    }
    return Optional.empty();
  }

  /**
   * The settings in which {@code reproduce} departs from those of Liang et al., by the names of
   * train's options.
   *
   * <p>On Gowalla β's rise is given in steps, so that it takes the same course on all pairs as on
   * the part that found the number of epochs; how the settings were chosen stands in
   * docs/results/gowalla.md.
   */
  Map<String, String> settings(ModelKind model) {
    if (this == GOWALLA && model == ModelKind.VAE) {
      return Map.of(
          "epochs", "20",
          "learning-rate", "0.002",
          "schedule", "cosine",
          "keep-probability", "0.7",
          "l2", "0.00007",
          "beta-cap", "0.5",
          "anneal-steps", "360");
    }
    return Map.of();
  }

  /** What decides on the epoch, on validation users. */
  RankingMetric validation() {
    return source == Source.HE ? Ndcg.at(20) : Ndcg.at(100);
  }

  /**
   * Whether the test is on the items of the training users, of whom validation pairs are training
   * pairs that are held back: then the last training is on all of them.
   */
  boolean testsTrainingUsers() {
    return source == Source.HE;
  }

  /**
   * Reads raw data and prepares it as published.
   *
   * @param input the data set as published
   * @param heldOutUsers users to hold out for validation, and again for test, in place of the
   *     published number; null for that
   * @throws DataException if it cannot be read
   */
  Split prepare(Path input, Integer heldOutUsers) {
    if (this == GOWALLA) {
      return GivenSplit.builder()
          .validationShare(VALIDATION_SHARE)
          .build()
          .split(
              LightGcn.read(input.resolve("train.txt")), LightGcn.read(input.resolve("test.txt")));
    }
    StrongGeneralizationSplit.Builder splitting = splitting();
    if (heldOutUsers != null) {
      splitting.heldOutUsers(heldOutUsers);
    }
    return splitting.build().split(read(input));
  }

  private StrongGeneralizationSplit.Builder splitting() {
    return switch (this) {
      case ML_20M -> StrongGeneralizationSplit.movieLens20M();
      case NETFLIX -> StrongGeneralizationSplit.netflixPrize();
      case MSD -> StrongGeneralizationSplit.millionSongs();
      case GOWALLA -> throw new IllegalStateException("a given split");
    };
  }

  private Interactions read(Path input) {
    return switch (this) {
      case ML_20M -> MovieLens.read(input);
      case NETFLIX -> NetflixPrize.read(input);
      case MSD ->
          TasteProfile.read(Files.isDirectory(input) ? input.resolve("train_triplets.txt") : input);
      case GOWALLA -> throw new IllegalStateException("a given split");
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
