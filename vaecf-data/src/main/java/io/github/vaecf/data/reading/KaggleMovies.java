package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Reads the form in which movie ratings are passed around on Kaggle: a file of ratings (movie,
 * user, rating) and a file of movies (movie, year, name), both separated by commas with a header,
 * the columns in any order. Which file and column is which stands in the header: case, blanks and
 * underscores do not matter.
 */
final class KaggleMovies {
  private static final Set<String> NAME = Set.of("name", "title", "moviename", "movietitle");
  private static final Set<String> YEAR = Set.of("year", "releaseyear", "yearofrelease");

  private KaggleMovies() {}

  /**
   * Reads the data set.
   *
   * @param path the folder or zip that holds both files, or the file of ratings alone
   * @param options what is read
   * @return ratings in the order of the file, names with years as titles
   * @throws DataException if there is not exactly one file of ratings or it has a line that cannot
   *     be used; the message says which
   */
  static Interactions read(Path path, ReadOptions options) {
    EventCollector collector = new EventCollector(options);
    Map<String, String> titles = new LinkedHashMap<>();
    List<String> ratings = new ArrayList<>();
    try (BlockPipeline<EventBlock> pipeline = new BlockPipeline<>(collector)) {
      Archive.of(path)
          .forEach(
              file -> {
                if (!file.fileName().toLowerCase(Locale.ROOT).matches(".*\\.csv(\\.gz)?")) {
                  return;
                }
                List<String> header = List.of(file.firstLine().split(",", -1));
                int user = column(header, Columns.USER);
                int movie = column(header, Columns.ITEM);
                int rating = column(header, Columns.VALUE);
                int name = column(header, NAME);
                if (user > 0 && movie > 0 && rating > 0) {
                  ratings.add(file.name());
                  DelimitedReader.builder()
                      .header(true)
                      .userColumn(Integer.toString(user))
                      .itemColumn(Integer.toString(movie))
                      .valueColumn(Integer.toString(rating))
                      .build()
                      .read(file, pipeline);
                } else if (movie > 0 && name > 0) {
                  titles.putAll(titles(file, movie, name, column(header, YEAR)));
                }
              });
      pipeline.drain();
    }
    if (ratings.size() != 1) {
      throw new DataException(
          path
              + ": expected one .csv file whose header names a movie, a user and a rating, found "
              + (ratings.isEmpty()
                  ? "none"
                  : DataException.excerpt(String.join(" and ", ratings))));
    }
    return collector.toInteractions().withTitles(titles);
  }

  /** The number of the column that has one of these names, counted from 1, or 0. */
  private static int column(List<String> header, Set<String> names) {
    return Columns.named(header, names) + 1;
  }

  private static Map<String, String> titles(Source file, int movie, int name, int year) {
    String id = Integer.toString(movie);
    Map<String, String> names = ItemTitles.read(file, ",", true, id, Integer.toString(name));
    if (year == 0) {
      return names;
    }
    Map<String, String> years = ItemTitles.read(file, ",", true, id, Integer.toString(year));
    Map<String, String> titles = new LinkedHashMap<>();
    names.forEach(
        (movieId, title) -> titles.put(movieId, ItemTitles.withYear(title, years.get(movieId))));
    return titles;
  }
}
