package io.github.vaecf.spark;

import io.github.vaecf.data.DataException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * The files of an exported version, in memory: what is broadcast to the executors, and written to
 * any file system that Hadoop knows. In parts, as the weights may be larger than an array.
 */
final class ModelFiles implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  private static final int PART = 1 << 24;

  /** The file that lists the others with their checksums. */
  private static final String CARD = "model.json";

  private final TreeMap<String, byte[][]> parts; // by the path within the version's folder
  private final String fingerprint;

  private ModelFiles(Map<String, byte[][]> parts, String folder) {
    if (!parts.containsKey(CARD)) {
      throw new DataException(
          folder + ": not an exported model, expected a file " + CARD + " in it and found none");
    }
    this.parts = new TreeMap<>(parts);
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      Arrays.stream(parts.get(CARD)).forEach(digest::update);
      this.fingerprint = HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * Reads a version.
   *
   * @param folder the version's, of any file system
   * @throws DataException if there is none, or it cannot be read
   */
  static ModelFiles read(String folder, Configuration hadoop) {
    org.apache.hadoop.fs.Path root = new org.apache.hadoop.fs.Path(folder);
    Map<String, byte[][]> parts = new TreeMap<>();
    try {
      FileSystem files = root.getFileSystem(hadoop);
      String base = files.getFileStatus(root).getPath().toUri().getPath();
      RemoteIterator<LocatedFileStatus> all = files.listFiles(root, true);
      while (all.hasNext()) {
        LocatedFileStatus file = all.next();
        String name = file.getPath().toUri().getPath().substring(base.length() + 1);
        try (InputStream in = files.open(file.getPath())) {
          parts.put(name, partsOf(in));
        }
      }
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be read (" + e + ")", e);
    }
    return new ModelFiles(parts, folder);
  }

  private static byte[][] partsOf(InputStream in) throws IOException {
    List<byte[]> parts = new ArrayList<>();
    byte[] part;
    do {
      part = in.readNBytes(PART);
      parts.add(part);
    } while (part.length == PART);
    return parts.toArray(byte[][]::new);
  }

  /** Tells this version from any other. */
  String fingerprint() {
    return fingerprint;
  }

  /** What the model says of itself, JSON. */
  String card() {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (byte[] part : parts.get(CARD)) {
      text.writeBytes(part);
    }
    return text.toString(StandardCharsets.UTF_8);
  }

  /** Writes the version where there is none. */
  void write(String folder, Configuration hadoop) throws IOException {
    org.apache.hadoop.fs.Path root = new org.apache.hadoop.fs.Path(folder);
    // Not the shared one, as it is told to leave no checksum files beside what others serve.
    try (FileSystem files = FileSystem.newInstance(root.toUri(), hadoop)) {
      files.setWriteChecksum(false);
      for (Map.Entry<String, byte[][]> file : parts.entrySet()) {
        try (OutputStream out =
            files.create(new org.apache.hadoop.fs.Path(root, file.getKey()), false)) {
          for (byte[] part : file.getValue()) {
            out.write(part);
          }
        }
      }
    }
  }

  /** Writes the version into a folder of this machine. */
  void writeHere(Path folder) {
    try {
      for (Map.Entry<String, byte[][]> file : parts.entrySet()) {
        Path target = folder.resolve(file.getKey());
        Files.createDirectories(target.getParent());
        try (OutputStream out = Files.newOutputStream(target)) {
          for (byte[] part : file.getValue()) {
            out.write(part);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": the model cannot be written", e);
    }
  }
}
