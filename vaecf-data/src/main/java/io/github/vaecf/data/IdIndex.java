package io.github.vaecf.data;

import it.unimi.dsi.fastutil.ints.IntList;
import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * The bijection between raw ids, as they stand in the user's files, and the dense indices 0 … size
 * − 1 that rows and columns of a matrix have. Immutable and safe for use by many threads.
 */
public final class IdIndex {
  private final List<String> ids;
  private final Object2IntOpenHashMap<String> indices;

  private IdIndex(Collection<String> ids) {
    this.ids = List.copyOf(ids);
    this.indices = new Object2IntOpenHashMap<>(this.ids.size());
    indices.defaultReturnValue(-1);
    for (int index = 0; index < this.ids.size(); index++) {
      requireText(this.ids.get(index), index);
      int earlier = indices.putIfAbsent(this.ids.get(index), index);
      if (earlier >= 0) {
        throw new IllegalArgumentException(
            "id '"
                + DataException.excerpt(this.ids.get(index))
                + "' stands at index "
                + earlier
                + " and at "
                + index);
      }
    }
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
    return new IdIndex(ids);
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
    return indices.getInt(Objects.requireNonNull(id, "id"));
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
