package io.github.vaecf.core.model;

import io.github.vaecf.core.model.TensorFlowLayers.Initial;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceMax;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;

/**
 * The variational mixture of posteriors: p(z) = 1/K Σ_k q(z | u_k), where the pseudo-inputs u_k are
 * learned with everything else (Tomczak, Welling: VAE with a VampPrior, AISTATS 2018).
 *
 * <p>All log densities here are sums over a row without the constant −½ log 2π an entry, which is
 * in both terms of a divergence and cancels out.
 */
final class VampPrior {
  /** Bounds of every log variance, as in the programs of Tomczak and of Kim and Suh. */
  private static final float LEAST_LOG_VARIANCE = -12;

  private static final float LARGEST_LOG_VARIANCE = 4;

  private VampPrior() {}

  /**
   * A normal distribution of each entry of a latent vector.
   *
   * @param mean rows × latent width
   * @param logVariance of the same shape
   */
  record Normal(Operand<TFloat32> mean, Operand<TFloat32> logVariance) {
    /** From the last hidden layer by {@code name/mean} and {@code name/log_variance}. */
    static Normal of(
        Ops tf,
        Layers<Operand<TFloat32>> layers,
        String name,
        Operand<TFloat32> hidden,
        int width) {
      return new Normal(
          layers.dense(name + "/mean", hidden, width),
          bounded(
              tf,
              layers.dense(name + "/log_variance", hidden, width),
              LEAST_LOG_VARIANCE,
              LARGEST_LOG_VARIANCE));
    }

    /** The sample that noise from the standard normal distribution gives. */
    Operand<TFloat32> sample(Ops tf, Operand<TFloat32> noise) {
      return tf.math.add(
          mean, tf.math.mul(noise, tf.math.exp(tf.math.mul(logVariance, tf.constant(0.5f)))));
    }

    /** The log density at the sample that the noise gives, [rows]: z − μ is ε·σ. */
    Operand<TFloat32> logDensityOfSample(Ops tf, Operand<TFloat32> noise) {
      return minusHalfSum(tf, tf.math.add(tf.math.mul(noise, noise), logVariance));
    }

    /** The log density at one place a row, [rows]. */
    Operand<TFloat32> logDensity(Ops tf, Operand<TFloat32> at) {
      Operand<TFloat32> distance = tf.math.sub(at, mean);
      Operand<TFloat32> squared =
          tf.math.mul(tf.math.mul(distance, distance), tf.math.exp(tf.math.neg(logVariance)));
      return minusHalfSum(tf, tf.math.add(squared, logVariance));
    }
  }

  private static Operand<TFloat32> minusHalfSum(Ops tf, Operand<TFloat32> entries) {
    return tf.math.mul(rowSum(tf, entries), tf.constant(-0.5f));
  }

  private static Operand<TFloat32> rowSum(Ops tf, Operand<TFloat32> entries) {
    return tf.reduceSum(entries, tf.constant(1), ReduceSum.keepDims(false));
  }

  /**
   * Entries held between two numbers; where one is not between them it gets no gradient.
   *
   * @param entries any shape
   */
  static Operand<TFloat32> bounded(Ops tf, Operand<TFloat32> entries, float least, float largest) {
    Operand<TFloat32> low = tf.constant(least);
    Operand<TFloat32> high = tf.constant(largest);
    Operand<TBool> between =
        tf.math.logicalAnd(tf.math.greater(entries, low), tf.math.less(entries, high));
    return tf.select(between, entries, tf.stopGradient(tf.clipByValue(entries, low, high)));
  }

  /** The pseudo-inputs of a model, K × items, each entry in 0 … 1; at first near 0.05. */
  static Operand<TFloat32> pseudoInputs(TrainingGraph graph, int count, int items) {
    Operand<TFloat32> weight =
        graph.weight("pseudo_inputs", Shape.of(count, items), Initial.normal(0.05, 0.01));
    return bounded(graph.tf(), weight, 0, 1);
  }

  /**
   * The log density of the mixture, over whole vectors.
   *
   * @param components q(z | pseudo-input), K rows
   * @param count K
   * @param at rows × latent width
   * @return [rows]
   */
  static Operand<TFloat32> logDensity(Ops tf, Normal components, int count, Operand<TFloat32> at) {
    // Σ (z − m)²·p + v = Σ z²·p − 2 z·(m·p) + m²·p + v with the precision p = e^−v: two products
    // of matrices in the place of rows × K × latent width numbers.
    Operand<TFloat32> precision = tf.math.exp(tf.math.neg(components.logVariance()));
    Operand<TFloat32> weighted = tf.math.mul(components.mean(), precision);
    Operand<TFloat32> ofComponent =
        rowSum(tf, tf.math.add(tf.math.mul(components.mean(), weighted), components.logVariance()));
    Operand<TFloat32> squares = times(tf, tf.math.mul(at, at), precision);
    Operand<TFloat32> crossed = tf.math.mul(times(tf, at, weighted), tf.constant(-2f));
    Operand<TFloat32> logDensities =
        tf.math.mul(
            tf.math.add(tf.math.add(squares, crossed), ofComponent),
            tf.constant(-0.5f)); // [rows, K]
    // The largest one is taken out before the exponential, so that the sum neither overflows nor
    // vanishes; as a constant, since it changes nothing.
    Operand<TFloat32> largest =
        tf.stopGradient(tf.reduceMax(logDensities, tf.constant(1), ReduceMax.keepDims(true)));
    Operand<TFloat32> sum = rowSum(tf, tf.math.exp(tf.math.sub(logDensities, largest)));
    return tf.math.add(
        tf.math.sub(tf.math.log(sum), tf.constant((float) Math.log(count))),
        tf.squeeze(largest, Squeeze.axis(List.of(1L))));
  }

  private static Operand<TFloat32> times(Ops tf, Operand<TFloat32> rows, Operand<TFloat32> others) {
    return tf.linalg.matMul(rows, others, MatMul.transposeB(true));
  }
}
