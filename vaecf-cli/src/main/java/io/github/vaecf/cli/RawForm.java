package io.github.vaecf.cli;

import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.reading.RatingsFile;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Locale;

/** The forms in which {@code generate} writes raw data, each as its data set was published. */
enum RawForm {
  /** {@code ratings.csv}: user, movie, rating, time. */
  MOVIELENS {
    @Override
    void write(Interactions log, Path folder) {
      RatingsFile.write(log, folder.resolve("ratings.csv"));
    }
  },
  /** {@code combined_data_1.txt}: beneath each movie its customers, whole stars and days. */
  NETFLIX {
    @Override
    void write(Interactions log, Path folder) throws IOException {
      int[] starts = starts(log.itemCounts());
      int[] order = new int[log.size()];
      int[] next = starts.clone();
      for (int event = 0; event < log.size(); event++) {
        order[next[log.item(event)]++] = event;
      }
      try (BufferedWriter out = Files.newBufferedWriter(folder.resolve("combined_data_1.txt"))) {
        for (int item = 0; item < log.items().size(); item++) {
          out.write(log.items().id(item) + ":\n");
          for (int at = starts[item]; at < starts[item + 1]; at++) {
            int event = order[at];
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
  },
  /** {@code train_triplets.txt}: user, song, play count. */
  MSD {
    @Override
    void write(Interactions log, Path folder) throws IOException {
      try (BufferedWriter out = Files.newBufferedWriter(folder.resolve("train_triplets.txt"))) {
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
  },
  /** {@code train.txt} and {@code test.txt}: a user and its items a line, one in five for test. */
  LIGHTGCN {
    @Override
    void write(Interactions log, Path folder) throws IOException {
      int[] starts = starts(log.userCounts());
      int[] items = new int[log.size()];
      int[] next = starts.clone();
      for (int event = 0; event < log.size(); event++) {
        items[next[log.user(event)]++] = log.item(event);
      }
      try (BufferedWriter train = Files.newBufferedWriter(folder.resolve("train.txt"));
          BufferedWriter test = Files.newBufferedWriter(folder.resolve("test.txt"))) {
        for (int user = 0; user < log.users().size(); user++) {
          int cut = starts[user] + (starts[user + 1] - starts[user]) * 4 / 5;
          train.write(line(log, user, Arrays.copyOfRange(items, starts[user], cut)));
          test.write(line(log, user, Arrays.copyOfRange(items, cut, starts[user + 1])));
        }
      }
    }

    private String line(Interactions log, int user, int[] items) {
      StringBuilder line = new StringBuilder(log.users().id(user));
      for (int item : items) {
        line.append(' ').append(log.items().id(item));
      }
      return line.append('\n').toString();
    }
  };

  /**
   * Writes a log.
   *
   * @param folder where to; must be there
   * @throws IOException if it cannot be written
   */
  abstract void write(Interactions log, Path folder) throws IOException;

  /** Where each key's events begin when they are sorted by key. */
  private static int[] starts(int[] counts) {
    int[] starts = new int[counts.length + 1];
    for (int key = 0; key < counts.length; key++) {
      starts[key + 1] = starts[key] + counts[key];
    }
    return starts;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
