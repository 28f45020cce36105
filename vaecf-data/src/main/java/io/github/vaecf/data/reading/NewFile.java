package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that are there whole or not at all, and never in the place of another. */
final class NewFile {
  private static final int BUFFER_SIZE = 1 << 20;

  private NewFile() {}

  /** Writes what a file shall hold. */
  @FunctionalInterface
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Writes a file beside its place and renames it. */
  static void write(Path file, Content content) {
    requireAbsent(file);
    Path place = file.toAbsolutePath();
    Path partial = null;
    try {
      Files.createDirectories(place.getParent());
      partial = Files.createTempFile(place.getParent(), "." + place.getFileName(), ".partial");
      try (OutputStream out =
          new BufferedOutputStream(Files.newOutputStream(partial), BUFFER_SIZE)) {
        content.writeTo(out);
      }
      partial.toFile().setReadable(true, false);
      Files.move(partial, place);
    } catch (IOException e) {
      throw unwritable(file, e);
    } catch (UncheckedIOException e) {
      throw unwritable(file, e.getCause());
    } finally {
      if (partial != null) {
        partial.toFile().delete();
      }
    }
  }

  static void requireAbsent(Path place) {
    if (Files.exists(place)) {
      throw new DataException(place + ": already exists; choose another place or remove it first");
    }
  }

  static DataException unwritable(Path place, IOException failure) {
    String problem = failure.getMessage();
    if (failure instanceof AccessDeniedException) {
      problem = "no permission";
    } else if (failure instanceof FileSystemException e && e.getReason() != null) {
      problem = e.getReason();
    }
    return new DataException(place + ": cannot be written (" + problem + ")", failure);
  }
}
