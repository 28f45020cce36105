package io.github.vaecf.eval.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import io.github.vaecf.data.DataException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;

/**
 * The checksum of an ONNX file: the CRC-32C of all before it, as the last of the file's metadata
 * ({@code vaecf.crc32c}), which stand at its end. A weight of which a bit is another would be
 * loaded without a word. That of {@link OnnxData}, where there is such a file, stands in the card.
 */
final class OnnxChecksum {
  private static final String KEY = "vaecf.crc32c";
  private static final int BUFFER_BYTES = 1 << 20;

  private OnnxChecksum() {}

  /** Writes a model with its checksum. */
  static void write(ModelProto model, OutputStream out) throws IOException {
    CheckedOutputStream checked = new CheckedOutputStream(out, new CRC32C());
    model.writeTo(checked);
    // A message may be written in parts, of which the last ones add to lists.
    out.write(end(checked.getChecksum().getValue()));
  }

  private static byte[] end(long checksum) {
    return ModelProto.newBuilder()
        .addMetadataProps(
            StringStringEntryProto.newBuilder()
                .setKey(KEY)
                .setValue(String.format("%08x", checksum)))
        .build()
        .toByteArray();
  }

  /**
   * Makes sure that a file is as it was written. Files without a checksum, of older exports, are
   * taken as they are.
   *
   * @throws DataException if it is not
   */
  static void requireWhole(Path file) throws IOException {
    byte[] last = new byte[end(0).length];
    long rest = Files.size(file) - last.length;
    if (rest < 0) {
      return;
    }
    CRC32C checksum = new CRC32C();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      while (rest > 0) {
        int size = in.read(buffer, 0, (int) Math.min(buffer.length, rest));
        if (size < 0) {
          throw new EOFException("it has become shorter meanwhile");
        }
        checksum.update(buffer, 0, size);
        rest -= size;
      }
      in.readNBytes(last, 0, last.length);
    }
    int digits = last.length - Integer.BYTES * 2;
    boolean signed = Arrays.equals(last, 0, digits, end(0), 0, digits);
    if (signed && !Arrays.equals(last, end(checksum.getValue()))) {
      throw new DataException(
          file + ": its bytes are not those that the export wrote (its checksum is another)");
    }
  }
}
