package io.github.vaecf.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.vaecf.data.IdIndex;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Finds the items of a model by what people type: every word must be in the item's title or id,
 * whatever the case and the accents. Immutable and safe for use by many threads.
 */
final class TitleSearch {
  private static final Pattern ACCENTS = Pattern.compile("\\p{M}+");
  private static final Pattern SPACE = Pattern.compile("\\s+");

  private final IdIndex ids;
  private final Map<String, String> titles;
  private final String[] folded;

  TitleSearch(IdIndex ids, Map<String, String> titles) {
    this.ids = ids;
    this.titles = titles;
    folded = new String[ids.size()];
    for (int item = 0; item < folded.length; item++) {
      String id = ids.id(item);
      folded[item] = fold(titles.getOrDefault(id, "") + " " + id).strip();
    }
  }

  private static String fold(String text) {
    return ACCENTS
        .matcher(Normalizer.normalize(text, Normalizer.Form.NFD))
        .replaceAll("")
        .toLowerCase(Locale.ROOT);
  }

  /**
   * Items by their titles.
   *
   * @param query words
   * @param limit the most items to give
   * @return the item whose id is the query first, then those whose title or id is it but for case
   *     and accents, then those whose title or id begins with it, then those that have a word that
   *     does, then the others; each in the order of the model
   */
  ObjectNode find(String query, int limit) {
    String wanted = fold(query).strip();
    String[] words = SPACE.split(wanted);
    int exact = ids.indexOf(query.strip());
    List<List<String>> found = new ArrayList<>();
    for (int distance = 0; distance < 5; distance++) {
      found.add(new ArrayList<>());
    }
    for (int item = 0; item < folded.length; item++) {
      if (item == exact || (!wanted.isEmpty() && hasAll(folded[item], words))) {
        List<String> alike = found.get(item == exact ? 0 : 1 + distance(item, wanted));
        if (alike.size() < limit) {
          alike.add(ids.id(item));
        }
      }
    }
    return describe(found.stream().flatMap(List::stream).limit(limit).toList());
  }

  /** How far an item that has all words is from being what is wanted: 0 … 3. */
  private int distance(int item, String wanted) {
    String id = fold(ids.id(item));
    String title = folded[item];
    if (id.equals(wanted) || title.equals(wanted + " " + id)) {
      return 0;
    }
    if (id.startsWith(wanted) || title.startsWith(wanted)) {
      return 1;
    }
    return title.contains(" " + wanted) ? 2 : 3;
  }

  private static boolean hasAll(String text, String[] words) {
    for (String word : words) {
      if (!text.contains(word)) {
        return false;
      }
    }
    return true;
  }

  /**
   * What items are called.
   *
   * @param wanted ids; those that the model does not know are left out
   * @return {"items": [{"id": …, "title": …}, …]}, titles where there are any
   */
  ObjectNode describe(List<String> wanted) {
    ObjectNode answer = Reply.JSON.createObjectNode();
    ArrayNode items = answer.putArray("items");
    for (String id : wanted) {
      if (ids.indexOf(id) < 0) {
        continue;
      }
      ObjectNode item = items.addObject().put("id", id);
      String title = titles.get(id);
      if (title != null) {
        item.put("title", title);
      }
    }
    return answer;
  }
}
