package io.github.vaecf.core;

import io.github.vaecf.data.IdIndex;
import java.util.BitSet;
import java.util.Collection;
import java.util.Objects;

/**
 * Which items of a model may be recommended: all but those of the user's own history, unless said
 * otherwise. Ids that the model does not know change nothing. Immutable and safe for use by many
 * threads.
 */
public final class ItemFilter {
  private final IdIndex items;
  private final BitSet candidates; // null where all items are; never written to
  private final boolean withHistory;

  private ItemFilter(IdIndex items, BitSet candidates, boolean withHistory) {
    this.items = items;
    this.candidates = candidates;
    this.withHistory = withHistory;
  }

  /**
   * All items but those of the user's own history.
   *
   * @param items the model's
   * @return the filter that {@link Recommender#rank(io.github.vaecf.data.CsrMatrix, int, int, int)}
   *     has
   */
  public static ItemFilter of(IdIndex items) {
    return new ItemFilter(Objects.requireNonNull(items, "items"), null, false);
  }

  /**
   * Without some items. What was {@link #allow}ed may be excluded too.
   *
   * @param ids raw ids
   * @return a new filter
   */
  public ItemFilter exclude(Collection<String> ids) {
    return exclude(indices(ids));
  }

  /**
   * Without some items.
   *
   * @param indices of the items
   * @return a new filter
   * @throws IllegalArgumentException if an index is of no item
   */
  public ItemFilter exclude(BitSet indices) {
    requireItems("exclude", indices);
    BitSet left = candidates();
    left.andNot(indices);
    return with(left);
  }

  /**
   * With no other items than these. Asked for twice, those of both lists may be recommended.
   *
   * @param ids raw ids; none that is known: then nothing is recommended
   * @return a new filter
   */
  public ItemFilter allow(Collection<String> ids) {
    return allow(indices(ids));
  }

  /**
   * With no other items than these.
   *
   * @param indices of the items
   * @return a new filter
   * @throws IllegalArgumentException if an index is of no item
   */
  public ItemFilter allow(BitSet indices) {
    requireItems("allow", indices);
    BitSet left = candidates();
    left.and(indices);
    return with(left);
  }

  /** All of the items is no choice, which ranking is told of: it has a faster way then. */
  private ItemFilter with(BitSet left) {
    return new ItemFilter(items, left.cardinality() == items.size() ? null : left, withHistory);
  }

  /**
   * With the items of the user's own history, as far as they may be recommended otherwise.
   *
   * @return a new filter
   */
  public ItemFilter withHistory() {
    return new ItemFilter(items, candidates, true);
  }

  private void requireItems(String field, BitSet indices) {
    if (indices.length() > items.size()) {
      throw new IllegalArgumentException(
          field
              + ": expected indices below "
              + items.size()
              + ", the number of items, found "
              + (indices.length() - 1));
    }
  }

  private BitSet indices(Collection<String> ids) {
    BitSet known = new BitSet(items.size());
    for (String id : ids) {
      int index = items.indexOf(id);
      if (index >= 0) {
        known.set(index);
      }
    }
    return known;
  }

  /** The items that this is about. */
  IdIndex items() {
    return items;
  }

  /** Whether nothing is left out but the history. */
  boolean isPlain() {
    return candidates == null && !withHistory;
  }

  /** Whether the user's own items may be recommended. */
  boolean keepsHistory() {
    return withHistory;
  }

  /** How many items the filter leaves out, whatever the history. */
  int leftOut() {
    return candidates == null ? 0 : items.size() - candidates.cardinality();
  }

  /** Whether an item may be recommended to whoever does not have it. */
  boolean allows(int item) {
    return candidates == null || candidates.get(item);
  }

  /** The items that may be recommended to whoever has none, to be changed by the caller. */
  BitSet candidates() {
    if (candidates != null) {
      return (BitSet) candidates.clone();
    }
    BitSet all = new BitSet(items.size());
    all.set(0, items.size());
    return all;
  }
}
