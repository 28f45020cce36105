package io.github.vaecf.data.reading;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.DataException;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Split;
import io.github.vaecf.data.WholeFile;
import it.unimi.dsi.fastutil.BigArrays;
import it.unimi.dsi.fastutil.ints.IntBigArrays;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/**
 * The matrices and ids of a prepared folder in one binary file within it, which loads at once by
 * memory mapping. It holds the sizes and checksums of the files it was made of, so that it is
 * passed over when one of them changed, and a checksum of its own, so that it is passed over when
 * it is damaged. Then, or if it cannot be written, the folder's own files are read; a cache never
 * fails.
 *
 * <p>Times would not do: a file may be changed within the clock's tick, or put back with its old
 * time. A checksum is taken at the speed of memory.
 *
 * <p>Little-endian throughout: mark, checksum of what follows, sizes and checksums of the files,
 * item ids, user ids, five matrices, two first users.
 */
final class PreparedCache {
  private static final String NAME = ".vaecf-cache";
  private static final long MARK = 0x32305f4643454156L;
  private static final int HEAD = 2 * Long.BYTES;
  private static final int BUFFER_SIZE = 1 << 20;
  private static final long WINDOW = 1L << 28;

  private final Path file;
  private final long[] fingerprint;

  private PreparedCache(Path file, long[] fingerprint) {
    this.file = file;
    this.fingerprint = fingerprint;
  }

  /**
   * The cache of a folder as it is now.
   *
   * @param folder the prepared folder
   * @param sources names of the files that the split is made of
   */
  static PreparedCache of(Path folder, List<String> sources) {
    return new PreparedCache(folder.resolve(NAME), fingerprint(folder, sources));
  }

  /** The cached split, without titles and stages, or null if there is none that can be used. */
  Split read() {
    if (!Files.isRegularFile(file)) {
      return null;
    }
    try (Input in = new Input(file)) {
      if (!in.isWhole()) {
        return null;
      }
      for (long expected : fingerprint) {
        if (in.getLong() != expected) {
          return null;
        }
      }
      IdIndex items = IdIndex.of(in.getIds());
      IdIndex users = IdIndex.of(in.getIds());
      CsrMatrix train = in.getMatrix();
      HeldOut validation = new HeldOut(in.getMatrix(), in.getMatrix(), (int) in.getLong());
      HeldOut test = new HeldOut(in.getMatrix(), in.getMatrix(), (int) in.getLong());
      return new Split(train, validation, test, users, items, Map.of());
    } catch (IOException e) {
      return null;
    }
  }

  /** Writes the cache, in the place of one that may be there; does nothing if that fails. */
  void write(Split split) {
    try {
      WholeFile.remake(file, partial -> write(split, partial));
    } catch (DataException e) {
      // A cache never fails.
    }
  }

  private void write(Split split, Path partial) throws IOException {
    long checksum;
    try (Output out = new Output(partial)) {
      for (long value : fingerprint) {
        out.putLong(value);
      }
      out.putIds(split.items().ids());
      out.putIds(split.users().ids());
      out.putMatrix(split.train());
      out.putMatrix(split.validation().foldIn());
      out.putMatrix(split.validation().heldOut());
      out.putLong(split.validation().firstUser());
      out.putMatrix(split.test().foldIn());
      out.putMatrix(split.test().heldOut());
      out.putLong(split.test().firstUser());
      checksum = out.finish();
    }
    try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
      ByteBuffer head = ByteBuffer.allocate(HEAD).order(ByteOrder.LITTLE_ENDIAN);
      head.putLong(MARK).putLong(checksum).flip();
      channel.write(head, 0);
    }
  }

  /** Size and checksum of each file; both −1 of one that is not there or cannot be read. */
  private static long[] fingerprint(Path folder, List<String> sources) {
    long[] fingerprint = new long[2 * sources.size()];
    IntStream.range(0, sources.size())
        .parallel()
        .forEach(
            i -> {
              Path source = folder.resolve(sources.get(i));
              try (FileChannel channel = FileChannel.open(source, StandardOpenOption.READ)) {
                CRC32C checksum = new CRC32C();
                int length = (int) Math.min(BUFFER_SIZE, channel.size() + 1);
                ByteBuffer buffer = ByteBuffer.allocateDirect(length);
                long size = 0;
                for (int read = channel.read(buffer); read >= 0; read = channel.read(buffer)) {
                  size += read;
                  checksum.update(buffer.flip());
                  buffer.clear();
                }
                fingerprint[2 * i] = size;
                fingerprint[2 * i + 1] = checksum.getValue();
              } catch (IOException e) {
                fingerprint[2 * i] = -1;
                fingerprint[2 * i + 1] = -1;
              }
            });
    return fingerprint;
  }

  private static final class Output implements AutoCloseable {
    private final FileChannel channel;
    private final ByteBuffer buffer =
        ByteBuffer.allocateDirect(BUFFER_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C checksum = new CRC32C();

    Output(Path file) throws IOException {
      channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      channel.position(HEAD);
    }

    void putLong(long value) throws IOException {
      require(Long.BYTES);
      buffer.putLong(value);
    }

    void putIds(List<String> ids) throws IOException {
      putLong(ids.size());
      for (String id : ids) {
        byte[] bytes = id.getBytes(StandardCharsets.UTF_8);
        require(Integer.BYTES);
        buffer.putInt(bytes.length);
        int at = 0;
        while (at < bytes.length) {
          require(1);
          int part = Math.min(bytes.length - at, buffer.remaining());
          buffer.put(bytes, at, part);
          at += part;
        }
      }
    }

    void putMatrix(CsrMatrix matrix) throws IOException {
      putLong(matrix.rows());
      putLong(matrix.columns());
      for (int row = 0; row < matrix.rows(); row++) {
        putLong(matrix.entries(0, row + 1));
      }
      int[] part = new int[BUFFER_SIZE / Integer.BYTES];
      for (long from = 0; from < matrix.entries(); from += part.length) {
        int length = (int) Math.min(part.length, matrix.entries() - from);
        matrix.copyEntries(from, part, 0, length);
        flush();
        buffer.asIntBuffer().put(part, 0, length);
        buffer.position(length * Integer.BYTES);
      }
    }

    private void require(int bytes) throws IOException {
      if (buffer.remaining() < bytes) {
        flush();
      }
    }

    private void flush() throws IOException {
      buffer.flip();
      checksum.update(buffer.duplicate());
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      buffer.clear();
    }

    long finish() throws IOException {
      flush();
      return checksum.getValue();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /** Reads through windows of the mapped file, so that it may be larger than one mapping can be. */
  private static final class Input implements AutoCloseable {
    private final FileChannel channel;
    private final long size;
    private long windowStart;
    private MappedByteBuffer window;

    Input(Path file) throws IOException {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      size = channel.size();
      map(0);
    }

    private void map(long start) throws IOException {
      windowStart = start;
      window = channel.map(FileChannel.MapMode.READ_ONLY, start, Math.min(WINDOW, size - start));
      window.order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Whether mark and checksum are right. What follows is then as it was written. */
    boolean isWhole() throws IOException {
      if (size < HEAD || getLong() != MARK) {
        return false;
      }
      long expected = getLong();
      CRC32C checksum = new CRC32C();
      checksum.update(window.duplicate());
      while (windowStart + window.limit() < size) {
        map(windowStart + window.limit());
        checksum.update(window.duplicate());
      }
      map(HEAD);
      return checksum.getValue() == expected;
    }

    private void require(int bytes) throws IOException {
      if (window.remaining() < bytes) {
        map(windowStart + window.position());
      }
    }

    long getLong() throws IOException {
      require(Long.BYTES);
      return window.getLong();
    }

    List<String> getIds() throws IOException {
      int count = (int) getLong();
      List<String> ids = new ArrayList<>(count);
      byte[] bytes = new byte[64];
      for (int i = 0; i < count; i++) {
        require(Integer.BYTES);
        int length = window.getInt();
        require(length);
        if (length > bytes.length) {
          bytes = new byte[length];
        }
        window.get(bytes, 0, length);
        ids.add(new String(bytes, 0, length, StandardCharsets.UTF_8));
      }
      return ids;
    }

    CsrMatrix getMatrix() throws IOException {
      int rows = (int) getLong();
      int columns = (int) getLong();
      long[] offsets = new long[rows + 1];
      for (int row = 0; row < rows; row++) {
        offsets[row + 1] = getLong();
      }
      int[][] columnIndices = IntBigArrays.newBigArray(offsets[rows]);
      int[] part = new int[BUFFER_SIZE / Integer.BYTES];
      for (long from = 0; from < offsets[rows]; from += part.length) {
        int length = (int) Math.min(part.length, offsets[rows] - from);
        require(length * Integer.BYTES);
        window.asIntBuffer().get(part, 0, length);
        window.position(window.position() + length * Integer.BYTES);
        BigArrays.copyToBig(part, 0, columnIndices, from, length);
      }
      return CsrMatrix.ofRows(columns, offsets, columnIndices);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
