package io.github.vaecf.data.splitting;

import io.github.vaecf.data.Split;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Leaves away training pairs of very active users and of very popular items.
 *
 * @param mostUserItems how many items a user keeps at most
 * @param popularItemUsers how many users an item keeps in any case
 * @param rateBeyond which share of an item's users beyond those is kept
 * @param seed where the random numbers start
 */
record Undersampling(int mostUserItems, int popularItemUsers, double rateBeyond, long seed) {
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
              + popularItemUsers
              + " users and "
              + rateBeyond
              + " of those beyond",
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
