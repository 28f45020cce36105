package io.github.vaecf.eval.search;

import io.github.vaecf.core.ModelConfig;
import io.github.vaecf.core.TrainingConfig;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * One training among others.
 *
 * @param name tells it from the others, also as the name of its run folder: letters, digits, dots
 *     and hyphens
 * @param settings what sets it apart, for tables: settings' names and values, in the order in which
 *     they are to be shown
 * @param model the network's settings, all of them
 * @param training the training's settings, all of them
 */
public record Trial(
    String name, Map<String, String> settings, ModelConfig model, TrainingConfig training) {
  /**
   * Checks the name and copies the map.
   *
   * @param name tells it from the others
   * @param settings what sets it apart
   * @param model the network's settings
   * @param training the training's settings
   * @throws IllegalArgumentException if the name cannot be that of a folder
   */
  public Trial {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9.-]*")) {
      throw new IllegalArgumentException(
          "a trial's name must be of letters, digits, dots and hyphens, found '" + name + "'");
    }
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(training, "training");
  }
}
