package io.github.vaecf.core;

import java.util.Objects;

/**
 * One recommended item.
 *
 * @param item the item's raw id
 * @param score the model's score (a logit for the autoencoders): comparable within one list only
 */
public record Recommendation(String item, float score) {
  /**
   * Checks that there is an item.
   *
   * @param item the item's raw id
   * @param score the model's score
   * @throws NullPointerException if the item is null
   */
  public Recommendation {
    Objects.requireNonNull(item, "item");
  }
}
