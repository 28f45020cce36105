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
 * among them: each line a user, then that user's items, separated by blanks, one line a user.
 * Training and test are a file each; {@link io.github.vaecf.data.splitting.GivenSplitter} makes a
 * split of both.
 */
final class LightGcn {
  private static final String TRAIN = "train.txt";
  private static final String TEST = "test.txt";

  /** Fewer lines may begin with the number of their items by chance. */
  private static final int FEWEST_LINES = 3;

  private static final String AN_EVENT_A_LINE =
      "; if a line is an event (user, item …), read it with --format csv --separator ' '";

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
    Users users = new Users(source.name(), collector);
    try (BlockPipeline<EventBlock> pipeline = new BlockPipeline<>(users)) {
      pipeline.read(
          source, (bytes, from, to, end) -> new LineFormat.Start<>(LightGcn::parse, false));
      pipeline.drain();
    }
    users.requireNoCounts();
    return collector.toInteractions();
  }

  /** Makes sure that the lines are what they are taken for. */
  private static final class Users implements BlockPipeline.Sink<EventBlock> {
    private final String file;
    private final EventCollector collector;
    private long lines;
    private long countedLines;

    Users(String file, EventCollector collector) {
      this.file = file;
      this.collector = collector;
    }

    @Override
    public void accept(EventBlock block) throws LineException {
      lines += block.userLines();
      countedLines += block.countedLines();
      collector.accept(block);
      if (!counts() && collector.users() < lines) {
        throw new DataException(
            file
                + ": expected one line a user, found "
                + (lines - collector.users())
                + " more, up to "
                + block.place(block.lines())
                + AN_EVENT_A_LINE);
      }
    }

    private boolean counts() {
      return lines >= FEWEST_LINES && countedLines == lines;
    }

    void requireNoCounts() {
      if (counts()) {
        throw new DataException(
            file
                + ": expected a user and its items in each line, found that the first number of"
                + " every line says how many follow; read it with --format citeulike");
      }
    }
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
    Words words = new Words(bytes, from, to);
    while (words.nextLine()) {
      block.nextLine();
      if (!words.next()) {
        continue;
      }
      long count = words.number();
      int user = block.user(bytes, words.start(), words.end());
      long items = 0;
      while (words.next()) {
        block.add(user, block.item(bytes, words.start(), words.end()), 1, null);
        items++;
      }
      block.userLine(items == count);
    }
    return block;
  }
}
