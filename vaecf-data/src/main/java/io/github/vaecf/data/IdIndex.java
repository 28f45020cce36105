package io.github.vaecf.data;

import it.unimi.dsi.fastutil.ints.IntList;
import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * The bijection between raw ids, as they stand in the user's files, and the dense indices 0 … size
 * − 1 that rows and columns of a matrix have. Immutable and safe for use by many threads.
 */
public final class IdIndex {
  private final List<String> ids;

  /** Made when it is first asked for, which many never are; whoever makes it makes the same. */
  private volatile Object2IntOpenHashMap<String> indices;

  private IdIndex(List<String> ids) {
    this.ids = ids;
  }

  private Object2IntOpenHashMap<String> indices() {
    Object2IntOpenHashMap<String> made = indices;
    if (made == null) {
      made = new Object2IntOpenHashMap<>(ids.size());
      made.defaultReturnValue(-1);
      for (int index = 0; index < ids.size(); index++) {
        int earlier = made.putIfAbsent(ids.get(index), index);
        if (earlier >= 0) {
          throw new IllegalArgumentException(
              "id '"
                  + DataException.excerpt(ids.get(index))
                  + "' stands at index "
                  + earlier
                  + " and at "
                  + index);
        }
      }
      indices = made;
    }
    return made;
  }

  /** Half a surrogate pair has no form in UTF-8: written to a file it would become another id. */
  private static void requireText(String id, int index) {
    for (int i = 0; i < id.length(); i++) {
      if (Character.isSurrogate(id.charAt(i))) {
        if (!Character.isSurrogatePair(id.charAt(i), i + 1 < id.length() ? id.charAt(i + 1) : 0)) {
          throw new IllegalArgumentException(
              "id '" + DataException.excerpt(id) + "' at index " + index + " is no Unicode text");
        }
        i++;
      }
    }
  }

  /**
   * The index in which the n-th id has index n.
   *
   * @param ids raw ids, all different
   * @return the index
   * @throws IllegalArgumentException if an id occurs twice or has half a surrogate pair, which no
   *     file can hold
   * @throws NullPointerException if an id is null
   */
  public static IdIndex of(Collection<String> ids) {
    IdIndex index = new IdIndex(List.copyOf(ids));
    for (int i = 0; i < index.size(); i++) {
      requireText(index.id(i), i);
    }
    index.indices(); // which finds ids that come twice
    return index;
  }

  /**
   * The index of some of these ids, of which the n-th has index n there.
   *
   * @param some indices here, all different
   * @return the index
   * @throws IndexOutOfBoundsException if an index is outside
   * @throws IllegalArgumentException if an index comes twice
   */
  public IdIndex select(int... some) {
    BitSet seen = new BitSet(size());
    String[] selected = new String[some.length];
    for (int i = 0; i < some.length; i++) {
      selected[i] = id(some[i]);
      if (seen.get(some[i])) {
        throw new IllegalArgumentException("index " + some[i] + " comes twice");
      }
      seen.set(some[i]);
    }
    return new IdIndex(List.of(selected));
  }

  /**
   * The number of ids.
   *
   * @return the number, at least 0
   */
  public int size() {
    return ids.size();
  }

  /**
   * The raw id at an index.
   *
   * @param index 0 … size − 1
   * @return the raw id
   * @throws IndexOutOfBoundsException if the index is outside
   */
  public String id(int index) {
    return ids.get(index);
  }

  /**
   * The raw ids at some indices.
   *
   * @param indices each 0 … size − 1
   * @return a new list, in this order
   * @throws IndexOutOfBoundsException if an index is outside
   */
  public List<String> ids(IntList indices) {
    List<String> found = new ArrayList<>(indices.size());
    for (int i = 0; i < indices.size(); i++) {
      found.add(ids.get(indices.getInt(i)));
    }
    return found;
  }

  /**
   * The index of a raw id.
   *
   * @param id a raw id
   * @return 0 … size − 1, or −1 if the id is unknown
   */
  public int indexOf(String id) {
    return indices().getInt(Objects.requireNonNull(id, "id"));
  }

  /**
   * All raw ids, in the order of their indices.
   *
   * @return an immutable list
   */
  public List<String> ids() {
    return ids;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IdIndex that && ids.equals(that.ids);
  }

  @Override
  public int hashCode() {
    return ids.hashCode();
  }

  @Override
  public String toString() {
    return "IdIndex[" + size() + " ids]";
  }
}
