package io.github.vaecf.core.training;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.HeldOut;
import io.github.vaecf.data.IdIndex;
import it.unimi.dsi.fastutil.ints.IntArrays;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * What tells training data from other training data.
 *
 * @param users number of training users
 * @param items number of items
 * @param events number of entries of the matrix
 * @param sha256 of the rows and of the item ids, in hexadecimal
 */
record DataFingerprint(int users, int items, long events, String sha256) {
  /**
   * The fingerprint of training data.
   *
   * @param matrix training users × items
   * @param items raw ids of the items
   * @return the same for the same rows and ids, in the same order
   */
  public static DataFingerprint of(CsrMatrix matrix, IdIndex items) {
    MessageDigest digest = newDigest();
    update(digest, matrix);
    for (String id : items.ids()) {
      digest.update(id.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) '\n');
    }
    return new DataFingerprint(
        matrix.rows(),
        matrix.columns(),
        matrix.entries(),
        HexFormat.of().formatHex(digest.digest()));
  }

  /**
   * What tells users to validate on from others: a digest of what they have and of what is held
   * out.
   */
  static String of(HeldOut users) {
    MessageDigest digest = newDigest();
    update(digest, users.foldIn());
    update(digest, users.heldOut());
    return HexFormat.of().formatHex(digest.digest());
  }

  /** What tells weights from others: a digest of their names and of their bits. */
  static String of(List<TrainedModel.Weight> weights) {
    MessageDigest digest = newDigest();
    for (TrainedModel.Weight weight : weights) {
      digest.update(weight.name().getBytes(StandardCharsets.UTF_8));
      ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * weight.values().length);
      bytes.asFloatBuffer().put(weight.values());
      digest.update(bytes);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static void update(MessageDigest digest, CsrMatrix matrix) {
    int[] row = IntArrays.EMPTY_ARRAY;
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES); // enough for an empty row
    for (int r = 0; r < matrix.rows(); r++) {
      int size = matrix.rowSize(r);
      if (row.length < size) {
        row = new int[size * 2];
        bytes = ByteBuffer.allocate((1 + row.length) * Integer.BYTES);
      }
      matrix.copyRow(r, row, 0);
      bytes.clear();
      bytes.putInt(size);
      for (int i = 0; i < size; i++) {
        bytes.putInt(row[i]);
      }
      digest.update(bytes.flip());
    }
  }
}
