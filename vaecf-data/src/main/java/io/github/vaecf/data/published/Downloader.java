package io.github.vaecf.data.published;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.WholeFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serial;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Fetches data sets into a cache folder. What broke off is gone on with, now or the next time; what
 * has another length or checksum than was announced is thrown away; what is in the cache was whole
 * when it got there and is not fetched again.
 *
 * <p>For one thread at a time.
 */
public final class Downloader {
  private static final int ATTEMPTS = 4;
  private static final int BUFFER_SIZE = 1 << 16;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Pattern MD5 = Pattern.compile("(?i)\\b[0-9a-f]{32}\\b");
  private static final Pattern RANGE = Pattern.compile("bytes ([0-9]{1,18})-.*");

  private final Path cache;
  private final Progress progress;
  private final HttpClient client =
      HttpClient.newBuilder()
          .followRedirects(HttpClient.Redirect.NORMAL)
          .connectTimeout(PATIENCE)
          .build();

  /** Learns how far a file has come. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Learns of each piece.
     *
     * @param file the file's name
     * @param bytes how many bytes are there
     * @param total how many there will be, or −1 if the server does not say
     */
    void at(String file, long bytes, long total);
  }

  /**
   * A downloader.
   *
   * @param cache the folder that data sets are kept in, each in a folder of its own
   * @param progress learns how far files have come
   */
  public Downloader(Path cache, Progress progress) {
    this.cache = cache;
    this.progress = progress;
  }

  /**
   * Fetches a data set, unless the cache has it.
   *
   * @param dataSet the data set
   * @return its only file, or the folder of its files: what its reader takes
   * @throws DataException if it cannot be fetched or is not what was announced
   */
  public Path fetch(PublishedDataSet dataSet) {
    if (dataSet.files().isEmpty()) {
      throw new DataException(dataSet.title() + " cannot be fetched: nobody offers it any more");
    }
    Path folder = cache.resolve(dataSet.name());
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw WholeFile.unwritable(folder, e);
    }
    Path last = folder;
    for (PublishedDataSet.RemoteFile file : dataSet.files()) {
      last = folder.resolve(file.name());
      if (!Files.exists(last)) {
        fetch(file, last);
      }
    }
    return dataSet.files().size() == 1 ? last : folder;
  }

  private void fetch(PublishedDataSet.RemoteFile file, Path target) {
    Path partial = target.resolveSibling(target.getFileName() + ".partial");
    try {
      Optional<String> expected = file.md5().or(() -> checksumBeside(file));
      IOException last = null;
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        try {
          transfer(file, partial);
          verify(file, partial, expected);
          WholeFile.moveIntoPlace(partial, target);
          return;
        } catch (BrokenOffException e) {
          last = e;
        }
      }
      throw new DataException(
          file.address()
              + ": broke off "
              + ATTEMPTS
              + " times, the last time "
              + last.getMessage()
              + "; what has come is kept, so try again to go on",
          last);
    } catch (IOException e) {
      throw new DataException(
          file.address() + ": cannot be fetched into " + target + " (" + describe(e) + ")", e);
    }
  }

  private static String describe(IOException failure) {
    return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
  }

  /** The connection ended before the data did. */
  private static final class BrokenOffException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    BrokenOffException(long bytes, long total, IOException cause) {
      super("after " + bytes + (total < 0 ? "" : " of " + total) + " bytes", cause);
    }
  }

  private void transfer(PublishedDataSet.RemoteFile file, Path partial) throws IOException {
    long have = Files.exists(partial) ? Files.size(partial) : 0;
    HttpRequest.Builder request = HttpRequest.newBuilder(file.address()).timeout(PATIENCE);
    if (have > 0) {
      request.header("Range", "bytes=" + have + "-");
    }
    HttpResponse<InputStream> response = send(request.build());
    try (InputStream in = response.body()) {
      int status = response.statusCode();
      if (status == 416) {
        // The server has no more than what is here, or something else: begin again.
        Files.delete(partial);
        throw new BrokenOffException(0, -1, null);
      }
      boolean goesOn = status == 206 && rangeStart(response) == have;
      if (status != 200 && !goesOn) {
        if (status == 206) {
          Files.deleteIfExists(partial);
          throw new BrokenOffException(0, -1, null);
        }
        throw new DataException(
            file.address() + ": expected the file, found HTTP status " + status);
      }
      long at = goesOn ? have : 0;
      long length = response.headers().firstValueAsLong("Content-Length").orElse(-1);
      append(in, partial, file.name(), at, length < 0 ? -1 : at + length, goesOn);
    }
  }

  private void append(
      InputStream in, Path partial, String name, long from, long total, boolean goesOn)
      throws IOException {
    long at = from;
    byte[] buffer = new byte[BUFFER_SIZE];
    try (OutputStream out =
        Files.newOutputStream(
            partial,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            goesOn ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING)) {
      while (true) {
        int count;
        try {
          count = in.read(buffer);
        } catch (IOException e) {
          throw new BrokenOffException(at, total, e);
        }
        if (count < 0) {
          break;
        }
        out.write(buffer, 0, count);
        at += count;
        progress.at(name, at, total);
      }
    }
    if (total >= 0 && at < total) {
      throw new BrokenOffException(at, total, null);
    }
  }

  private static long rangeStart(HttpResponse<?> response) {
    Matcher range = RANGE.matcher(response.headers().firstValue("Content-Range").orElse(""));
    return range.matches() ? Long.parseLong(range.group(1)) : -1;
  }

  private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** The checksum that the publisher keeps beside the file. */
  private Optional<String> checksumBeside(PublishedDataSet.RemoteFile file) {
    if (!file.checksumBeside()) {
      return Optional.empty();
    }
    URI address = URI.create(file.address() + ".md5");
    try (InputStream in = send(HttpRequest.newBuilder(address).timeout(PATIENCE).build()).body()) {
      String text = new String(in.readNBytes(1024), StandardCharsets.UTF_8);
      Matcher md5 = MD5.matcher(text);
      if (!md5.find()) {
        throw new DataException(address + ": expected an MD5 checksum, found none");
      }
      return Optional.of(md5.group().toLowerCase(Locale.ROOT));
    } catch (IOException e) {
      throw new DataException(address + ": cannot be fetched (" + describe(e) + ")", e);
    }
  }

  private static void verify(
      PublishedDataSet.RemoteFile file, Path partial, Optional<String> expected)
      throws IOException {
    if (Files.size(partial) == 0) {
      Files.delete(partial);
      throw new DataException(file.address() + ": expected a file, found nothing in it");
    }
    if (expected.isEmpty()) {
      return;
    }
    String found = md5(partial);
    if (!found.equals(expected.get())) {
      Files.delete(partial);
      throw new DataException(
          file.address()
              + ": expected the MD5 checksum "
              + expected.get()
              + ", found "
              + found
              + "; what has come was thrown away");
    }
  }

  private static String md5(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has MD5", e);
    }
    byte[] buffer = new byte[BUFFER_SIZE];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        digest.update(buffer, 0, count);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
