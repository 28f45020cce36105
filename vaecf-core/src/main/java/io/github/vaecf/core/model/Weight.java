package io.github.vaecf.core.model;

import java.util.List;

/**
 * A fitted weight.
 *
 * @param name as the model calls it, such as {@code decoder/1/kernel}
 * @param shape its dimensions
 * @param values row-major; not copied, neither in nor out, and not to be written into
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Weight(String name, List<Long> shape, float[] values) {
  /**
   * Checks that the values fill the shape.
   *
   * @param name as the model calls it
   * @param shape its dimensions; copied
   * @param values row-major
   * @throws IllegalArgumentException if there are more values or fewer
   */
  public Weight {
    shape = List.copyOf(shape);
    long size = 1;
    for (long dimension : shape) {
      size *= dimension;
    }
    if (size != values.length) {
      throw new IllegalArgumentException(
          name + " must have shape " + shape + ", found " + values.length + " values");
    }
  }
}
