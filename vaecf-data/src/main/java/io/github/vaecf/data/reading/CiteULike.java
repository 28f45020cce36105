package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Reads the form of {@code users.dat} of CiteULike (Wang and Blei, "Collaborative Topic Modeling
 * for Recommending Scientific Articles", KDD 2011): each line a user, of whom it says how many
 * items follow, then the items, separated by blanks. A user's id is the number of the line, counted
 * from 1.
 */
final class CiteULike {
  private CiteULike() {}

  /**
   * Reads a file.
   *
   * @param file plain or compressed
   * @return an event a pair, in the order of the file; a user without items has no event
   * @throws DataException if the file cannot be read or has a line that cannot be used; the message
   *     says which
   */
  static Interactions read(Path file) {
    return read(Archive.single(file));
  }

  static Interactions read(Source source) {
    EventCollector collector = new EventCollector();
    BlockPipeline.Sink<EventBlock> numbered =
        block -> {
          block.numberUsers();
          collector.accept(block);
        };
    try (BlockPipeline<EventBlock> pipeline = new BlockPipeline<>(numbered)) {
      pipeline.read(
          source, (bytes, from, to, end) -> new LineFormat.Start<>(CiteULike::parse, false));
      pipeline.drain();
    }
    return collector.toInteractions();
  }

  private static EventBlock parse(byte[] bytes, int from, int to) throws LineException {
    EventBlock block = new EventBlock((to - from) / 6 + 16, false);
    Words words = new Words(bytes, from, to);
    while (words.nextLine()) {
      int line = block.nextLine();
      if (!words.next()) {
        continue;
      }
      long count = words.number();
      if (count < 0) {
        throw new LineException(
            line,
            "expected first how many items follow, found "
                + Fields.shown(bytes, words.start(), words.end()));
      }
      byte[] id = Integer.toString(line).getBytes(StandardCharsets.US_ASCII);
      int user = count == 0 ? -1 : block.user(id, 0, id.length);
      long items = 0;
      while (words.next()) {
        if (items++ < count) {
          block.add(user, block.item(bytes, words.start(), words.end()), 1, null);
        }
      }
      if (items != count) {
        throw new LineException(line, "expected " + count + " items to follow, found " + items);
      }
    }
    return block;
  }
}
