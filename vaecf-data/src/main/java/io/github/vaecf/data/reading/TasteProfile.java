package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads the taste profile of the Million Song Dataset (Bertin-Mahieux, Ellis, Whitman and Lamere,
 * "The Million Song Dataset", ISMIR 2011): lines of user, song and play count, separated by tabs,
 * plain, by gzip or in a zip. If {@code unique_tracks.txt} lies beside it, songs are titled with
 * artist and title.
 */
final class TasteProfile {
  private static final DelimitedReader TRIPLETS =
      DelimitedReader.builder().separator("\t").header(false).valueColumn("3").build();

  private static final String TRIPLETS_FILE = "train_triplets.txt";
  private static final String TRACKS_FILE = "unique_tracks.txt";

  private TasteProfile() {}

  /**
   * Reads the data set.
   *
   * @param path {@code train_triplets.txt}, its folder, or the zip as published
   * @return play counts in the order of the file, titles of the songs where there are any
   * @throws DataException if the file cannot be read or has a line that cannot be used
   */
  static Interactions read(Path path) {
    Path file = path.resolve(TRIPLETS_FILE);
    Interactions log = TRIPLETS.read(Files.exists(file) ? file : path);
    Path tracks =
        Files.isDirectory(path) ? path.resolve(TRACKS_FILE) : path.resolveSibling(TRACKS_FILE);
    return Files.exists(tracks) ? log.withTitles(titles(Source.of(tracks))) : log;
  }

  /** Writes {@code train_triplets.txt}. */
  static void write(Interactions log, Path folder) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(folder.resolve(TRIPLETS_FILE))) {
      for (int event = 0; event < log.size(); event++) {
        out.write(
            log.users().id(log.user(event))
                + "\t"
                + log.items().id(log.item(event))
                + "\t"
                + (int) Math.ceil(log.value(event))
                + "\n");
      }
    }
  }

  /** Lines of track, song, artist and title, separated by {@code <SEP>}. */
  private static Map<String, String> titles(Source file) {
    Map<String, String> titles = new LinkedHashMap<>();
    int line = 0;
    for (String text : file.text().split("\r?\n", -1)) {
      line++;
      if (text.isEmpty()) {
        continue;
      }
      String[] fields = text.split("<SEP>", 4);
      if (fields.length < 4) {
        throw new DataException(
            file.name()
                + ", line "
                + line
                + ": expected track, song, artist and title, found "
                + fields.length
                + " fields");
      }
      titles.putIfAbsent(fields[1], fields[2] + " – " + fields[3]);
    }
    return titles;
  }
}
