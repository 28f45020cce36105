package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.reading.KaggleMovies;
import io.github.vaecf.data.reading.LightGcn;
import io.github.vaecf.data.reading.MovieLens;
import io.github.vaecf.data.reading.NetflixPrize;
import io.github.vaecf.data.reading.TasteProfile;
import java.nio.file.Path;
import java.util.Locale;

/** The forms of raw data that {@code prepare} reads. */
enum LogFormat {
  /** Delimited text, by default with commas. */
  CSV,
  /** Delimited text with tabs. */
  TSV,
  /** MovieLens as published, of any size. */
  MOVIELENS,
  /** The Netflix Prize's ratings. */
  NETFLIX,
  /** A file of movies and a file of ratings, as on Kaggle. */
  KAGGLE,
  /** The Million Song Dataset's taste profile. */
  MSD,
  /** Gowalla and the others of the LightGCN paper: a user and its items a line. */
  LIGHTGCN;

  /** Whether this is text whose columns the user may choose. */
  boolean delimited() {
    return this == CSV || this == TSV;
  }

  /** Whether values are ratings, of which only high ones are likes. */
  boolean rated() {
    return this != MSD && this != LIGHTGCN;
  }

  /**
   * Reads a data set of a published form.
   *
   * @throws DataException if it cannot be read
   */
  Interactions read(Path input) {
    return switch (this) {
      case MOVIELENS -> MovieLens.read(input);
      case NETFLIX -> NetflixPrize.read(input);
      case KAGGLE -> KaggleMovies.read(input);
      case MSD -> TasteProfile.read(input);
      case LIGHTGCN -> LightGcn.read(input);
      case CSV, TSV -> throw new IllegalStateException("delimited text has columns to choose");
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
