package io.github.vaecf.data.reading;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Sparse matrices in the files of SciPy, {@code scipy.sparse.save_npz} and {@code load_npz}: a zip
 * of NumPy arrays. What is written is CSR with 32-bit indices where they suffice, else 64-bit, and
 * ones as 32-bit floats. What is read is CSR, CSC or COO with whole-number indices and values of
 * any number type; a value other than 0 is a 1.
 */
public final class NpzMatrix {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int ALIGNMENT = 64;
  private static final int BUFFER_SIZE = 1 << 16;
  private static final Pattern DTYPE =
      Pattern.compile("'descr'\\s*:\\s*'([<>|=]?)([biufS])([0-9]+)'");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9]*),?\\s*\\)");

  private NpzMatrix() {}

  /**
   * Writes a matrix as a new file, beside its place and then renamed.
   *
   * @param matrix the matrix
   * @param file where to; must not exist
   * @throws DataException if the file exists or cannot be written
   */
  public static void write(CsrMatrix matrix, Path file) {
    WholeFile.create(
        file,
        out -> {
          ZipOutputStream zip = new ZipOutputStream(out);
          writeArrays(matrix, zip);
          zip.finish();
        });
  }

  private static void writeArrays(CsrMatrix matrix, ZipOutputStream zip) throws IOException {
    boolean wide = matrix.entries() > Integer.MAX_VALUE;
    int indexBytes = wide ? Long.BYTES : Integer.BYTES;
    String index = wide ? "<i8" : "<i4";
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_SIZE).order(ByteOrder.LITTLE_ENDIAN);

    begin(zip, "indices", index, Long.toString(matrix.entries()) + ",");
    int[] columns = new int[BUFFER_SIZE / Long.BYTES];
    for (long from = 0; from < matrix.entries(); from += columns.length) {
      int length = (int) Math.min(columns.length, matrix.entries() - from);
      matrix.copyEntries(from, columns, 0, length);
      for (int i = 0; i < length; i++) {
        putIndex(buffer, columns[i], wide);
      }
      flush(buffer, zip);
    }
    begin(zip, "indptr", index, (matrix.rows() + 1L) + ",");
    for (int row = 0; row <= matrix.rows(); row++) {
      if (buffer.remaining() < indexBytes) {
        flush(buffer, zip);
      }
      putIndex(buffer, matrix.entries(0, row), wide);
    }
    flush(buffer, zip);
    begin(zip, "format", "|S3", "");
    zip.write("csr".getBytes(StandardCharsets.US_ASCII));
    begin(zip, "shape", "<i8", "2,");
    buffer.putLong(matrix.rows()).putLong(matrix.columns());
    flush(buffer, zip);
    begin(zip, "data", "<f4", matrix.entries() + ",");
    for (long entry = 0; entry < matrix.entries(); entry++) {
      if (buffer.remaining() < Float.BYTES) {
        flush(buffer, zip);
      }
      buffer.putFloat(1);
    }
    flush(buffer, zip);
    zip.closeEntry();
  }

  private static void putIndex(ByteBuffer buffer, long index, boolean wide) {
    if (wide) {
      buffer.putLong(index);
    } else {
      buffer.putInt((int) index);
    }
  }

  private static void flush(ByteBuffer buffer, OutputStream out) throws IOException {
    buffer.flip();
    WritableByteChannel channel = Channels.newChannel(out);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }

  /** Begins an array: NumPy's format 1.0, its header padded with blanks to a multiple of 64. */
  private static void begin(ZipOutputStream zip, String name, String dtype, String shape)
      throws IOException {
    zip.putNextEntry(new ZipEntry(name + ".npy"));
    String header =
        "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': (" + shape + "), }";
    int unpadded = MAGIC.length + 4 + header.length() + 1;
    int length = header.length() + 1 + (ALIGNMENT - unpadded % ALIGNMENT) % ALIGNMENT;
    byte[] bytes = new byte[MAGIC.length + 4 + length];
    ByteBuffer start = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    start.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) length);
    start.put(header.getBytes(StandardCharsets.US_ASCII));
    while (start.remaining() > 1) {
      start.put((byte) ' ');
    }
    start.put((byte) '\n');
    zip.write(bytes);
  }

  /**
   * Reads a matrix.
   *
   * @param file written by SciPy or by {@link #write}
   * @return the matrix; pairs that come twice count once
   * @throws DataException if the file cannot be read or holds no such matrix
   */
  public static CsrMatrix read(Path file) {
    if (Files.isDirectory(file)) {
      throw new DataException(file + ": expected a file, found a directory");
    }
    try (ZipFile zip = new ZipFile(file.toFile())) {
      String format = new String(array(zip, file, "format").bytes, StandardCharsets.US_ASCII);
      Array shape = array(zip, file, "shape");
      if (shape.size != 2) {
        throw new DataException(file + ", shape: expected 2 numbers, found " + shape.size);
      }
      int rows = dimension(file, shape.whole(0));
      int columns = dimension(file, shape.whole(1));
      return switch (format.toLowerCase(Locale.ROOT)) {
        case "csr" -> compressed(zip, file, rows, columns, false);
        case "csc" -> compressed(zip, file, rows, columns, true);
        case "coo" -> coordinates(zip, file, rows, columns);
        default ->
            throw new DataException(
                file
                    + ", format: expected csr, csc or coo, found '"
                    + DataException.excerpt(format)
                    + "'");
      };
    } catch (IOException e) {
      throw Source.unreadable(file.toString(), e);
    }
  }

  private static CsrMatrix compressed(
      ZipFile zip, Path file, int rows, int columns, boolean byColumn) throws IOException {
    Array data = array(zip, file, "data");
    Array indices = array(zip, file, "indices");
    Array starts = array(zip, file, "indptr");
    int major = byColumn ? columns : rows;
    int minor = byColumn ? rows : columns;
    if (starts.size != major + 1 || data.size != indices.size) {
      throw new DataException(
          file
              + ": expected as many values as indices and one start more than "
              + major
              + ", found "
              + data.size
              + " values, "
              + indices.size
              + " indices and "
              + starts.size
              + " starts");
    }
    for (int line = 0; line < major; line++) {
      long start = starts.whole(line);
      long end = starts.whole(line + 1);
      if (start < 0 || start > end || end > indices.size) {
        throw new DataException(
            file + ", indptr: expected ascending starts, found " + start + " before " + end);
      }
    }
    requireWithin(file, "indices", indices, minor);
    return CsrMatrix.of(
        rows,
        columns,
        consumer -> {
          for (int line = 0; line < major; line++) {
            for (int i = (int) starts.whole(line); i < starts.whole(line + 1); i++) {
              if (data.isNotZero(i)) {
                int other = (int) indices.whole(i);
                consumer.accept(byColumn ? other : line, byColumn ? line : other);
              }
            }
          }
        });
  }

  private static CsrMatrix coordinates(ZipFile zip, Path file, int rows, int columns)
      throws IOException {
    Array data = array(zip, file, "data");
    Array row = array(zip, file, "row");
    Array column = array(zip, file, "col");
    if (row.size != data.size || column.size != data.size) {
      throw new DataException(
          file + ": expected one row and column a value, found arrays of different lengths");
    }
    requireWithin(file, "row", row, rows);
    requireWithin(file, "col", column, columns);
    return CsrMatrix.of(
        rows,
        columns,
        consumer -> {
          for (int i = 0; i < data.size; i++) {
            if (data.isNotZero(i)) {
              consumer.accept((int) row.whole(i), (int) column.whole(i));
            }
          }
        });
  }

  private static void requireWithin(Path file, String name, Array indices, int bound) {
    for (int i = 0; i < indices.size; i++) {
      long index = indices.whole(i);
      if (index < 0 || index >= bound) {
        throw new DataException(
            file + ", " + name + ": expected 0 to " + (bound - 1) + ", found " + index);
      }
    }
  }

  private static int dimension(Path file, long size) {
    if (size < 0 || size > Integer.MAX_VALUE - 8) {
      throw new DataException(
          file + ", shape: expected 0 to " + (Integer.MAX_VALUE - 8) + ", found " + size);
    }
    return (int) size;
  }

  /** An array as it lies in the file. */
  private static final class Array {
    private final byte[] bytes;
    private final ByteBuffer buffer;
    private final char kind;
    private final int width;
    private final int size;

    Array(byte[] bytes, ByteOrder order, char kind, int width) {
      this.bytes = bytes;
      this.buffer = ByteBuffer.wrap(bytes).order(order);
      this.kind = kind;
      this.width = width;
      this.size = bytes.length / width;
    }

    long whole(int index) {
      int at = index * width;
      return switch (width) {
        case 1 -> buffer.get(at);
        case 2 -> buffer.getShort(at);
        case 4 -> buffer.getInt(at);
        default -> buffer.getLong(at);
      };
    }

    boolean isNotZero(int index) {
      if (kind == 'f') {
        return width == Float.BYTES
            ? buffer.getFloat(index * width) != 0
            : buffer.getDouble(index * width) != 0;
      }
      return whole(index) != 0;
    }
  }

  private static Array array(ZipFile zip, Path file, String name) throws IOException {
    ZipEntry entry = zip.getEntry(name + ".npy");
    String place = file + ", " + name;
    if (entry == null) {
      throw new DataException(place + ": expected an array of this name, found none");
    }
    try (DataInputStream in =
        new DataInputStream(Source.bounded(zip.getInputStream(entry), entry::getCompressedSize))) {
      byte[] magic = in.readNBytes(MAGIC.length);
      int version = in.read();
      in.read();
      if (!Arrays.equals(magic, MAGIC) || version < 1 || version > 3) {
        throw new DataException(place + ": expected a NumPy array of format 1 to 3");
      }
      int length = Short.toUnsignedInt(Short.reverseBytes(in.readShort()));
      if (version > 1) {
        length |= Short.toUnsignedInt(Short.reverseBytes(in.readShort())) << 16;
      }
      if (length < 0 || length > BUFFER_SIZE) {
        throw new DataException(place + ": expected a short header, found " + length + " bytes");
      }
      String header = new String(in.readNBytes(length), StandardCharsets.UTF_8);
      Matcher dtype = DTYPE.matcher(header);
      Matcher shape = SHAPE.matcher(header);
      if (!dtype.find() || !shape.find()) {
        throw new DataException(
            place
                + ": expected numbers in one dimension, found "
                + DataException.excerpt(header.strip()));
      }
      return array(in, place, dtype, shape.group(1));
    }
  }

  private static Array array(InputStream in, String place, Matcher dtype, String shape)
      throws IOException {
    char kind = dtype.group(2).charAt(0);
    int width = dtype.group(3).length() > 4 ? 0 : Integer.parseInt(dtype.group(3));
    boolean known =
        switch (kind) {
          case 'S' -> width > 0;
          case 'f' -> width == 4 || width == 8;
          case 'b' -> width == 1;
          default -> width == 1 || width == 2 || width == 4 || width == 8;
        };
    if (!known) {
      throw new DataException(
          place
              + ": expected whole numbers or floats, found "
              + DataException.excerpt(dtype.group(2) + dtype.group(3)));
    }
    long size = shape.isEmpty() ? 1 : shape.length() > 10 ? Long.MAX_VALUE : Long.parseLong(shape);
    if (size > (Integer.MAX_VALUE - 8) / width) {
      throw new DataException(
          place
              + ": arrays of up to 2 GB can be read, found "
              + DataException.excerpt(shape)
              + " numbers");
    }
    byte[] bytes = in.readNBytes((int) size * width);
    if (bytes.length != size * width) {
      throw new DataException(
          place + ": expected " + size * width + " bytes, found " + bytes.length);
    }
    return new Array(
        bytes,
        dtype.group(1).equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN,
        kind,
        width);
  }
}
