package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Reads the form in which He et al. published the data sets of "LightGCN" (SIGIR 2020), Gowalla
 * among them: each line a user, then that user's items, separated by blanks. Training and test are
 * a file each; {@link io.github.vaecf.data.splitting.GivenSplitter} makes a split of both.
 */
final class LightGcn {
  private static final String TRAIN = "train.txt";
  private static final String TEST = "test.txt";

  private LightGcn() {}

  /**
   * Reads a file.
   *
   * @param file {@code train.txt} or {@code test.txt}, plain or compressed
   * @return an event a pair, in the order of the file; a user without items has no event
   * @throws DataException if the file cannot be read or has a line that cannot be used; the message
   *     says which
   */
  static Interactions read(Path file) {
    return read(Archive.single(file));
  }

  static Interactions read(Source source) {
    EventCollector collector = new EventCollector();
    try (BlockPipeline<EventBlock> pipeline = new BlockPipeline<>(collector)) {
      pipeline.read(source, (bytes, from, to) -> new LineFormat.Start<>(LightGcn::parse, false));
      pipeline.drain();
    }
    return collector.toInteractions();
  }

  /** Both logs of a folder as it was published. */
  static Optional<LogFormat.TrainAndTest> trainAndTest(Path path) {
    return Files.isDirectory(path)
        ? Optional.of(new LogFormat.TrainAndTest(path.resolve(TRAIN), path.resolve(TEST)))
        : Optional.empty();
  }

  /** Writes both logs: of each user's items the last fifth is for test. */
  static void write(Interactions log, Path folder) throws IOException {
    EventsByKey events = EventsByKey.byUser(log);
    try (BufferedWriter train = Files.newBufferedWriter(folder.resolve(TRAIN));
        BufferedWriter test = Files.newBufferedWriter(folder.resolve(TEST))) {
      for (int user = 0; user < log.users().size(); user++) {
        int cut = events.size(user) * 4 / 5;
        train.write(line(log, user, events, 0, cut));
        test.write(line(log, user, events, cut, events.size(user)));
      }
    }
  }

  private static String line(Interactions log, int user, EventsByKey events, int from, int to) {
    StringBuilder line = new StringBuilder(log.users().id(user));
    for (int at = from; at < to; at++) {
      line.append(' ').append(log.items().id(log.item(events.event(user, at))));
    }
    return line.append('\n').toString();
  }

  private static EventBlock parse(byte[] bytes, int from, int to) throws LineException {
    EventBlock block = new EventBlock((to - from) / 6 + 16, false);
    int at = from;
    while (at < to) {
      block.nextLine();
      int user = -1;
      while (at < to && bytes[at] != '\n') {
        if (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\r') {
          at++;
          continue;
        }
        int start = at;
        while (at < to
            && bytes[at] != ' '
            && bytes[at] != '\t'
            && bytes[at] != '\r'
            && bytes[at] != '\n') {
          at++;
        }
        if (user < 0) {
          user = block.user(bytes, start, at);
        } else {
          block.add(user, block.item(bytes, start, at), 1, 0);
        }
      }
      at++;
    }
    return block;
  }
}
