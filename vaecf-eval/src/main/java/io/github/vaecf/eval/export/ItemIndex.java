package io.github.vaecf.eval.export;

import io.github.vaecf.core.Parts;
import io.github.vaecf.core.Rankings;
import io.github.vaecf.core.TopItems;
import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;

/**
 * Finds the items whose vectors have the largest inner products with a user's, exactly, without
 * reading most of the vectors. A file that is mapped into memory, not read: what is never asked for
 * takes none. What every search reads is kept on the heap as long as there is room.
 *
 * <p>Items are ordered by the length of their vectors (less their mean, which is the same for all),
 * longest first, and cut into blocks. Of each vector the block has its first coordinates along the
 * principal directions as whole numbers of 8 bits, and the length of the rest. Sums of 16 bits over
 * these bound every score of a block from above, by the inequality of Cauchy and Schwarz. First the
 * vector with the highest bound of each block is read whole, and its score computed from float32;
 * then all others whose bound reaches the worst of the best k so far. Blocks whose longest vector
 * is too short for that are left out. The order by length, the rotation, the whole numbers and the
 * bound by the length of the rest are those of Li, Chan, Yiu and Mamoulis, "FEXIPRO: Fast and Exact
 * Inner Product Retrieval in Recommender Systems", SIGMOD 2017; the sums over a whole block at
 * once, and the first of each block, are ours.
 *
 * <p>Safe for use by many threads.
 */
final class ItemIndex {
  /** Items of a block. With the sums it stays in the caches near the core. */
  static final int BLOCK = 1024;

  /** What the whole numbers are counted from, as they are kept without a sign. */
  static final int ZERO = 128;

  /** Users for whom a block is read once. */
  private static final int TOGETHER = 16;

  /** Sums, of 2 bytes each, that one thread holds for them. */
  private static final int MOST_SUMS = 1 << 24;

  /** Where fewer than one item of so many is allowed, these are scored one by one. */
  private static final int FEW = 64;

  /** What the rounding of float32 may add to a bound, of the product of the lengths. */
  private static final double ROUNDING = 2e-5;

  private final ItemIndexFile.Header header;
  private final float[] mean;
  private final float[][] directions;
  private final float[] scale;
  private final float[] longest;
  private final float[] error;
  private final float[] head;
  private final IntBuffer itemOfRow;
  private final IntBuffer rowOfItem;
  private final Mapped coordinates;
  private final AtomicReferenceArray<SoftReference<char[][]>> held; // the same, of each block
  private final Mapped vectors;

  private ItemIndex(ItemIndexFile.Header header, FileChannel channel) throws IOException {
    this.header = header;
    ItemIndexFile.Places places = header.places();
    FloatBuffer start = map(channel, places.mean(), places.itemOfRow()).asFloatBuffer();
    mean = floats(start, header.width());
    directions = new float[header.first()][];
    Arrays.setAll(directions, direction -> floats(start, header.width()));
    scale = floats(start, header.blocks());
    longest = floats(start, header.blocks());
    error = floats(start, header.blocks());
    head = floats(start, header.blocks());
    itemOfRow = map(channel, places.itemOfRow(), places.rowOfItem()).asIntBuffer();
    rowOfItem = map(channel, places.rowOfItem(), places.coordinates()).asIntBuffer();
    coordinates = new Mapped(channel, places.coordinates(), places.vectors(), header.blockBytes());
    held = new AtomicReferenceArray<>(header.blocks());
    vectors = new Mapped(channel, places.vectors(), places.end(), header.vectorBytes());
  }

  /**
   * Opens an index.
   *
   * @throws DataException if it is none, is cut short, or is of another number of items
   */
  static ItemIndex open(Path file, int items) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ItemIndexFile.Header header = ItemIndexFile.Header.read(file, channel);
      if (header.items() != items) {
        throw new DataException(
            file
                + ": expected an index of "
                + items
                + " items, as there are ids, found one of "
                + header.items());
      }
      return new ItemIndex(header, channel);
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read (" + e + ")", e);
    }
  }

  private static ByteBuffer map(FileChannel channel, long from, long to) throws IOException {
    return channel
        .map(FileChannel.MapMode.READ_ONLY, from, to - from)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private static float[] floats(FloatBuffer from, int size) {
    float[] floats = new float[size];
    from.get(floats);
    return floats;
  }

  /** The width of the vectors, the bias included. */
  int width() {
    return header.width();
  }

  /** The coordinates of which there are whole numbers. */
  int first() {
    return header.first();
  }

  /**
   * Whether so long a ranking is found faster than by scoring all items: where most are among the
   * best, nearly all vectors must be read.
   */
  boolean isFor(int k) {
    return k <= Math.max(1, header.items() / 10);
  }

  /**
   * The best items of some users, ties in the order of the items.
   *
   * @param users vectors of the users, users × {@link #width}, row-major
   * @param count how many users
   * @param histories what the users have
   * @param from the row of the first
   * @param candidates gives the items that a row may get; asked once a row
   * @param rankings receives the rankings
   * @param firstUser the user of the rankings that the first of these is
   * @throws ArithmeticException if a vector has what is no finite number
   */
  void rank(
      float[] users,
      int count,
      CsrMatrix histories,
      int from,
      IntFunction<BitSet> candidates,
      Rankings rankings,
      int firstUser) {
    int parts = Math.min(Runtime.getRuntime().availableProcessors(), count);
    Parts.run(
        parts,
        part -> {
          int end = (int) ((long) count * (part + 1) / parts);
          int start = (int) ((long) count * part / parts);
          int together = Math.max(1, Math.min(TOGETHER, MOST_SUMS / header.items()));
          for (int some = start; some < end; some += together) {
            Search[] searches = new Search[Math.min(together, end - some)];
            for (int i = 0; i < searches.length; i++) {
              float[] user =
                  Arrays.copyOfRange(users, (some + i) * width(), (some + i + 1) * width());
              int row = from + some + i;
              searches[i] =
                  new Search(user, candidates.apply(row), own(histories, row), rankings.k());
            }
            search(searches);
            for (int i = 0; i < searches.length; i++) {
              searches[i].best.take(rankings, firstUser + some + i);
            }
          }
        });
  }

  /** The items whose scores are less than their products; null where there are none. */
  private BitSet own(CsrMatrix histories, int row) {
    if (header.own() == 0) {
      return null;
    }
    BitSet own = new BitSet();
    histories.row(row).forEach(own::set);
    return own;
  }

  private void search(Search[] searches) {
    List<Search> going = new ArrayList<>();
    for (Search search : searches) {
      if (search.candidates.cardinality() <= header.items() / FEW) {
        search.scoreCandidates();
      } else {
        going.add(search);
      }
    }
    short[] sums = new short[BLOCK];
    for (int block = 0; block < header.blocks() && !going.isEmpty(); block++) {
      char[][] pairs = pairs(block);
      for (Search search : going) {
        search.bound(block, pairs, sums);
      }
    }
    going.forEach(Search::scoreBounded);
  }

  /**
   * The pairs of whole numbers of a block. Compilers make vector instructions of loops over arrays,
   * not over what is mapped; and a copy for each search would take longer than the loop.
   */
  private char[][] pairs(int block) {
    SoftReference<char[][]> reference = held.get(block);
    char[][] pairs = reference == null ? null : reference.get();
    if (pairs == null) {
      pairs = new char[header.pairs()][BLOCK];
      coordinates.read(block, pairs);
      held.set(block, new SoftReference<>(pairs));
    }
    return pairs;
  }

  /**
   * A block that had a candidate whose bound was high enough.
   *
   * @param highest the highest sum of a candidate
   * @param scored whose it is
   * @param sums those of all
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Bounded(int block, int highest, int scored, short[] sums) {}

  /** One user's search. */
  private final class Search {
    private final double[] user;
    private final BitSet candidates;
    private final BitSet own;
    private final TopItems best;
    private final float[] vector = new float[width()];
    private final double length;
    private final double offset; // what all scores have: the product with the mean
    private final short[] weights = new short[2 * header.pairs()];
    private final short start; // of each sum
    private final double unit; // of the weights
    private final double headLength;
    private final double weightError;
    private final List<Bounded> bounded = new ArrayList<>();

    Search(float[] vector, BitSet candidates, BitSet own, int k) {
      this.user = new double[vector.length];
      Arrays.setAll(user, i -> vector[i]);
      this.candidates = candidates;
      this.own = own;
      this.best = new TopItems(k);
      double squares = 0;
      double products = 0;
      for (int i = 0; i < user.length; i++) {
        squares += user[i] * user[i];
        products += user[i] * mean[i];
      }
      if (!Double.isFinite(squares)) {
        throw new ArithmeticException(
            "the model's scores are not numbers: a user's vector has a length of "
                + Math.sqrt(squares));
      }
      length = Math.sqrt(squares);
      offset = products;
      // As large as sums of 16 bits allow, be every weight rounded as it may.
      int first = header.first();
      unit = length / (Short.MAX_VALUE / header.largest() - 0.5 * Math.sqrt(first) - 1);
      double inFirst = 0;
      double lost = 0;
      long sum = 0;
      for (int direction = 0; direction < first; direction++) {
        double coordinate = 0;
        for (int i = 0; i < user.length; i++) {
          coordinate += user[i] * directions[direction][i];
        }
        long weight = unit == 0 ? 0 : Math.round(coordinate / unit);
        double rest = coordinate - weight * unit;
        weights[direction] = (short) weight;
        sum += weight;
        lost += rest * rest;
        inFirst += coordinate * coordinate;
      }
      double rest = Math.max(0, squares - inFirst) + ItemIndexFile.ROUNDED * squares;
      weights[first] = unit == 0 ? 0 : (short) Math.ceil(Math.sqrt(rest) / unit);
      start = (short) -(ZERO * sum);
      headLength = Math.sqrt(inFirst);
      weightError = Math.sqrt(lost);
    }

    /** The least sum in a block that may be of one of the best. */
    private int least(int block) {
      double needed = best.least() - offset;
      if (needed == Double.NEGATIVE_INFINITY || unit == 0) {
        return Short.MIN_VALUE;
      }
      double rounding = ROUNDING * (length * longest[block] + Math.abs(offset));
      double reached = length * longest[block] + rounding;
      if (reached < needed) {
        return Integer.MAX_VALUE; // no later block reaches it either
      }
      double slack = weightError * head[block] + headLength * error[block] + rounding;
      double sum = Math.floor((needed - slack) / (unit * scale[block]));
      return (int) Math.max(Short.MIN_VALUE, Math.min(Short.MAX_VALUE + 1, sum));
    }

    /**
     * Bounds the scores of a block, and scores the candidate with the highest bound, if it is high
     * enough.
     *
     * @param sums is written to
     */
    void bound(int block, char[][] pairs, short[] sums) {
      int least = least(block);
      if (least == Integer.MAX_VALUE) {
        return;
      }
      Arrays.fill(sums, start);
      for (int pair = 0; pair < pairs.length; pair++) {
        add(pairs[pair], weights[2 * pair], weights[2 * pair + 1], sums);
      }
      int firstRow = block * BLOCK;
      int size = Math.min(BLOCK, header.items() - firstRow);
      int highest = least - 1;
      int at = -1;
      for (int i = 0; i < size; i++) {
        if (sums[i] > highest && candidates.get(itemOfRow.get(firstRow + i))) {
          highest = sums[i];
          at = i;
        }
      }
      if (at >= 0) {
        score(firstRow + at);
        bounded.add(new Bounded(block, highest, at, Arrays.copyOf(sums, size)));
      }
    }

    /** Scores what has a bound that is high enough, but for what was scored already. */
    void scoreBounded() {
      for (Bounded some : bounded) {
        int least = least(some.block());
        for (int i = 0; i < some.sums().length && least <= some.highest(); i++) {
          if (some.sums()[i] >= least && i != some.scored() && score(some.block() * BLOCK + i)) {
            least = least(some.block());
          }
        }
      }
    }

    /** Scores the item of a row, if it is a candidate; whether it is among the best so far. */
    private boolean score(int row) {
      int item = itemOfRow.get(row);
      if (!candidates.get(item)) {
        return false;
      }
      float score = product(row);
      if (own != null && own.get(item)) {
        score -= header.own();
      }
      if (score < best.least()) {
        return false;
      }
      best.add(item, score);
      return true;
    }

    private float product(int row) {
      vectors.read(row, vector);
      double a = 0;
      double b = 0;
      double c = 0;
      double d = 0;
      int i = 0;
      for (; i + 4 <= vector.length; i += 4) {
        a += user[i] * vector[i];
        b += user[i + 1] * vector[i + 1];
        c += user[i + 2] * vector[i + 2];
        d += user[i + 3] * vector[i + 3];
      }
      for (; i < vector.length; i++) {
        a += user[i] * vector[i];
      }
      return (float) (a + b + (c + d));
    }

    void scoreCandidates() {
      for (int item = candidates.nextSetBit(0); item >= 0; item = candidates.nextSetBit(item + 1)) {
        score(rowOfItem.get(item));
      }
    }
  }

  /**
   * Adds the products of a pair of coordinates with a user's. All that takes long happens here: a
   * loop that compilers make instructions over 16 or 32 items at once, as all its numbers have 16
   * bits, and chars beside shorts cannot be one array.
   */
  private static void add(char[] pairs, short first, short second, short[] sums) {
    for (int i = 0; i < BLOCK; i++) {
      int pair = pairs[i];
      sums[i] = (short) (sums[i] + first * (pair >> 8) + second * (pair & 255));
    }
  }

  /** Records of one size in a file, mapped in parts, as a buffer has at most 2 GB. */
  private static final class Mapped {
    private static final int LARGEST_PART = 1 << 30;

    private final int each; // records of a part
    private final FloatBuffer[] floats;
    private final CharBuffer[] chars;

    Mapped(FileChannel channel, long from, long to, int bytes) throws IOException {
      each = LARGEST_PART / bytes;
      long part = (long) each * bytes;
      int parts = Math.toIntExact((to - from + part - 1) / part);
      floats = new FloatBuffer[parts];
      chars = new CharBuffer[parts];
      for (int i = 0; i < parts; i++) {
        ByteBuffer mapped = map(channel, from + i * part, Math.min(to, from + (i + 1) * part));
        floats[i] = mapped.asFloatBuffer();
        chars[i] = mapped.asCharBuffer();
      }
    }

    void read(int record, float[] into) {
      floats[record / each].get(record % each * into.length, into);
    }

    void read(int record, char[][] into) {
      int at = record % each * into.length * BLOCK;
      for (char[] some : into) {
        chars[record / each].get(at, some);
        at += BLOCK;
      }
    }
  }
}
