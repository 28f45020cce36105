package io.github.vaecf.eval.search;

import io.github.vaecf.core.model.Settings;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * One training among others.
 *
 * @param name tells it from the others, also as the name of its run folder: letters, digits, dots
 *     and hyphens
 * @param varied what sets it apart, for tables: settings' names and values, in the order in which
 *     they are to be shown
 * @param settings all settings
 */
public record Trial(String name, Map<String, String> varied, Settings settings) {
  /**
   * Checks the name and copies the map.
   *
   * @param name tells it from the others
   * @param varied what sets it apart
   * @param settings all settings
   * @throws IllegalArgumentException if the name cannot be that of a folder
   */
  public Trial {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9.-]*")) {
      throw new IllegalArgumentException(
          "a trial's name must be of letters, digits, dots and hyphens, found '" + name + "'");
    }
    varied = Collections.unmodifiableMap(new LinkedHashMap<>(varied));
    Objects.requireNonNull(settings, "settings");
  }
}
