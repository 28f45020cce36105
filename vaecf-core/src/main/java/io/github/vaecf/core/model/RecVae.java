package io.github.vaecf.core.model;

import io.github.vaecf.core.model.Setting.Range;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.types.TFloat32;

/**
 * RecVAE: a deep encoder of densely connected layers with swish and layer normalisation, a linear
 * decoder, and a composite prior, a mixture of N(0, 1), a wide normal and the posterior of the
 * encoder as it was (frozen). The divergence of a user is weighted by γ times the number of the
 * user's items. Encoder and decoder learn in turn: some epochs the encoder, on inputs with dropout,
 * then, after the prior has taken over the encoder, some the decoder, without.
 *
 * <p>Shenbin, Alekseev, Tutubalina, Malykh, Nikolenko: RecVAE: a New Variational Autoencoder for
 * Top-N Recommendations with Implicit Feedback, WSDM 2020, sections 3.2 to 3.5; layers and numbers
 * as in the authors' program. First weights are as for Mult-VAE: with those of that program
 * (PyTorch's linear layers) the first rounds learn more, but the best one is no better, on small
 * data worse.
 *
 * <p>An epoch here is one pass over the users, so that a round of the paper is {@link
 * #ENCODER_EPOCHS} + {@link #DECODER_EPOCHS} epochs.
 */
public final class RecVae implements Autoencoder, GradientModel {
  /** Width of the encoder's five layers. */
  public static final Setting<Integer> WIDTH =
      Setting.integer("width", 1, 600, "Width of the encoder's layers.");

  /** Width of the latent layer. */
  public static final Setting<Integer> LATENT = MultVae.LATENT;

  /** Probability that an entry of the input is kept while the encoder learns. */
  public static final Setting<Double> KEEP_PROBABILITY = MultVae.KEEP_PROBABILITY;

  /** The factor γ of the divergence, beside the number of the user's items. */
  public static final Setting<Double> GAMMA =
      Setting.number(
              "gamma",
              Range.atLeast(0),
              0.005,
              "Weight of a user's divergence from the prior, for each of the user's items.")
          .tried(List.of(0.001, 0.002, 0.0035, 0.005, 0.007, 0.01, 0.015));

  /** Epochs in a row in which the encoder learns. */
  public static final Setting<Integer> ENCODER_EPOCHS =
      Setting.integer("encoder-epochs", 1, 3, "Epochs in a row in which the encoder learns.");

  /** Epochs in a row in which the decoder learns. */
  public static final Setting<Integer> DECODER_EPOCHS =
      Setting.integer("decoder-epochs", 1, 1, "Epochs in a row in which the decoder learns.");

  private static final int ENCODER = 0;
  private static final int DECODER = 1;
  private static final int LAYERS = 5;
  private static final float LAYER_NORM_EPSILON = 0.1f;

  /** Shares of N(0, 1), of the frozen encoder's posterior and of the wide normal in the prior. */
  private static final double[] MIXTURE = {3 / 20.0, 3 / 4.0, 1 / 10.0};

  private static final float WIDE_LOG_VARIANCE = 10;

  /** For {@link java.util.ServiceLoader}. */
  public RecVae() {}

  /**
   * The published settings.
   *
   * @return the settings of Shenbin et al. 2020: 50 rounds of 3 + 1 epochs, learning rate 0.0005
   */
  public static Settings published() {
    return Settings.published(new RecVae());
  }

  @Override
  public String name() {
    return "recvae";
  }

  @Override
  public String title() {
    return "RecVAE";
  }

  @Override
  public String summary() {
    return "variational autoencoder with composite prior (Shenbin et al., WSDM 2020)";
  }

  @Override
  public List<Setting<?>> settings() {
    List<Setting<?>> settings =
        TrainingSettings.allWith(List.of(TrainingSettings.LEARNING_RATE.published(5e-4)));
    settings.addAll(
        List.of(WIDTH, LATENT, KEEP_PROBABILITY, GAMMA, ENCODER_EPOCHS, DECODER_EPOCHS));
    return settings;
  }

  @Override
  public int phases(Settings settings) {
    return 2;
  }

  @Override
  public int phase(Settings settings, int epoch) {
    return inRound(settings, epoch) < settings.get(ENCODER_EPOCHS) ? ENCODER : DECODER;
  }

  @Override
  public boolean learns(Settings settings, int phase, String weight) {
    return weight.startsWith("decoder/") == (phase == DECODER);
  }

  @Override
  public boolean refreshesFrozen(Settings settings, int epoch) {
    return inRound(settings, epoch) == settings.get(ENCODER_EPOCHS);
  }

  private static int inRound(Settings settings, int epoch) {
    return epoch % (settings.get(ENCODER_EPOCHS) + settings.get(DECODER_EPOCHS));
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
    return layers.items("decoder/0", latent);
  }

  /** The last of the densely connected layers: each sees the sum of all before it. */
  private static <T> T hidden(Settings settings, Layers<T> layers) {
    int width = settings.get(WIDTH);
    T output = swishAndNorm(layers, 0, layers.history("encoder/0", width));
    T sum = output;
    for (int layer = 1; layer < LAYERS; layer++) {
      T linear = layers.add(layers.dense("encoder/" + layer, output, width), sum);
      output = swishAndNorm(layers, layer, linear);
      sum = layers.add(sum, output);
    }
    return output;
  }

  private static <T> T swishAndNorm(Layers<T> layers, int layer, T input) {
    T swish = layers.multiply(input, layers.sigmoid(input));
    return layers.layerNorm("encoder/" + layer + "/norm", swish, LAYER_NORM_EPSILON);
  }

  /** A normal distribution of each latent entry. */
  private record Posterior(Operand<TFloat32> mean, Operand<TFloat32> logVariance) {}

  private static Posterior posterior(Settings settings, Layers<Operand<TFloat32>> layers) {
    Operand<TFloat32> hidden = hidden(settings, layers);
    int latent = settings.get(LATENT);
    return new Posterior(
        layers.dense("encoder/mean", hidden, latent),
        layers.dense("encoder/log_variance", hidden, latent));
  }

  @Override
  public Objective objective(Settings settings, TrainingGraph graph) {
    Ops tf = graph.tf();
    Operand<TFloat32> keepProbability =
        graph.number(
            step -> phase(settings, step.epoch()) == ENCODER ? settings.get(KEEP_PROBABILITY) : 1);
    Layers<Operand<TFloat32>> layers =
        graph.layers(graph.dropout(graph.history(), keepProbability));
    Posterior posterior = posterior(settings, layers);
    Operand<TFloat32> deviation =
        tf.math.exp(tf.math.mul(posterior.logVariance(), tf.constant(0.5f)));
    Operand<TFloat32> latent =
        tf.math.add(posterior.mean(), tf.math.mul(graph.normal(settings.get(LATENT)), deviation));
    Posterior before = posterior(settings, graph.frozen(graph.history()));
    // One sample estimates the divergence: log q(z | x) − log p(z), section 3.3.
    Operand<TFloat32> prior =
        logSumExp(
            tf,
            logSumExp(
                tf,
                component(tf, 0, logDensity(tf, latent, null, tf.constant(0f))),
                component(tf, 1, logDensity(tf, latent, before.mean(), before.logVariance()))),
            component(tf, 2, logDensity(tf, latent, null, tf.constant(WIDE_LOG_VARIANCE))));
    Operand<TFloat32> divergence =
        tf.math.sub(logDensity(tf, latent, posterior.mean(), posterior.logVariance()), prior);
    Operand<TFloat32> perUser =
        tf.math.mul(
            tf.reduceSum(divergence, tf.constant(1), ReduceSum.keepDims(false)), graph.counts());
    return Objective.multinomial(decode(settings, layers, latent))
        .plus(graph.mean(perUser, 1), step -> settings.get(GAMMA));
  }

  private static Operand<TFloat32> component(Ops tf, int index, Operand<TFloat32> logDensity) {
    return tf.math.add(logDensity, tf.constant((float) Math.log(MIXTURE[index])));
  }

  /** The log density of a normal distribution, entry by entry; without a mean around 0. */
  private static Operand<TFloat32> logDensity(
      Ops tf, Operand<TFloat32> at, Operand<TFloat32> mean, Operand<TFloat32> logVariance) {
    Operand<TFloat32> distance = mean == null ? at : tf.math.sub(at, mean);
    Operand<TFloat32> squared =
        tf.math.mul(tf.math.mul(distance, distance), tf.math.exp(tf.math.neg(logVariance)));
    Operand<TFloat32> sum =
        tf.math.add(tf.math.add(squared, logVariance), tf.constant((float) Math.log(2 * Math.PI)));
    return tf.math.mul(sum, tf.constant(-0.5f));
  }

  /** log(eᵃ + eᵇ), which no size of a or b overflows. */
  private static Operand<TFloat32> logSumExp(Ops tf, Operand<TFloat32> a, Operand<TFloat32> b) {
    return tf.math.add(a, tf.math.softplus(tf.math.sub(b, a)));
  }
}
