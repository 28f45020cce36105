package io.github.vaecf.core;

import java.util.List;

/**
 * Settings of Mult-DAE, the denoising autoencoder with multinomial likelihood (Liang et al. 2018,
 * section 2.4): I → hidden (tanh) → latent (tanh) → hidden reversed (tanh) → I logits, trained on
 * −Σ x·log softmax(logits), averaged over the batch, + λ Σ‖W‖².
 *
 * @param hidden widths between items and latent layer, outermost first; published: none
 * @param latent width of the latent layer
 * @param keepProbability probability that an input entry is kept while training, in (0, 1]
 * @param l2 factor λ ≥ 0 of λ Σ‖W‖² over the kernels
 */
public record MultDaeConfig(List<Integer> hidden, int latent, double keepProbability, double l2)
    implements ModelConfig {
  /**
   * Checks every setting.
   *
   * @param hidden widths between items and latent layer; copied
   * @param latent width of the latent layer
   * @param keepProbability probability that an input entry is kept
   * @param l2 factor of the penalty
   * @throws IllegalArgumentException if a setting is out of its range
   */
  public MultDaeConfig {
    hidden = Require.widths(hidden);
    Require.network(latent, keepProbability, l2);
  }

  /**
   * The published settings: I → 200 → I, dropout 0.5, λ = 0.01 / 500.
   *
   * @return the settings of Liang et al. 2018
   */
  public static MultDaeConfig paper() {
    return new MultDaeConfig(List.of(), 200, 0.5, 0.01 / 500);
  }

  /**
   * The same settings with other hidden widths.
   *
   * @param widths widths between items and latent layer, outermost first
   * @return new settings
   */
  public MultDaeConfig withHidden(List<Integer> widths) {
    return new MultDaeConfig(widths, latent, keepProbability, l2);
  }

  /**
   * The same settings with another latent width.
   *
   * @param width width of the latent layer
   * @return new settings
   */
  public MultDaeConfig withLatent(int width) {
    return new MultDaeConfig(hidden, width, keepProbability, l2);
  }

  /**
   * The same settings with another dropout.
   *
   * @param probability probability that an input entry is kept, in (0, 1]
   * @return new settings
   */
  public MultDaeConfig withKeepProbability(double probability) {
    return new MultDaeConfig(hidden, latent, probability, l2);
  }

  /**
   * The same settings with another L2 penalty.
   *
   * @param lambda factor λ ≥ 0
   * @return new settings
   */
  public MultDaeConfig withL2(double lambda) {
    return new MultDaeConfig(hidden, latent, keepProbability, lambda);
  }

  @Override
  public String name() {
    return "mult-dae";
  }
}
