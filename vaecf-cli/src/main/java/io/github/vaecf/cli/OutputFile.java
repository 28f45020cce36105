package io.github.vaecf.cli;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * A file that a person names for a result: {@code -} is standard output, links are followed, and
 * what is no regular file is written into.
 *
 * @param path where it is
 */
record OutputFile(Path path) {
  private static final Set<Path> STANDARD_OUTPUT =
      Set.of(
          Path.of("-"), Path.of("/dev/stdout"), Path.of("/dev/fd/1"), Path.of("/proc/self/fd/1"));

  /** As many as Linux follows. */
  private static final int MOST_LINKS = 40;

  /**
   * Whether it is standard output, by any of its names: a second opening of what that is, a file
   * for example, would write over what is there.
   */
  boolean isStandardOutput() {
    return STANDARD_OUTPUT.contains(path);
  }

  /** The same for all names of a file, as far as they can be told apart without its being there. */
  OutputFile place() {
    if (isStandardOutput()) {
      return new OutputFile(Path.of("-"));
    }
    Path end = path.toAbsolutePath();
    try {
      for (int links = 0; links < MOST_LINKS && Files.isSymbolicLink(end); links++) {
        end = end.resolveSibling(Files.readSymbolicLink(end));
      }
      Path folder = end.getParent();
      end = folder == null ? end : folder.toRealPath().resolve(end.getFileName());
    } catch (IOException e) {
      // Where its folder is not there yet, no link leads there either.
    }
    return new OutputFile(end.normalize());
  }

  /**
   * Makes sure, before long work, that it can be written.
   *
   * @throws DataException if not
   */
  void requireWritable() {
    if (!isStandardOutput()) {
      WholeFile.requireReplaceable(path);
    }
  }

  /**
   * Writes it.
   *
   * @param text what it shall hold
   * @param standardOutput where to, if it is standard output
   * @throws DataException if it cannot be written
   */
  void write(String text, PrintWriter standardOutput) {
    if (!isStandardOutput()) {
      WholeFile.replace(path, text);
      return;
    }
    standardOutput.print(text);
    if (standardOutput.checkError()) {
      throw new DataException("standard output: cannot be written");
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
