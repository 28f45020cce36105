package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads the MovieLens data sets of GroupLens (Harper and Konstan, "The MovieLens Datasets: History
 * and Context", ACM TiiS 5(4), 2015) in every form in which they were published, with times and,
 * where they are present, titles:
 *
 * <ul>
 *   <li>100K: {@code u.data} separated by tabs, titles in {@code u.item}
 *   <li>1M and 10M: {@code ratings.dat} separated by {@code ::}, titles in {@code movies.dat}
 *   <li>20M, 25M, 32M and the latest ones: {@code ratings.csv} with a header, titles in {@code
 *       movies.csv}
 * </ul>
 */
public final class MovieLens {
  private static final int BUFFER_SIZE = 1 << 20;

  private MovieLens() {}

  private static DelimitedReader withHeader(ReadOptions options) {
    return reader(
        options,
        DelimitedReader.builder()
            .userColumn("userId")
            .itemColumn("movieId")
            .valueColumn("rating")
            .timeColumn("timestamp"));
  }

  private static DelimitedReader withoutHeader(String separator, ReadOptions options) {
    return reader(
        options,
        DelimitedReader.builder()
            .separator(separator)
            .header(false)
            .userColumn("1")
            .itemColumn("2")
            .valueColumn("3")
            .timeColumn("4"));
  }

  private static DelimitedReader reader(ReadOptions options, DelimitedReader.Builder columns) {
    return columns.options(options).build();
  }

  /**
   * Reads a data set.
   *
   * @param path the folder or zip as published, or the file of ratings alone
   * @return ratings in the order of the file, titles of the movies where there are any
   * @throws DataException if there is not exactly one file of ratings or it has a line that cannot
   *     be used; the message says which
   */
  public static Interactions read(Path path) {
    return read(path, ReadOptions.ALL);
  }

  /**
   * Reads a data set.
   *
   * @param options what is read
   */
  static Interactions read(Path path, ReadOptions options) {
    EventCollector collector = new EventCollector(options);
    Map<String, String> titles = new LinkedHashMap<>();
    String[] ratings = new String[1];
    try (BlockPipeline<EventBlock> pipeline = new BlockPipeline<>(collector)) {
      Archive.of(path)
          .forEach(
              file -> {
                DelimitedReader reader =
                    switch (file.fileName()) {
                      case "ratings.csv", "ratings.csv.gz" -> withHeader(options);
                      case "ratings.dat", "ratings.dat.gz" -> withoutHeader("::", options);
                      case "u.data", "u.data.gz" -> withoutHeader("\t", options);
                      default -> null;
                    };
                if (reader != null) {
                  if (ratings[0] != null) {
                    throw new DataException(
                        path
                            + ": expected one file of ratings, found "
                            + ratings[0]
                            + " and "
                            + file.name());
                  }
                  ratings[0] = file.name();
                  collector.expect(file.size());
                  reader.read(file, pipeline);
                }
                switch (file.fileName()) {
                  case "movies.csv" ->
                      titles.putAll(ItemTitles.read(file, ",", true, "movieId", "title"));
                  case "movies.dat" -> titles.putAll(ItemTitles.read(file, "::", false, "1", "2"));
                  case "u.item" -> titles.putAll(ItemTitles.read(file, "|", false, "1", "2"));
                  default -> {}
                }
              });
      pipeline.drain();
    }
    if (ratings[0] == null) {
      throw new DataException(
          path + ": expected a file named ratings.csv, ratings.dat or u.data, found none");
    }
    return collector.toInteractions().withTitles(titles);
  }

  /** Writes {@code ratings.csv}, ratings with one decimal. */
  static void write(Interactions log, Path folder) throws IOException {
    try (OutputStream out =
        new BufferedOutputStream(
            Files.newOutputStream(folder.resolve("ratings.csv")), BUFFER_SIZE)) {
      out.write("userId,movieId,rating,timestamp\n".getBytes(StandardCharsets.US_ASCII));
      byte[][] users = fields(log.users());
      byte[][] items = fields(log.items());
      byte[] digits = new byte[20];
      for (int event = 0; event < log.size(); event++) {
        out.write(users[log.user(event)]);
        out.write(items[log.item(event)]);
        int tenths = Math.round(10 * log.value(event));
        out.write('0' + tenths / 10);
        out.write('.');
        out.write('0' + tenths % 10);
        out.write(',');
        int at = digits.length;
        long rest = log.time(event);
        do {
          digits[--at] = (byte) ('0' + rest % 10);
          rest /= 10;
        } while (rest > 0);
        out.write(digits, at, digits.length - at);
        out.write('\n');
      }
    }
  }

  /** The ids, each with the comma after it. */
  private static byte[][] fields(IdIndex ids) {
    byte[][] fields = new byte[ids.size()][];
    for (int index = 0; index < fields.length; index++) {
      fields[index] = (ids.id(index) + ",").getBytes(StandardCharsets.UTF_8);
    }
    return fields;
  }
}
