package io.github.vaecf.data;

import it.unimi.dsi.fastutil.ints.IntList;
import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;

/**
 * The bijection between raw ids, as they stand in the user's files, and the dense indices 0 … size
 * − 1 that rows and columns of a matrix have. Immutable and safe for use by many threads.
 *
 * <p>Ids that come out of a file lie one after another as UTF-8; text of one is made when it is
 * first asked for, and kept, and so is what finds an index.
 */
public final class IdIndex {
  /** Null where it was not asked for yet; whichever thread makes one makes the same. */
  private final String[] texts;

  private final byte[] bytes; // the ids one after another; null where all have texts
  private final int[] ends; // of each id
  private volatile Object2IntOpenHashMap<String> indices; // null until asked for

  private IdIndex(String[] texts) {
    this.texts = texts;
    this.bytes = null;
    this.ends = null;
  }

  /** The index of ids that are different; the arrays belong to it. */
  IdIndex(byte[] bytes, int[] ends) {
    this.texts = new String[ends.length];
    this.bytes = bytes;
    this.ends = ends;
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
    IdIndex index = new IdIndex(ids.toArray(new String[0]));
    for (int i = 0; i < index.size(); i++) {
      requireText(index.texts[i], i);
    }
    index.indices(); // which finds ids that come twice
    return index;
  }

  private Object2IntOpenHashMap<String> indices() {
    Object2IntOpenHashMap<String> made = indices;
    if (made == null) {
      synchronized (texts) {
        made = indices;
        if (made == null) {
          made = indexed();
          indices = made;
        }
      }
    }
    return made;
  }

  private Object2IntOpenHashMap<String> indexed() {
    Object2IntOpenHashMap<String> made = new Object2IntOpenHashMap<>(size());
    made.defaultReturnValue(-1);
    for (int index = 0; index < size(); index++) {
      int earlier = made.putIfAbsent(id(index), index);
      if (earlier >= 0) {
        throw new IllegalArgumentException(
            "id '"
                + DataException.excerpt(id(index))
                + "' stands at index "
                + earlier
                + " and at "
                + index);
      }
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
   * The index of some of these ids, of which the n-th has index n there.
   *
   * @param some indices here, all different
   * @return the index
   * @throws IndexOutOfBoundsException if an index is outside
   * @throws IllegalArgumentException if an index comes twice
   */
  public IdIndex select(int... some) {
    BitSet seen = new BitSet(size());
    for (int index : some) {
      if (seen.get(Objects.checkIndex(index, size()))) {
        throw new IllegalArgumentException("index " + index + " comes twice");
      }
      seen.set(index);
    }
    if (bytes == null) {
      return new IdIndex(Arrays.stream(some).mapToObj(this::id).toArray(String[]::new));
    }
    int[] selectedEnds = new int[some.length];
    int length = 0;
    for (int i = 0; i < some.length; i++) {
      length += ends[some[i]] - start(some[i]);
      selectedEnds[i] = length;
    }
    byte[] selected = new byte[length];
    int at = 0;
    for (int i = 0; i < some.length; i++) {
      int start = start(some[i]);
      System.arraycopy(bytes, start, selected, at, ends[some[i]] - start);
      at = selectedEnds[i];
    }
    return new IdIndex(selected, selectedEnds);
  }

  private int start(int index) {
    return index == 0 ? 0 : ends[index - 1];
  }

  /**
   * The number of ids.
   *
   * @return the number, at least 0
   */
  public int size() {
    return texts.length;
  }

  /**
   * The raw id at an index.
   *
   * @param index 0 … size − 1
   * @return the raw id
   * @throws IndexOutOfBoundsException if the index is outside
   */
  public String id(int index) {
    String id = texts[index];
    if (id == null) {
      int start = start(index);
      id = new String(bytes, start, ends[index] - start, StandardCharsets.UTF_8);
      texts[index] = id;
    }
    return id;
  }

  /**
   * The raw id at an index as UTF-8. For ids that are only written or compared, of which no text is
   * to be kept.
   *
   * @param index 0 … size − 1
   * @return a new array
   * @throws IndexOutOfBoundsException if the index is outside
   */
  public byte[] utf8(int index) {
    return bytes == null
        ? texts[index].getBytes(StandardCharsets.UTF_8)
        : Arrays.copyOfRange(bytes, start(Objects.checkIndex(index, size())), ends[index]);
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
      found.add(id(indices.getInt(i)));
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
   * @return an immutable, serializable list
   */
  public List<String> ids() {
    return new Ids(this);
  }

  private static final class Ids extends AbstractList<String>
      implements RandomAccess, Serializable {
    private static final long serialVersionUID = 1;

    private final transient IdIndex index;

    Ids(IdIndex index) {
      this.index = index;
    }

    @Override
    public String get(int at) {
      return index.id(at);
    }

    @Override
    public int size() {
      return index.size();
    }

    private Object writeReplace() {
      return List.copyOf(this);
    }
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof IdIndex that)) {
      return false;
    }
    if (bytes == null || that.bytes == null) {
      return ids().equals(that.ids());
    }
    return Arrays.equals(ends, that.ends) && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return ids().hashCode();
  }

  @Override
  public String toString() {
    return "IdIndex[" + size() + " ids]";
  }
}
