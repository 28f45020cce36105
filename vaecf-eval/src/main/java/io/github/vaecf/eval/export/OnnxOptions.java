package io.github.vaecf.eval.export;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * How a model is exported as an ONNX file.
 *
 * @param weights how the file holds the kernels
 * @param rawIds whether the model takes and gives raw ids; otherwise item indices
 * @param exclude whether the model has an input for what is to be left out beside the history; it
 *     must then be fed with every request, if only with padding
 * @param facts what else the model card is to say: names and values that Jackson can write as JSON
 */
public record OnnxOptions(
    OnnxWeights weights, boolean rawIds, boolean exclude, Map<String, Object> facts) {
  /**
   * Checks the options.
   *
   * @param weights how the file holds the kernels
   * @param rawIds whether the model takes and gives raw ids
   * @param exclude whether the model has an input for what is to be left out
   * @param facts what else the model card is to say; copied
   */
  public OnnxOptions {
    Objects.requireNonNull(weights, "weights");
    facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
  }

  /**
   * Weights as trained, raw ids, nothing to exclude, nothing more on the card.
   *
   * @return the options
   */
  public static OnnxOptions defaults() {
    return new OnnxOptions(OnnxWeights.FLOAT32, true, false, Map.of());
  }

  /**
   * The same options with other weights.
   *
   * @param value how the file holds the kernels
   * @return new options
   */
  public OnnxOptions withWeights(OnnxWeights value) {
    return new OnnxOptions(value, rawIds, exclude, facts);
  }

  /**
   * The same options, with raw ids or with indices.
   *
   * @param value whether the model takes and gives raw ids
   * @return new options
   */
  public OnnxOptions withRawIds(boolean value) {
    return new OnnxOptions(weights, value, exclude, facts);
  }

  /**
   * The same options, with or without an input for what is to be left out beside the history.
   *
   * @param value whether the model has an input {@code exclude}
   * @return new options
   */
  public OnnxOptions withExclude(boolean value) {
    return new OnnxOptions(weights, rawIds, value, facts);
  }

  /**
   * The same options with more on the model card.
   *
   * @param value names and values that Jackson can write as JSON
   * @return new options
   */
  public OnnxOptions withFacts(Map<String, Object> value) {
    return new OnnxOptions(weights, rawIds, exclude, value);
  }
}
