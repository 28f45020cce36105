package io.github.vaecf.data.splitting;

import io.github.vaecf.data.CsrMatrix;
import io.github.vaecf.data.Split;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Leaves away training pairs of very active users and of very popular items, drawn at random. What
 * is held out stays as it is. Immutable and safe for use by many threads.
 *
 * @param mostUserItems how many items a user keeps at most, at least 1
 * @param popularItemUsers how many users an item keeps in any case, at least 1
 * @param rateBeyond which share of an item's users beyond those is kept, 0 … 1, rounded down
 * @param seed where the random numbers start, 0 … 2³² − 1, as NumPy takes it
 */
public record Undersampling(int mostUserItems, int popularItemUsers, double rateBeyond, long seed) {
  /**
   * Checks the numbers.
   *
   * @param mostUserItems how many items a user keeps at most
   * @param popularItemUsers how many users an item keeps in any case
   * @param rateBeyond which share of an item's users beyond those is kept
   * @param seed where the random numbers start
   * @throws IllegalArgumentException if a number lies outside its range
   */
  public Undersampling {
    if (mostUserItems < 1 || popularItemUsers < 1 || !(rateBeyond >= 0 && rateBeyond <= 1)) {
      throw new IllegalArgumentException(
          "a user must keep at least 1 item, an item at least 1 user and a share of 0 to 1 beyond,"
              + " found "
              + mostUserItems
              + ", "
              + popularItemUsers
              + " and "
              + rateBeyond);
    }
    SplitterBuilder.requireSeed(seed);
  }

  /**
   * Undersamples the training users of a split.
   *
   * @param split a split
   * @return the same split with fewer training pairs, and what was done among its stages
   */
  public Split apply(Split split) {
    CsrMatrix train = split.train();
    PairList pairs = new PairList(Math.toIntExact(train.entries()));
    train.pairs().forEach(pairs::add);
    List<Split.Stage> stages = new ArrayList<>(split.stages());
    PairList kept = apply(pairs, train.rows(), train.columns(), stages);
    return new Split(
        kept.toMatrix(train.rows(), train.columns()),
        split.validation(),
        split.test(),
        split.users(),
        split.items(),
        split.titles(),
        stages);
  }

  /** Applies both and notes each stage. */
  PairList apply(PairList train, int users, int items, List<Split.Stage> stages) {
    NumpyRandom random = new NumpyRandom(seed);
    PairList kept = train;
    if (mostUserItems < Integer.MAX_VALUE) {
      kept = kept.select(drawn(kept.rows(), users, n -> Math.min(n, mostUserItems), random));
      note(stages, "training users keep at most " + mostUserItems + " items", kept, users, items);
    }
    if (popularItemUsers < Integer.MAX_VALUE) {
      IntUnaryOperator quota =
          n ->
              n <= popularItemUsers
                  ? n
                  : popularItemUsers + (int) (rateBeyond * (n - popularItemUsers));
      kept = kept.select(drawn(kept.columns(), items, quota, random));
      note(
          stages,
          "training items keep "
              + (rateBeyond == 0 ? "at most " : "")
              + popularItemUsers
              + " users"
              + (rateBeyond == 0 ? "" : " and " + rateBeyond + " of those beyond"),
          kept,
          users,
          items);
    }
    return kept;
  }

  /** Of the pairs with the same key, as many as the quota says, drawn at random. */
  private static BitSet drawn(
      int[] keys, int keyCount, IntUnaryOperator quota, NumpyRandom random) {
    Groups groups = Groups.of(keys, keyCount);
    BitSet drawn = new BitSet(keys.length);
    for (int key = 0; key < keyCount; key++) {
      int size = groups.size(key);
      int keep = quota.applyAsInt(size);
      if (keep == size) {
        for (int i = 0; i < size; i++) {
          drawn.set(groups.member(key, i));
        }
      } else {
        int[] permutation = random.permutation(size);
        for (int i = 0; i < keep; i++) {
          drawn.set(groups.member(key, permutation[i]));
        }
      }
    }
    return drawn;
  }

  private static void note(
      List<Split.Stage> stages, String name, PairList train, int users, int items) {
    stages.add(
        new Split.Stage(
            name, distinct(train.rows(), users), distinct(train.columns(), items), train.size()));
  }

  private static int distinct(int[] keys, int keyCount) {
    BitSet seen = new BitSet(keyCount);
    for (int key : keys) {
      seen.set(key);
    }
    return seen.cardinality();
  }
}
