package io.github.vaecf.eval.export;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * How a model is exported for serving.
 *
 * @param topK length of the rankings that the export answers with, at least 1; in a catalogue of
 *     fewer items it is their number
 * @param keep how many versions stay in the base folder, the newest ones, at least 1; older ones
 *     are deleted after the export
 * @param titles what to call an item when a person reads it, by raw id; may lack items
 * @param facts what else the model card is to say, such as the data set and its metrics: names and
 *     values that Jackson can write as JSON
 */
public record ExportOptions(
    int topK, int keep, Map<String, String> titles, Map<String, Object> facts) {
  /**
   * Checks the options.
   *
   * @param topK length of the rankings
   * @param keep how many versions stay
   * @param titles what to call an item; copied
   * @param facts what else the model card is to say; copied
   * @throws IllegalArgumentException if a number is below 1
   */
  public ExportOptions {
    if (topK < 1 || keep < 1) {
      throw new IllegalArgumentException(
          "topK and keep must be at least 1, found " + topK + " and " + keep);
    }
    titles = Map.copyOf(titles);
    Objects.requireNonNull(facts, "facts");
    facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
  }

  /**
   * Rankings of 100 items, all versions kept, no titles, nothing more on the card.
   *
   * @return the options
   */
  public static ExportOptions defaults() {
    return new ExportOptions(100, Integer.MAX_VALUE, Map.of(), Map.of());
  }

  /**
   * The same options with another length of the rankings.
   *
   * @param value at least 1
   * @return new options
   */
  public ExportOptions withTopK(int value) {
    return new ExportOptions(value, keep, titles, facts);
  }

  /**
   * The same options with another number of versions that stay.
   *
   * @param value at least 1
   * @return new options
   */
  public ExportOptions withKeep(int value) {
    return new ExportOptions(topK, value, titles, facts);
  }

  /**
   * The same options with titles.
   *
   * @param value what to call an item, by raw id
   * @return new options
   */
  public ExportOptions withTitles(Map<String, String> value) {
    return new ExportOptions(topK, keep, value, facts);
  }

  /**
   * The same options with more on the model card.
   *
   * @param value names and values that Jackson can write as JSON
   * @return new options
   */
  public ExportOptions withFacts(Map<String, Object> value) {
    return new ExportOptions(topK, keep, titles, value);
  }
}
