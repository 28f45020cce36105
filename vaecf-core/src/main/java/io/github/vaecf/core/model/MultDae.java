package io.github.vaecf.core.model;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * Mult-DAE, the denoising autoencoder with multinomial likelihood: I → hidden (tanh) → latent
 * (tanh) → hidden reversed (tanh) → I logits, trained on −Σ x·log softmax(logits), averaged over
 * the batch, + λ Σ‖W‖².
 *
 * <p>Liang, Krishnan, Hoffman, Jebara: Variational Autoencoders for Collaborative Filtering, WWW
 * 2018, section 2.4.
 */
public final class MultDae implements Autoencoder, GradientModel {
  /** Widths of the layers between the items and the latent layer; published: none. */
  public static final Setting<List<Integer>> HIDDEN = MultVae.HIDDEN.published(List.of());

  /** Width of the latent layer. */
  public static final Setting<Integer> LATENT = MultVae.LATENT;

  /** Probability that an entry of the input is kept while training. */
  public static final Setting<Double> KEEP_PROBABILITY = MultVae.KEEP_PROBABILITY;

  /** Factor λ of the penalty λ Σ‖W‖² over the kernels; published: 0.01 / 500. */
  public static final Setting<Double> L2 =
      MultVae.L2.published(0.01 / 500).tried(List.of(0.0, 5e-6, 0.01 / 500, 8e-5, 3e-4));

  /** For {@link java.util.ServiceLoader}. */
  public MultDae() {}

  /**
   * The published settings: I → 200 → I, dropout 0.5, λ = 0.01 / 500.
   *
   * @return the settings of Liang et al. 2018
   */
  public static Settings published() {
    return Settings.published(new MultDae());
  }

  @Override
  public String name() {
    return "dae";
  }

  @Override
  public String title() {
    return "Mult-DAE";
  }

  @Override
  public String summary() {
    return "denoising autoencoder with multinomial likelihood (Liang et al., WWW 2018)";
  }

  @Override
  public List<Setting<?>> settings() {
    List<Setting<?>> settings = new ArrayList<>(TrainingSettings.all());
    settings.addAll(List.of(HIDDEN, LATENT, KEEP_PROBABILITY, L2));
    return settings;
  }

  @Override
  public int latentWidth(Settings settings) {
    return settings.get(LATENT);
  }

  @Override
  public <T> T encode(Settings settings, Layers<T> layers) {
    return layers.tanh(Mirrored.encode(layers, settings.get(HIDDEN), settings.get(LATENT)));
  }

  @Override
  public <T> T decode(Settings settings, Layers<T> layers, T latent) {
    return Mirrored.decode(layers, settings.get(HIDDEN), latent);
  }

  @Override
  public Objective objective(Settings settings, TrainingGraph graph) {
    float keepProbability = settings.get(KEEP_PROBABILITY).floatValue();
    Operand<TFloat32> noisy = graph.dropout(graph.history(), graph.tf().constant(keepProbability));
    return Objective.multinomial(scores(settings, graph.layers(noisy))).penalised(settings.get(L2));
  }
}
