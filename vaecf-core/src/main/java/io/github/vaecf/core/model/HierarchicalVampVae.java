package io.github.vaecf.core.model;

import io.github.vaecf.core.model.TensorFlowLayers.Initials;
import io.github.vaecf.core.model.VampPrior.Normal;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * {@link VampVae} with two stochastic layers, the second of which has the VampPrior: q(z₂ | x),
 * q(z₁ | x, z₂), p(z₁ | z₂) and p(x | z₁, z₂), trained on −Σ x·log softmax(logits) + β·(log q(z₁ |
 * x, z₂) − log p(z₁ | z₂) + log q(z₂ | x) − log p(z₂)), averaged over the batch, with one sample of
 * each a user. At inference both are their means, and the latent vector of a history is z₁ followed
 * by z₂.
 *
 * <p>Kim, Suh: Enhancing VAEs for Collaborative Filtering: Flexible Priors and Gating Mechanisms,
 * RecSys 2019, section 3 ("H+Vamp, gated"), best of the paper. Layers as in the authors' program:
 * two inputs each have a gated layer of the outer width, whose outputs stand beside each other
 * before the rest; x is under a dropout of its own for q(z₂ | x) and for q(z₁ | x, z₂). Settings,
 * their values and the cost of pseudo-inputs are those of {@link VampVae}; both encoders have a
 * gated layer over the items, so that the sparse first layers are four matrices.
 */
public final class HierarchicalVampVae implements Autoencoder, GradientModel {
  private static final VampVae FLAT = new VampVae();

  /** For {@link java.util.ServiceLoader}. */
  public HierarchicalVampVae() {}

  /**
   * The published settings, those of {@link VampVae#published}.
   *
   * @return the settings of Kim and Suh 2019
   */
  public static Settings published() {
    return Settings.published(new HierarchicalVampVae());
  }

  @Override
  public String name() {
    return "hvamp";
  }

  @Override
  public String title() {
    return "H+Vamp, gated";
  }

  @Override
  public String summary() {
    return "the same with two stochastic layers (Kim and Suh, RecSys 2019)";
  }

  @Override
  public List<Setting<?>> settings() {
    return FLAT.settings();
  }

  @Override
  public void check(Settings settings) {
    FLAT.check(settings);
  }

  @Override
  public Initials initials() {
    return FLAT.initials();
  }

  @Override
  public int latentWidth(Settings settings) {
    return 2 * settings.get(VampVae.LATENT);
  }

  @Override
  public <T> T encode(Settings settings, Layers<T> layers) {
    int width = settings.get(VampVae.LATENT);
    T second = FLAT.encode(settings, layers);
    T first = layers.dense("inner/mean", innerHidden(settings, layers, second), width);
    return layers.concatenate(first, second);
  }

  @Override
  public <T> T decode(Settings settings, Layers<T> layers, T latent) {
    int width = settings.get(VampVae.LATENT);
    return decode(
        settings, layers, layers.slice(latent, 0, width), layers.slice(latent, width, width));
  }

  /** p(x | z₁, z₂). */
  private static <T> T decode(Settings settings, Layers<T> layers, T first, T second) {
    List<Integer> outwards = VampVae.outwards(settings);
    T beside =
        layers.concatenate(
            Gated.dense(layers, "decoder/first", first, outwards.get(0)),
            Gated.dense(layers, "decoder/second", second, outwards.get(0)));
    T output = Gated.stack(layers, "decoder", 1, beside, outwards.subList(1, outwards.size()));
    return layers.items("decoder/" + outwards.size(), output);
  }

  /** The last hidden layer of q(z₁ | x, z₂). */
  private static <T> T innerHidden(Settings settings, Layers<T> layers, T second) {
    List<Integer> widths = settings.get(VampVae.HIDDEN);
    T beside =
        layers.concatenate(
            Gated.history(layers, "inner/history", widths.get(0)),
            Gated.dense(layers, "inner/second", second, widths.get(0)));
    return Gated.stack(layers, "inner", 1, beside, widths.subList(1, widths.size()));
  }

  @Override
  public Objective objective(Settings settings, TrainingGraph graph) {
    Ops tf = graph.tf();
    int width = settings.get(VampVae.LATENT);
    Normal posterior2 = VampVae.posterior(settings, tf, VampVae.noisyLayers(settings, graph));
    Operand<TFloat32> noise2 = graph.normal(width);
    Operand<TFloat32> second = posterior2.sample(tf, noise2);

    Layers<Operand<TFloat32>> layers = VampVae.noisyLayers(settings, graph);
    Normal posterior1 =
        Normal.of(tf, layers, "inner", innerHidden(settings, layers, second), width);
    Operand<TFloat32> noise1 = graph.normal(width);
    Operand<TFloat32> first = posterior1.sample(tf, noise1);

    Normal prior1 =
        Normal.of(
            tf,
            layers,
            "prior",
            Gated.stack(layers, "prior", 0, second, VampVae.outwards(settings)),
            width);
    Operand<TFloat32> divergence1 =
        tf.math.sub(posterior1.logDensityOfSample(tf, noise1), prior1.logDensity(tf, first));
    Operand<TFloat32> divergence2 =
        tf.math.sub(
            posterior2.logDensityOfSample(tf, noise2),
            VampVae.logPrior(settings, graph, layers.items(), second));
    KlAnnealing annealing = MultVae.annealing(settings);
    return Objective.multinomial(decode(settings, layers, first, second))
        .plus(
            graph.mean(tf.math.add(divergence1, divergence2), 1),
            step -> annealing.beta(step.number(), step.total()));
  }
}
