package io.github.vaecf.core.model;

/**
 * A model whose scores come from a latent vector: an export can then give a history's latent vector
 * and the scores of any.
 */
public interface Autoencoder extends Model {
  /**
   * From a history to its latent vector; of a variational model the mean.
   *
   * @param <T> a tensor of the graph that is built
   * @param settings of this model
   * @param layers the words to say it in
   * @return users × latent width
   */
  <T> T encode(Settings settings, Layers<T> layers);

  /**
   * From a latent vector to the scores.
   *
   * @param <T> a tensor of the graph that is built
   * @param settings of this model
   * @param layers the words to say it in
   * @param latent users × latent width
   * @return users × items
   */
  <T> T decode(Settings settings, Layers<T> layers, T latent);

  /**
   * The width of the latent vector.
   *
   * @param settings of this model
   * @return at least 1
   */
  int latentWidth(Settings settings);

  @Override
  default <T> T scores(Settings settings, Layers<T> layers) {
    return decode(settings, layers, encode(settings, layers));
  }
}
