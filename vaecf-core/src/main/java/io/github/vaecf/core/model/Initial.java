package io.github.vaecf.core.model;

import org.tensorflow.Operand;
import org.tensorflow.framework.initializers.RandomUniform;
import org.tensorflow.framework.initializers.TruncatedNormal;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** The first value of a weight. */
@FunctionalInterface
public interface Initial {
  /**
   * Draws it.
   *
   * @param tf the graph's operations
   * @param shape the weight's shape
   * @param seed of this weight alone
   * @return a tensor of that shape
   */
  Operand<TFloat32> draw(Ops tf, Shape shape, long seed);

  /**
   * Uniform in ±√(6 / (inputs + outputs)) for a kernel inputs × outputs (Glorot, Bengio:
   * Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010).
   *
   * @return for kernels
   */
  static Initial glorot() {
    return (tf, shape, seed) -> {
      double limit = Math.sqrt(6.0 / (shape.get(0) + shape.get(1)));
      // The framework's own Glorot draws from [0, limit) instead of [−limit, limit).
      return new RandomUniform<TFloat32>(-limit, limit, seed)
          .call(tf, tf.constant(shape.asArray()), TFloat32.class);
    };
  }

  /**
   * Normal around 0, truncated at two standard deviations.
   *
   * @param deviation the standard deviation, above 0
   * @return for biases, with 0.001 as published by Liang et al. 2018
   */
  static Initial truncatedNormal(double deviation) {
    return (tf, shape, seed) ->
        new TruncatedNormal<TFloat32>(0, deviation, seed)
            .call(tf, tf.constant(shape.asArray()), TFloat32.class);
  }

  /**
   * The same number everywhere.
   *
   * @param value the number
   * @return for scales and shifts
   */
  static Initial constant(float value) {
    return (tf, shape, seed) -> tf.fill(tf.constant(shape.asArray()), tf.constant(value));
  }
}
