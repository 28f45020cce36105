package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Reads the ratings of the Netflix Prize (Bennett and Lanning, "The Netflix Prize", KDD Cup 2007)
 * in both published forms: a file a movie ({@code training_set/mv_0000001.txt}), or all movies in a
 * few files ({@code combined_data_1.txt} …). In both a line {@code movie:} comes before the lines
 * {@code customer,rating,date} of that movie. Titles come from {@code movie_titles.txt} or {@code
 * movie_titles.csv}, written in Latin-1 and with commas inside titles.
 *
 * <p>Times are seconds since 1970 at which the day of the rating begins. All ratings in memory take
 * 2 GB, and half as much again while they are read.
 */
final class NetflixPrize {
  private static final byte[] COMMA = {','};

  private NetflixPrize() {}

  /**
   * Reads the data set.
   *
   * @param path the tar as published (also by gzip), or a folder or zip with the same files, or one
   *     file of ratings alone
   * @param options what is read; times are days
   * @return ratings in the order of the files, titles of the movies where there are any
   * @throws DataException if there is no file of ratings or one has a line that cannot be used; the
   *     message says which
   */
  static Interactions read(Path path, ReadOptions options) {
    EventCollector collector = new EventCollector(options);
    Map<String, String> titles = new LinkedHashMap<>();
    boolean[] found = new boolean[1];
    try (BlockPipeline<EventBlock> pipeline = new BlockPipeline<>(collector)) {
      Archive.of(path)
          .forEach(
              file -> {
                String name = file.fileName().toLowerCase(Locale.ROOT);
                if (name.matches("(mv_[0-9]+|combined_data_[0-9]+)\\.txt(\\.gz)?")) {
                  found[0] = true;
                  pipeline.read(file, new Ratings(options.times()));
                } else if (name.matches("movie_titles\\.(txt|csv)")) {
                  titles.putAll(titles(file));
                }
              });
      pipeline.drain();
    }
    if (!found[0]) {
      throw new DataException(
          path + ": expected files named mv_0000001.txt … or combined_data_1.txt …, found none");
    }
    return collector.toInteractions().withTitles(titles);
  }

  /** Writes {@code combined_data_1.txt}: beneath each movie its customers, whole stars and days. */
  static void write(Interactions log, Path folder) throws IOException {
    EventsByKey events = EventsByKey.byItem(log);
    try (BufferedWriter out = Files.newBufferedWriter(folder.resolve("combined_data_1.txt"))) {
      for (int item = 0; item < log.items().size(); item++) {
        out.write(log.items().id(item) + ":\n");
        for (int at = 0; at < events.size(item); at++) {
          int event = events.event(item, at);
          out.write(
              log.users().id(log.user(event))
                  + ","
                  + (int) Math.ceil(log.value(event))
                  + ","
                  + Instant.ofEpochSecond(log.time(event)).atZone(ZoneOffset.UTC).toLocalDate()
                  + "\n");
        }
      }
    }
  }

  /** Lines {@code movie,year,title}; a year may be NULL, a title may hold commas. */
  private static Map<String, String> titles(Source file) {
    Map<String, String> titles = new LinkedHashMap<>();
    int line = 0;
    for (String text : file.text().split("\r?\n", -1)) {
      line++;
      if (text.isEmpty()) {
        continue;
      }
      String[] fields = text.split(",", 3);
      if (fields.length < 3) {
        throw new DataException(
            file.name()
                + ", line "
                + line
                + ": expected movie,year,title, found '"
                + DataException.excerpt(text)
                + "'");
      }
      titles.put(
          fields[0], fields[1].equals("NULL") ? fields[2] : fields[2] + " (" + fields[1] + ")");
    }
    return titles;
  }

  /** Ratings beneath the movie that they are of. */
  static final class Ratings implements LineFormat<EventBlock> {
    private final boolean times;

    Ratings(boolean times) {
      this.times = times;
    }

    @Override
    public Start<EventBlock> start(byte[] bytes, int from, int to, int all) throws LineException {
      if (!isMovie(bytes, from, to)) {
        throw new LineException(
            1, "expected a movie as in 1:, found " + Fields.shown(bytes, from, to));
      }
      return new Start<>(this::parse, false);
    }

    /** Before the last movie, whose ratings may go on in the next block. */
    @Override
    public int cut(byte[] bytes, int from, int to) {
      int end = to;
      while (end > from) {
        end--;
        if (bytes[end] == ':') {
          int start = end;
          while (start > from && bytes[start - 1] != '\n') {
            start--;
          }
          if (start == from || isMovie(bytes, start, end + 1)) {
            return start;
          }
          end = start; // No second look at one line, however many colons it has.
        }
      }
      return from;
    }

    private static boolean isMovie(byte[] bytes, int from, int to) {
      return to > from && bytes[to - 1] == ':' && Fields.areDigits(bytes, from, to - 1);
    }

    private EventBlock parse(byte[] bytes, int from, int to) throws LineException {
      Fields fields = new Fields(COMMA, false, 3);
      EventTime time = times ? new EventTime() : null;
      EventBlock block = new EventBlock((to - from) / 20 + 16, times);
      int movie = -1;
      int at = from;
      while (at < to) {
        int line = block.nextLine();
        at = fields.cut(bytes, at, to, line);
        if (fields.blank()) {
          continue;
        }
        if (fields.count() == 1 && isMovie(bytes, fields.start(0), fields.end(0))) {
          movie = block.item(bytes, fields.start(0), fields.end(0) - 1);
          continue;
        }
        if (fields.count() != 3 || movie < 0) {
          throw new LineException(
              line,
              "expected customer,rating,date or a movie as in 1:, found "
                  + Fields.shown(bytes, fields.start(0), fields.end(0))
                  + " as the first of "
                  + fields.count()
                  + " fields");
        }
        if (times) {
          time.require(bytes, fields.start(2), fields.end(2), line);
        }
        block.add(
            block.user(bytes, fields.start(0), fields.end(0)),
            movie,
            fields.requireNumber(bytes, 1, line),
            time);
      }
      return block;
    }
  }
}
