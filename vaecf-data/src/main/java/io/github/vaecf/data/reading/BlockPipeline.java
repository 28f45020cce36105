package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.Future;

/**
 * Reads files on all cores: the caller's thread cuts the stream into blocks of whole lines, workers
 * parse the blocks, and the caller's thread takes the results in the order of the files. What comes
 * out does not depend on the number of threads. A bounded number of blocks is under way at a time.
 *
 * <p>For one thread. {@link #close()} gives up what is still under way.
 */
final class BlockPipeline<B extends LineFormat.Block> implements AutoCloseable {
  static final int BLOCK_SIZE = 4 << 20;

  /** A file's first block is smaller, for files that are. */
  private static final int FIRST_BLOCK_SIZE = 64 << 10;

  static final int LONGEST_LINE = 16 << 20;

  private static final int MOST_UNDER_WAY = 2 * Workers.THREADS;

  private final Sink<B> sink;
  private final ArrayDeque<UnderWay<B>> underWay = new ArrayDeque<>();
  private final ArrayDeque<byte[]> freeBuffers = new ArrayDeque<>();

  /** Takes parsed blocks. */
  @FunctionalInterface
  interface Sink<B> {
    /**
     * Takes the next block.
     *
     * @throws LineException if a line of the block does not fit to those before
     */
    void accept(B block) throws LineException;
  }

  /** A block that a worker parses. */
  private static final class UnderWay<B> {
    private final Future<B> result;
    private final byte[] buffer;
    private final Progress progress;

    UnderWay(Future<B> result, byte[] buffer, Progress progress) {
      this.result = result;
      this.buffer = buffer;
      this.progress = progress;
    }
  }

  /** How far the results of a file were taken. */
  private static final class Progress {
    private final String name;
    private long lines;

    Progress(String name) {
      this.name = name;
    }

    DataException problem(long line, String problem) {
      return new DataException(name + ", line " + (lines + line) + ": " + problem);
    }
  }

  /**
   * A pipeline.
   *
   * @param sink takes the parsed blocks, in order, on the caller's thread
   */
  BlockPipeline(Sink<B> sink) {
    this.sink = sink;
  }

  /** Reads a file. Some of its blocks may be under way when this returns. */
  void read(Source source, LineFormat<B> format) {
    Progress progress = new Progress(source.name());
    LineFormat.Parser<B> parser = null;
    byte[] buffer = new byte[FIRST_BLOCK_SIZE];
    int filled = 0;
    try (InputStream in = source.open()) {
      boolean more = true;
      while (more) {
        int count = in.readNBytes(buffer, filled, buffer.length - filled);
        filled += count;
        more = filled == buffer.length;
        int from = parser == null && startsWithByteOrderMark(buffer, filled) ? 3 : 0;
        int end = more ? format.cut(buffer, from, filled) : filled;
        if (end == from && more) {
          if (buffer.length >= LONGEST_LINE) {
            drain();
            throw progress.problem(
                1,
                "a line, or lines that belong together, may have at most "
                    + LONGEST_LINE
                    + " bytes, found more");
          }
          buffer = Arrays.copyOf(buffer, 4 * buffer.length);
          continue;
        }
        if (parser == null) {
          if (from == end) {
            throw new DataException(source.name() + ": expected data, found an empty file");
          }
          if (!more && isBlank(buffer, from, end)) {
            throw new DataException(source.name() + ": expected data, found blank lines only");
          }
          ForeignContent.refuseOtherText(buffer, from, end);
          LineFormat.Start<B> start = start(format, buffer, from, end);
          parser = start.parser();
          for (int line = 0; line < start.headerLines(); line++) {
            from = Math.min(lineEnd(buffer, from, end) + 1, end);
          }
          progress.lines = start.headerLines();
        }
        byte[] following = more ? takeBuffer(filled - end) : null;
        if (more) {
          System.arraycopy(buffer, end, following, 0, filled - end);
        }
        submit(parser, buffer, from, end, progress);
        filled -= end;
        buffer = following;
      }
    } catch (LineException e) {
      throw progress.problem(e.line(), e.getMessage());
    } catch (ForeignContent e) {
      throw Source.unreadable(source.name(), e);
    } catch (IOException e) {
      drain();
      throw Source.unreadable(source.name() + ", after line " + progress.lines, e);
    }
  }

  private static <B extends LineFormat.Block> LineFormat.Start<B> start(
      LineFormat<B> format, byte[] bytes, int from, int end) throws LineException {
    int to = lineEnd(bytes, from, end);
    return format.start(bytes, from, to > from && bytes[to - 1] == '\r' ? to - 1 : to, end);
  }

  private static int lineEnd(byte[] bytes, int from, int end) {
    int at = from;
    while (at < end && bytes[at] != '\n') {
      at++;
    }
    return at;
  }

  private void submit(
      LineFormat.Parser<B> parser, byte[] buffer, int from, int to, Progress progress) {
    while (underWay.size() >= MOST_UNDER_WAY) {
      takeOldest();
    }
    Future<B> result = Workers.submit(() -> parser.parse(buffer, from, to));
    underWay.add(new UnderWay<>(result, buffer, progress));
  }

  /** Waits for all blocks under way and takes them. */
  void drain() {
    while (!underWay.isEmpty()) {
      takeOldest();
    }
  }

  private void takeOldest() {
    UnderWay<B> oldest = underWay.remove();
    try {
      B block = Workers.await(oldest.result, oldest.progress.name + ": reading");
      if (oldest.buffer.length >= BLOCK_SIZE) {
        freeBuffers.push(oldest.buffer);
      }
      block.standsIn(oldest.progress.name, oldest.progress.lines);
      sink.accept(block);
      oldest.progress.lines += block.lines();
    } catch (LineException problem) {
      throw oldest.progress.problem(problem.line(), problem.getMessage());
    }
  }

  private byte[] takeBuffer(int least) {
    byte[] buffer = freeBuffers.isEmpty() ? new byte[BLOCK_SIZE] : freeBuffers.pop();
    return buffer.length > least ? buffer : new byte[LONGEST_LINE];
  }

  private static boolean isBlank(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != '\n' && bytes[i] != '\r') {
        return false;
      }
    }
    return true;
  }

  static boolean startsWithByteOrderMark(byte[] bytes, int to) {
    return to >= 3 && bytes[0] == (byte) 0xef && bytes[1] == (byte) 0xbb && bytes[2] == (byte) 0xbf;
  }

  /** Gives up the blocks under way. */
  @Override
  public void close() {
    for (UnderWay<B> block : underWay) {
      block.result.cancel(false);
    }
  }
}
