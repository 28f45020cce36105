package io.github.vaecf.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.vaecf.data.DataException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * A line for each request when it has ended, in the combined log format of Apache's httpd, with the
 * seconds that it took behind it:
 *
 * <pre>
 * 127.0.0.1 - shop [26/Nov/2026:21:04:05 +0000] "POST /v1/models/m:predict HTTP/1.1" 200 512 "-" "curl/8.5" 0.004211
 * </pre>
 *
 * <p>The user is the name of the key. Queries are left out, as they say what a person looks for.
 * What clients send is cut short and escaped as httpd does, {@code \x0A}, so that one request is
 * one line of ASCII. Safe for use by many threads.
 */
final class AccessLog implements AutoCloseable {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ENGLISH);

  /** Characters of one thing that a client sent. */
  private static final int LONGEST = 512;

  private static final double NANOS = 1e9;
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private final Consumer<String> lines;
  private final ZoneId zone;

  /**
   * What is told of a request. What a client did not send is null.
   *
   * @param status as HTTP has it
   * @param bytes of the answer's body
   */
  record Entry(
      String address,
      String method,
      String target,
      String protocol,
      int status,
      long bytes,
      String referer,
      String agent,
      long nanos) {}

  /**
   * @param lines where they go, each without its end
   */
  AccessLog(Consumer<String> lines) {
    this.lines = lines;
    this.zone = ZoneId.systemDefault();
  }

  /**
   * One that is appended to a file, which is made where it is not there.
   *
   * @param log gets a sentence when it cannot be written any more
   * @throws DataException if it cannot be written
   */
  static AccessLog toFile(Path file, Consumer<String> log) {
    return new AccessLog(new ToFile(file, log));
  }

  /** Lets a file go; what comes later is not written. */
  @Override
  public void close() {
    if (lines instanceof ToFile file) {
      file.close();
    }
  }

  /** Writes a line. */
  void write(Entry entry, Visit visit) {
    lines.accept(line(entry, visit, Instant.now()));
  }

  /** The line of a request that ended at a time. */
  String line(Entry entry, Visit visit, Instant ended) {
    Instant begun = ended.minusNanos(entry.nanos());
    return field(entry.address())
        + " - "
        + field(visit.key())
        + " ["
        + TIME.format(begun.atZone(zone))
        + "] \""
        + field(entry.method())
        + " "
        + field(withoutQuery(entry.target()))
        + " "
        + field(entry.protocol())
        + "\" "
        + entry.status()
        + " "
        + entry.bytes()
        + " \""
        + field(withoutQuery(entry.referer()))
        + "\" \""
        + field(entry.agent())
        + "\" "
        + String.format(Locale.ROOT, "%.6f", entry.nanos() / NANOS);
  }

  private static String withoutQuery(String address) {
    int end = address == null ? -1 : address.indexOf('?');
    return end < 0 ? address : address.substring(0, end);
  }

  /** What a client sent, as it can stand between quotes in a line; "-" for nothing. */
  private static String field(String text) {
    if (text == null || text.isEmpty()) {
      return "-";
    }
    StringBuilder plain = new StringBuilder();
    for (byte octet : text.substring(0, Math.min(LONGEST, text.length())).getBytes(UTF_8)) {
      char c = (char) (octet & 0xff);
      if (c < ' ' || c > '~' || c == '"' || c == '\\') {
        plain.append("\\x").append(HEX.toHexDigits(octet));
      } else {
        plain.append(c);
      }
    }
    return text.length() > LONGEST ? plain + "..." : plain.toString();
  }

  /**
   * Lines that are appended to a file. Whoever keeps logs may move the file away at any time: then
   * the next lines go to a new one. Where it cannot be written that is said once, and requests go
   * on.
   */
  private static final class ToFile implements Consumer<String> {
    private static final long LOOK_NANOS = 1_000_000_000;

    private final Path file;
    private final Consumer<String> log;
    private OutputStream out;
    private Object identity;
    private long looked;
    private boolean trouble;
    private boolean closed;

    ToFile(Path file, Consumer<String> log) {
      this.file = file;
      this.log = log;
      try {
        open();
      } catch (IOException e) {
        throw unwritable(e);
      }
    }

    private void open() throws IOException {
      out = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      identity = identity();
    }

    private DataException unwritable(IOException failure) {
      String reason =
          failure instanceof NoSuchFileException
              ? "its folder is not there"
              : String.valueOf(failure);
      return new DataException(
          file + ": the access log cannot be written (" + reason + ")", failure);
    }

    /** What tells a file from another at its place: device and inode; null where there is none. */
    private Object identity() throws IOException {
      try {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
      } catch (NoSuchFileException e) {
        return null;
      }
    }

    @Override
    public synchronized void accept(String line) {
      if (closed) {
        return;
      }
      try {
        long now = System.nanoTime();
        if (now - looked >= LOOK_NANOS) {
          looked = now;
          Object there = identity();
          if (out == null || there == null || !there.equals(identity)) {
            closeFile();
            open();
          }
        }
        if (out != null) {
          out.write((line + "\n").getBytes(US_ASCII));
          trouble = false;
        }
      } catch (IOException e) {
        closeFile();
        if (!trouble) {
          trouble = true;
          log.accept(unwritable(e).getMessage() + "; requests are answered without it");
        }
      }
    }

    private void closeFile() {
      try {
        if (out != null) {
          out.close();
        }
      } catch (IOException e) {
        // What was written was written as it came.
      } finally {
        out = null;
      }
    }

    synchronized void close() {
      closed = true;
      closeFile();
    }
  }
}
