package io.github.vaecf.data.reading;

import io.github.vaecf.data.CsrMatrix;
import it.unimi.dsi.fastutil.ints.IntOpenHashSet;
import it.unimi.dsi.fastutil.ints.IntSet;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.function.IntUnaryOperator;

/** A file of pairs of indices with the header {@code uid,sid}, as a prepared folder has five. */
final class PairFile {
  private static final byte[] HEADER = "uid,sid\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] SEPARATOR = {','};
  private static final int MOST_DIGITS = 10;

  /** Pairs of which lines are made at a time. */
  private static final int CHUNK = 1 << 15;

  private final String name;
  private final List<PairBlock> blocks;
  private final IntSet users;

  private PairFile(String name, List<PairBlock> blocks) {
    this.name = name;
    this.blocks = blocks;
    this.users = new IntOpenHashSet();
    for (PairBlock block : blocks) {
      users.addAll(block.distinctRows());
    }
  }

  /**
   * Reads a file.
   *
   * @param file the file
   * @param users how many users there are; any number if it is not known
   * @param items how many items there are
   */
  static PairFile read(Source file, int users, int items) {
    List<PairBlock> blocks = new ArrayList<>();
    try (BlockPipeline<PairBlock> pipeline = new BlockPipeline<>(blocks::add)) {
      pipeline.read(
          file,
          (bytes, from, to, all) -> {
            requireHeader(bytes, from, to);
            return new LineFormat.Start<>(
                (block, start, end) -> parse(block, start, end, users, items), true);
          });
      pipeline.drain();
    }
    return new PairFile(file.name(), blocks);
  }

  private static void requireHeader(byte[] bytes, int from, int to) throws LineException {
    String header = new String(bytes, from, to - from, StandardCharsets.UTF_8);
    if (header.equals("uid,sid")) {
      return;
    }
    String cure = "";
    if (header.matches("[0-9]+,[0-9]+")) {
      cure = "; put that line before it";
    } else if (header.equals(",uid,sid")) {
      cure = "; write it without an index, in pandas by index=False";
    }
    throw new LineException(
        1, "expected the header uid,sid, found " + Fields.shown(bytes, from, to) + cure);
  }

  private static PairBlock parse(byte[] bytes, int from, int to, int users, int items)
      throws LineException {
    Fields fields = new Fields(SEPARATOR, false, 2);
    PairBlock block = new PairBlock((to - from) / 8 + 16);
    int at = from;
    while (at < to) {
      int line = block.nextLine();
      at = fields.cut(bytes, at, to, line);
      if (fields.blank()) {
        block.skipLine();
        continue;
      }
      if (fields.count() != 2) {
        throw new LineException(line, "expected uid,sid, found " + fields.count() + " fields");
      }
      block.add(
          index(bytes, fields.start(0), fields.end(0), "user", users, line),
          index(bytes, fields.start(1), fields.end(1), "item", items, line));
    }
    block.trim();
    return block;
  }

  private static int index(byte[] bytes, int from, int to, String what, int bound, int line)
      throws LineException {
    long index =
        to - from <= MOST_DIGITS && Fields.areDigits(bytes, from, to)
            ? Fields.whole(bytes, from, to)
            : bound;
    if (index >= bound) {
      throw new LineException(
          line,
          "expected the index of "
              + (what.equals("item") ? "an item" : "a user")
              + ", 0 to "
              + (bound - 1)
              + ", found "
              + Fields.shown(bytes, from, to));
    }
    return (int) index;
  }

  /** The users that have a pair. */
  IntSet users() {
    return users;
  }

  /** Gives the users other numbers; {@link #users()} stays as the file has it. */
  void renumber(IntUnaryOperator newUser) {
    blocks.forEach(block -> block.renumber(newUser));
  }

  /** Where messages say that a pair stands: the file and the line. */
  String placeOf(int user, int item) {
    long lines = 1; // the header
    for (PairBlock block : blocks) {
      int line = block.lineOf(user, item);
      if (line > 0) {
        return name + ", line " + (lines + line);
      }
      lines += block.lines();
    }
    throw new IllegalArgumentException(name + ": there is no pair " + user + "," + item);
  }

  CsrMatrix toMatrix(int firstRow, int rows, int columns) {
    return CsrMatrix.of(
        rows,
        columns,
        consumer -> {
          for (PairBlock block : blocks) {
            block.forEach(firstRow, consumer);
          }
        });
  }

  /** Writes the pairs of a matrix in their order; all cores make lines of them. */
  static void write(Path file, CsrMatrix matrix, int firstRow) throws IOException {
    ArrayDeque<Lines> free = new ArrayDeque<>();
    ArrayDeque<Future<Lines>> underWay = new ArrayDeque<>();
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(HEADER);
      for (long from = 0; from < matrix.entries(); from += CHUNK) {
        if (underWay.size() > Workers.THREADS) {
          free.push(write(underWay.remove(), file, out));
        }
        CsrMatrix.Pairs pairs = matrix.pairs(from, Math.min(matrix.entries(), from + CHUNK));
        Lines lines = free.isEmpty() ? new Lines() : free.pop();
        underWay.add(Workers.submit(() -> lines.of(pairs, firstRow)));
      }
      while (!underWay.isEmpty()) {
        write(underWay.remove(), file, out);
      }
    }
  }

  private static Lines write(Future<Lines> result, Path file, OutputStream out) throws IOException {
    try {
      Lines lines = Workers.await(result, file + ": writing");
      out.write(lines.buffer, 0, lines.filled);
      return lines;
    } catch (LineException e) {
      throw new IllegalStateException(e); // No line is read here.
    }
  }

  /** Lines of two numbers each, which are made without an object a line. */
  private static final class Lines {
    private static final int LONGEST_LINE = 2 * MOST_DIGITS + 2;

    /** The digits of the numbers below 100: half as many divisions. */
    private static final byte[] TENS = new byte[100];

    private static final byte[] ONES = new byte[100];

    static {
      for (int number = 0; number < 100; number++) {
        TENS[number] = (byte) ('0' + number / 10);
        ONES[number] = (byte) ('0' + number % 10);
      }
    }

    private final byte[] buffer = new byte[CHUNK * LONGEST_LINE];
    private int filled;

    /** The lines of some pairs, at most {@link #CHUNK}, in place of those that were here. */
    Lines of(CsrMatrix.Pairs pairs, int firstRow) {
      filled = 0;
      pairs.forEach((row, column) -> add(row + firstRow, column));
      return this;
    }

    private void add(int first, int second) {
      number(first);
      buffer[filled++] = ',';
      number(second);
      buffer[filled++] = '\n';
    }

    private void number(int number) {
      int digits = digits(number);
      int at = filled + digits;
      filled = at;
      int rest = number;
      while (rest >= 100) {
        int pair = rest % 100;
        rest /= 100;
        buffer[--at] = ONES[pair];
        buffer[--at] = TENS[pair];
      }
      buffer[--at] = ONES[rest];
      if (rest >= 10) {
        buffer[--at] = TENS[rest];
      }
    }

    private static int digits(int number) {
      int digits = 1;
      for (int bound = 10; digits < MOST_DIGITS && number >= bound; bound *= 10) {
        digits++;
      }
      return digits;
    }
  }
}
