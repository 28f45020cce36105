package io.github.vaecf.core;

import io.github.vaecf.data.CsrMatrix;

/**
 * Anything that orders the items for users of whom it is told some items: a trained autoencoder, a
 * baseline, an exported model. Implementations are safe for use by many threads unless they say
 * otherwise.
 */
public interface Scorer {
  /**
   * The number of items that are scored: the columns that histories must have.
   *
   * @return at least 1
   */
  int itemCount();

  /**
   * The best items for each of some users, without those of the user's own history. Equal scores
   * are ordered by item index, the lower first.
   *
   * @param histories users × items, what is known of each user
   * @param from first row to rank for
   * @param to row after the last
   * @param k length of each ranking, at least 1; where a user has fewer than k unseen items the
   *     rest of the ranking stays empty
   * @return rankings of {@code to − from} users, the first for row {@code from}
   * @throws IllegalArgumentException if the histories are not over {@link #itemCount()} items, or k
   *     is below 1
   * @throws ArithmeticException if a score is not a number
   */
  Rankings rank(CsrMatrix histories, int from, int to, int k);
}
