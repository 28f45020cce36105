package io.github.vaecf.core.training;

import io.github.vaecf.data.CsrMatrix;
import java.util.BitSet;
import java.util.SplittableRandom;

/**
 * The items that one step is trained on: its own, which are all that its users have, and others,
 * drawn without replacement from the rest of the catalogue, each as likely as any.
 *
 * <p>A sum over all items is estimated without bias by its own terms and (rest / drawn) times the
 * drawn ones: that is the weight of these. The partition function of a user's softmax is estimated
 * so, and so is the penalty on the weights of the items.
 */
final class ItemSample {
  /** Items, its own in ascending order and then the others in ascending order. */
  final int[] items;

  /** How many of them are its own. */
  final int own;

  /** What each of the others counts; its own count 1. */
  final double weight;

  /**
   * A sample of given items.
   *
   * @param items its own in ascending order, then others
   * @param own how many are its own
   * @param rest how many items there are that are not its own
   */
  ItemSample(int[] items, int own, int rest) {
    this.items = items;
    this.own = own;
    int drawn = items.length - own;
    weight = drawn == 0 ? 1 : (double) rest / drawn;
  }

  /**
   * Draws the items of a step.
   *
   * @param matrix users × items
   * @param rows of the users of the step, from one place of the array to another
   * @param wanted how many others; where fewer are left it is all of them
   * @param seed of this draw alone
   */
  static ItemSample draw(CsrMatrix matrix, int[] rows, int from, int to, int wanted, long seed) {
    BitSet own = own(matrix, rows, from, to);
    int rest = matrix.columns() - own.cardinality();
    int drawn = Math.min(wanted, rest);
    // Floyd's way (Bentley and Floyd, Programming Pearls: A Sample of Brilliance, CACM 1987): as
    // many draws as are wanted, of places among the rest.
    BitSet places = new BitSet(rest);
    SplittableRandom random = new SplittableRandom(seed);
    for (int last = rest - drawn; last < rest; last++) {
      int place = random.nextInt(last + 1);
      places.set(places.get(place) ? last : place);
    }
    return of(own, places, rest);
  }

  /** The items that some users have. */
  static BitSet own(CsrMatrix matrix, int[] rows, int from, int to) {
    BitSet own = new BitSet(matrix.columns());
    for (int i = from; i < to; i++) {
      matrix.row(rows[i]).forEach(own::set);
    }
    return own;
  }

  /** The sample of its own items and of the places of others among the rest, in their order. */
  private static ItemSample of(BitSet own, BitSet places, int rest) {
    int owned = own.cardinality();
    int[] items = new int[owned + places.cardinality()];
    int next = 0;
    for (int item = own.nextSetBit(0); item >= 0; item = own.nextSetBit(item + 1)) {
      items[next++] = item;
    }
    int before = 0; // its own items up to where we are
    for (int place = places.nextSetBit(0); place >= 0; place = places.nextSetBit(place + 1)) {
      while (before < owned && items[before] <= place + before) {
        before++;
      }
      items[next++] = place + before;
    }
    return new ItemSample(items, owned, rest);
  }
}
