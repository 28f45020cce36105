package io.github.vaecf.core.model;

import io.github.vaecf.core.model.TensorFlowLayers.Initials;
import io.github.vaecf.core.model.VampPrior.Normal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A variational autoencoder with multinomial likelihood, gated layers, and a VampPrior: I → hidden
 * (gated) → μ and log σ² → z = μ + ε·σ → hidden reversed (gated) → I logits, trained on −Σ x·log
 * softmax(logits) + β·(log q(z | x) − log p(z)), averaged over the batch, with one sample of z a
 * user. The prior p(z) is the mean of q(z | u) over K learned pseudo-inputs u, rows of entries in 0
 * … 1 that go through the encoder as they are, without normalising or dropout. At inference z = μ.
 *
 * <p>Kim, Suh: Enhancing VAEs for Collaborative Filtering: Flexible Priors and Gating Mechanisms,
 * RecSys 2019, section 3 ("Vamp, gated"); the prior is that of Tomczak and Welling, AISTATS 2018.
 * The published values are the defaults of the authors' program, except for two layers and β up to
 * 0.3, which are those of the run that it gives as its example. That program also stops after 50
 * epochs without a better validation ({@link TrainingSettings#PATIENCE}), and divides each weight's
 * gradient by its norm before Adam; here neither is done unless the patience is asked for.
 *
 * <p>The pseudo-inputs cost: every step takes all of them through the encoder and back, as if the
 * batch had K users more whose rows are not sparse, so that a step does about 12·K·I·h more
 * floating-point operations for I items and a first layer of width h, and 8·K·I bytes more memory,
 * with 4·K·I bytes more for each of the three numbers that are kept for a pseudo-input's entry: its
 * value and its moments. With K = 1000 that is most of the time of a step; a larger batch spreads
 * it over more users. Inference does not need them.
 */
public final class VampVae implements Autoencoder, GradientModel {
  /** Widths of the gated layers between the items and the latent layer, outermost first. */
  public static final Setting<List<Integer>> HIDDEN = MultVae.HIDDEN.published(List.of(600, 600));

  /** Width of the latent layer. */
  public static final Setting<Integer> LATENT = MultVae.LATENT;

  /** Probability that an entry of the input is kept while training. */
  public static final Setting<Double> KEEP_PROBABILITY = MultVae.KEEP_PROBABILITY;

  /** Largest weight β of the divergence from the prior. */
  public static final Setting<Double> BETA_CAP = MultVae.BETA_CAP.published(0.3);

  /** Share of all steps after which β reaches its cap: published are 100 of 400 epochs. */
  public static final Setting<Double> ANNEAL_SHARE = MultVae.ANNEAL_SHARE.published(0.25);

  /** Steps in which β would grow to 1; 0 where a share is given. */
  public static final Setting<Long> ANNEAL_STEPS = MultVae.ANNEAL_STEPS;

  /** The number K of pseudo-inputs. */
  public static final Setting<Integer> PSEUDO_INPUTS =
      Setting.integer(
          "pseudo-inputs",
          1,
          1000,
          "Learned rows of items whose posteriors are mixed to the prior; each costs about as much"
              + " time as a user of the batch, fewer are faster.");

  /** For {@link java.util.ServiceLoader}. */
  public VampVae() {}

  /**
   * The published settings: I → 600 → 600 → 200 → 600 → 600 → I, 1000 pseudo-inputs, dropout 0.5, β
   * up to 0.3, batches of 200, learning rate 0.0005, at most 400 epochs.
   *
   * @return the settings of Kim and Suh 2019
   */
  public static Settings published() {
    return Settings.published(new VampVae());
  }

  @Override
  public String name() {
    return "vamp";
  }

  @Override
  public String title() {
    return "Vamp, gated";
  }

  @Override
  public String summary() {
    return "variational autoencoder with VampPrior and gated layers (Kim and Suh, RecSys 2019)";
  }

  @Override
  public List<Setting<?>> settings() {
    List<Setting<?>> settings =
        TrainingSettings.allWith(
            List.of(
                TrainingSettings.EPOCHS.published(400),
                TrainingSettings.BATCH_SIZE.published(200),
                TrainingSettings.LEARNING_RATE.published(5e-4)));
    settings.addAll(
        List.of(
            HIDDEN, LATENT, KEEP_PROBABILITY, BETA_CAP, ANNEAL_STEPS, ANNEAL_SHARE, PSEUDO_INPUTS));
    return settings;
  }

  @Override
  public void check(Settings settings) {
    MultVae.annealing(settings); // steps or a share
    if (settings.get(HIDDEN).isEmpty()) {
      throw new IllegalArgumentException(
          "hidden: expected at least one width, which is that of the gated layer over the items,"
              + " found none");
    }
  }

  @Override
  public Initials initials() {
    return Initials.he();
  }

  @Override
  public int latentWidth(Settings settings) {
    return settings.get(LATENT);
  }

  @Override
  public <T> T encode(Settings settings, Layers<T> layers) {
    return layers.dense("encoder/mean", hidden(settings, layers), settings.get(LATENT));
  }

  @Override
  public <T> T decode(Settings settings, Layers<T> layers, T latent) {
    List<Integer> outwards = outwards(settings);
    return layers.items(
        "decoder/" + outwards.size(), Gated.stack(layers, "decoder", 0, latent, outwards));
  }

  /** The last hidden layer of the encoder of a history. */
  static <T> T hidden(Settings settings, Layers<T> layers) {
    List<Integer> widths = settings.get(HIDDEN);
    T first = Gated.history(layers, "encoder/0", widths.get(0));
    return Gated.stack(layers, "encoder", 1, first, widths.subList(1, widths.size()));
  }

  /** q(z | x). */
  static Normal posterior(Settings settings, Ops tf, Layers<Operand<TFloat32>> layers) {
    return Normal.of(tf, layers, "encoder", hidden(settings, layers), settings.get(LATENT));
  }

  /** log p(z), the VampPrior of this encoder, [rows]. */
  static Operand<TFloat32> logPrior(
      Settings settings, TrainingGraph graph, int items, Operand<TFloat32> latent) {
    int count = settings.get(PSEUDO_INPUTS);
    Operand<TFloat32> inputs = VampPrior.pseudoInputs(graph, count, items);
    Normal components = posterior(settings, graph.tf(), graph.layersOf(inputs));
    return VampPrior.logDensity(graph.tf(), components, count, latent);
  }

  /** The widths from the latent layer to the items. */
  static List<Integer> outwards(Settings settings) {
    List<Integer> widths = new ArrayList<>(settings.get(HIDDEN));
    Collections.reverse(widths);
    return widths;
  }

  /** The layers of the batch's histories, of which dropout keeps some entries. */
  static Layers<Operand<TFloat32>> noisyLayers(Settings settings, TrainingGraph graph) {
    float keepProbability = settings.get(KEEP_PROBABILITY).floatValue();
    return graph.layers(graph.dropout(graph.history(), graph.tf().constant(keepProbability)));
  }

  @Override
  public Objective objective(Settings settings, TrainingGraph graph) {
    Ops tf = graph.tf();
    Layers<Operand<TFloat32>> layers = noisyLayers(settings, graph);
    Normal posterior = posterior(settings, tf, layers);
    Operand<TFloat32> noise = graph.normal(settings.get(LATENT));
    Operand<TFloat32> latent = posterior.sample(tf, noise);
    Operand<TFloat32> divergence =
        tf.math.sub(
            posterior.logDensityOfSample(tf, noise),
            logPrior(settings, graph, layers.items(), latent));
    KlAnnealing annealing = MultVae.annealing(settings);
    return Objective.multinomial(decode(settings, layers, latent))
        .plus(graph.mean(divergence, 1), step -> annealing.beta(step.number(), step.total()));
  }
}
