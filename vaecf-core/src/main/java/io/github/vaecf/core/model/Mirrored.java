package io.github.vaecf.core.model;

import java.util.List;

/**
 * Encoder and decoder of dense layers with tanh between, the decoder the mirror of the encoder
 * (Liang et al. 2018, section 4.3).
 */
final class Mirrored {
  private Mirrored() {}

  /** From the items inwards; the last layer, {@code outputs} wide, is linear. */
  static <T> T encode(Layers<T> layers, List<Integer> hidden, int outputs) {
    T output = layers.history("encoder/0", hidden.isEmpty() ? outputs : hidden.get(0));
    for (int layer = 1; layer <= hidden.size(); layer++) {
      output =
          layers.dense(
              "encoder/" + layer,
              layers.tanh(output),
              layer == hidden.size() ? outputs : hidden.get(layer));
    }
    return output;
  }

  /** From the latent vector outwards; the last layer, to the items, is linear. */
  static <T> T decode(Layers<T> layers, List<Integer> hidden, T latent) {
    T output = latent;
    for (int layer = 0; layer < hidden.size(); layer++) {
      int width = hidden.get(hidden.size() - 1 - layer);
      output = layers.tanh(layers.dense("decoder/" + layer, output, width));
    }
    return layers.items("decoder/" + hidden.size(), output);
  }
}
