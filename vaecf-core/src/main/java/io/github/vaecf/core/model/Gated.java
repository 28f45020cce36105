package io.github.vaecf.core.model;

import java.util.List;

/**
 * Gated linear layers: (h · K + b) · sigmoid(h · G + c), entry by entry, in the place of an
 * activation (Dauphin, Fan, Auli, Grangier: Language Modeling with Gated Convolutional Networks,
 * ICML 2017, equation 1; for recommendations Kim and Suh 2019, section 3).
 *
 * <p>A layer {@code name} is two dense ones, {@code name} and {@code name/gate}.
 */
final class Gated {
  private Gated() {}

  /** The first layer: both parts are over the items. */
  static <T> T history(Layers<T> layers, String name, int width) {
    return layers.multiply(
        layers.history(name, width), layers.sigmoid(layers.history(name + "/gate", width)));
  }

  static <T> T dense(Layers<T> layers, String name, T input, int width) {
    return layers.multiply(
        layers.dense(name, input, width),
        layers.sigmoid(layers.dense(name + "/gate", input, width)));
  }

  /** One after the other: {@code name/first}, {@code name/(first + 1)}, … */
  static <T> T stack(Layers<T> layers, String name, int first, T input, List<Integer> widths) {
    T output = input;
    for (int layer = 0; layer < widths.size(); layer++) {
      output = dense(layers, name + "/" + (first + layer), output, widths.get(layer));
    }
    return output;
  }
}
