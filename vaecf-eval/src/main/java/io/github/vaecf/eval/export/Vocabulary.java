package io.github.vaecf.eval.export;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.IdIndex;
import java.util.ArrayList;
import java.util.List;

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
   * @throws IllegalArgumentException if a line is empty, is there twice, or is not ended
   */
  static IdIndex parse(String lines) {
    List<String> ids = new ArrayList<>();
    int end;
    for (int start = 0; start < lines.length(); start = end + 1) {
      end = lines.indexOf('\n', start);
      if (end < 0) {
        throw new IllegalArgumentException(
            "line " + (ids.size() + 1) + " has no end: the ids are not whole");
      }
      String id = lines.substring(start, end);
      if (id.equals(ExportFormat.NO_ID) || id.indexOf('\r') >= 0) {
        throw new IllegalArgumentException(
            "line "
                + (ids.size() + 1)
                + " is no item id: expected some text without '\\r', found '"
                + id.replace("\r", "\\r")
                + "'");
      }
      ids.add(id);
    }
    if (ids.isEmpty()) {
      throw new IllegalArgumentException("expected an item id a line, found nothing");
    }
    return IdIndex.of(ids);
  }
}
