package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.Recommendation;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A list of items, the best first, as people and as programs read it. */
final class RankedItems {
  private RankedItems() {}

  /**
   * Adds the items to an array, and makes a table of them.
   *
   * @param best the items with their scores
   * @param titles what to call them, by raw id; may lack items
   * @param score what the scores are called in the table
   */
  static TextTable show(
      List<Recommendation> best, Map<String, String> titles, String score, ArrayNode list) {
    TextTable table = new TextTable("item", score);
    for (Recommendation one : best) {
      String title = titles.getOrDefault(one.item(), "");
      table.row(
          title.isEmpty() ? one.item() : one.item() + " " + title,
          String.format(Locale.ROOT, "%.3f", one.score()));
      ObjectNode entry = list.addObject().put("item", one.item()).put("score", one.score());
      if (titles.containsKey(one.item())) {
        entry.put("title", titles.get(one.item()));
      }
    }
    return table;
  }
}
