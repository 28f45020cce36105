package io.github.vaecf.core;

import java.util.List;
import java.util.Objects;

/**
 * Settings of Mult-VAE, the variational autoencoder with multinomial likelihood (Liang et al. 2018,
 * section 2): I → hidden (tanh) → [μ, log σ²] → z = μ + ε·σ → hidden reversed (tanh) → I logits,
 * trained on −Σ x·log softmax(logits) + β·KL(N(μ, σ²) ‖ N(0, 1)), averaged over the batch.
 *
 * @param hidden widths between items and latent layer, outermost first
 * @param latent width of the latent layer: μ and log σ² have this many entries each
 * @param keepProbability probability that an input entry is kept while training, in (0, 1]
 * @param l2 factor λ ≥ 0 of λ Σ‖W‖² over the kernels
 * @param annealing how β, the weight of the KL term, rises
 */
public record MultVaeConfig(
    List<Integer> hidden, int latent, double keepProbability, double l2, KlAnnealing annealing)
    implements ModelConfig {
  /**
   * Checks every setting.
   *
   * @param hidden widths between items and latent layer; copied
   * @param latent width of the latent layer
   * @param keepProbability probability that an input entry is kept
   * @param l2 factor of the penalty
   * @param annealing how β rises
   * @throws IllegalArgumentException if a setting is out of its range
   */
  public MultVaeConfig {
    hidden = Require.widths(hidden);
    Require.network(latent, keepProbability, l2);
    Objects.requireNonNull(annealing, "annealing");
  }

  /**
   * The published settings: I → 600 → 200 → 600 → I, dropout 0.5, no L2, β up to 0.2 as in {@link
   * KlAnnealing#paper()}.
   *
   * @return the settings of Liang et al. 2018
   */
  public static MultVaeConfig paper() {
    return new MultVaeConfig(List.of(600), 200, 0.5, 0, KlAnnealing.paper());
  }

  /**
   * The same settings with other hidden widths.
   *
   * @param widths widths between items and latent layer, outermost first
   * @return new settings
   */
  public MultVaeConfig withHidden(List<Integer> widths) {
    return new MultVaeConfig(widths, latent, keepProbability, l2, annealing);
  }

  /**
   * The same settings with another latent width.
   *
   * @param width width of the latent layer
   * @return new settings
   */
  public MultVaeConfig withLatent(int width) {
    return new MultVaeConfig(hidden, width, keepProbability, l2, annealing);
  }

  /**
   * The same settings with another dropout.
   *
   * @param probability probability that an input entry is kept, in (0, 1]
   * @return new settings
   */
  public MultVaeConfig withKeepProbability(double probability) {
    return new MultVaeConfig(hidden, latent, probability, l2, annealing);
  }

  /**
   * The same settings with another L2 penalty.
   *
   * @param lambda factor λ ≥ 0
   * @return new settings
   */
  public MultVaeConfig withL2(double lambda) {
    return new MultVaeConfig(hidden, latent, keepProbability, lambda, annealing);
  }

  /**
   * The same settings with another annealing.
   *
   * @param kl how β rises
   * @return new settings
   */
  public MultVaeConfig withAnnealing(KlAnnealing kl) {
    return new MultVaeConfig(hidden, latent, keepProbability, l2, kl);
  }

  @Override
  public String name() {
    return "mult-vae";
  }
}
