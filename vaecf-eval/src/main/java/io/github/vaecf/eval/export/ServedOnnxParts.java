package io.github.vaecf.eval.export;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.github.vaecf.core.model.TensorFlowLayers.ItemKernel;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * The parts of an ONNX file that it has, on ONNX Runtime: its decoder, and the cosines of its
 * items. Safe for use by many threads. Owns native memory until it is closed.
 */
final class ServedOnnxParts implements AutoCloseable {
  /** Floats of vectors that items are compared by at a time: 8 MB. */
  private static final int FLOATS_COMPARED = 1 << 21;

  private final OrtEnvironment environment;
  private int latentWidth; // 0 where there is no latent vector
  private OrtSession decoder; // null where there is none
  private OrtSession comparison; // null where items have no vectors
  private OrtSession rangeComparison; // the same
  private int comparedAtOnce;

  private ServedOnnxParts(OrtEnvironment environment) {
    this.environment = environment;
  }

  /**
   * Loads the parts that a file has.
   *
   * @param whole the session of the file
   * @throws IllegalArgumentException if it says that it has one that it has not
   */
  static ServedOnnxParts open(Path file, OrtEnvironment environment, OrtSession whole)
      throws IOException, OrtException {
    ServedOnnxParts parts = new ServedOnnxParts(environment);
    boolean decodes = whole.getOutputNames().contains(ExportFormat.LATENT);
    String vectors = whole.getMetadata().getCustomMetadata().get(ExportFormat.ONNX_ITEM_VECTORS);
    if (!decodes && vectors == null) {
      return parts;
    }
    try {
      OnnxParts graphs = OnnxParts.of(file);
      if (decodes) {
        TensorInfo latent = (TensorInfo) whole.getOutputInfo().get(ExportFormat.LATENT).getInfo();
        parts.latentWidth = Math.toIntExact(latent.getShape()[1]);
        parts.decoder = graphs.open(environment, graphs.decoder());
      }
      if (vectors != null) {
        ItemKernel kernel =
            new ItemKernel(
                vectors.substring(vectors.indexOf(' ') + 1), vectors.startsWith("rows "));
        parts.comparedAtOnce = Math.max(1, FLOATS_COMPARED / graphs.vectorWidth(kernel));
        parts.comparison = graphs.open(environment, graphs.comparison(kernel));
        parts.rangeComparison = graphs.open(environment, graphs.comparisonWithRange(kernel));
      }
      return parts;
    } catch (IOException | OrtException | RuntimeException e) {
      parts.close();
      throw e;
    }
  }

  /** The width of the latent vectors, 0 where there are none. */
  int latentWidth() {
    return latentWidth;
  }

  boolean comparesItems() {
    return comparison != null;
  }

  /** The scores of all items, rows × items, for latent vectors. */
  float[] decode(float[] latent, int rows) {
    long[] shape = {rows, latentWidth};
    try (OnnxTensor vectors =
            OnnxTensor.createTensor(environment, FloatBuffer.wrap(latent), shape);
        OrtSession.Result result = decoder.run(Map.of(ExportFormat.LATENT, vectors))) {
      return floats(result);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed: " + e.getMessage(), e);
    }
  }

  /**
   * The cosines between items' vectors, 0 where one is all zeros.
   *
   * @param asked indices, at least one
   * @param others indices, at least one
   * @return asked × others, row-major
   */
  float[] similarity(int[] asked, int[] others) {
    try (OnnxTensor items = indices(asked);
        OnnxTensor compared = indices(others);
        OrtSession.Result result =
            comparison.run(Map.of(ExportFormat.ITEMS, items, OnnxParts.OTHERS, compared))) {
      return floats(result);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed: " + e.getMessage(), e);
    }
  }

  /**
   * The cosines between some items' vectors and all items'.
   *
   * @param asked indices, at least one
   * @param count how many items there are
   * @return asked × count
   */
  float[][] similarityToAll(int[] asked, int count) {
    float[][] all = new float[asked.length][count];
    for (int from = 0; from < count; from += comparedAtOnce) {
      int to = Math.min(count, from + comparedAtOnce);
      try (OnnxTensor items = indices(asked);
          OnnxTensor start = indices(from);
          OnnxTensor end = indices(to);
          OrtSession.Result result =
              rangeComparison.run(
                  Map.of(ExportFormat.ITEMS, items, OnnxParts.FROM, start, OnnxParts.TO, end))) {
        float[] cosines = floats(result);
        for (int row = 0; row < asked.length; row++) {
          System.arraycopy(cosines, row * (to - from), all[row], from, to - from);
        }
      } catch (OrtException e) {
        throw new IllegalStateException("ONNX Runtime failed: " + e.getMessage(), e);
      }
    }
    return all;
  }

  private OnnxTensor indices(int... items) throws OrtException {
    return OnnxTensor.createTensor(
        environment,
        LongBuffer.wrap(Arrays.stream(items).asLongStream().toArray()),
        new long[] {items.length});
  }

  private static float[] floats(OrtSession.Result result) {
    FloatBuffer buffer = ((OnnxTensor) result.get(0)).getFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  @Override
  public void close() {
    try {
      for (OrtSession session : Arrays.asList(decoder, comparison, rangeComparison)) {
        if (session != null) {
          session.close();
        }
      }
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed: " + e.getMessage(), e);
    }
  }
}
