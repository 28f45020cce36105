package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * One stream of bytes to read, under the name that messages give it. Compressed files are
 * recognised by their first bytes, not by their names.
 *
 * @param name what messages call it
 * @param opener opens the stream
 */
record Source(String name, Opener opener) {
  private static final int BUFFER_SIZE = 1 << 16;

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

  private static InputStream open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new DataException(file + ": expected a file, found a directory");
    }
    InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER_SIZE);
    try {
      in.mark(2);
      boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
      in.reset();
      return gzip ? new GZIPInputStream(in, BUFFER_SIZE) : in;
    } catch (IOException e) {
      in.close();
      throw e;
    }
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
