package io.github.vaecf.core;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.IdIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Whoever ranks items for a history: a trained network, a closed form, a model reloaded from its
 * export. What is the same for all of them stands here once: arguments are checked, k is bounded by
 * the catalogue, raw ids are looked up, and a model that is closed is never asked.
 *
 * <p>Safe for use by many threads at once. What an implementation owns is given back by {@link
 * #close}: calls that are running end properly before that, later ones are refused with an {@link
 * IllegalStateException}. Closing twice does nothing.
 */
public abstract class Recommender implements AutoCloseable {
  /** Users that are ranked in one go, as many as a training batch has: bounds the memory. */
  private static final int LARGEST_BATCH = 500;

  private final IdIndex items;
  private final ReadWriteLock inUse = new ReentrantReadWriteLock();
  private boolean closed;

  /**
   * A recommender of these items.
   *
   * @param items raw ids of the items, in the order of their indices
   */
  protected Recommender(IdIndex items) {
    this.items = Objects.requireNonNull(items, "items");
  }

  /**
   * The raw ids of the items, in the order of their indices.
   *
   * @return the index; {@link IdIndex#indexOf} tells whether an id is known
   */
  public final IdIndex items() {
    return items;
  }

  /**
   * The number of items that are ranked: the columns that histories must have.
   *
   * @return at least 1
   */
  public final int itemCount() {
    return items.size();
  }

  /**
   * The best items for each of some users, without those of the user's own history. Equal scores
   * are ordered by item index, the lower first.
   *
   * @param histories users × items, what is known of each user; a row may be empty
   * @param from first row to rank for
   * @param to row after the last
   * @param k largest length of a ranking, at least 1; where a user has fewer unseen items the rest
   *     of the ranking stays empty
   * @return rankings of {@code to − from} users, the first for row {@code from}, each min(k, {@link
   *     #itemCount()}) long
   * @throws IllegalArgumentException if the histories are not over {@link #itemCount()} items, or k
   *     is below 1
   * @throws IndexOutOfBoundsException if there are no such rows
   * @throws ArithmeticException if a score is not a number
   * @throws IllegalStateException if this is closed
   */
  public final Rankings rank(CsrMatrix histories, int from, int to, int k) {
    return rank(histories, from, to, k, this::rank);
  }

  /**
   * The best items for each of some users, those of the user's own history among them. Otherwise as
   * {@link #rank(CsrMatrix, int, int, int)}.
   *
   * @param histories users × items, what is known of each user; a row may be empty
   * @param from first row to rank for
   * @param to row after the last
   * @param k largest length of a ranking, at least 1
   * @return rankings of {@code to − from} users, each min(k, {@link #itemCount()}) long
   * @throws UnsupportedOperationException if this leaves histories out by itself, as exports do
   */
  public final Rankings rankAll(CsrMatrix histories, int from, int to, int k) {
    return rank(histories, from, to, k, this::rankAll);
  }

  /** Ranks for a few users, with or without the items of the histories. */
  @FunctionalInterface
  private interface FewUsers {
    void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser);
  }

  private Rankings rank(CsrMatrix histories, int from, int to, int k, FewUsers few) {
    if (histories.columns() != itemCount()) {
      throw new IllegalArgumentException(
          "histories must be over the model's " + itemCount() + " items, found " + histories);
    }
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, found " + k);
    }
    Objects.checkFromToIndex(from, to, histories.rows());
    int length = Math.min(k, itemCount());
    int[] rankedItems = new int[Math.multiplyExact(to - from, length)];
    float[] rankedScores = new float[rankedItems.length];
    Arrays.fill(rankedItems, -1);
    Arrays.fill(rankedScores, Float.NEGATIVE_INFINITY);
    Rankings rankings = new Rankings(length, rankedItems, rankedScores);
    return whileOpen(
        () -> {
          for (int start = from; start < to; start += LARGEST_BATCH) {
            few.rank(histories, start, Math.min(to, start + LARGEST_BATCH), rankings, start - from);
          }
          return rankings;
        });
  }

  /**
   * Asks for something that closing must wait for.
   *
   * @param <T> what is asked for
   * @param question is not asked once this is closed
   * @return the answer
   * @throws IllegalStateException if this is closed
   */
  protected final <T> T whileOpen(Supplier<T> question) {
    inUse.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the model is closed");
      }
      return question.get();
    } finally {
      inUse.readLock().unlock();
    }
  }

  /**
   * The best items for one user, without those of the user's own history.
   *
   * @param history raw ids of items that the user touched, in any order; repeated ones count once,
   *     unknown ones are ignored ({@link #items()} tells which are known); may be empty
   * @param k largest number of items to recommend, at least 1
   * @return at most k recommendations, best first
   * @throws IllegalArgumentException if k is below 1
   * @throws ArithmeticException if a score is not a number
   * @throws IllegalStateException if this is closed
   */
  public final List<Recommendation> recommend(List<String> history, int k) {
    return recommendAll(List.of(history), k).get(0);
  }

  /**
   * The best items for each of many users: faster than one user after the other, because the
   * weights are read once for all of them.
   *
   * @param histories the users' histories, as in {@link #recommend}
   * @param k largest number of items to recommend to each, at least 1
   * @return a list for each user, in the order of the histories
   * @throws IllegalArgumentException if k is below 1
   * @throws ArithmeticException if a score is not a number
   * @throws IllegalStateException if this is closed
   */
  public final List<List<Recommendation>> recommendAll(List<List<String>> histories, int k) {
    CsrMatrix rows =
        CsrMatrix.of(
            histories.size(),
            itemCount(),
            pairs -> {
              for (int row = 0; row < histories.size(); row++) {
                for (String id : histories.get(row)) {
                  int index = items.indexOf(id);
                  if (index >= 0) {
                    pairs.accept(row, index);
                  }
                }
              }
            });
    Rankings rankings = rank(rows, 0, rows.rows(), k);
    List<List<Recommendation>> lists = new ArrayList<>(rankings.users());
    for (int user = 0; user < rankings.users(); user++) {
      List<Recommendation> list = new ArrayList<>(rankings.k());
      for (int rank = 0; rank < rankings.k() && rankings.item(user, rank) >= 0; rank++) {
        list.add(
            new Recommendation(items.id(rankings.item(user, rank)), rankings.score(user, rank)));
      }
      lists.add(list);
    }
    return lists;
  }

  /**
   * This model as one of other items: to measure a model of yesterday on the data of today. What it
   * does not know of a history it is not told, and what the catalogue does not have it does not
   * recommend. Equal scores are ordered as this model orders them.
   *
   * @param catalogue raw ids of the items that histories and rankings are over
   * @return this where its items are the same, in this order; else one that, closed, closes this
   */
  public final Recommender over(IdIndex catalogue) {
    return catalogue.equals(items) ? this : new OtherCatalogue(this, catalogue);
  }

  /**
   * Ranks for a few users, with arguments that were checked.
   *
   * @param histories users × {@link #itemCount()}
   * @param from first row to rank for
   * @param to row after the last; at least one row, at most some hundred
   * @param rankings receives the rankings ({@link Rankings#set}), which are at most {@link
   *     #itemCount()} long; places that are not set stay empty
   * @param firstUser the user of the rankings that row {@code from} stands for
   * @throws ArithmeticException if a score is not a number
   */
  protected abstract void rank(
      CsrMatrix histories, int from, int to, Rankings rankings, int firstUser);

  /**
   * Ranks for a few users, the items of their histories too, with arguments that were checked.
   * Whoever can only leave those out does not override it.
   *
   * @param histories users × {@link #itemCount()}
   * @param from first row to rank for
   * @param to row after the last
   * @param rankings receives the rankings
   * @param firstUser the user of the rankings that row {@code from} stands for
   * @throws ArithmeticException if a score is not a number
   * @throws UnsupportedOperationException if this leaves histories out by itself
   */
  protected void rankAll(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
    throw new UnsupportedOperationException(
        "this model leaves the items of a history out by itself");
  }

  /** Gives back what this owns; called once, when no call is running and none will come. */
  protected void release() {}

  /** Waits for the calls that are running, and gives the memory back. */
  @Override
  public final void close() {
    inUse.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        release();
      }
    } finally {
      inUse.writeLock().unlock();
    }
  }
}
