package io.github.vaecf.data;

import it.unimi.dsi.fastutil.ints.IntList;
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
 * <p>Ids lie one after another as UTF-8. Text of an id is made when it is first asked for, and
 * kept.
 */
public final class IdIndex {
  private final byte[] bytes;
  private final int[] ends; // of each id

  /** Null until asked for. Whichever thread makes one makes the same. */
  private final String[] texts;

  /** Finds ids; null until asked for. */
  private volatile IdDictionary dictionary;

  /** The ids of a dictionary, which nobody else uses and which has no room to spare. */
  IdIndex(IdDictionary dictionary) {
    this(dictionary.bytes(), dictionary.ends());
    this.dictionary = dictionary;
  }

  private IdIndex(byte[] bytes, int[] ends) {
    this.bytes = bytes;
    this.ends = ends;
    this.texts = new String[ends.length];
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
    String[] given = ids.toArray(new String[0]);
    IdDictionary dictionary = new IdDictionary(given.length);
    for (int index = 0; index < given.length; index++) {
      String id = given[index];
      if (hasHalfCharacter(id)) {
        throw new IllegalArgumentException(
            "id '" + DataException.excerpt(id) + "' at index " + index + " is no Unicode text");
      }
      byte[] text = id.getBytes(StandardCharsets.UTF_8);
      int found = dictionary.indexOf(text, 0, text.length);
      if (found < index) {
        throw new IllegalArgumentException(
            "id '" + DataException.excerpt(id) + "' stands at index " + found + " and at " + index);
      }
    }
    IdIndex index = dictionary.toIndex();
    System.arraycopy(given, 0, index.texts, 0, given.length);
    return index;
  }

  /** Half a surrogate pair has no form in UTF-8: written to a file it would become another id. */
  private static boolean hasHalfCharacter(String id) {
    for (int i = 0; i < id.length(); i++) {
      if (Character.isSurrogate(id.charAt(i))) {
        if (!Character.isSurrogatePair(id.charAt(i), i + 1 < id.length() ? id.charAt(i + 1) : 0)) {
          return true;
        }
        i++;
      }
    }
    return false;
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
    int length = 0; // at most that of all
    for (int index : some) {
      if (seen.get(Objects.checkIndex(index, size()))) {
        throw new IllegalArgumentException("index " + index + " comes twice");
      }
      seen.set(index);
      length += ends[index] - start(index);
    }
    byte[] selected = new byte[length];
    int[] selectedEnds = new int[some.length];
    int at = 0;
    for (int i = 0; i < some.length; i++) {
      int start = start(some[i]);
      System.arraycopy(bytes, start, selected, at, ends[some[i]] - start);
      at += ends[some[i]] - start;
      selectedEnds[i] = at;
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
    return ends.length;
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
   * The raw id at an index as UTF-8, of which no text is made.
   *
   * @param index 0 … size − 1
   * @return a new array
   * @throws IndexOutOfBoundsException if the index is outside
   */
  public byte[] utf8(int index) {
    return Arrays.copyOfRange(bytes, start(Objects.checkIndex(index, size())), ends[index]);
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
    byte[] text = id.getBytes(StandardCharsets.UTF_8);
    int index = dictionary().find(text, 0, text.length);
    // What has no form in UTF-8 would be found as a question mark.
    return index >= 0 && hasHalfCharacter(id) ? -1 : index;
  }

  private IdDictionary dictionary() {
    IdDictionary made = dictionary;
    if (made == null) {
      made = new IdDictionary(size());
      for (int index = 0; index < size(); index++) {
        made.indexOf(bytes, start(index), ends[index]);
      }
      dictionary = made;
    }
    return made;
  }

  /**
   * All raw ids, in the order of their indices.
   *
   * @return an immutable list
   */
  public List<String> ids() {
    return new Ids(this);
  }

  private static final class Ids extends AbstractList<String> implements RandomAccess {
    private final IdIndex index;

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
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IdIndex that
        && Arrays.equals(ends, that.ends)
        && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(ends) + Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "IdIndex[" + size() + " ids]";
  }
}
