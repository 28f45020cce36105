package io.github.vaecf.core.model;

import io.github.vaecf.core.model.TensorFlowLayers.Initials;

/**
 * A model that is trained by gradient. The engine owns the two layers that touch all items and
 * their gradients, the optimiser, batches, randomness, checkpoints and resuming; the model says
 * what lies between these layers, what is sampled there, its loss, and which weights learn when.
 *
 * <p>All that may change from epoch to epoch is a function of the epoch's number alone, so that a
 * training that is resumed anywhere goes on as it would have.
 */
public interface GradientModel extends Model {
  /**
   * Describes a training step: what the loss is computed from.
   *
   * @param settings of this model
   * @param graph the batch, the weights, and what is drawn for this step
   * @return what is minimised
   */
  Objective objective(Settings settings, TrainingGraph graph);

  /**
   * Where the kernels and biases of its layers begin.
   *
   * @return as for Mult-VAE, unless the model was published otherwise
   */
  default Initials initials() {
    return Initials.glorot();
  }

  /**
   * The number of phases that epochs alternate between, each of which trains some of the weights.
   *
   * @param settings of this model
   * @return at least 1
   */
  default int phases(Settings settings) {
    return 1;
  }

  /**
   * The phase of an epoch.
   *
   * @param settings of this model
   * @param epoch from 0
   * @return 0 … phases − 1
   */
  default int phase(Settings settings, int epoch) {
    return 0;
  }

  /**
   * Whether a weight learns in a phase; where it does not it stays as it is, with its moments.
   *
   * @param settings of this model
   * @param phase 0 … phases − 1
   * @param weight the weight's name, such as {@code encoder/0/kernel}
   * @return whether it learns
   */
  default boolean learns(Settings settings, int phase, String weight) {
    return true;
  }

  /**
   * Whether the frozen weights ({@link TrainingGraph#frozen}) become copies of the present ones
   * before an epoch's first step. At the start of a training they are copies of the first weights
   * in any case.
   *
   * @param settings of this model
   * @param epoch from 0
   * @return whether they do
   */
  default boolean refreshesFrozen(Settings settings, int epoch) {
    return false;
  }
}
