package io.github.vaecf.core;

import java.util.Objects;

/**
 * How much an item of a history carries a recommendation.
 *
 * @param item raw id of the history's item
 * @param contribution how much lower the recommended item's score is without this one item in the
 *     history; below 0 for an item that speaks against the recommendation
 */
public record Reason(String item, float contribution) {
  /**
   * Checks that there is an item.
   *
   * @param item raw id of the history's item
   * @param contribution how much lower the score is without it
   * @throws NullPointerException if the item is null
   */
  public Reason {
    Objects.requireNonNull(item, "item");
  }
}
