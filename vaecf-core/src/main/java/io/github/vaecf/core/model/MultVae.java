package io.github.vaecf.core.model;

import io.github.vaecf.core.model.Setting.Range;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Mult-VAE, the variational autoencoder with multinomial likelihood: I → hidden (tanh) → [μ, log
 * σ²] → z = μ + ε·σ → hidden reversed (tanh) → I logits, trained on −Σ x·log softmax(logits) +
 * β·KL(N(μ, σ²) ‖ N(0, 1)), averaged over the batch.
 *
 * <p>Liang, Krishnan, Hoffman, Jebara: Variational Autoencoders for Collaborative Filtering, WWW
 * 2018, section 2.
 */
public final class MultVae implements Autoencoder, GradientModel {
  /** Widths of the layers between the items and the latent layer, outermost first. */
  public static final Setting<List<Integer>> HIDDEN =
      Setting.widths(
          "hidden",
          List.of(600),
          "Widths of the layers between the items and the latent layer, outermost first, with"
              + " commas or x between; 0 for none.");

  /** Width of the latent layer. */
  public static final Setting<Integer> LATENT =
      Setting.integer("latent", 1, 200, "Width of the latent layer.");

  /** Probability that an entry of the input is kept while training. */
  public static final Setting<Double> KEEP_PROBABILITY =
      Setting.number(
              "keep-probability",
              Range.above(0).atMost(1),
              0.5,
              "Probability that an input entry is kept while training (1 − dropout).")
          .tried(List.of(0.3, 0.5, 0.7));

  /** Factor λ of the penalty λ Σ‖W‖² over the kernels. */
  public static final Setting<Double> L2 =
      Setting.number("l2", Range.atLeast(0), 0, "Factor of the squared weights in the loss.");

  /** Largest weight β of the KL term. */
  public static final Setting<Double> BETA_CAP =
      Setting.number("beta-cap", Range.atLeast(0), 0.2, "Largest weight β of the KL term.")
          .tried(List.of(0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0));

  /**
   * Share of all steps after which β reaches its cap. Published is step 40,000 of the 46,800 of the
   * published run (200 epochs of 234 steps), given as that share so that it fits data of any size.
   */
  public static final Setting<Double> ANNEAL_SHARE =
      Setting.number(
          "anneal-share",
          Range.atLeast(0).atMost(1),
          40_000.0 / 46_800.0,
          "β reaches its cap after this share of all steps.");

  /** Steps in which β would grow to 1; 0 where a share is given. */
  public static final Setting<Long> ANNEAL_STEPS =
      Setting.wholeNumber(
              "anneal-steps",
              0,
              0,
              "β rises by 1/N each step until its cap, in place of a share; the published program"
                  + " has 200000.")
          .insteadOf(ANNEAL_SHARE.name());

  /** For {@link java.util.ServiceLoader}. */
  public MultVae() {}

  /**
   * The published settings: I → 600 → 200 → 600 → I, dropout 0.5, no L2, β up to 0.2.
   *
   * @return the settings of Liang et al. 2018
   */
  public static Settings published() {
    return Settings.published(new MultVae());
  }

  @Override
  public String name() {
    return "vae";
  }

  @Override
  public String title() {
    return "Mult-VAE";
  }

  @Override
  public String summary() {
    return "variational autoencoder with multinomial likelihood (Liang et al., WWW 2018)";
  }

  @Override
  public List<Setting<?>> settings() {
    List<Setting<?>> settings = new ArrayList<>(TrainingSettings.all());
    settings.addAll(
        List.of(HIDDEN, LATENT, KEEP_PROBABILITY, L2, BETA_CAP, ANNEAL_STEPS, ANNEAL_SHARE));
    return settings;
  }

  @Override
  public void check(Settings settings) {
    annealing(settings); // steps or a share
  }

  static KlAnnealing annealing(Settings settings) {
    return new KlAnnealing(
        settings.get(BETA_CAP), settings.get(ANNEAL_STEPS), settings.get(ANNEAL_SHARE));
  }

  @Override
  public int latentWidth(Settings settings) {
    return settings.get(LATENT);
  }

  @Override
  public <T> T encode(Settings settings, Layers<T> layers) {
    return layers.slice(meanAndLogVariance(settings, layers), 0, settings.get(LATENT));
  }

  private static <T> T meanAndLogVariance(Settings settings, Layers<T> layers) {
    return Mirrored.encode(layers, settings.get(HIDDEN), 2 * settings.get(LATENT));
  }

  @Override
  public <T> T decode(Settings settings, Layers<T> layers, T latent) {
    return Mirrored.decode(layers, settings.get(HIDDEN), latent);
  }

  @Override
  public Objective objective(Settings settings, TrainingGraph graph) {
    Ops tf = graph.tf();
    int width = settings.get(LATENT);
    float keepProbability = settings.get(KEEP_PROBABILITY).floatValue();
    Layers<Operand<TFloat32>> layers =
        graph.layers(graph.dropout(graph.history(), tf.constant(keepProbability)));
    Operand<TFloat32> encoded = meanAndLogVariance(settings, layers);
    Operand<TFloat32> mean = layers.slice(encoded, 0, width);
    Operand<TFloat32> logVariance = layers.slice(encoded, width, width);
    Operand<TFloat32> half = tf.constant(0.5f);
    Operand<TFloat32> latent =
        tf.math.add(
            mean, tf.math.mul(graph.normal(width), tf.math.exp(tf.math.mul(logVariance, half))));
    // KL(N(μ, σ²) ‖ N(0, 1)) = ½ Σ (μ² + σ² − log σ² − 1)
    Operand<TFloat32> terms =
        tf.math.sub(
            tf.math.add(tf.math.square(mean), tf.math.exp(logVariance)),
            tf.math.add(logVariance, tf.constant(1f)));
    Operand<TFloat32> kl = graph.mean(terms, 0.5f);
    KlAnnealing annealing = annealing(settings);
    return Objective.multinomial(decode(settings, layers, latent))
        .plus(kl, step -> annealing.beta(step.number(), step.total()))
        .penalised(settings.get(L2));
  }
}
