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

  /**
   * Writes the pairs of a matrix in their order; all cores make lines of them.
   *
   * @param items the numbers of its columns
   */
  static void write(Path file, CsrMatrix matrix, int firstRow, Numbers items) throws IOException {
    ArrayDeque<Lines> free = new ArrayDeque<>();
    ArrayDeque<Future<Lines>> underWay = new ArrayDeque<>();
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(HEADER);
      for (long from = 0; from < matrix.entries(); from += CHUNK) {
        if (underWay.size() > Workers.THREADS) {
          free.push(write(underWay.remove(), file, out));
        }
        CsrMatrix.Pairs pairs = matrix.pairs(from, Math.min(matrix.entries(), from + CHUNK));
        Lines lines = free.isEmpty() ? new Lines(items) : free.pop();
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

  /** Puts the digits of a number at a place; the place behind them. */
  private static int put(int number, byte[] buffer, int at) {
    int end = at + 1;
    for (int rest = number; rest >= 10; rest /= 10) {
      end++;
    }
    int rest = number;
    for (int place = end - 1; place >= at; place--) {
      buffer[place] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    return end;
  }

  /** The numbers from 0 on as lines end with them, so that each is made once and then copied. */
  static final class Numbers {
    private final byte[] text;
    private final int[] ends;

    Numbers(int count) {
      byte[] digits = new byte[MOST_DIGITS];
      ends = new int[count];
      int length = 0;
      for (int number = 0; number < count; number++) {
        length = Math.addExact(length, put(number, digits, 0) + 1);
        ends[number] = length;
      }
      text = new byte[length];
      int at = 0;
      for (int number = 0; number < count; number++) {
        at = put(number, text, at);
        text[at++] = '\n';
      }
    }

    /** Puts a number and the end of its line at a place; the place behind them. */
    private int copy(int number, byte[] target, int at) {
      int start = number == 0 ? 0 : ends[number - 1];
      int length = ends[number] - start;
      System.arraycopy(text, start, target, at, length);
      return at + length;
    }
  }

  /** Lines of two numbers each, which are made without an object a line. */
  private static final class Lines {
    private static final int LONGEST_LINE = 2 * MOST_DIGITS + 2;

    private final Numbers items;
    private final byte[] buffer = new byte[CHUNK * LONGEST_LINE];
    private int filled;

    /** The row of the line before, where that begins, and how long it is with its comma. */
    private int lastRow;

    private int lastStart;
    private int lastLength;

    Lines(Numbers items) {
      this.items = items;
    }

    /** The lines of some pairs, at most {@link #CHUNK}, in place of those that were here. */
    Lines of(CsrMatrix.Pairs pairs, int firstRow) {
      filled = 0;
      lastRow = -1;
      pairs.forEach((row, column) -> add(row, firstRow, column));
      return this;
    }

    private void add(int row, int firstRow, int column) {
      int start = filled;
      int at;
      if (row == lastRow) {
        System.arraycopy(buffer, lastStart, buffer, start, lastLength);
        at = start + lastLength;
      } else {
        at = put(row + firstRow, buffer, start);
        buffer[at++] = ',';
        lastRow = row;
        lastLength = at - start;
      }
      lastStart = start;
      filled = items.copy(column, buffer, at);
    }
  }
}
