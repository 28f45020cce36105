package io.github.vaecf.eval.export;

/**
 * How an ONNX file holds the kernels; biases are always float32. The arithmetic is in float32 in
 * any case.
 */
public enum OnnxWeights {
  /** As trained: 4 bytes a weight, the same answers to within rounding. */
  FLOAT32,

  /** Half the size: weights rounded to 11 significant bits. */
  FLOAT16,

  /**
   * A quarter of the size: each kernel column as whole numbers from −127 to 127 times a factor of
   * its own, so that a weight is off by at most 0.4 % of the column's largest.
   */
  INT8
}
