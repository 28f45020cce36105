package io.github.vaecf.eval.export;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;

/** The raw item ids as lines of text, as exports hold them. */
final class Vocabulary {
  private Vocabulary() {}

  /**
   * @throws IllegalArgumentException if there are not as many ids as the network has items
   * @throws DataException if an id is empty, which stands for padding, or contains a line break
   */
  static String lines(IdIndex items, int expected) {
    if (items.size() != expected) {
      throw new IllegalArgumentException(
          "the network scores " + expected + " items, but there are ids for " + items.size());
    }
    for (int index = 0; index < items.size(); index++) {
      String id = items.id(index);
      if (id.isEmpty() || id.indexOf('\n') >= 0 || id.indexOf('\r') >= 0) {
        throw new DataException(
            "item id '"
                + id.replace("\n", "\\n").replace("\r", "\\r")
                + "' at index "
                + index
                + " cannot be exported: the vocabulary has an id a line, and the empty id stands"
                + " for padding");
      }
    }
    return String.join("\n", items.ids()) + "\n";
  }
}
