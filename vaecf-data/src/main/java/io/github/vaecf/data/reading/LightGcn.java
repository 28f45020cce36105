package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.nio.file.Path;

/**
 * Reads the form in which He et al. published the data sets of "LightGCN" (SIGIR 2020), Gowalla
 * among them: each line a user, then that user's items, separated by blanks. Training and test are
 * a file each; {@link io.github.vaecf.data.splitting.GivenSplit} makes a split of both.
 */
public final class LightGcn {
  private LightGcn() {}

  /**
   * Reads a file.
   *
   * @param file {@code train.txt} or {@code test.txt}, plain or compressed
   * @return an event a pair, in the order of the file; a user without items has no event
   * @throws DataException if the file cannot be read or has a line that cannot be used; the message
   *     says which
   */
  public static Interactions read(Path file) {
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
