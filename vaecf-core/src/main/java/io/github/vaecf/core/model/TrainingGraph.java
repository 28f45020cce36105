package io.github.vaecf.core.model;

import io.github.vaecf.core.model.TensorFlowLayers.Initial;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The graph of a training step, as the engine hands it to a {@link GradientModel}: the batch, the
 * weights, and what is drawn at random. Draws depend on the seed, the order in which they are asked
 * for, and the step alone.
 */
public interface TrainingGraph {
  /**
   * For whatever the layers have no word for.
   *
   * @return TensorFlow's operations
   */
  Ops tf();

  /**
   * The histories of the batch: an entry 1 / ‖x‖₂ for each one of each user's row x, users one
   * after the other.
   *
   * @return as many entries as the batch has ones
   */
  Operand<TFloat32> history();

  /**
   * Inverted dropout (Srivastava et al., JMLR 2014): an entry stays with a probability, divided by
   * it, and is 0 otherwise.
   *
   * @param entries such as {@link #history}
   * @param keepProbability a number above 0, at most 1
   * @return as many entries
   */
  Operand<TFloat32> dropout(Operand<TFloat32> entries, Operand<TFloat32> keepProbability);

  /**
   * Layers over the weights that learn.
   *
   * @param history what {@link Layers#history} is to take for the users' rows: {@link #history} or
   *     what dropout left of it
   * @return the layers
   */
  Layers<Operand<TFloat32>> layers(Operand<TFloat32> history);

  /**
   * The layers of an autoencoder over other rows than the users': pseudo-inputs. The gradient goes
   * through the rows and through the first layer.
   *
   * @param rows any number of rows × items, taken as they are
   * @return layers whose {@link Layers#history} is rows · kernel + bias
   */
  Layers<Operand<TFloat32>> layersOf(Operand<TFloat32> rows);

  /**
   * Layers over copies of the weights, which do not learn and are refreshed when {@link
   * GradientModel#refreshesFrozen} says so.
   *
   * @param history what {@link Layers#history} is to take for the users' rows
   * @return the layers
   */
  Layers<Operand<TFloat32>> frozen(Operand<TFloat32> history);

  /**
   * A weight of the model's own, beside those of the layers; it is kept with them.
   *
   * @param name its name, unlike all others
   * @param shape its shape
   * @param initial its first value
   * @return the weight
   */
  Operand<TFloat32> weight(String name, Shape shape, Initial initial);

  /**
   * The number of ones of each user's row.
   *
   * @return one entry a user
   */
  Operand<TFloat32> counts();

  /**
   * Noise from the standard normal distribution.
   *
   * @param width entries a user, at least 1
   * @return users × width
   */
  Operand<TFloat32> normal(int width);

  /**
   * A number that may change from step to step.
   *
   * @param value its value at each step
   * @return the number
   */
  Operand<TFloat32> number(Objective.StepNumber value);

  /**
   * A multiple of the mean over the users of the batch.
   *
   * @param entries one entry a user, or users × any width, of which the rows are summed
   * @param factor what the mean is multiplied by
   * @return a number
   */
  Operand<TFloat32> mean(Operand<TFloat32> entries, float factor);
}
