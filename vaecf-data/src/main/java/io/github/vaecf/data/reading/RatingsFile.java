package io.github.vaecf.data.reading;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.WholeFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Writes a log in the form of MovieLens' {@code ratings.csv}. */
public final class RatingsFile {
  private RatingsFile() {}

  /**
   * Writes a log: a header, then user, movie, rating with one decimal and time, separated by
   * commas. {@link MovieLens} reads it. The file is written beside its place and then renamed.
   *
   * @param log events with times from 0 on, values from 0 to 9.9, ids without commas and quotes
   * @param file where to; must not exist
   * @throws DataException if the file exists or cannot be written
   */
  public static void write(Interactions log, Path file) {
    WholeFile.create(file, out -> writeTo(log, out));
  }

  private static void writeTo(Interactions log, OutputStream out) throws IOException {
    out.write("userId,movieId,rating,timestamp\n".getBytes(StandardCharsets.US_ASCII));
    byte[][] users = fields(log.users());
    byte[][] items = fields(log.items());
    byte[] digits = new byte[20];
    for (int event = 0; event < log.size(); event++) {
      out.write(users[log.user(event)]);
      out.write(items[log.item(event)]);
      int tenths = Math.round(10 * log.value(event));
      out.write('0' + tenths / 10);
      out.write('.');
      out.write('0' + tenths % 10);
      out.write(',');
      int at = digits.length;
      long rest = log.time(event);
      do {
        digits[--at] = (byte) ('0' + rest % 10);
        rest /= 10;
      } while (rest > 0);
      out.write(digits, at, digits.length - at);
      out.write('\n');
    }
  }

  /** The ids, each with the comma after it. */
  private static byte[][] fields(IdIndex ids) {
    byte[][] fields = new byte[ids.size()][];
    for (int index = 0; index < fields.length; index++) {
      fields[index] = (ids.id(index) + ",").getBytes(StandardCharsets.UTF_8);
    }
    return fields;
  }
}
