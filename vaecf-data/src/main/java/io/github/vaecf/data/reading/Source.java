package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * One stream of bytes to read, under the name that messages give it. What is compressed by gzip or
 * bzip2 is recognised by its first bytes, not by its name; what is no text is refused by them. A
 * pipe can be opened once only.
 *
 * @param name what messages call it
 * @param opener opens the stream
 * @param size how many bytes there are, 0 if that is not known; fewer than come out where they are
 *     compressed
 */
record Source(String name, Opener opener, long size) {
  private static final int BUFFER_SIZE = 1 << 16;

  /** How many bytes {@link #head} gives at most. */
  static final int HEAD = BUFFER_SIZE;

  /** Deflate can swell a thousandfold; logs swell three- to tenfold. */
  private static final long LARGEST_RATIO = 200;

  private static final long LARGEST_UNCHECKED = 64L << 20;
  private static final int LARGEST_TEXT = 256 << 20;

  /** Opens a stream of bytes. */
  @FunctionalInterface
  interface Opener {
    InputStream open() throws IOException;
  }

  /** A file, decompressed if it is compressed, or standard input, by the name {@code -}. */
  static Source of(Path file) {
    return isStandardInput(file)
        ? new Source("standard input", () -> decompressed(new Pipe(System.in)), 0)
        : new Source(file.toString(), () -> open(file), sizeOf(file));
  }

  private static long sizeOf(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      return 0; // Who opens it says so.
    }
  }

  static boolean isStandardInput(Path file) {
    return file.toString().equals("-");
  }

  InputStream open() {
    try {
      return opener.open();
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  /** The last part of the name. */
  String fileName() {
    return name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('!')) + 1);
  }

  /** The first bytes. */
  byte[] head() {
    try (InputStream in = open()) {
      return in.readNBytes(BUFFER_SIZE);
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  /** The first line as text, cut off after 64 KiB. */
  String firstLine() {
    String line = new String(head(), StandardCharsets.UTF_8).lines().findFirst().orElse("");
    return line.startsWith("\ufeff") ? line.substring(1) : line;
  }

  /** All bytes as text: UTF-8 if they are, else Latin-1, in which older data sets are written. */
  String text() {
    byte[] bytes;
    try (InputStream in = open()) {
      bytes = in.readNBytes(LARGEST_TEXT + 1);
      if (bytes.length > LARGEST_TEXT) {
        throw new DataException(
            name + ": expected at most " + LARGEST_TEXT + " bytes of titles, found more");
      }
      ForeignContent.refuseOtherText(bytes, 0, bytes.length);
    } catch (IOException e) {
      throw unreadable(name, e);
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\ufeff") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  private static InputStream open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new DataException(file + ": expected a file, found a directory");
    }
    InputStream in = Files.newInputStream(file);
    try {
      return decompressed(Files.isRegularFile(file) ? in : new Pipe(in));
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  /**
   * A stream without its compression.
   *
   * @param in the stream
   */
  static InputStream decompressed(InputStream in) throws IOException {
    Counted compressed = new Counted(in);
    InputStream buffered = new BufferedInputStream(compressed, BUFFER_SIZE);
    byte[] head = peek(buffered);
    InputStream decompressed;
    if (head.length >= 2 && head[0] == 0x1f && head[1] == (byte) 0x8b) {
      decompressed = new GZIPInputStream(buffered, BUFFER_SIZE);
    } else if (new String(head, StandardCharsets.ISO_8859_1).matches("(?s)BZh[1-9]1AY&SY.*")) {
      decompressed = bunzipped(buffered);
    } else {
      ForeignContent.refuseBinary(head);
      return buffered;
    }
    InputStream content =
        new BufferedInputStream(bounded(decompressed, compressed::total), BUFFER_SIZE);
    ForeignContent.refuseBinary(peek(content));
    return content;
  }

  private static InputStream bunzipped(InputStream in) throws IOException {
    try {
      return Bzip2.decompressed(in);
    } catch (NoClassDefFoundError e) {
      throw missing("bzip2", e);
    }
  }

  /**
   * What to say where the library is missing that reads a form.
   *
   * @param form what was found
   * @param failure what came of calling the library
   * @return the failure to read
   */
  static IOException missing(String form, NoClassDefFoundError failure) {
    if (!String.valueOf(failure.getMessage()).contains("commons/compress")) {
      throw failure;
    }
    return new IOException(
        "it is " + form + ": add org.apache.commons:commons-compress to the class path", failure);
  }

  /** The first bytes of a stream, which are read again. */
  static byte[] peek(InputStream in) throws IOException {
    in.mark(ForeignContent.HEAD);
    byte[] head = in.readNBytes(ForeignContent.HEAD);
    in.reset();
    return head;
  }

  /** What cannot be sought in, and tells what it has by being read only. */
  private static final class Pipe extends InputStream {
    private final InputStream in;

    Pipe(InputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      return in.read();
    }

    @Override
    public int read(byte[] target, int at, int length) throws IOException {
      return in.read(target, at, length);
    }

    /**
     * Gzip ends where nothing is available. A slow writer must not look like that: members after
     * the first would be lost.
     */
    @Override
    public int available() {
      return 1;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  /** Counts what was read. */
  private static class Counted extends FilterInputStream {
    private long total;

    Counted(InputStream in) {
      super(in);
    }

    final long total() {
      return total;
    }

    void count(int read) throws IOException {
      total += Math.max(read, 0);
    }

    @Override
    public final int read() throws IOException {
      int read = super.read();
      count(read < 0 ? 0 : 1);
      return read;
    }

    @Override
    public final int read(byte[] target, int at, int length) throws IOException {
      int read = super.read(target, at, length);
      count(read);
      return read;
    }
  }

  /** A stream that says of whatever goes wrong within that the data is damaged. */
  static InputStream guarded(InputStream in) {
    return new FilterInputStream(in) {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
      }

      @Override
      public int read(byte[] target, int at, int length) throws IOException {
        try {
          return super.read(target, at, length);
        } catch (RuntimeException e) {
          // Damaged data leads decompressors out of their arrays.
          throw damaged(e);
        }
      }
    };
  }

  /**
   * A guarded stream that fails when it swells as no log does.
   *
   * @param in decompresses
   * @param compressedSize how many bytes it has decompressed so far, or will in all
   */
  static InputStream bounded(InputStream in, LongSupplier compressedSize) {
    return new Counted(guarded(in)) {
      @Override
      void count(int read) throws IOException {
        super.count(read);
        if (total() > LARGEST_UNCHECKED) {
          long compressed = compressedSize.getAsLong();
          long most = Math.max(LARGEST_UNCHECKED, LARGEST_RATIO * compressed);
          if (total() > most) {
            throw new ZipException(
                compressed + " bytes swell to more than " + most + ", which no log does");
          }
        }
      }
    };
  }

  static IOException damaged(RuntimeException cause) {
    ZipException damaged = new ZipException(String.valueOf(cause.getMessage()));
    damaged.initCause(cause);
    return damaged;
  }

  /** The message for a failure to read, with the place if it is known. */
  static DataException unreadable(String place, IOException failure) {
    String message = DataException.excerpt(String.valueOf(failure.getMessage()));
    String problem;
    if (failure instanceof ForeignContent) {
      problem = failure.getMessage();
    } else if (failure instanceof NoSuchFileException) {
      problem = "there is no such file";
    } else if (failure instanceof AccessDeniedException) {
      problem = "no permission to read it";
    } else if (failure instanceof EOFException) {
      problem = "the compressed data ends too early";
    } else if (failure instanceof ZipException && message.contains("encrypted")) {
      problem = "it is encrypted; decrypt it first";
    } else if (failure instanceof ZipException && message.contains("compression method")) {
      problem = "it is compressed in a way that cannot be read (" + message + "); unpack it first";
    } else if (failure instanceof ZipException) {
      problem = "the compressed data is damaged (" + message + ")";
    } else if (failure instanceof FileSystemException e && e.getReason() != null) {
      problem = "cannot be read (" + e.getReason() + ")";
    } else {
      problem = "cannot be read (" + message + ")";
    }
    return new DataException(place + ": " + problem, failure);
  }
}
