package io.github.vaecf.eval.export;

import io.github.vaecf.core.model.Setting;
import java.util.List;

/**
 * How an export holds its matrices of weights; vectors, such as biases, are always float32. The
 * arithmetic is in float32 in any case.
 */
public enum ExportedWeights {
  /** As trained: 4 bytes a weight, the same answers to within rounding. */
  FLOAT32,

  /** Half the size: weights rounded to 11 significant bits. */
  FLOAT16,

  /**
   * A quarter of the size: each column as whole numbers from −127 to 127 times a factor of its own,
   * so that a weight is off by at most 0.4 % of the column's largest.
   */
  INT8;

  /** By which a person chooses, in every form of an export. */
  static final Setting<ExportedWeights> SETTING =
      Setting.choice("weights", FLOAT32, "How the export holds the weights.");

  /** Whether a weight is one that may be held smaller: a matrix. */
  static boolean concerns(List<Long> shape) {
    return shape.size() == 2;
  }
}
