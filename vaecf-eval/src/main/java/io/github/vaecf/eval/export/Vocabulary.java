package io.github.vaecf.eval.export;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;

/** The raw item ids as lines of text, as exports hold them. */
final class Vocabulary {
  private Vocabulary() {}

  /**
   * Writes ids.
   *
   * @throws DataException if an id is empty, which stands for padding, or contains a line break
   */
  static String lines(IdIndex items) {
    for (int index = 0; index < items.size(); index++) {
      String id = items.id(index);
      if (id.equals(ExportFormat.NO_ID) || id.indexOf('\n') >= 0 || id.indexOf('\r') >= 0) {
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

  /**
   * Reads what {@link #lines} wrote.
   *
   * @throws IllegalArgumentException if a line is there twice
   */
  static IdIndex parse(String lines) {
    return IdIndex.of(lines.lines().toList());
  }
}
