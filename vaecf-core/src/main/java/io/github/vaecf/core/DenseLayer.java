package io.github.vaecf.core;

import java.util.Objects;

/**
 * The weights of one dense layer: output = input · kernel + bias. The arrays are not copied,
 * neither in nor out; whoever gets a layer must not write into them.
 */
public final class DenseLayer {
  private final int inputs;
  private final int outputs;
  private final float[] kernel;
  private final float[] bias;

  /**
   * A layer of these weights.
   *
   * @param inputs width of the input, at least 1
   * @param outputs width of the output, at least 1
   * @param kernel inputs × outputs, row-major
   * @param bias one entry an output
   * @throws IllegalArgumentException if a length does not fit
   */
  public DenseLayer(int inputs, int outputs, float[] kernel, float[] bias) {
    if (inputs < 1
        || outputs < 1
        || (long) inputs * outputs != kernel.length
        || bias.length != outputs) {
      throw new IllegalArgumentException(
          "a layer of "
              + inputs
              + " × "
              + outputs
              + " needs that many weights and "
              + outputs
              + " biases, found "
              + kernel.length
              + " and "
              + bias.length);
    }
    this.inputs = inputs;
    this.outputs = outputs;
    this.kernel = Objects.requireNonNull(kernel, "kernel");
    this.bias = bias;
  }

  /**
   * The width of the input.
   *
   * @return at least 1
   */
  public int inputs() {
    return inputs;
  }

  /**
   * The width of the output.
   *
   * @return at least 1
   */
  public int outputs() {
    return outputs;
  }

  /**
   * The kernel, inputs × outputs, row-major.
   *
   * @return the layer's own array
   */
  public float[] kernel() {
    return kernel;
  }

  /**
   * The bias, one entry an output.
   *
   * @return the layer's own array
   */
  public float[] bias() {
    return bias;
  }
}
