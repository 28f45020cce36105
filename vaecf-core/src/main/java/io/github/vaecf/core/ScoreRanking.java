package io.github.vaecf.core;

import io.github.vaecf.data.CsrMatrix;
import java.util.BitSet;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.tensorflow.ndarray.buffer.IntDataBuffer;

/**
 * Ranks by the scores of all items, on the processor's cores: the best are selected from where a
 * runtime left the scores in this process's memory, which costs a fraction of what the runtime's
 * own check, masking and selecting take. For implementations of {@link Recommender}. Safe for use
 * by many threads if what gives the scores is.
 */
public final class ScoreRanking {
  /** Users of whom two halves are worth the second run: what it takes for itself is little then. */
  private static final int WORTH_HALVING = 128;

  private final int items;
  private final int threads;
  private final Scores scores;

  /** Gives the scores of some users. */
  @FunctionalInterface
  public interface Scores {
    /**
     * Computes scores and has them read.
     *
     * @param histories users × items
     * @param from first row to score for
     * @param to row after the last
     * @param reader is given the scores, of all rows at once or of parts of them; what it throws is
     *     to be passed on
     */
    void compute(CsrMatrix histories, int from, int to, Reader reader);
  }

  /** Reads scores while they are there. */
  @FunctionalInterface
  public interface Reader {
    /**
     * Reads the scores of some rows.
     *
     * @param from the first row
     * @param to row after the last
     * @param scores the bits of rows × items floats, row-major; not kept, may be read by several
     *     threads
     */
    void read(int from, int to, IntDataBuffer scores);
  }

  /** Leaves the items out that a row must not get. */
  @FunctionalInterface
  private interface LeavingOut {
    void leaveOut(int row, OrderedScores scores);
  }

  /**
   * Ranks by these scores.
   *
   * @param items number of items
   * @param threads how many select at most, at least 1
   * @param scores gives the scores; of many users asked for by two threads at the same time
   */
  public ScoreRanking(int items, int threads, Scores scores) {
    this.items = items;
    this.threads = threads;
    this.scores = scores;
  }

  /**
   * Ranks all items but those of the histories.
   *
   * @param histories users × items
   * @param from first row to rank for
   * @param to row after the last
   * @param rankings receives the rankings; places for which no item is left stay empty
   * @param firstUser the user of the rankings that row {@code from} stands for
   * @throws ArithmeticException if a score is not a finite number
   */
  public void rank(CsrMatrix histories, int from, int to, Rankings rankings, int firstUser) {
    int longest = IntStream.range(from, to).map(histories::rowSize).max().orElse(0);
    rank(
        histories,
        from,
        to,
        () -> {
          int[] history = new int[longest];
          return (row, own) -> leaveOut(histories, row, history, own);
        },
        rankings,
        firstUser);
  }

  /**
   * Ranks some of the items.
   *
   * @param histories users × items
   * @param from first row to rank for
   * @param to row after the last
   * @param candidates gives the indices of the items that a row may get, those of its history or
   *     not; asked once a row, by several threads
   * @param rankings receives the rankings; places for which no item is left stay empty
   * @param firstUser the user of the rankings that row {@code from} stands for
   * @throws ArithmeticException if a score is not a finite number
   */
  public void rankAmong(
      CsrMatrix histories,
      int from,
      int to,
      IntFunction<BitSet> candidates,
      Rankings rankings,
      int firstUser) {
    rank(
        histories,
        from,
        to,
        () -> (row, own) -> leaveOut(candidates.apply(row), items, own),
        rankings,
        firstUser);
  }

  private void rank(
      CsrMatrix histories,
      int from,
      int to,
      Supplier<LeavingOut> leavingOut,
      Rankings rankings,
      int firstUser) {
    // What of one half runs on one thread, such as its sparse product, runs beside the other's.
    int halves = threads > 1 && to - from >= WORTH_HALVING ? 2 : 1;
    Parts.run(
        halves,
        half ->
            scores.compute(
                histories,
                from + (to - from) * half / halves,
                from + (to - from) * (half + 1) / halves,
                (first, end, some) ->
                    select(
                        some,
                        first,
                        end,
                        Math.max(1, threads / halves),
                        leavingOut,
                        rankings,
                        firstUser + first - from)));
  }

  private void select(
      IntDataBuffer some,
      int from,
      int to,
      int mostParts,
      Supplier<LeavingOut> leavingOut,
      Rankings rankings,
      int firstUser) {
    int users = to - from;
    int parts = Math.min(mostParts, users);
    Parts.run(
        parts,
        part -> {
          TopItems best = new TopItems(rankings.k());
          OrderedScores own = new OrderedScores(items);
          LeavingOut out = leavingOut.get();
          int end = (int) ((long) users * (part + 1) / parts);
          for (int user = (int) ((long) users * part / parts); user < end; user++) {
            own.take(some.slice((long) user * items, items));
            out.leaveOut(from + user, own);
            own.rank(best, rankings, firstUser + user);
          }
        });
  }

  /**
   * Leaves a user's items out.
   *
   * @param history has room for the longest row; overwritten
   */
  private static void leaveOut(CsrMatrix histories, int row, int[] history, OrderedScores scores) {
    int size = histories.copyRow(row, history, 0);
    for (int i = 0; i < size; i++) {
      scores.leaveOut(history[i]);
    }
  }

  private static void leaveOut(BitSet candidates, int items, OrderedScores scores) {
    for (int item = candidates.nextClearBit(0);
        item < items;
        item = candidates.nextClearBit(item + 1)) {
      scores.leaveOut(item);
    }
  }
}
