package io.github.vaecf.core.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** The numbers of independent programs (golden/NAME.json), and how close ours must be. */
final class GoldenFile {
  private GoldenFile() {}

  /** A file of the folder golden. */
  static JsonNode read(String name) {
    try (InputStream in = GoldenFile.class.getResourceAsStream("/golden/" + name)) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Requires numbers to be those expected, to a share of the largest of them. */
  static void assertClose(String name, float[] found, double[] expected, double tolerance) {
    assertThat(found).as(name).hasSameSizeAs(expected);
    double largest = 0;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) found[i])
          .as("%s[%d]", name, i)
          .isCloseTo(expected[i], within(tolerance * largest));
    }
  }

  /** The rows of a matrix in a golden file. */
  static double[][] rows(JsonNode node) {
    double[][] rows = new double[node.size()][];
    for (int row = 0; row < rows.length; row++) {
      rows[row] = flat(node.get(row));
    }
    return rows;
  }

  /** The numbers of a golden file, row after row. */
  static double[] flat(JsonNode node) {
    if (!node.isArray()) {
      return new double[] {node.asDouble()};
    }
    List<Double> values = new ArrayList<>();
    for (JsonNode child : node) {
      for (double value : flat(child)) {
        values.add(value);
      }
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** The same numbers as floats. */
  static float[] floats(double... values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** The numbers of a golden file as floats. */
  static float[] floats(JsonNode node) {
    return floats(flat(node));
  }
}
