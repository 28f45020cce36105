package io.github.vaecf.core;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/**
 * Which network is trained and on which loss. A model with these settings takes a user's binary row
 * x of I items, divides it by its Euclidean length, drops entries while training, and gives one
 * logit an item; the decoder mirrors the encoder. All activations between layers are tanh.
 *
 * <p>Source of architecture and losses: Liang, Krishnan, Hoffman, Jebara, Variational Autoencoders
 * for Collaborative Filtering, WWW 2018.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "model")
@JsonSubTypes({
  @JsonSubTypes.Type(value = MultVaeConfig.class, name = "mult-vae"),
  @JsonSubTypes.Type(value = MultDaeConfig.class, name = "mult-dae")
})
public sealed interface ModelConfig permits MultVaeConfig, MultDaeConfig {
  /**
   * The model's name in files and tables.
   *
   * @return "mult-vae" or "mult-dae"
   */
  String name();

  /**
   * Widths of the hidden layers between the items and the latent layer, outermost first; the
   * decoder has the same ones in reverse.
   *
   * @return an immutable list of widths, each at least 1; may be empty
   */
  List<Integer> hidden();

  /**
   * Width of the latent layer.
   *
   * @return at least 1
   */
  int latent();

  /**
   * Probability that an entry of the input is kept while training; kept ones are divided by it.
   *
   * @return above 0, at most 1; 1 switches dropout off
   */
  double keepProbability();

  /**
   * The factor λ of the penalty λ Σ‖W‖² over all kernels (biases are not penalised).
   *
   * @return at least 0
   */
  double l2();
}
