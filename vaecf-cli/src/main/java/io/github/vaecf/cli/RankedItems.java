package io.github.vaecf.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.core.Reason;
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
    return show(best, titles, score, list, List.of());
  }

  /**
   * The same with what carries each item.
   *
   * @param reasons of each item, to be shown below it; none at all where nobody asked
   */
  static TextTable show(
      List<Recommendation> best,
      Map<String, String> titles,
      String score,
      ArrayNode list,
      List<List<Reason>> reasons) {
    TextTable table = new TextTable("item", score);
    for (int rank = 0; rank < best.size(); rank++) {
      Recommendation one = best.get(rank);
      table.row(name(one.item(), titles), String.format(Locale.ROOT, "%.3f", one.score()));
      ObjectNode entry = list.addObject().put("item", one.item()).put("score", one.score());
      if (titles.containsKey(one.item())) {
        entry.put("title", titles.get(one.item()));
      }
      if (!reasons.isEmpty()) {
        ArrayNode because = entry.putArray("because");
        for (Reason reason : reasons.get(rank)) {
          table.row(
              "  because of " + name(reason.item(), titles),
              String.format(Locale.ROOT, "%+.3f", reason.contribution()));
          because.addObject().put("item", reason.item()).put("contribution", reason.contribution());
        }
      }
    }
    return table;
  }

  private static String name(String id, Map<String, String> titles) {
    String title = titles.getOrDefault(id, "");
    return title.isEmpty() ? id : id + " " + title;
  }
}
