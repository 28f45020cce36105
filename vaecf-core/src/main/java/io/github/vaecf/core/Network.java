package io.github.vaecf.core;

import java.util.List;

/**
 * All weights of an autoencoder, for exporters and for anyone who wants to look at them. Between
 * layers stands tanh. A variational encoder's last layer is linear and its output is μ followed by
 * log σ², each as wide as the latent layer; a denoising encoder's last layer ends in tanh. The
 * decoder's last layer is linear and gives one logit an item: its kernel's column i and bias i are
 * item i's embedding and popularity.
 *
 * <p>Immutable as long as nobody writes into the layers' arrays.
 *
 * @param variational whether the encoder ends in μ and log σ²
 * @param encoder layers from the items inwards, at least one
 * @param decoder layers from the latent vector outwards, at least one
 */
public record Network(boolean variational, List<DenseLayer> encoder, List<DenseLayer> decoder) {
  /**
   * Checks that the layers fit together.
   *
   * @param variational whether the encoder ends in μ and log σ²
   * @param encoder layers from the items inwards
   * @param decoder layers from the latent vector outwards
   * @throws IllegalArgumentException if a layer's width does not fit its neighbour's
   */
  public Network {
    encoder = List.copyOf(encoder);
    decoder = List.copyOf(decoder);
    Require.that(!encoder.isEmpty() && !decoder.isEmpty(), "layers", "at least one a side", "none");
    int width = encoder.get(0).inputs();
    int items = width;
    for (DenseLayer layer : encoder) {
      Require.that(layer.inputs() == width, "an encoder layer's inputs", width, layer.inputs());
      width = layer.outputs();
    }
    if (variational) {
      Require.that(width % 2 == 0, "a variational encoder's last width", "even", width);
      width /= 2;
    }
    for (DenseLayer layer : decoder) {
      Require.that(layer.inputs() == width, "a decoder layer's inputs", width, layer.inputs());
      width = layer.outputs();
    }
    Require.that(width == items, "the decoder's last width", items, width);
  }

  /**
   * The number of items.
   *
   * @return at least 1
   */
  public int items() {
    return encoder.get(0).inputs();
  }

  /**
   * The width of the latent vector.
   *
   * @return at least 1
   */
  public int latent() {
    return decoder.get(0).inputs();
  }
}
