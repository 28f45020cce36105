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
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * One stream of bytes to read, under the name that messages give it. What is compressed by gzip is
 * recognised by its first bytes, not by its name.
 *
 * @param name what messages call it
 * @param opener opens the stream
 */
record Source(String name, Opener opener) {
  private static final int BUFFER_SIZE = 1 << 16;

  /** Deflate can swell a thousandfold; logs swell three- to tenfold. */
  private static final long LARGEST_RATIO = 200;

  private static final long LARGEST_UNCHECKED = 64L << 20;

  /** Opens a stream of bytes. */
  @FunctionalInterface
  interface Opener {
    InputStream open() throws IOException;
  }

  /** A file, decompressed if it is compressed. */
  static Source of(Path file) {
    return new Source(file.toString(), () -> open(file));
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

  /** The first line as text, cut off after 64 KiB. */
  String firstLine() {
    try (InputStream in = open()) {
      String start = new String(in.readNBytes(BUFFER_SIZE), StandardCharsets.UTF_8);
      String line = start.lines().findFirst().orElse("");
      return line.startsWith("\ufeff") ? line.substring(1) : line;
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  /** All bytes as text: UTF-8 if they are, else Latin-1, in which older data sets are written. */
  String text() {
    byte[] bytes;
    try (InputStream in = open()) {
      bytes = in.readAllBytes();
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
      return decompressed(in, Files.size(file));
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  /**
   * A stream without its compression.
   *
   * @param in the stream
   * @param size how many bytes it has
   */
  static InputStream decompressed(InputStream in, long size) throws IOException {
    InputStream buffered = new BufferedInputStream(in, BUFFER_SIZE);
    buffered.mark(2);
    boolean gzip = buffered.read() == 0x1f && buffered.read() == 0x8b;
    buffered.reset();
    return gzip ? bounded(new GZIPInputStream(buffered, BUFFER_SIZE), size) : buffered;
  }

  /**
   * A stream that fails when it swells as no log does.
   *
   * @param in decompresses
   * @param compressedSize how many bytes it decompresses
   */
  static InputStream bounded(InputStream in, long compressedSize) {
    long most = Math.max(LARGEST_UNCHECKED, LARGEST_RATIO * compressedSize);
    return new FilterInputStream(in) {
      private long total;

      @Override
      public int read() throws IOException {
        int read = super.read();
        count(read < 0 ? 0 : 1);
        return read;
      }

      @Override
      public int read(byte[] target, int at, int length) throws IOException {
        int read = super.read(target, at, length);
        count(read);
        return read;
      }

      private void count(int read) throws ZipException {
        total += Math.max(read, 0);
        if (total > most) {
          throw new ZipException(
              compressedSize + " bytes swell to more than " + most + ", which no log does");
        }
      }
    };
  }

  /** The message for a failure to read, with the place if it is known. */
  static DataException unreadable(String place, IOException failure) {
    String problem;
    if (failure instanceof NoSuchFileException) {
      problem = "there is no such file";
    } else if (failure instanceof AccessDeniedException) {
      problem = "no permission to read it";
    } else if (failure instanceof EOFException) {
      problem = "the compressed data ends too early";
    } else if (failure instanceof ZipException) {
      problem = "the compressed data is damaged (" + failure.getMessage() + ")";
    } else if (failure instanceof FileSystemException e && e.getReason() != null) {
      problem = "cannot be read (" + e.getReason() + ")";
    } else {
      problem = "cannot be read (" + failure.getMessage() + ")";
    }
    return new DataException(place + ": " + problem, failure);
  }
}
