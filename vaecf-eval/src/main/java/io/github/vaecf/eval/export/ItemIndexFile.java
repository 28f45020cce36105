package io.github.vaecf.eval.export;

import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.RealMatrix;

/**
 * Makes the file of an {@link ItemIndex}. All numbers are little-endian: the header; the mean of
 * the vectors; the directions, the principal one first; of each block the scale of its whole
 * numbers, its longest vector, its largest error of the whole numbers, and the longest of what they
 * stand for; the items in the order of the rows and the rows in the order of the items; the blocks;
 * the vectors.
 *
 * <p>A block has pairs of coordinates, the second in the lower 8 bits, for one item after the
 * other; the last pair has the length of the rest as its second.
 */
final class ItemIndexFile {
  private static final String MAGIC = "vaecf-ix";
  private static final int VERSION = 1;
  private static final int HEADER_BYTES = 64;

  /** What rounding may take from a square of a length. */
  static final double ROUNDED = 2e-6;

  /** The length, in whole numbers, of a block's longest vector. */
  private static final double LONGEST = 250;

  private static final int LARGEST_COORDINATE = 127;

  /** Vectors, in whole numbers, of which the directions and their number are taken. */
  private static final int SAMPLE = 1 << 14;

  /** Numbers of the sample in one. */
  private static final int LARGEST_SAMPLE = 1 << 22;

  /** How many first coordinates may be taken, beside all. */
  private static final int[] FIRST = {15, 31, 47, 63, 79, 95, 127, 159, 191, 255, 383, 511};

  // What a search costs: of an item, for each of its whole numbers; for a vector that is read.
  private static final double NANOSECONDS_A_COORDINATE = 0.06;
  private static final double NANOSECONDS_A_VECTOR = 500;
  private static final double NANOSECONDS_AN_ENTRY = 0.6;

  private ItemIndexFile() {}

  /** Vectors of items that are to be indexed. */
  interface Vectors {
    int items();

    /** Of a vector, the bias included. */
    int width();

    /** How much less than its product the score of an item of the user's own is. */
    float own();

    /** Copies a vector. */
    void copy(int item, float[] into);
  }

  /**
   * Whom an index is made for: users like those who will ask.
   *
   * @param vectors users × width
   * @param scores the score of each that an item must reach
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Users(float[] vectors, float[] scores) {}

  /**
   * What stands first.
   *
   * @param first how many coordinates are whole numbers, an odd number
   * @param own what a score of an item of the user's own is less than the product
   * @param largest the largest length of a row of whole numbers
   */
  record Header(int items, int width, int first, float own, float largest) {
    static Header read(Path file, FileChannel channel) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      int read = 0;
      while (bytes.hasRemaining() && read >= 0) {
        read = channel.read(bytes);
      }
      bytes.flip();
      byte[] magic = new byte[MAGIC.length()];
      if (bytes.limit() == HEADER_BYTES) {
        bytes.get(magic);
      }
      if (!new String(magic, StandardCharsets.US_ASCII).equals(MAGIC)) {
        throw new DataException(file + ": not an index of items; export again");
      }
      int version = bytes.getInt();
      if (version != VERSION) {
        throw new DataException(
            file
                + ": expected an index of version "
                + VERSION
                + ", found "
                + version
                + "; export again");
      }
      Header header =
          new Header(
              bytes.getInt(), bytes.getInt(), bytes.getInt(), bytes.getFloat(), bytes.getFloat());
      if (channel.size() != header.places().end()) {
        throw new DataException(
            file
                + ": expected "
                + header.places().end()
                + " bytes, found "
                + channel.size()
                + "; export again");
      }
      return header;
    }

    ByteBuffer bytes() {
      ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.put(MAGIC.getBytes(StandardCharsets.US_ASCII));
      bytes.putInt(VERSION).putInt(items).putInt(width).putInt(first);
      return bytes.putFloat(own).putFloat(largest).rewind();
    }

    int blocks() {
      return (items + ItemIndex.BLOCK - 1) / ItemIndex.BLOCK;
    }

    int pairs() {
      return (first + 1) / 2;
    }

    int blockBytes() {
      return pairs() * ItemIndex.BLOCK * Character.BYTES;
    }

    int vectorBytes() {
      return width * Float.BYTES;
    }

    Places places() {
      long mean = HEADER_BYTES;
      long itemOfRow = mean + Float.BYTES * ((long) width * (1 + first) + 4L * blocks());
      long rowOfItem = itemOfRow + (long) Integer.BYTES * items;
      long coordinates = rowOfItem + (long) Integer.BYTES * items;
      long vectors = coordinates + (long) blocks() * blockBytes();
      return new Places(
          mean, itemOfRow, rowOfItem, coordinates, vectors, vectors + (long) items * vectorBytes());
    }
  }

  /** Where what begins. */
  record Places(
      long mean, long itemOfRow, long rowOfItem, long coordinates, long vectors, long end) {}

  /**
   * Writes a file.
   *
   * @param file where to; nothing is there
   * @param users whom to make it fast for
   * @throws IOException if it cannot be written
   */
  static void write(Path file, Vectors vectors, Users users) throws IOException {
    int width = vectors.width();
    float[][] sample = sample(vectors);
    float[] mean = mean(sample);
    RealMatrix principal = principalDirections(sample, mean);
    int first = first(sample, mean, principal, users);
    float[][] directions = new float[first][width]; // beyond the width: zeros
    for (int direction = 0; direction < Math.min(first, width); direction++) {
      for (int i = 0; i < width; i++) {
        directions[direction][i] = (float) principal.getEntry(i, direction);
      }
    }
    new Writer(vectors, mean, directions).write(file);
  }

  private static float[][] sample(Vectors vectors) {
    int size = Math.min(vectors.items(), Math.min(SAMPLE, LARGEST_SAMPLE / vectors.width()));
    float[][] sample = new float[size][vectors.width()];
    for (int i = 0; i < size; i++) {
      vectors.copy((int) ((long) i * vectors.items() / size), sample[i]);
    }
    return sample;
  }

  private static float[] mean(float[][] sample) {
    double[] sums = new double[sample[0].length];
    for (float[] vector : sample) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] += vector[i];
      }
    }
    float[] mean = new float[sums.length];
    for (int i = 0; i < sums.length; i++) {
      mean[i] = (float) (sums[i] / sample.length);
    }
    return mean;
  }

  /** Orthonormal columns, the direction in which the vectors differ most first. */
  private static RealMatrix principalDirections(float[][] sample, float[] mean) {
    int width = mean.length;
    double[][] covariance = new double[width][width];
    double[] centred = new double[width];
    for (float[] vector : sample) {
      for (int i = 0; i < width; i++) {
        centred[i] = vector[i] - mean[i];
      }
      for (int i = 0; i < width; i++) {
        double[] row = covariance[i];
        double own = centred[i] / sample.length;
        for (int j = 0; j < width; j++) {
          row[j] += own * centred[j];
        }
      }
    }
    return new EigenDecomposition(new Array2DRowRealMatrix(covariance, false)).getV();
  }

  /** How many coordinates are whole numbers: what costs least, by a sample of items and users. */
  private static int first(float[][] sample, float[] mean, RealMatrix directions, Users users) {
    int width = mean.length;
    int all = width | 1;
    double[][] rotated = new double[sample.length][];
    double[] squares = new double[sample.length];
    for (int item = 0; item < sample.length; item++) {
      double[] centred = new double[width];
      for (int i = 0; i < width; i++) {
        centred[i] = sample[item][i] - mean[i];
        squares[item] += centred[i] * centred[i];
      }
      rotated[item] = directions.preMultiply(centred);
    }
    int[] choices = Arrays.stream(FIRST).filter(choice -> choice < all).toArray();
    double[] read = new double[choices.length]; // vectors of the sample, over the users
    int count = users.scores().length;
    for (int user = 0; user < count; user++) {
      double[] vector = new double[width];
      double needed = users.scores()[user];
      double length = 0;
      for (int i = 0; i < width; i++) {
        vector[i] = users.vectors()[user * width + i];
        needed -= vector[i] * mean[i];
        length += vector[i] * vector[i];
      }
      double[] coordinates = directions.preMultiply(vector);
      for (int item = 0; item < sample.length; item++) {
        count(rotated[item], squares[item], coordinates, length, needed, choices, read);
      }
    }
    int best = all;
    double least = NANOSECONDS_A_COORDINATE * (all + 1);
    for (int i = 0; i < choices.length; i++) {
      double share = read[i] / Math.max(1, (double) count * sample.length);
      double cost =
          NANOSECONDS_A_COORDINATE * (choices[i] + 1)
              + share * (NANOSECONDS_A_VECTOR + NANOSECONDS_AN_ENTRY * width);
      if (count > 0 && cost < least) {
        least = cost;
        best = choices[i];
      }
    }
    return best;
  }

  /** Counts for each choice whether an item's vector would be read. */
  private static void count(
      double[] item,
      double itemSquare,
      double[] user,
      double userSquare,
      double needed,
      int[] choices,
      double[] read) {
    double lost = 0.02 * Math.sqrt(itemSquare * userSquare); // about what whole numbers lose
    double product = 0;
    double itemHead = 0;
    double userHead = 0;
    int i = 0;
    for (int choice = 0; choice < choices.length; choice++) {
      for (; i < choices[choice]; i++) {
        product += item[i] * user[i];
        itemHead += item[i] * item[i];
        userHead += user[i] * user[i];
      }
      double rest = Math.max(0, itemSquare - itemHead) * Math.max(0, userSquare - userHead);
      if (product + Math.sqrt(rest) + lost >= needed) {
        read[choice]++;
      }
    }
  }

  /** Writes what is known to be written. */
  private static final class Writer {
    private final Vectors vectors;
    private final float[] mean;
    private final float[][] directions;
    private final int width;
    private final int items;
    private float largest;

    Writer(Vectors vectors, float[] mean, float[][] directions) {
      this.vectors = vectors;
      this.mean = mean;
      this.directions = directions;
      this.width = vectors.width();
      this.items = vectors.items();
    }

    void write(Path file) throws IOException {
      int[] order = byLength();
      Header unknown = new Header(items, width, directions.length, vectors.own(), 0);
      Places places = unknown.places();
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer ofBlocks = littleEndian(4 * Float.BYTES * unknown.blocks());
        ByteBuffer rows = littleEndian(ItemIndex.BLOCK * unknown.vectorBytes());
        ByteBuffer pairs = littleEndian(unknown.blockBytes());
        Block block = new Block();
        for (int number = 0; number < unknown.blocks(); number++) {
          int from = number * ItemIndex.BLOCK;
          block.fill(order, from, Math.min(items, from + ItemIndex.BLOCK), rows.clear());
          block.writeTo(pairs.clear());
          writeAt(channel, rows.flip(), places.vectors() + (long) from * unknown.vectorBytes());
          writeAt(
              channel, pairs.rewind(), places.coordinates() + (long) number * unknown.blockBytes());
          ofBlocks.putFloat(Float.BYTES * number, block.scale);
          ofBlocks.putFloat(Float.BYTES * (unknown.blocks() + number), block.longest);
          ofBlocks.putFloat(Float.BYTES * (2 * unknown.blocks() + number), block.error);
          ofBlocks.putFloat(Float.BYTES * (3 * unknown.blocks() + number), block.head);
        }
        ByteBuffer start = littleEndian(Float.BYTES * width * (1 + directions.length));
        start.asFloatBuffer().put(mean);
        for (int direction = 0; direction < directions.length; direction++) {
          start.position(Float.BYTES * width * (1 + direction));
          start.asFloatBuffer().put(directions[direction]);
        }
        writeAt(channel, start.rewind(), places.mean());
        writeAt(
            channel, ofBlocks.rewind(), places.itemOfRow() - 4L * Float.BYTES * unknown.blocks());
        writeInts(channel, order, places.itemOfRow());
        int[] rowOfItem = new int[items];
        for (int row = 0; row < items; row++) {
          rowOfItem[order[row]] = row;
        }
        writeInts(channel, rowOfItem, places.rowOfItem());
        Header known = new Header(items, width, directions.length, vectors.own(), largest);
        writeAt(channel, known.bytes(), 0);
      }
    }

    /** The items, the one with the longest vector first; of equal ones in their order. */
    private int[] byLength() {
      long[] keys = new long[items];
      float[] vector = new float[width];
      for (int item = 0; item < items; item++) {
        vectors.copy(item, vector);
        double square = 0;
        for (int i = 0; i < width; i++) {
          double centred = vector[i] - mean[i];
          square += centred * centred;
        }
        // Bits of a number of at least 0 are in its order.
        keys[item] =
            ((long) (Integer.MAX_VALUE - Float.floatToIntBits((float) Math.sqrt(square))) << 32)
                | item;
      }
      Arrays.parallelSort(keys);
      int[] order = new int[items];
      Arrays.setAll(order, row -> (int) keys[row]);
      return order;
    }

    private static ByteBuffer littleEndian(int bytes) {
      return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void writeInts(FileChannel channel, int[] numbers, long at) throws IOException {
      ByteBuffer bytes = littleEndian(Integer.BYTES * ItemIndex.BLOCK);
      for (int from = 0; from < numbers.length; from += ItemIndex.BLOCK) {
        int size = Math.min(ItemIndex.BLOCK, numbers.length - from);
        bytes.clear().limit(Integer.BYTES * size);
        bytes.asIntBuffer().put(numbers, from, size);
        writeAt(channel, bytes, at + (long) Integer.BYTES * from);
      }
    }

    private static void writeAt(FileChannel channel, ByteBuffer bytes, long at) throws IOException {
      for (long place = at; bytes.hasRemaining(); ) {
        place += channel.write(bytes, place);
      }
    }

    /** The numbers of one block. */
    private final class Block {
      private final float[][] centred = new float[width][ItemIndex.BLOCK];
      private final float[][] coordinates = new float[directions.length][ItemIndex.BLOCK];
      private final double[] squares = new double[ItemIndex.BLOCK];
      private final double[] rest = new double[ItemIndex.BLOCK]; // its length
      private int size;
      private float scale;
      private float longest;
      private float error;
      private float head;

      /** Takes the items of some rows; also writes their vectors. */
      void fill(int[] order, int from, int to, ByteBuffer rows) {
        size = to - from;
        float[] vector = new float[width];
        for (int i = 0; i < size; i++) {
          vectors.copy(order[from + i], vector);
          squares[i] = 0;
          for (int j = 0; j < width; j++) {
            rows.putFloat(vector[j]);
            centred[j][i] = vector[j] - mean[j];
            squares[i] += (double) centred[j][i] * centred[j][i];
          }
        }
        double largestSquare = 0;
        double largestCoordinate = 0;
        System.arraycopy(squares, 0, rest, 0, size);
        for (int direction = 0; direction < directions.length; direction++) {
          float[] along = coordinates[direction];
          Arrays.fill(along, 0);
          for (int j = 0; j < width; j++) {
            addTimes(along, directions[direction][j], centred[j]);
          }
          for (int i = 0; i < size; i++) {
            rest[i] -= (double) along[i] * along[i];
            largestCoordinate = Math.max(largestCoordinate, Math.abs(along[i]));
          }
        }
        for (int i = 0; i < size; i++) {
          rest[i] = Math.sqrt(Math.max(0, rest[i]) + ROUNDED * squares[i]);
          largestSquare = Math.max(largestSquare, squares[i]);
        }
        longest = Math.nextUp((float) Math.sqrt(largestSquare));
        scale = (float) Math.max(longest / LONGEST, largestCoordinate / LARGEST_COORDINATE);
        scale = scale > Float.MIN_NORMAL ? scale : 1;
      }

      /** A loop that compilers make instructions over many items. */
      private static void addTimes(float[] sums, float factor, float[] numbers) {
        for (int i = 0; i < sums.length; i++) {
          sums[i] += factor * numbers[i];
        }
      }

      void writeTo(ByteBuffer pairs) {
        double largestError = 0;
        double largestHead = 0;
        for (int i = 0; i < size; i++) {
          double lost = 0;
          double whole = 0;
          for (int direction = 0; direction < directions.length; direction++) {
            float coordinate = coordinates[direction][i];
            int number = Math.round(coordinate / scale);
            number = Math.max(-LARGEST_COORDINATE, Math.min(LARGEST_COORDINATE, number));
            double off = coordinate - (double) number * scale;
            lost += off * off;
            whole += (double) number * number;
            put(pairs, direction, i, number + ItemIndex.ZERO);
          }
          int length = (int) Math.ceil(rest[i] / scale);
          put(pairs, directions.length, i, length);
          largestError = Math.max(largestError, lost);
          largestHead = Math.max(largestHead, whole);
          largest = Math.max(largest, (float) Math.sqrt(whole + (double) length * length));
        }
        error = Math.nextUp((float) Math.sqrt(largestError));
        head = Math.nextUp((float) (Math.sqrt(largestHead) * scale));
      }

      private static void put(ByteBuffer pairs, int coordinate, int item, int number) {
        int at = Character.BYTES * (coordinate / 2 * ItemIndex.BLOCK + item);
        pairs.put(coordinate % 2 == 0 ? at + 1 : at, (byte) number); // the first above
      }
    }
  }
}
