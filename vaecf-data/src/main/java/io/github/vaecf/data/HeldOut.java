package io.github.vaecf.data;

import java.util.Objects;

/**
 * Users to measure a model on: of each, the fold-in items, which the model sees, and the held-out
 * items, which it must find.
 *
 * @param foldIn users × items, what the model sees; row r is user {@code firstUser + r}
 * @param heldOut users × items, what the model must find; a row may be empty, then the user counts
 *     nowhere
 * @param firstUser index, among all users of the split, of the user in row 0
 */
public record HeldOut(CsrMatrix foldIn, CsrMatrix heldOut, int firstUser) {
  /**
   * Checks that both matrices have one shape.
   *
   * @param foldIn what the model sees
   * @param heldOut what the model must find
   * @param firstUser index of the user in row 0
   * @throws IllegalArgumentException if the shapes differ
   */
  public HeldOut {
    Objects.requireNonNull(foldIn, "foldIn");
    Objects.requireNonNull(heldOut, "heldOut");
    if (foldIn.rows() != heldOut.rows() || foldIn.columns() != heldOut.columns()) {
      throw new IllegalArgumentException(
          "fold-in and held-out matrices must have one shape, found " + foldIn + " and " + heldOut);
    }
  }

  /**
   * Whether nobody has anything held out, so that there is nothing to measure.
   *
   * @return whether the held-out matrix has no entry
   */
  public boolean isEmpty() {
    return heldOut.entries() == 0;
  }

  /**
   * The number of users.
   *
   * @return at least 0
   */
  public int users() {
    return foldIn.rows();
  }
}
